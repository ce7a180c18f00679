"""The operations of these tests, and inputs that are right."""

import asyncio
from typing import Any

from graph.accounts.keys import Permission
from tests.gateway_world import World
from tests.graph.changes.inn_world import ARRIVAL, DEPARTURE

SHOWN = """
    reservation { id providerId version status arrival departure total { amount currency } hostNote }
    userErrors { field code message allowed } warnings cost { calls } planned { method path }
"""

CREATE = f"""mutation (
    $input: CreateReservationInput!, $key: String, $ignore: Boolean! = false, $dry: Boolean! = false) {{
  createReservation(input: $input, idempotencyKey: $key, ignoreRules: $ignore, dryRun: $dry) {{ {SHOWN} }} }}"""

CREATES = f"""mutation ($items: [CreateReservationsItem!]!) {{
  createReservations(items: $items) {{ results {{ {SHOWN} }} userErrors {{ field code }} cost {{ calls }} }} }}"""

UPDATE = f"""mutation ($id: ID!, $input: UpdateReservationInput!, $version: String, $dry: Boolean! = false) {{
  updateReservation(id: $id, input: $input, version: $version, dryRun: $dry) {{ {SHOWN} }} }}"""

UPDATES = f"""mutation ($items: [UpdateReservationsItem!]!) {{
  updateReservations(items: $items) {{ results {{ {SHOWN} }} userErrors {{ field code }} }} }}"""

CANCEL = f"""mutation ($id: ID!, $input: CancelReservationInput, $version: String, $dry: Boolean! = false) {{
  cancelReservation(id: $id, input: $input, version: $version, dryRun: $dry) {{ {SHOWN} }} }}"""

NO_SHOW = f"mutation ($id: ID!) {{ reportNoShow(id: $id) {{ {SHOWN} }} }}"

DELETE = """mutation ($id: ID!, $version: String, $dry: Boolean! = false) {
  deleteReservation(id: $id, version: $version, dryRun: $dry) {
    deletedId reservation { version status } userErrors { field code } warnings planned { method path } } }"""

BOOK = f"""mutation ($input: BookQuoteInput!, $key: String, $dry: Boolean! = false) {{
  bookQuote(input: $input, idempotencyKey: $key, dryRun: $dry) {{
    {SHOWN} pricedByUs price {{ total {{ amount currency }} }} }} }}"""

VISA = "4111111111111111"
CARD = {"holder": "Ada Lovelace", "number": VISA, "expirationYear": 2090, "expirationMonth": 5, "code": "737"}


async def listing_id(running: World, number: str = "1") -> str:
    data = await running.data("{ listings(first: 50) { nodes { id providerId } } }")
    ids: dict[str, str] = {each["providerId"]: each["id"] for each in data["listings"]["nodes"]}
    return ids[number]


async def stay(running: World, **more: Any) -> dict[str, Any]:
    """The input of a reservation that nothing is wrong with."""
    right = {
        "listingId": await listing_id(running),
        "arrival": ARRIVAL.isoformat(),
        "departure": DEPARTURE.isoformat(),
        "guest": {"name": "Ada"},
    }
    return right | more


async def create(running: World, *, key: str | None = None, **more: Any) -> Any:
    """The payload of a create."""
    return await running.change(CREATE, Permission.WRITE, input=await stay(running, **more), key=key)


async def at_once(running: World, number: int, **more: Any) -> list[Any]:
    """The payloads of so many creates that are sent together, each by itself."""
    secret = await running.key_with(Permission.WRITE)
    given = await stay(running, **more)

    async def one() -> Any:
        answer = await running.post(CREATE, {"input": given}, Authorization=f"Bearer {secret}")
        body = answer.json()
        assert "errors" not in body, body["errors"]
        return body["data"]["createReservation"]

    return list(await asyncio.gather(*(one() for _ in range(number))))


def codes(payload: Any) -> list[tuple[str, str]]:
    """The errors of a payload: path and code."""
    return [(".".join(each["field"]), each["code"]) for each in payload["userErrors"]]
