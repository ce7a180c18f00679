"""``staygraph definitions``: what the operator chose for a whole provider."""

import asyncio
from typing import Annotated, Any

import typer

from graph.accounts.definitions import Definition, Definitions
from graph.cli.credentials import read_config
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import opened, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_pairs, show_table
from graph.rejections import Rejected
from providers.model import ListingField
from providers.upstream.partner import MASK

app = typer.Typer(help="What holds for a provider as a whole: partner key, fields to read.", no_args_is_help=True)

Provider = Annotated[str, typer.Argument(help="hostaway, bookingsync, …: see staygraph providers.")]


@app.command("list")
def list_definitions(as_json: AsJson = False) -> None:
    """List what was chosen for each provider, secrets masked.

    Example: [bold]staygraph definitions list --json[/bold]
    """
    found = asyncio.run(_list())
    if as_json:
        show_json([_json(each) for each in found])
        return
    show_table(
        ("PROVIDER", "NAME", "PARTNER KEY", "OAUTH APPLICATION", "FIELDS OFF"),
        [
            (
                each.provider,
                each.name,
                ", ".join((*each.partner_key.headers, *each.partner_key.query)),
                each.oauth_application.client_id if each.oauth_application else "",
                ", ".join(_off(each)),
            )
            for each in found
        ],
    )


async def _list() -> list[Definition]:
    async with opened(prepare_settings()) as local:
        return await local.definitions.list()


@app.command()
def show(provider: Provider, as_json: AsJson = False) -> None:
    """Show what was chosen for one provider, secrets masked.

    Example: [bold]staygraph definitions show hostaway[/bold]
    """
    _show(asyncio.run(_get(provider)), as_json)


async def _get(provider: str) -> Definition:
    async with opened(prepare_settings()) as local:
        return await local.definitions.get(provider)


@app.command()
def update(
    provider: Provider,
    file: Annotated[
        str,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            help="A JSON object of name, icon, partnerKey, fieldsToSync, oauthApplication; - reads standard input.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Change what is in the file, and leave the rest; running gateways keep to it within a second.

    [bold]Of fieldsToSync, the fields that you name as true are on afterwards, and all others are off[/bold], named or
    not. A null takes an icon, a partner key or an application away.

    Example: [bold]echo '{"partnerKey": {"queryParams": {"provider": "us"}}}' | staygraph definitions update
    hostaway --file -[/bold]
    """
    changed = asyncio.run(_update(provider, read_config((), file)))
    if not as_json:
        note(f"Changed {changed.provider}.")
    _show(changed, as_json)


async def _update(provider: str, given: dict[str, Any]) -> Definition:
    async with opened(prepare_settings()) as local:
        return await _changed(local.definitions, provider, given)


async def _changed(definitions: Definitions, provider: str, given: dict[str, Any]) -> Definition:
    """The definition after the change. Raises ``CommandError`` with a line for each thing that was wrong."""
    try:
        return await definitions.update(provider, given)
    except Rejected as refusal:
        lines = [
            f"  {'.'.join(each.field)}: {each.message}" + (f" Allowed: {each.allowed}." if each.allowed else "")
            for each in refusal.rejections
        ]
        raise CommandError("Nothing was changed:\n" + "\n".join(lines), ExitCode.USAGE) from None


def _show(definition: Definition, as_json: bool) -> None:
    shown = _json(definition)
    if as_json:
        show_json(shown)
        return
    say(f"{definition.name} ({definition.provider})", "bold")
    key = [*definition.partner_key.headers, *(f"?{name}=" for name in definition.partner_key.query)]
    application = definition.oauth_application
    show_pairs(
        [
            ("id", definition.id),
            ("icon", definition.icon or "none"),
            ("partner key", ", ".join(key) or "none"),
            ("OAuth application", application.client_id if application else "none"),
            ("fields off", ", ".join(_off(definition)) or "none"),
            ("changed", f"{definition.updated_at:%Y-%m-%d %H:%M} UTC"),
        ]
    )


def _off(definition: Definition) -> list[str]:
    return [key.value for key in ListingField if key in definition.fields_off]


def _json(definition: Definition) -> dict[str, Any]:
    application = definition.oauth_application
    key = definition.partner_key
    return {
        "id": definition.id,
        "provider": definition.provider,
        "name": definition.name,
        "icon": definition.icon,
        "partnerKey": {"headers": dict.fromkeys(key.headers, MASK), "queryParams": dict.fromkeys(key.query, MASK)}
        if key
        else None,
        "oauthApplication": {
            "clientId": application.client_id,
            "clientSecret": MASK,
            "scopes": list(application.scopes),
        }
        if application
        else None,
        "fieldsToSync": {"listing": {each.value: each not in definition.fields_off for each in ListingField}},
        "createdAt": definition.created_at.isoformat(),
        "updatedAt": definition.updated_at.isoformat(),
    }
