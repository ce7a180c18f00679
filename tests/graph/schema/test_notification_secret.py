"""The secret that notifications are signed with."""

from graph.accounts.keys import Permission
from tests.gateway_world import World

QUERY = "{ notificationSecret }"


async def test_each_tenant_has_its_own_and_keys_that_only_read_have_none(acme: World) -> None:
    writer = await acme.key_with(Permission.WRITE)
    answer = (await acme.post(QUERY, Authorization=f"Bearer {writer}")).json()
    secret = answer["data"]["notificationSecret"]
    assert secret == acme.services.administration.signer.secret("default")
    assert secret.startswith("sgn_")
    refused = await acme.ask(QUERY)
    assert refused["data"] == {"notificationSecret": None}
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
