"""``staygraph accounts``: which PMS accounts are connected."""

import asyncio
import sys
import time
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.connections import CheckInterruptedError
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.credentials import ask_on_terminal, choose_method, complete_config, read_config
from graph.cli.failures import CommandError, ExitCode, describe, exit_code
from graph.cli.local import opened, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_table
from graph.settings import Settings
from providers import catalogue
from providers.errors import ProviderError
from providers.manifest import AuthType

app = typer.Typer(help="Connect PMS accounts, list, test and remove them.", no_args_is_help=True)

AccountId = Annotated[str, typer.Argument(metavar="ID", help="The account's id, as listed.")]


@app.command()
def add(  # a command's options
    provider: Annotated[str, typer.Argument(help="hostaway, bookingsync, …: see staygraph providers.")],
    name: Annotated[str | None, typer.Option("--name", "-n", help="What to call the account.")] = None,
    auth_type: Annotated[
        str | None,
        typer.Option("--auth-type", help="How it proves itself; the provider's first auth type if not given."),
    ] = None,
    config: Annotated[
        list[str] | None, typer.Option("--config", "-c", metavar="KEY=VALUE", help="A credential; may be repeated.")
    ] = None,
    config_file: Annotated[
        str | None,
        typer.Option("--config-file", metavar="FILE", help="A JSON object of credentials; - reads standard input."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect an account, once its PMS has accepted the credentials.

    What is missing is asked for on a terminal. Others on the machine may see the command line: give secrets in a
    file, on standard input, or at the prompt. Credentials are sealed before they are stored.

    Example: [bold]staygraph accounts add hostaway --name "Beach houses" --config accountId=12345[/bold]

    Example: [bold]pass show bookingsync.json | staygraph accounts add bookingsync -n Alps --config-file -[/bold]
    """
    plugin = catalogue.plugin(provider)
    method = choose_method(plugin, auth_type)
    given = read_config(config or [], config_file)
    ask = None if config_file == "-" else ask_on_terminal()
    credentials = complete_config(method, given, ask)
    label = (name if name is not None or ask is None else ask("Name of the account", False)) or plugin.manifest.name
    if not label.strip() or len(label) > 200:
        raise CommandError("A name has 1 to 200 characters.", ExitCode.USAGE)
    added = asyncio.run(_add(prepare_settings(), plugin.manifest.code, label.strip(), method.type, credentials))
    account, interruption = added
    if as_json:
        show_json(_json(account))
    else:
        say(f"Connected {account.name} as {account.id}.")
    if interruption is not None:
        raise CommandError(
            "The PMS accepted the credentials and replaced the refresh token, then failed: "
            f"{describe(interruption)}\nThe account was stored so that the new token is not lost. "
            f"Test it later: staygraph accounts test {account.id}",
            ExitCode.UPSTREAM,
        )


async def _add(
    settings: Settings, provider: str, name: str, auth_type: AuthType, config: BaseModel
) -> tuple[ConnectedAccount, ProviderError | None]:
    async with opened(settings) as local:
        interruption: ProviderError | None = None
        try:
            token = await local.connections.check(provider, auth_type, config)
        except CheckInterruptedError as interrupted:
            token, interruption = interrupted.token, interrupted.error
        except ProviderError as error:
            raise CommandError(f"Nothing was stored. {describe(error)}", exit_code(error)) from None
        account = await local.accounts.add(DEFAULT_TENANT, provider, name, auth_type, config, token=token)
        return account, interruption


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the connected accounts, without their credentials.

    Example: [bold]staygraph accounts list --json[/bold]
    """
    accounts = asyncio.run(_list(prepare_settings()))
    if as_json:
        show_json([_json(account) for account in accounts])
    elif accounts:
        show_table(
            ("ID", "PROVIDER", "NAME", "AUTH TYPE", "CONNECTED"),
            [
                (each.id, each.provider, each.name, each.auth_type.value, f"{each.created_at:%Y-%m-%d %H:%M}")
                for each in accounts
            ],
        )
    else:
        note("No account is connected yet. Connect one with: staygraph accounts add PROVIDER")


async def _list(settings: Settings) -> list[ConnectedAccount]:
    async with opened(settings) as local:
        return await local.accounts.list(DEFAULT_TENANT)


@app.command("test")
def check(account_id: AccountId, as_json: AsJson = False) -> None:
    """Ask an account's PMS whether the stored credentials still work, and say how long that took.

    Exits with 1 if the PMS refuses them, with 3 if it cannot be asked.

    Example: [bold]staygraph accounts test acc_01hx…[/bold]
    """
    account, error, milliseconds = asyncio.run(_test(prepare_settings(), account_id))
    if as_json:
        failure = {"code": error.code.value, "message": error.message} if error else None
        show_json(_json(account) | {"ok": error is None, "milliseconds": milliseconds, "error": failure})
    elif error is None:
        say(f"{account.name} works: {account.provider} answered in {milliseconds} ms.")
    if error is None:
        return
    if as_json:
        raise typer.Exit(exit_code(error))
    raise CommandError(f"{account.name} does not work ({milliseconds} ms). {describe(error)}", exit_code(error))


async def _test(settings: Settings, account_id: str) -> tuple[ConnectedAccount, ProviderError | None, int]:
    async with opened(settings) as local:
        account = await local.accounts.get(DEFAULT_TENANT, account_id)
        if account is None:
            raise _no_account(account_id)
        start = time.perf_counter()
        failure: ProviderError | None = None
        try:
            client = await local.connections.client(account)
            await client.check()
        except ProviderError as error:
            failure = error
        return account, failure, round((time.perf_counter() - start) * 1000)


@app.command()
def remove(
    account_id: AccountId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget an account with its credentials. Nothing changes at the PMS.

    Example: [bold]staygraph accounts remove acc_01hx… --yes[/bold]
    """
    settings = prepare_settings()
    account = asyncio.run(_get(settings, account_id))
    if not yes:
        if not sys.stdin.isatty():
            raise CommandError("Nobody is there to confirm: add --yes.", ExitCode.USAGE)
        typer.confirm(f"Remove {account.name} ({account.provider})?", abort=True, err=True)
    asyncio.run(_remove(settings, account_id))
    note(f"Removed {account.name}.")


async def _get(settings: Settings, account_id: str) -> ConnectedAccount:
    async with opened(settings) as local:
        account = await local.accounts.get(DEFAULT_TENANT, account_id)
    if account is None:
        raise _no_account(account_id)
    return account


async def _remove(settings: Settings, account_id: str) -> None:
    async with opened(settings) as local:
        if not await local.accounts.remove(DEFAULT_TENANT, account_id):
            raise _no_account(account_id)


def _no_account(account_id: str) -> CommandError:
    return CommandError(f"There is no account {account_id[:80]}. See: staygraph accounts list", ExitCode.USAGE)


def _json(account: ConnectedAccount) -> dict[str, Any]:
    return {
        "id": account.id,
        "provider": account.provider,
        "name": account.name,
        "authType": account.auth_type.value,
        "createdAt": account.created_at.isoformat(),
    }
