"""``staygraph accounts``: which PMS accounts are connected."""

import asyncio
import sys
from typing import Annotated

import typer

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.creation import Connected, NewAccount
from graph.accounts.health import HealthStatus
from graph.accounts.lifecycle import RemovedAccount, Tested
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli import account_changes
from graph.cli.account_options import (
    AccountId,
    AllowImport,
    Approval,
    AuthTypeName,
    Config,
    ConfigFile,
    Discount,
    DistributionMarkup,
    Identifier,
    Markup,
    NotificationUrl,
    RedirectUrl,
    Version,
    given,
    show_connected,
    shown,
)
from graph.cli.credentials import ask_on_terminal, choose_method, complete_config, read_config
from graph.cli.failures import CommandError, ExitCode, describe, exit_code
from graph.cli.local import opened, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_table
from graph.settings import Settings
from providers import catalogue

app = typer.Typer(help="Connect PMS accounts, list, change, test and remove them.", no_args_is_help=True)


@app.command()
def add(
    provider: Annotated[str, typer.Argument(help="hostaway, bookingsync, …: see staygraph providers.")],
    name: Annotated[str | None, typer.Option("--name", "-n", help="What to call the account.")] = None,
    auth_type: AuthTypeName = None,
    config: Config = None,
    config_file: ConfigFile = None,
    identifier: Identifier = None,
    account_id: Annotated[
        str | None, typer.Option("--id", help="Id to store it under: 1 to 40 letters, digits, - and _.")
    ] = None,
    version: Version = None,
    discount: Discount = None,
    markup: Markup = None,
    distribution_markup: DistributionMarkup = None,
    allow_import: AllowImport = None,
    approval: Approval = None,
    redirect_url: RedirectUrl = None,
    notification_url: NotificationUrl = None,
    as_json: AsJson = False,
) -> None:
    """Connect an account, once its PMS has accepted the credentials.

    Without --auth-type it proves itself in the provider's first way. What is missing is asked for on a terminal. Others
    on the machine may see the command line: give secrets in a file, on standard input, or at the prompt. Credentials
    are sealed before they are stored. With OAUTH, --redirect-url and no refresh token, the answer is the address where
    the account's owner has to consent, while the gateway runs.

    Example: [bold]staygraph accounts add hostaway --name "Beach houses" --config accountId=12345[/bold]

    Example: [bold]pass show bookingsync.json | staygraph accounts add bookingsync -n Alps --config-file -[/bold]
    """
    plugin = catalogue.plugin(provider)
    method = choose_method(plugin, auth_type)
    ask = None if config_file == "-" else ask_on_terminal()
    credentials = complete_config(method, read_config(config or [], config_file), ask)
    label = (name if name is not None or ask is None else ask("Name of the account", False)) or plugin.manifest.name
    options = given(
        name=label,
        identifier=identifier,
        version=version,
        default_discount_percentage=discount,
        markup_percentage=markup,
        distribution_markup_percentage=distribution_markup,
        allow_import=allow_import,
        require_listing_approval=approval,
        client_redirect_url=redirect_url,
        notification_url=notification_url,
    )
    wanted = NewAccount(
        provider=provider, auth_type=method.type, config=credentials, options=options, account_id=account_id
    )
    show_connected(asyncio.run(_add(prepare_settings(), wanted)), "Connected", as_json=as_json)


async def _add(settings: Settings, wanted: NewAccount) -> Connected:
    async with opened(settings) as local:
        return await local.creation.create(DEFAULT_TENANT, wanted)


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the connected accounts and how they do, without their credentials.

    Example: [bold]staygraph accounts list --json[/bold]
    """
    accounts = asyncio.run(_list(prepare_settings()))
    if as_json:
        show_json([shown(account) | {"health": health.value} for account, health in accounts])
    elif accounts:
        show_table(
            ("ID", "PROVIDER", "NAME", "AUTH TYPE", "STATUS", "HEALTH", "CONNECTED"),
            [
                (
                    each.id,
                    each.provider,
                    each.name,
                    each.auth_type.value,
                    each.status.value,
                    health.value,
                    f"{each.created_at:%Y-%m-%d %H:%M}",
                )
                for each, health in accounts
            ],
        )
    else:
        note("No account is connected yet. Connect one with: staygraph accounts add PROVIDER")


async def _list(settings: Settings) -> list[tuple[ConnectedAccount, HealthStatus]]:
    async with opened(settings) as local:
        accounts = await local.accounts.list(DEFAULT_TENANT)
        return [(account, (await local.health.of(account)).status(account)) for account in accounts]


app.command()(account_changes.update)
app.command()(account_changes.reauthorize)
app.command()(account_changes.pause)
app.command()(account_changes.resume)


@app.command("test")
def check(account_id: AccountId, as_json: AsJson = False) -> None:
    """Ask an account's PMS whether the stored credentials still work, and say how long that took.

    Exits with 1 if the PMS refuses them, with 3 if it cannot be asked.

    Example: [bold]staygraph accounts test acc_01hx…[/bold]
    """
    tested = asyncio.run(_test(prepare_settings(), account_id))
    account, error, milliseconds = tested.account, tested.error, tested.milliseconds
    if as_json:
        failure = {"code": error.code.value, "message": error.message} if error else None
        show_json(shown(account) | {"ok": error is None, "milliseconds": milliseconds, "error": failure})
    elif error is None:
        say(f"{account.name} works: {account.provider} answered in {milliseconds} ms.")
    if error is None:
        return
    if as_json:
        raise typer.Exit(exit_code(error))
    raise CommandError(f"{account.name} does not work ({milliseconds} ms). {describe(error)}", exit_code(error))


async def _test(settings: Settings, account_id: str) -> Tested:
    async with opened(settings) as local:
        return await local.lifecycle.test(DEFAULT_TENANT, account_id)


@app.command()
def remove(
    account_id: AccountId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget an account with its credentials, and revoke its token at the PMS where that is possible.

    Example: [bold]staygraph accounts remove acc_01hx… --yes[/bold]
    """
    settings = prepare_settings()
    account = asyncio.run(_get(settings, account_id))
    if not yes:
        if not sys.stdin.isatty():
            raise CommandError("Nobody is there to confirm: add --yes.", ExitCode.USAGE)
        typer.confirm(f"Remove {account.name} ({account.provider})?", abort=True, err=True)
    removed = asyncio.run(_remove(settings, account_id))
    if as_json:
        failure = {"code": removed.error.code.value, "message": removed.error.message} if removed.error else None
        show_json({"id": account.id, "tokenRevocation": removed.revocation.value, "error": failure})
        return
    note(f"Removed {account.name}. Its token: {_lower(removed.revocation.description)}")
    if removed.error is not None:
        note(describe(removed.error))


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


async def _get(settings: Settings, account_id: str) -> ConnectedAccount:
    async with opened(settings) as local:
        return await local.lifecycle.get(DEFAULT_TENANT, account_id)


async def _remove(settings: Settings, account_id: str) -> RemovedAccount:
    async with opened(settings) as local:
        return await local.lifecycle.remove(DEFAULT_TENANT, account_id)
