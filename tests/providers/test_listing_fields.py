"""The keys of ``fieldsToSync`` cover a listing, and each plugin's raw names agree with what its fields become."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.catalogue import plugin
from providers.model import Image, Listing, ListingField, ListingText, trimmed, variant
from providers.model.listing_fields import ALWAYS_ON, GOVERNED

ROOT = Path(__file__).parents[2]
EVERYTHING = frozenset(ListingField)
LISTING = Listing(
    provider="ACME",
    account_id="a",
    provider_id="7",
    name="House",
    images=[Image(url="https://a.example/1", thumbnail_url="https://a.example/2")],
    texts=[ListingText(name="House"), ListingText(locale="en", name="House", summary="Nice")],
    house_rules="None.",
    raw={"id": 7, "title": "House", "new": 1, "state": "on"},
)
RAW_NAMES = {"id": (ListingField.PROVIDER_ID,), "title": (ListingField.NAME, ListingField.DESCRIPTION), "state": ()}

subsets = st.frozensets(st.sampled_from(ListingField))


def test_every_field_of_a_listing_has_a_key_or_is_always_on() -> None:
    governed = {name for names in GOVERNED.values() for name in names}
    assert governed | ALWAYS_ON == {each.name for each in fields(Listing)}
    assert not governed & ALWAYS_ON
    assert len(ListingField) == 26


@given(subsets)
def test_what_is_off_is_empty_and_all_else_as_it_was(off: frozenset[ListingField]) -> None:
    left = trimmed(LISTING, off, RAW_NAMES)
    empty = {name for key in off for name in GOVERNED.get(key, ())}
    for each in fields(Listing):
        if each.name in empty:
            assert getattr(left, each.name) is None
        elif each.name not in ("images", "texts", "raw", "fields_off"):
            assert getattr(left, each.name) == getattr(LISTING, each.name)


@given(subsets)
def test_raw_names_are_there_while_all_their_keys_are_on(off: frozenset[ListingField]) -> None:
    raw = trimmed(LISTING, off, RAW_NAMES).raw or {}
    assert ("id" in raw) == (ListingField.PROVIDER_ID not in off)
    assert ("title" in raw) == off.isdisjoint({ListingField.NAME, ListingField.DESCRIPTION})
    assert ("new" in raw) == (ListingField.LISTING_DETAILS not in off)
    assert "state" in raw


def test_parts_of_a_field_go_alone() -> None:
    left = trimmed(LISTING, frozenset({ListingField.NAME, ListingField.THUMBNAIL_URL}), RAW_NAMES)
    assert left.images == [Image(url="https://a.example/1")]
    assert left.texts == [ListingText(locale="en", summary="Nice")]


def test_a_raw_record_that_nobody_knows_goes_as_soon_as_anything_is_off() -> None:
    assert trimmed(LISTING, frozenset({ListingField.RATING}), None).raw is None
    assert trimmed(LISTING, frozenset(), None) is LISTING


@given(subsets, subsets)
def test_choices_have_names_of_their_own(one: frozenset[ListingField], other: frozenset[ListingField]) -> None:
    assert (variant(one) == variant(other)) == (one == other)
    assert variant(frozenset()) == ""
    assert len(variant(EVERYTHING)) == 7


def becomes(provider: str, heading: str) -> dict[str, set[str]]:
    """The fields of ``Listing`` that each documented name feeds, from FIELDS.md."""
    page = (ROOT / "providers" / provider / "FIELDS.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {name.strip("`"): {part.strip("` ").split(".")[0] for part in fed.split(",")} for name, fed in rows}


@pytest.mark.parametrize(("provider", "heading"), [("hostaway", "Listing"), ("bookingsync", "Rental")])
def test_raw_names_fall_under_the_keys_of_what_they_become(provider: str, heading: str) -> None:
    names = plugin(provider).client_class.raw_listing_names
    assert names is not None
    by_field = {"providerId": {ListingField.PROVIDER_ID}}
    for key, own in GOVERNED.items():
        for name in own:
            by_field.setdefault(camel(name), set()).add(key)
    for raw, fed in becomes(provider, heading).items():
        wanted = set().union(*(by_field.get(each, set()) for each in fed))
        keys = names.get(raw, (ListingField.LISTING_DETAILS,))
        if wanted:
            assert wanted & set(keys), f"{raw} becomes {fed}"
        elif fed != {"raw"}:
            assert keys == (), f"{raw} becomes {fed}, which is always on"


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
