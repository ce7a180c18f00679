"""``staygraph events``: what became of the webhooks that PMSs sent."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import typer

from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import opened_database, prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, say, show_json, show_table
from graph.events.claiming import DeliveryStatus
from graph.events.received import ReceivedWebhook, ReceivedWebhooks
from providers.upstream.clock import SystemClock

app = typer.Typer(help="What became of the webhooks that PMSs sent.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", metavar="ID", help="The tenant whose accounts they are for.")]
_MOST = 500


@app.command(name="list", epilog="Example: staygraph events list --status SET_ASIDE")
def list_received(
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="|".join(DeliveryStatus), help="Only those that are this."),
    ] = None,
    first: Annotated[int, typer.Option("--first", min=1, max=_MOST, help="How many at most.")] = 50,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """List received webhooks, the newest first, and why some were set aside."""
    found = asyncio.run(_list(tenant, None if status is None else [_status(status)], first))
    if as_json:
        show_json([_json(each) for each in found])
        return
    show_table(
        ("ID", "ACCOUNT", "EVENT", "STATUS", "TRIES", "RECEIVED", "REASON"),
        [
            (
                each.id,
                each.account_id,
                each.event or "",
                each.status.value,
                str(each.tries),
                f"{each.received_at:%Y-%m-%d %H:%M:%S}",
                each.reason or "",
            )
            for each in found
        ],
    )


@app.command(epilog="Example: staygraph events replay whd_01jx3k5v9q7m2c4d8e6f")
def replay(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of received webhooks.")],
    tenant: Tenant = DEFAULT_TENANT,
) -> None:
    """Have running gateways work on received webhooks once more. What is known already is not told again."""
    missing = asyncio.run(_replay(tenant, ids))
    if missing:
        raise CommandError(
            f"There is no received webhook {', '.join(sorted(missing))}. Nothing was changed.", ExitCode.USAGE
        )
    say(f"{len(set(ids))} to be worked on again.")
    note("Running gateways begin within a second.")


async def _list(tenant: str, statuses: Collection[DeliveryStatus] | None, first: int) -> Sequence[ReceivedWebhook]:
    async with opened_database(prepare_settings()) as database:
        return await ReceivedWebhooks(database, SystemClock()).page(tenant, statuses, None, first=first)


async def _replay(tenant: str, ids: Collection[str]) -> set[str]:
    async with opened_database(prepare_settings()) as database:
        return await ReceivedWebhooks(database, SystemClock()).replay(tenant, ids)


def _status(word: str) -> DeliveryStatus:
    try:
        return DeliveryStatus[word.upper()]
    except KeyError:
        raise CommandError(f"--status is one of {', '.join(DeliveryStatus)}.", ExitCode.USAGE) from None


def _json(each: ReceivedWebhook) -> dict[str, Any]:
    return {
        "id": each.id,
        "account": each.account_id,
        "event": each.event,
        "status": each.status.value,
        "reason": each.reason,
        "tries": each.tries,
        "receivedAt": each.received_at.isoformat(),
    }
