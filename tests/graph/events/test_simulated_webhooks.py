"""The simulators send their webhooks over HTTP to a gateway, as their PMSs would."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.hostaway.simulator.readings import HostawayReadings
from tests.gateway_world import World, serving, world
from tests.graph.events.webhook_world import Address, accounts, address, opened, rows, webhook


@asynccontextmanager
async def served(running: World, provider: str) -> AsyncIterator[tuple[Address, str]]:
    """An address of an account, and where the gateway really is."""
    to = await address(running, provider)
    async with serving(running.app) as url:
        yield to, url + to.path


async def order(running: World, provider: str, **fields: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=running.urls[provider], timeout=30) as client:
        return await client.post("/_control/webhooks", json=fields)


@pytest.mark.parametrize("form", ["enveloped", "thin", "bare"])
async def test_hostaway_sends_a_reservation_in_each_form(tmp_path: Path, form: Any) -> None:
    readings = {"HOSTAWAY": HostawayReadings(webhook_body=form)}
    async with (
        world(tmp_path, hostaway_accounts=1, bookingsync_accounts=0, readings=readings) as running,
        served(running, "HOSTAWAY") as (to, url),
    ):
        login = {"login": to.login, "password": to.password}
        answer = await order(running, "HOSTAWAY", url=url, event="reservation.updated", **login)
        assert answer.json() == {"statuses": [200]}
        (row,) = await rows(running)
        sent = json.loads(opened(running, row))
        reservation: Any = next(iter(running.simulations["HOSTAWAY"].accounts[0].reservations))  # type: ignore[attr-defined]
        assert (
            reservation
            == {"enveloped": lambda: sent["data"]["id"], "bare": lambda: sent["id"]}.get(
                form, lambda: sent["objectId"]
            )()
        )
        assert row.event == (None if form == "bare" else "reservation.updated")


async def test_hostaway_sends_messages_probes_and_repeats(running: World) -> None:
    async with served(running, "HOSTAWAY") as (to, url):
        told = {"url": url, "login": to.login, "password": to.password}
        await order(running, "HOSTAWAY", event="message.received", copies=3, **told)
        await order(running, "HOSTAWAY", event="reservation.created", probe=True, **told)
        kept = await rows(running)
        assert [row.event for row in kept] == ["message.received", "reservation.created"]
        assert json.loads(opened(running, kept[0]))["object"] == "conversationMessage"
        assert json.loads(opened(running, kept[1]))["data"] == "test"
        wrong = await order(running, "HOSTAWAY", event="message.received", url=url)
        assert wrong.json() == {"statuses": [401]}


async def test_bookingsync_signs_what_it_sends_for_every_account(tmp_path: Path) -> None:
    async with (
        world(tmp_path, hostaway_accounts=0, bookingsync_accounts=2) as running,
        served(running, "BOOKINGSYNC") as (to, url),
    ):
        for account, event in ((0, "booking_updated"), (1, "booking_destroyed"), (0, "client_created")):
            answer = await order(running, "BOOKINGSYNC", url=url, event=event, account=account)
            assert answer.json() == {"statuses": [200]}, answer.text
        first, second = await accounts(running, "BOOKINGSYNC")
        kept = await rows(running)
        assert [(row.event, row.account_id) for row in kept] == [
            ("booking_updated", first.id),
            ("booking_destroyed", second.id),
            ("client_created", first.id),
        ]
        sent = json.loads(opened(running, kept[0]))
        assert sorted(sent) == ["account_id", "event", "resource"]
        assert sorted(sent["resource"]) == ["booking", "links"]
        assert sent["resource"]["links"]["bookings.client"].endswith("/clients/{bookings.client}")
        assert "status" in sent["resource"]["booking"]
        assert (await webhook(running, to.id))["deliveries"] == 2


@pytest.mark.parametrize(
    ("provider", "fields", "field"),
    [
        ("HOSTAWAY", {"url": "ftp://x", "event": "reservation.updated"}, "url"),
        ("HOSTAWAY", {"event": "reservation.updated"}, "url"),
        ("HOSTAWAY", {"url": "http://x", "event": "moon.landed"}, "event"),
        ("HOSTAWAY", {"url": "http://x", "event": "reservation.updated", "account": 9}, "account"),
        ("HOSTAWAY", {"url": "http://x", "event": "reservation.updated", "record": 1}, "record"),
        ("HOSTAWAY", {"url": "http://x", "event": "reservation.updated", "copies": 0}, "copies"),
        ("BOOKINGSYNC", {"url": "http://x", "event": "booking_updated", "login": "a"}, "login"),
        ("BOOKINGSYNC", {"url": "http://x", "event": "moon_created"}, "event"),
        ("BOOKINGSYNC", {"url": "http://x", "event": "booking"}, "event"),
        ("BOOKINGSYNC", {"url": "http://x", "event": "booking_updated", "account": 9}, "account"),
        ("BOOKINGSYNC", {"url": "http://x", "event": "booking_updated", "record": 1}, "record"),
    ],
)
async def test_an_order_that_cannot_be_carried_out_names_the_field(
    running: World, provider: str, fields: dict[str, Any], field: str
) -> None:
    answer = await order(running, provider, **fields)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_an_address_where_nobody_listens_has_no_status(running: World) -> None:
    async with served(running, "BOOKINGSYNC") as (_, url):
        pass
    answer = await order(running, "BOOKINGSYNC", url=url, event="booking_updated", copies=2)
    assert answer.json() == {"statuses": [None, None]}
