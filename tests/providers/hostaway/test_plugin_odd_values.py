"""Values that no table of Hostaway's documentation shows, but that may come."""

from typing import Any

import pytest

from providers.hostaway.client import HostawayClient
from providers.queries import ListingQuery
from tests.providers.hostaway.plugin_session import NOW, FakeSession, success


def client(*rows: Any) -> HostawayClient:
    """An account whose listings are ``rows``."""
    return HostawayClient(FakeSession(lambda _: success(list(rows), count=len(rows))), "10450", now=lambda: NOW)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("late", "late"),
        (3, "3"),
        (True, "true"),
        (False, "false"),
        (["a", "ü", 1.5, None], '["a", "ü", 1.5, null]'),
        ({"from": "10:00"}, '{"from": "10:00"}'),
        ([], "[]"),
        (None, None),
        ("", None),
    ],
)
async def test_the_value_of_a_custom_field_is_kept_as_text_whatever_its_type(sent: Any, text: str | None) -> None:
    page = await client({"id": 1, "customFieldValues": [{"customFieldId": 5, "value": sent}]}).listing_page(
        ListingQuery(), None
    )
    assert [(each.field_id, each.value) for each in page.items[0].custom_fields or ()] == [("5", text)]
