"""Parts of listings: read together, only when asked for, each failure alone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graph.storage.tables import TenantRow
from providers.errors import NotFound, UpstreamUnavailable
from providers.model import Channel, PolicyRef
from providers.queries import OddRecord
from tests.acme_world import Estate, acme_world, connect
from tests.gateway_world import World, world

PARTS = (
    "fees { providerId name amount { amount currency } } taxes { percentage } units { name } agreements { text }"
    " pricingSettings { lengthOfStayChannels }"
)
POLICIES = "{ listings(first: 100) { nodes { providerId cancellationPolicies { channel name } } } }"


async def nodes(running: World, fields: str) -> list[dict[str, Any]]:
    data = await running.data("{ listings(first: 500) { nodes { " + fields + " } } }")
    found: list[dict[str, Any]] = data["listings"]["nodes"]
    return found


async def test_each_part_of_all_listings_costs_one_call(acme: World, estate: Estate) -> None:
    found = await nodes(acme, "providerId " + PARTS)
    assert found[1] == {
        "providerId": "2",
        "fees": [{"providerId": "f2", "name": "petFee", "amount": {"amount": "15.00", "currency": "EUR"}}],
        "taxes": [{"percentage": "7.5"}],
        "units": [],
        "agreements": [{"text": "Contract 2"}],
        "pricingSettings": {"lengthOfStayChannels": ["VRBO"]},
    }
    parts = ("fees", "taxes", "units", "agreements", "pricing_settings")
    assert [call for call in estate.calls if call[0] in parts] == [(part, ("1", "2", "3")) for part in parts]


async def test_all_parts_of_bookingsync_share_one_read_of_the_rentals(tmp_path: Path) -> None:
    """Beside it: the two lists of taxes, the catalogue of fees, the rates rules."""
    fields = "fees { providerId } taxes { title } agreements { text } pricingSettings { rules { kind } }"
    async with world(tmp_path, hostaway_accounts=0) as running:
        await nodes(running, "providerId")
        before = len(running.data_calls())
        found = await nodes(running, fields)
        paths = [call.path.removeprefix("/api/v3/").split("/")[0] for call in running.data_calls()[before:]]
    assert sorted(paths) == ["fees", "fees_taxes", "rates_rules", "rentals", "rentals_taxes"]
    assert all(any(node[name] for node in found) for name in ("fees", "taxes", "agreements", "pricingSettings"))


async def test_parts_that_are_not_asked_for_cost_nothing(acme: World, estate: Estate) -> None:
    await nodes(acme, "name")
    assert estate.counted() == {"listing_page": 1}


async def test_170_listings_with_fees_cost_two_calls_per_account_and_none_when_asked_again(
    tmp_path: Path, estates: dict[str, Estate]
) -> None:
    async with acme_world(tmp_path, estates, ["1", "2"]) as running:
        estates["1"].count, estates["2"].count = 120, 50
        found = await nodes(running, "fees { providerId }")
        assert len(found) == 170
        assert all(node["fees"] for node in found)
        await nodes(running, "fees { providerId }")
        for number in ("1", "2"):
            assert estates[number].counted() == {"listing_page": 1, "fees": 1}


async def test_parts_age_like_their_setting_says(tmp_path: Path, estates: dict[str, Estate]) -> None:
    async with acme_world(tmp_path, estates, ["1"], part_max_age=100, stale_for=0, listing_max_age=1000) as running:
        await nodes(running, "fees { providerId }")
        running.clock.advance(90)
        await nodes(running, "fees { providerId }")
        assert estates["1"].counted()["fees"] == 1
        running.clock.advance(20)
        await nodes(running, "fees { providerId }")
        assert estates["1"].counted() == {"listing_page": 1, "fees": 2}


async def test_one_listing_that_fails_leaves_the_others_alone(acme: World, estate: Estate) -> None:
    estate.failing_ids["2"] = NotFound("No such listing.")
    body = await acme.ask("{ listings(first: 100) { nodes { fees { providerId } } } }")
    assert [node["fees"] is None for node in body["data"]["listings"]["nodes"]] == [False, True, False]
    (error,) = body["errors"]
    assert error["path"] == ["listings", "nodes", 1, "fees"]
    assert error["extensions"]["code"] == "NOT_FOUND"


async def test_a_part_that_fails_leaves_the_other_parts_alone(acme: World, estate: Estate) -> None:
    estate.failing["taxes"] = UpstreamUnavailable("Acme is away.")
    body = await acme.ask("{ listings(first: 1) { nodes { name taxes { name } fees { providerId } } } }")
    assert body["data"]["listings"]["nodes"] == [{"name": "House 1", "taxes": None, "fees": [{"providerId": "f1"}]}]
    (error,) = body["errors"]
    assert error["path"] == ["listings", "nodes", 0, "taxes"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert error["extensions"]["provider"] == "ACME"


async def test_odd_records_of_a_part_are_told_once_beside_the_rest(acme: World, estate: Estate) -> None:
    estate.odd = [OddRecord("f9", "amount: not a number")]
    body = await acme.ask("{ listings(first: 100) { nodes { fees { providerId } } } }")
    assert all(node["fees"] for node in body["data"]["listings"]["nodes"])
    (error,) = body["errors"]
    assert error["path"] == ["listings", "nodes", 0, "fees"]
    assert error["extensions"]["code"] == "UPSTREAM_INVALID"
    assert "f9 (amount: not a number)" in error["message"]


async def test_a_pms_without_a_part_says_so_once(tmp_path: Path, estates: dict[str, Estate]) -> None:
    async with acme_world(tmp_path, estates, ["3"]) as running:
        body = await running.ask("{ listings(first: 9) { nodes { fees { providerId } units { name } } } }")
    assert body["data"]["listings"]["nodes"] == [{"fees": None, "units": None}] * 3
    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_SUPPORTED"] * 2
    assert sorted(error["path"][-1] for error in body["errors"]) == ["fees", "units"]


async def test_policies_of_all_listings_cost_one_call_for_the_channels_they_name(acme: World, estate: Estate) -> None:
    data = await acme.data(POLICIES)
    policies = [node["cancellationPolicies"] for node in data["listings"]["nodes"]]
    airbnb = {"channel": "AIRBNB", "name": "AIRBNB policy"}
    assert policies[0] == [{"channel": "DIRECT", "name": "DIRECT policy"}, airbnb]
    # Listing 2 has one of its own under the same id.
    assert policies[1] == [{"channel": "DIRECT", "name": "of listing 2"}, airbnb]
    asked = [call for call in estate.calls if call[0] == "cancellation_policies"]
    assert asked == [("cancellation_policies", {Channel.DIRECT, Channel.AIRBNB})]
    await acme.data(POLICIES)
    assert estate.counted()["cancellation_policies"] == 1


async def test_a_policy_that_the_list_lacks_is_told_and_one_that_is_not_named_costs_nothing(
    acme: World, estate: Estate
) -> None:
    estate.changes["cancellation_policies"] = [
        PolicyRef(channel=Channel.DIRECT, policy_id="1"),
        PolicyRef(channel=Channel.DIRECT, policy_id="404"),
    ]
    body = await acme.ask("{ listings(first: 1) { nodes { cancellationPolicies { name } } } }")
    assert body["data"]["listings"]["nodes"] == [{"cancellationPolicies": [{"name": "DIRECT policy"}]}]
    assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_FOUND"]
    estate.calls.clear()
    estate.changes["cancellation_policies"] = None
    data = await acme.data("{ listings(first: 1, maxAge: 0) { nodes { cancellationPolicies { name } } } }")
    assert data["listings"]["nodes"] == [{"cancellationPolicies": None}]
    assert estate.counted() == {"listing_page": 1}


async def test_a_channel_whose_policies_fail_leaves_the_others_and_is_told_once(acme: World, estate: Estate) -> None:
    estate.failing_ids["AIRBNB"] = UpstreamUnavailable("Down.")
    body = await acme.ask(POLICIES)
    kept = [node["cancellationPolicies"] for node in body["data"]["listings"]["nodes"]]
    assert [[each["channel"] for each in policies] for policies in kept] == [["DIRECT"]] * 3
    (error,) = body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["provider"]) == ("UPSTREAM_UNAVAILABLE", "ACME")
    assert error["message"] == "Policies of a channel are missing: Down."
    estate.changes["cancellation_policies"] = [PolicyRef(channel=Channel.AIRBNB, policy_id="1")]
    body = await acme.ask("{ listings(first: 1, maxAge: 0) { nodes { cancellationPolicies { channel } } } }")
    assert body["data"]["listings"]["nodes"] == [{"cancellationPolicies": None}]
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UPSTREAM_UNAVAILABLE"]


async def test_policies_of_an_account_without_a_failing_channel_are_not_kept(acme: World, estate: Estate) -> None:
    estate.failing_ids["AIRBNB"] = UpstreamUnavailable("Down.")
    for channels in ("", "(channels: [DIRECT, AIRBNB, VRBO])"):
        body = await acme.ask("{ accounts { nodes { cancellationPolicies" + channels + " { channel } } } }")
        found = body["data"]["accounts"]["nodes"][0]["cancellationPolicies"]
        assert {each["channel"] for each in found} == {"DIRECT", "VRBO"}
        assert [error["extensions"]["code"] for error in body["errors"]] == ["UPSTREAM_UNAVAILABLE"]
    estate.failing_ids.clear()
    data = await acme.data("{ accounts { nodes { cancellationPolicies { channel } } } }")
    assert {each["channel"] for each in data["accounts"]["nodes"][0]["cancellationPolicies"]} == {
        "AIRBNB",
        "DIRECT",
        "VRBO",
    }


async def test_account_policies_are_asked_for_by_channel_or_all(acme: World, estate: Estate) -> None:
    query = (
        "query($channels: [Channel!]) { accounts { nodes { cancellationPolicies(channels: $channels)"
        " { channel listing: name } } } }"
    )
    everything = (await acme.data(query))["accounts"]["nodes"][0]["cancellationPolicies"]
    assert {each["channel"] for each in everything} == {"DIRECT", "AIRBNB", "VRBO"}
    some = (await acme.data(query, channels=["VRBO"]))["accounts"]["nodes"][0]["cancellationPolicies"]
    assert [each["channel"] for each in some] == ["VRBO"]
    # All that were read hold each channel's, too.
    assert estate.counted() == {"cancellation_policies": 1}
    none = (await acme.data(query, channels=["GOOGLE"]))["accounts"]["nodes"][0]["cancellationPolicies"]
    assert none == []
    assert estate.calls[-1] == ("cancellation_policies", {Channel.GOOGLE})
    body = await acme.ask(query, channels=[])
    assert body["errors"][0]["extensions"]["argument"] == "channels"


async def test_nothing_is_shared_between_tenants(tmp_path: Path, estates: dict[str, Estate]) -> None:
    async with acme_world(tmp_path, estates, ["1"]) as running:
        async with running.services.database.session() as session:
            session.add(TenantRow(id="other", name="Other", created_at=datetime.now(UTC), updated_at=datetime.now(UTC)))
        await connect(running, "1", tenant="other")
        await nodes(running, "fees { providerId } amenities { name }")
        _, key = await running.services.keys.create("other", "Other")
        query = "{ listings(first: 100) { nodes { fees { providerId } amenities { name } } } }"
        answer = await running.post(query, Authorization=f"Bearer {key}")
        assert "errors" not in answer.json()
        assert estates["1"].counted() == {"listing_page": 2, "fees": 2, "dictionary": 2}


async def test_fees_and_taxes_of_rentals_share_a_call(running: World) -> None:
    data = await running.data(
        '{ listings(first: 9, filter: {providers: ["BOOKINGSYNC"]}) { nodes { fees { title } taxes { title } } } }'
    )
    assert any(node["fees"] and node["taxes"] for node in data["listings"]["nodes"])
    assert len([call for call in running.data_calls() if "/rentals/" in call.path]) == 1
