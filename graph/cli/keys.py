"""``staygraph keys``: API keys of the gateway's clients."""

import asyncio
from typing import Annotated

import typer

from graph.accounts.keys import ApiKey, Scope
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import opened_keys, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_table

app = typer.Typer(help="Make, list and revoke the API keys that clients use.", no_args_is_help=True)


@app.command(epilog="Example: staygraph keys create --name dashboard")
def create(
    name: Annotated[str, typer.Option("--name", "-n", help="What the key is for.")] = "API key",
    raw: Annotated[
        bool, typer.Option("--raw", help="Let it read records as their PMS sent them (fields named raw), too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an API key and show it: this once, never again.

    Clients send it as [bold]Authorization: Bearer sg_…[/bold].
    """
    if not name.strip() or len(name) > 200:
        raise CommandError("A name has 1 to 200 characters.", ExitCode.USAGE)
    key, secret = asyncio.run(_create(name.strip(), {Scope.RAW} if raw else set()))
    if as_json:
        show_json({"id": key.id, "name": key.name, "scopes": sorted(key.scopes), "secret": secret})
        return
    say(secret)
    note(f"Key {key.id} ({key.name}). It is not shown again: copy it now.")


async def _create(name: str, scopes: set[Scope]) -> tuple[ApiKey, str]:
    async with opened_keys(prepare_settings()) as keys:
        return await keys.create(DEFAULT_TENANT, name, scopes=scopes)


@app.command("list", epilog="Example: staygraph keys list --json")
def list_keys(as_json: AsJson = False) -> None:
    """List the API keys, without their secrets."""
    keys = asyncio.run(_list())
    if as_json:
        show_json([_json(key) for key in keys])
    elif keys:
        show_table(
            ("ID", "NAME", "SCOPES", "CREATED", "REVOKED"),
            [
                (
                    key.id,
                    key.name,
                    ", ".join(sorted(key.scopes)),
                    f"{key.created_at:%Y-%m-%d %H:%M}",
                    f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
                )
                for key in keys
            ],
        )
    else:
        note("No API keys yet. Make one with: staygraph keys create --name NAME")


async def _list() -> list[ApiKey]:
    async with opened_keys(prepare_settings()) as keys:
        return await keys.list(DEFAULT_TENANT)


@app.command(epilog="Example: staygraph keys revoke key_01hx…")
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, as listed.", metavar="ID")]) -> None:
    """Make an API key useless, for running gateways within a second."""
    if not asyncio.run(_revoke(key_id)):
        raise CommandError(f"There is no key {key_id}. See: staygraph keys list", ExitCode.USAGE)
    note(f"Key {key_id} is revoked.")


async def _revoke(key_id: str) -> bool:
    async with opened_keys(prepare_settings()) as keys:
        return await keys.revoke(DEFAULT_TENANT, key_id)


def _json(key: ApiKey) -> dict[str, str | list[str] | None]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": [scope.value for scope in sorted(key.scopes)],
        "createdAt": key.created_at.isoformat(),
        "revokedAt": key.revoked_at.isoformat() if key.revoked_at else None,
    }
