"""The simulated addresses of unified webhooks, and the plugin's use of them under each reading."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from providers.contract import SimulatorOptions
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.simulation import HostawaySimulation, simulator

PATH = "/v1/webhooks/unifiedWebhooks"
BODY: Mapping[str, Any] = {
    "isEnabled": 1,
    "url": "https://hooks.example.com/hostaway",
    "login": "u",
    "password": "p",
    "alertingEmailAddress": None,
}


def client(simulation: HostawaySimulation, number: int = 0) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(simulation.app),
        base_url="http://pms.test",
        headers={"Authorization": f"Bearer {simulation.access_token(number)}"},
    )


@pytest.mark.parametrize("masked", [True, False])
async def test_a_webhook_is_made_read_changed_and_removed(masked: bool) -> None:
    simulation = simulator(
        SimulatorOptions(listings=1, limits="off"), readings=HostawayReadings(webhook_password_masked=masked)
    )
    async with client(simulation) as calls:
        made = (await calls.post(PATH, json=BODY)).json()["result"]
        assert made == {**BODY, "id": made["id"], "password": "****" if masked else "p"}
        assert (await calls.get(f"{PATH}/{made['id']}")).json()["result"] == made
        changed = await calls.put(f"{PATH}/{made['id']}", json={**BODY, "isEnabled": 0, "login": None})
        assert changed.json()["result"]["isEnabled"] == 0
        assert [row["login"] for row in (await calls.get(PATH)).json()["result"]] == [None]
        assert (await calls.delete(f"{PATH}/{made['id']}")).json()["status"] == "success"
        assert (await calls.get(PATH)).json()["result"] == []
        assert (await calls.delete(f"{PATH}/{made['id']}")).status_code == 404


async def test_webhooks_belong_to_their_account() -> None:
    simulation = simulator(SimulatorOptions(listings=1, limits="off", accounts=2))
    async with client(simulation) as one, client(simulation, 1) as other:
        id_ = (await one.post(PATH, json=BODY)).json()["result"]["id"]
        assert (await other.get(PATH)).json()["result"] == []
        assert (await other.put(f"{PATH}/{id_}", json=BODY)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"url": "ftp://x"}, {**BODY, "isEnabled": 7}, []])
async def test_a_webhook_without_an_address_is_refused(body: Any) -> None:
    simulation = simulator(SimulatorOptions(listings=1, limits="off"))
    async with client(simulation) as calls:
        assert (await calls.post(PATH, json=body)).status_code == 422
        assert (await calls.post(PATH, content=b"{")).status_code == 400
