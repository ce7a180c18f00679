"""Raw records: for keys with the scope alone, and never with secrets in them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest
from graphql import GraphQLObjectType, build_schema
from hypothesis import given
from hypothesis import strategies as st

from graph.accounts.keys import Scope
from graph.schema.raw import MASK, MAX_LEVELS, is_secret, redacted
from graph.schema.schema import schema_text
from tests.acme_world import Estate
from tests.gateway_world import World

RAW = (
    "{ listings(first: 1) { nodes { name raw } } reservations(first: 1) { nodes { raw } }"
    " accounts { nodes { providerAccount { businessName raw } } } }"
)


async def ask_with(running: World, *scopes: Scope, query: str = RAW) -> dict[str, Any]:
    _, key = await running.services.keys.create("default", "raw", scopes=scopes)
    answer = await running.post(query, Authorization=f"Bearer {key}")
    body: dict[str, Any] = answer.json()
    return body


async def test_a_key_with_the_scope_reads_records_without_their_secrets(acme: World) -> None:
    body = await ask_with(acme, Scope.RAW)
    assert "errors" not in body
    assert body["data"] == {
        "listings": {
            "nodes": [{"name": "House 1", "raw": {"id": 1, "price": 12.5, "wifiPassword": MASK, "big": str(2**70)}}]
        },
        "reservations": {"nodes": [{"raw": {"doorCode": MASK, "guestName": "Ada"}}]},
        "accounts": {
            "nodes": [
                {
                    "providerAccount": {
                        "businessName": "Inn 1",
                        "raw": {"id": "1", "accessToken": MASK, "name": "Inn"},
                    }
                }
            ]
        },
    }


async def test_a_key_without_it_is_refused_that_field_alone(acme: World) -> None:
    body = await ask_with(acme)
    assert body["data"] == {
        "listings": {"nodes": [{"name": "House 1", "raw": None}]},
        "reservations": {"nodes": [{"raw": None}]},
        "accounts": {"nodes": [{"providerAccount": {"businessName": "Inn 1", "raw": None}}]},
    }
    assert [error["extensions"] for error in body["errors"]] == [{"code": "FORBIDDEN"}] * 3
    assert sorted(error["path"][-1] for error in body["errors"]) == ["raw"] * 3
    assert all("keys create --raw" in error["message"] for error in body["errors"])


EVERYWHERE = """{
  listings(first: 1) {
    nodes {
      ~ fees { ~ } taxes { ~ } units { ~ } agreements { ~ } pricingSettings { ~ } cancellationPolicies { ~ }
      customFields { field { ~ } }
      calendar(from: "2027-07-01", to: "2027-07-02") { days { reservations { ~ } } }
      priceDetails(arrival: "2027-07-01", departure: "2027-07-03") { ~ }
    }
  }
  accounts { nodes { users { ~ } customFields { ~ } cancellationPolicies(channels: [VRBO]) { ~ } } }
  providerAccounts { groups { nodes { ~ } } }
}""".replace("~", "__typename raw")


def with_raw(value: Any) -> Iterator[tuple[str, Any]]:
    """The type and ``raw`` of everything in an answer that was asked for it."""
    if isinstance(value, dict):
        if "raw" in value:
            yield value["__typename"], value["raw"]
        value = [each for name, each in value.items() if name != "raw"]
    if isinstance(value, list):
        for each in value:
            yield from with_raw(each)


def types_with_raw() -> set[str]:
    types = build_schema(schema_text()).type_map
    return {name for name, each in types.items() if isinstance(each, GraphQLObjectType) and "raw" in each.fields}


async def test_whatever_has_a_raw_record_shows_it_without_secrets(acme: World) -> None:
    body = await ask_with(acme, Scope.RAW, query=EVERYWHERE)
    assert "errors" not in body
    shown = list(with_raw(body["data"]))
    assert {name for name, _ in shown} == types_with_raw()
    # Of one of its two users ACME keeps no record.
    assert {name for name, raw in shown if raw is None} == {"User"}
    assert all(MASK in raw.values() for _, raw in shown if raw is not None)
    assert b"open sesame" not in orjson.dumps(body)


async def test_whatever_has_a_raw_record_hides_it_without_the_scope(acme: World) -> None:
    body = await ask_with(acme, query=EVERYWHERE)
    shown = list(with_raw(body["data"]))
    assert {name for name, _ in shown} == types_with_raw()
    assert {raw for _, raw in shown} == {None}
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
    assert {error["path"][-1] for error in body["errors"]} == {"raw"}
    assert len(body["errors"]) == len(shown)


async def test_a_record_that_was_not_kept_is_null(acme: World, estate: Estate) -> None:
    estate.changes["raw"] = None
    body = await ask_with(acme, Scope.RAW)
    assert body["data"]["listings"]["nodes"] == [{"name": "House 1", "raw": None}]
    assert "errors" not in body


@pytest.mark.parametrize(
    "name",
    [
        "wifiPassword",
        "doorSecurityCode",
        "doorCode",
        "door_code",
        "guestAuthHash",
        "guestPortalUrl",
        "password",
        "accessToken",
        "refresh-token",
        "verificationCode",
        "cardNumber",
        "creditCard",
        "ccNumber",
        "ccExpirationYear",
        "ccCvc",
        "vcc",
        "passport",
        "icalKey",
        "door_key_code",
        "PIN",
        "client_secret",
        "apiKey",
        "Door code",
        "bankAccountNumber",
    ],
)
def test_names_that_promise_a_secret(name: str) -> None:
    assert is_secret(name)
    assert redacted({name: "s3cret", "other": [{name: {"deep": "s3cret"}}]}) == {name: MASK, "other": [{name: MASK}]}
    assert redacted({name: None}) == {name: None}


@pytest.mark.parametrize(
    "name", ["countryCode", "account", "success", "confirmationCode", "postalCode", "spinning", "name", "key", "url"]
)
def test_names_that_promise_none(name: str) -> None:
    assert redacted({name: "shown"}) == {name: "shown"}


def test_a_field_of_the_business_that_is_named_like_a_secret_hides_its_value() -> None:
    raw = [
        {"name": "Door code", "value": "1234", "id": 1},
        {"customField": {"id": 5, "varName": "wifi_password"}, "value": "open sesame"},
        {"name": "Colour", "value": "blue"},
    ]
    assert redacted(raw) == [
        {"name": "Door code", "value": MASK, "id": 1},
        {"customField": {"id": 5, "varName": "wifi_password"}, "value": MASK},
        {"name": "Colour", "value": "blue"},
    ]


def test_what_is_too_deep_is_masked() -> None:
    deep: Any = "bottom"
    for _ in range(MAX_LEVELS * 20):
        deep = [deep]
    shown = orjson.dumps(redacted(deep))
    assert MASK.encode() in shown
    assert b"bottom" not in shown


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(VALUES)
def test_whatever_a_pms_sends_can_be_shown(value: Any) -> None:
    orjson.dumps(redacted(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9))
def test_amounts_keep_their_digits(amount: Decimal) -> None:
    assert Decimal(str(redacted(amount))) == amount
