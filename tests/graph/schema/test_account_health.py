"""How accounts do, told over HTTP without asking a PMS."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from graph.accounts.accounts import AccountStatus
from graph.app import create_app
from graph.schema import ids
from graph.settings import Settings
from tests.gateway_world import World, world
from tests.graph.schema.test_account_creation import create, hostaway

HEALTH = (
    "{ accounts { nodes { name health { status lastSuccessAt lastErrorAt lastErrorCode lastErrorMessage tokenExpiresAt"
    " webhooks rateLimits { scope limit used remaining accounts { name } } } } } }"
)
LISTINGS = "{ listings(first: 100, maxAge: 0) { nodes { id } } }"


async def healths(running: World) -> list[dict[str, Any]]:
    nodes = (await running.data(HEALTH))["accounts"]["nodes"]
    return [node["health"] for node in nodes]


async def test_an_account_that_was_never_asked_is_unknown_and_telling_so_asks_nobody(running: World) -> None:
    for health in await healths(running):
        assert health["status"] == "UNKNOWN"
        assert health["lastSuccessAt"] is health["lastErrorAt"] is health["tokenExpiresAt"] is None
        assert health["webhooks"] == "NOT_SET_UP"
    assert running.calls == []


async def test_a_call_that_went_well_makes_it_healthy(running: World) -> None:
    before = running.clock.now()
    await running.data(LISTINGS)
    for health in await healths(running):
        assert health["status"] == "HEALTHY"
        assert datetime.fromisoformat(health["lastSuccessAt"]) > before
        assert health["lastErrorCode"] is None
    hostaway, _, bookingsync = await healths(running)
    assert datetime.fromisoformat(hostaway["tokenExpiresAt"]) > before + timedelta(days=100)
    assert before < datetime.fromisoformat(bookingsync["tokenExpiresAt"]) <= running.clock.now() + timedelta(hours=2)


async def test_a_call_that_failed_is_told_until_one_goes_well(running: World) -> None:
    await running.data(LISTINGS)
    await running.fault("HOSTAWAY", kind="status", status=503, path="/v1/listings")
    await running.ask(LISTINGS)
    first, second, third = await healths(running)
    for health in (first, second):
        assert (health["status"], health["lastErrorCode"]) == ("FAILING", "UPSTREAM_UNAVAILABLE")
        assert health["lastErrorMessage"]
        assert health["lastErrorAt"] > health["lastSuccessAt"]
    assert third["status"] == "HEALTHY"
    async with httpx.AsyncClient(base_url=running.urls["HOSTAWAY"]) as client:
        await client.delete("/_control/faults")
    running.clock.advance(60)
    await running.data(LISTINGS)
    again = (await healths(running))[0]
    assert (again["status"], again["lastErrorCode"]) == ("HEALTHY", "UPSTREAM_UNAVAILABLE")


async def test_credentials_that_the_pms_takes_back_ask_for_authorization(running: World) -> None:
    simulation: Any = running.simulations["HOSTAWAY"]
    for account in simulation.accounts:
        account.secret = "another"  # of the simulator
    await running.ask(LISTINGS)
    first, *_ = await healths(running)
    assert (first["status"], first["lastErrorCode"]) == ("NEEDS_AUTHORIZATION", "AUTHENTICATION_FAILED")


async def test_what_is_not_there_says_nothing_of_the_account(running: World) -> None:
    listing = (await running.data("{ listings(first: 1) { nodes { id } } }"))["listings"]["nodes"][0]["id"]
    gone = ids.parse(listing, "id")._replace(provider_id="999999999").text()
    await running.ask("query($id: ID!) { listing(id: $id) { name } }", id=gone)
    assert (await healths(running))[0]["lastErrorAt"] is None


async def test_accounts_out_of_use_say_so(running: World) -> None:
    await running.data(LISTINGS)
    first, second, _ = await running.services.accounts.list("default")
    await running.services.accounts.set_status("default", first.id, AccountStatus.PAUSED)
    await running.services.accounts.set_status("default", second.id, AccountStatus.AWAITING_AUTHORIZATION)
    statuses = [health["status"] for health in await healths(running)]
    assert statuses == ["PAUSED", "NEEDS_AUTHORIZATION", "HEALTHY"]


async def test_the_budget_left_is_that_of_the_account(running: World, tmp_path: Path) -> None:
    async with world(tmp_path / "limited", hostaway_accounts=1, bookingsync_accounts=0, limits="documented") as limited:
        await limited.data(LISTINGS)
        (health,) = await healths(limited)
        limits = {each["scope"]: each for each in health["rateLimits"]}
        assert set(limits) == {"ACCOUNT", "IP"}
        assert limits["ACCOUNT"]["remaining"] == limits["ACCOUNT"]["limit"] - limits["ACCOUNT"]["used"] < 20
        assert limits["ACCOUNT"]["accounts"] == [{"name": "HOSTAWAY 1"}]


async def test_health_survives_a_restart_and_is_shared_between_processes(running: World) -> None:
    await running.data(LISTINGS)
    told = await healths(running)
    await running.services.administration.health.flush()
    settings: Settings = running.services.settings
    other = create_app(settings, clock=running.clock)
    async with other.router.lifespan_context(other):
        services = other.state.services
        accounts = await services.accounts.list("default")
        histories = [await services.administration.health.of(account) for account in accounts]
    assert [history.last_success_at for history in histories] == [
        datetime.fromisoformat(each["lastSuccessAt"]) for each in told
    ]


async def test_a_connected_account_is_healthy_from_its_first_moment(running: World) -> None:
    await create(running, hostaway(running))
    assert (await healths(running))[-1]["status"] == "HEALTHY"
