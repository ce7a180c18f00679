"""The command line: one module for each group of commands."""

import logging
import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from graph.cli import (
    accounts,
    definitions,
    demo,
    events,
    keys,
    notifications,
    providers,
    rotation,
    sandbox,
    schema,
    serve,
    settings,
    tenants,
)
from graph.cli.failures import Commands

_EPILOG = (
    "Exit codes: 0 done; 1 a check or test failed, or a PMS refused credentials; 2 wrong usage, input or settings; "
    "3 a PMS could not be asked; 4 the database or the key file cannot be used; 130 interrupted."
)

app = typer.Typer(
    name="staygraph",
    cls=Commands,
    help="One GraphQL API over the property management systems (PMSs) of a vacation-rental business.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("sandbox")(sandbox.sandbox)
app.add_typer(accounts.app, name="accounts")
keys.app.command("rotate-secrets")(rotation.rotate_secrets)
app.add_typer(keys.app, name="keys")
app.add_typer(tenants.app, name="tenants")
app.add_typer(notifications.app, name="notifications")
app.add_typer(events.app, name="events")
app.add_typer(definitions.app, name="definitions")
app.add_typer(providers.app, name="providers")
app.command("schema")(schema.schema)
app.command("settings")(settings.settings)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"staygraph {version('staygraph')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console command ``staygraph``. Its process is gone as soon as all is closed and written."""
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _leave(ended.code)
        raise


def _leave(code: int) -> None:
    """End the process without taking its objects apart one by one: with simulators and a cache that takes seconds."""
    try:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # nobody reads any more: Python says so in its own way
    os._exit(code)
