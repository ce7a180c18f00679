"""What is added to calls for a partner, and that none of it comes back."""

from datetime import UTC, datetime
from json import dumps, loads

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.upstream.calls import Answer, Call
from providers.upstream.partner import MASK, NO_PARTNER_KEY, PartnerKey, masked, with_partner_key

CALL = Call(method="GET", path="/v1/houses", query=(("limit", "5"),), headers={"X-Own": "own"})
SECRET = 'a "secret"/of a partner+1234'


def answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status=status, headers=headers, body=body, received_at=datetime.now(UTC))


def test_the_key_is_added_and_the_call_wins_over_like_names() -> None:
    key = PartnerKey(
        headers={"X-Partner": "p", "x-own": "theirs", "AUTHORIZATION": "theirs"}, query={"provider": "p", "limit": "1"}
    )
    call, headers = with_partner_key(CALL, {"Authorization": "Bearer t"}, key)
    assert headers == {"Authorization": "Bearer t", "X-Partner": "p"}
    assert call.query == (("limit", "5"), ("provider", "p"))
    assert call.headers == CALL.headers


def test_without_a_key_nothing_changes() -> None:
    assert with_partner_key(CALL, {"A": "b"}, NO_PARTNER_KEY) == (CALL, {"A": "b"})


@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_a_repeated_key_is_masked_in_every_answer(status: int) -> None:
    body = dumps({"message": f"unknown {SECRET}!", "echo": [SECRET]}).encode()
    found = masked(answer(status, body, reason=f"of {SECRET}"), PartnerKey(headers={"X-Partner": SECRET}))
    assert found.json() == {"message": f"unknown {MASK}!", "echo": [MASK]}
    assert found.headers == {"reason": f"of {MASK}"}


def test_a_key_in_an_address_is_masked_too() -> None:
    key = PartnerKey(query={"id": SECRET})
    for text in ("a%20%22secret%22%2Fof%20a%20partner%2B1234", "a+%22secret%22%2Fof+a+partner%2B1234"):
        assert masked(answer(400, text.encode()), key).body == MASK.encode()


def test_short_values_are_masked_in_refusals_and_leave_data_alone() -> None:
    key = PartnerKey(query={"provider": "12345"})
    assert masked(answer(400, b'{"message": "12345?"}'), key).json() == {"message": f"{MASK}?"}
    assert masked(answer(200, b'{"id": 12345}'), key).json() == {"id": 12345}


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["C"]), min_size=16).filter(str.strip))
def test_masked_data_is_still_json_without_the_key(value: str) -> None:
    found = masked(answer(200, dumps({"is": f"x{value}y"}).encode()), PartnerKey(query={"q": value}))
    text = loads(found.body)["is"]
    assert text.startswith("x")
    assert text.endswith("y")
    assert value not in text


def test_representations_show_no_value() -> None:
    assert SECRET not in repr(PartnerKey(headers={"X": SECRET}, query={"q": SECRET}))
