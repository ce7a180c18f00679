"""``staygraph notifications``: the messages that accounts' notification URLs get."""

import typer

from graph.accounts.keyfile import open_vault
from graph.accounts.notifications import Signer
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.local import announce_key_file, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import say, show_json

app = typer.Typer(help="The messages that accounts' notification URLs get.", no_args_is_help=True)


@app.command(epilog="Example: staygraph notifications secret")
def secret(as_json: AsJson = False) -> None:
    """Show the secret that notifications are signed with, for the server that receives them."""
    settings = prepare_settings()
    text = Signer(open_vault(settings, made=announce_key_file)).secret(DEFAULT_TENANT)
    if as_json:
        show_json({"secret": text})
    else:
        say(text)
