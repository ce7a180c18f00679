"""Offering listings to others, and what is offered."""

from typing import Any

from tests.listing_choices import (
    Tenant,
)

OFFERED = """query($first: Int! = 50, $after: String, $filter: ImportableListingFilter) {
  importableListings(first: $first, after: $after, filter: $filter) {
    nodes { id name imported } pageInfo { hasNextPage endCursor } incomplete } }"""
STAY = 'arrival: "2027-07-01", departure: "2027-07-03"'


async def offered(importer: Tenant, **variables: Any) -> list[str]:
    data = await importer.data(OFFERED, **variables)
    assert not data["importableListings"]["incomplete"]
    return [each["name"] for each in data["importableListings"]["nodes"]]
