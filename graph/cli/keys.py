"""``staygraph keys``: API keys of the gateway's clients."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from graph.accounts.keys import ApiKey, Permission, Scope
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import opened_keys, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_table

app = typer.Typer(help="Make, list and revoke the API keys that clients use.", no_args_is_help=True)

_SPAN = re.compile(r"(\d{1,5})([hd])")


@app.command(epilog="Example: staygraph keys create --name dashboard --expires 180d")
def create(
    name: Annotated[str, typer.Option("--name", "-n", help="What to call the key.")] = "API key",
    permission: Annotated[
        str, typer.Option("--permission", "-p", metavar="READ|WRITE|ADMIN", help="How much it may do.")
    ] = Permission.READ.value,
    expires: Annotated[
        str | None,
        typer.Option("--expires", help="When it ends: 180d, 12h, a day (UTC) or an instant; never if not given."),
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What the key is for.")] = "",
    tenant: Annotated[str, typer.Option("--tenant", metavar="ID", help="The tenant it belongs to.")] = DEFAULT_TENANT,
    raw: Annotated[
        bool, typer.Option("--raw", help="Let it read records as their PMS sent them (fields named raw), too.")
    ] = False,
    any_tenant: Annotated[
        bool, typer.Option("--any-tenant", help="Let it act for any tenant, named in the header X-Tenant-Id.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an API key and show it: this once, never again.

    Clients send it as [bold]Authorization: Bearer sg_…[/bold].
    """
    scopes = {scope for scope, wanted in ((Scope.RAW, raw), (Scope.ANY_TENANT, any_tenant)) if wanted}
    chosen: dict[str, Any] = {
        "scopes": scopes,
        "permission": _permission(permission),
        "description": description,
        "expires_at": None if expires is None else _instant(expires),
    }
    key, secret = asyncio.run(_create(tenant, name, chosen))
    if as_json:
        show_json(_json(key) | {"secret": secret})
        return
    say(secret)
    note(f"Key {key.id} ({key.name}). It is not shown again: copy it now.")


async def _create(tenant: str, name: str, chosen: dict[str, Any]) -> tuple[ApiKey, str]:
    async with opened_keys(prepare_settings()) as keys:
        return await keys.create(tenant, name, **chosen)


def _permission(word: str) -> Permission:
    try:
        return Permission[word.upper()]
    except KeyError:
        raise CommandError(f"--permission is one of {', '.join(Permission)}.", ExitCode.USAGE) from None


def _instant(text: str) -> datetime:
    """An instant from a span of time from now, a day or an instant."""
    if span := _SPAN.fullmatch(text):
        count = int(span[1])
        return datetime.now(UTC) + (timedelta(hours=count) if span[2] == "h" else timedelta(days=count))
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        allowed = "180d, 12h, 2027-06-30 or 2027-06-30T12:00:00Z"
        raise CommandError(f"--expires is not understood. Write it like {allowed}.", ExitCode.USAGE) from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given


@app.command("list", epilog="Example: staygraph keys list --json")
def list_keys(
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="ID", help="Only keys of this tenant; of all if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the API keys, without their secrets."""
    keys = asyncio.run(_list(tenant))
    now = datetime.now(UTC)
    if as_json:
        show_json([_json(key) for key in keys])
    elif keys:
        show_table(
            ("ID", "TENANT", "NAME", "PERMISSION", "SCOPES", "STATUS", "CREATED", "EXPIRES"),
            [
                (
                    key.id,
                    key.tenant_id,
                    key.name,
                    key.permission.value,
                    ", ".join(sorted(key.scopes)),
                    key.status(now).value,
                    f"{key.created_at:%Y-%m-%d %H:%M}",
                    f"{key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "",
                )
                for key in keys
            ],
        )
    else:
        note("No API keys yet. Make one with: staygraph keys create --name NAME")


async def _list(tenant: str | None) -> list[ApiKey]:
    async with opened_keys(prepare_settings()) as keys:
        return await keys.list(tenant)


@app.command(epilog="Example: staygraph keys revoke key_01hx…")
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, as listed.", metavar="ID")]) -> None:
    """Make an API key useless, for running gateways within a second."""
    if not asyncio.run(_revoke(key_id)):
        raise CommandError(f"There is no key {key_id[:80]}. See: staygraph keys list", ExitCode.USAGE)
    note(f"Key {key_id} is revoked.")


async def _revoke(key_id: str) -> bool:
    async with opened_keys(prepare_settings()) as keys:
        return await keys.revoke(None, key_id)


def _json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "tenantId": key.tenant_id,
        "name": key.name,
        "description": key.description,
        "permission": key.permission.value,
        "scopes": [scope.value for scope in sorted(key.scopes)],
        "status": key.status(datetime.now(UTC)).value,
        "createdAt": key.created_at.isoformat(),
        "expiresAt": key.expires_at.isoformat() if key.expires_at else None,
        "revokedAt": key.revoked_at.isoformat() if key.revoked_at else None,
    }
