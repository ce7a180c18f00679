"""What a PMS filters and orders itself, against the unfiltered data filtered by the gateway's own rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from graph.gateway.filters import keeps_listing, keeps_reservation
from graph.gateway.ordering import Ordering, listing_ordering, reservation_ordering
from providers.capabilities import Capability
from providers.contract import Plugin
from providers.manifest import Precision
from providers.queries import (
    DateRange,
    ListingOrderField,
    ListingQuery,
    OrderDirection,
    ReservationOrderField,
    ReservationQuery,
)
from tests.conformance.connection import by_id, connected, ids_of, walk, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import unknown_id
from tests.conformance.samples import (
    HELD_AGAINST,
    LISTING_FILTERS,
    ONLY_THE_PMS_CAN_TELL,
    RESERVATION_FILTERS,
    listing_samples,
    reservation_samples,
)
from tests.virtual_time import in_virtual_time


def surely_kept(query: Any, records: list[Any]) -> list[Any]:
    """The records that fit.

    The gateway keeps a record that tells no time of change, in case it has changed; a PMS that filters may well not.
    """
    keeps = keeps_listing if isinstance(query, ListingQuery) else keeps_reservation
    asked = {name: value for name in HELD_AGAINST if (value := getattr(query, name, None)) is not None}
    return [
        each
        for each in records
        if keeps(query, each)
        and (query.updated_since is None or each.updated_at is not None)
        and all(HELD_AGAINST[name](value, each) for name, value in asked.items())
    ]


def values_in_order(ordering: Ordering[Any], records: list[Any]) -> list[str]:
    """What the records were ordered by. Those without it may stand anywhere: PMSs have rules of their own for them."""
    return [value for each in records if (value := ordering.key(each)[0]) is not None]


def assert_agrees(found: list[Any], wanted: list[Any], precision: Precision, question: object) -> None:
    """Nothing wanted is missing, each record comes once and is the same; where exact, nothing else comes."""
    held = by_id(found)
    assert len(held) == len(found), question
    assert {key: held.get(key) for key in ids_of(wanted)} == by_id(wanted), question
    if precision is Precision.EXACT:
        assert held.keys() == by_id(wanted).keys(), question


def to_try(
    name: str, declared: Mapping[str, Precision], samples: Mapping[str, Sequence[Any]]
) -> tuple[Precision, Sequence[Any]]:
    """How well the PMS does a filter, and values to try it with. Skips what it does not do, or no record shows."""
    precision = declared.get(name)
    if precision is None:
        pytest.skip("the PMS does not do this filter: the gateway does")
    if name in ONLY_THE_PMS_CAN_TELL:
        pytest.skip("the records do not show what it filters by")
    assert samples[name], "the simulator holds nothing to filter by"
    return precision, samples[name]


@pytest.mark.parametrize("name", LISTING_FILTERS)
@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_a_filter_of_the_manifest_loses_no_listing(plugin: Plugin, known: Known, name: str) -> None:
    precision, samples = to_try(name, plugin.manifest.listing_filters, listing_samples(known))
    sizes = set()
    async with connected(plugin) as there:
        for value in samples:
            query = ListingQuery(**{name: value})
            walked = await walk(there.client.listing_page, query)
            wanted = surely_kept(query, known.listings)
            assert_agrees(walked.items, wanted, precision, query)
            sizes.add(len(walked.items))
    assert min(sizes) < len(known.listings), "the filter never narrows anything"


@pytest.mark.parametrize("name", RESERVATION_FILTERS)
@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_a_filter_of_the_manifest_loses_no_reservation(plugin: Plugin, known: Known, name: str) -> None:
    precision, samples = to_try(name, plugin.manifest.reservation_filters, reservation_samples(known))
    sizes = set()
    async with connected(plugin) as there:
        for value in samples:
            query = ReservationQuery(**{name: value})
            walked = await walk(there.client.reservation_page, query)
            wanted = surely_kept(query, known.reservations)
            assert wanted, query
            assert_agrees(walked.items, wanted, precision, query)
            sizes.add(len(walked.items))
    assert min(sizes) < len(known.reservations), "the filter never narrows anything"


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_all_filters_of_the_manifest_together_keep_what_fits_them_all(plugin: Plugin, known: Known) -> None:
    declared = plugin.manifest.reservation_filters
    dated = [each for each in known.reservations if each.arrival and each.departure and each.listing_id]
    async with connected(plugin) as there:
        for chosen in {each.status: each for each in dated}.values():
            assert chosen.arrival
            assert chosen.departure
            assert chosen.listing_id
            fitting = {
                "listing_ids": (chosen.listing_id,),
                "arrival": DateRange(chosen.arrival, chosen.departure),
                "departure": DateRange(chosen.departure, None),
                "stay": DateRange(None, chosen.departure),
                "statuses": frozenset({chosen.status}),
                "updated_since": chosen.updated_at,
                "guest_ids": (chosen.guest.provider_id,) if chosen.guest and chosen.guest.provider_id else None,
                "text": chosen.guest.name if chosen.guest else None,
            }
            query = ReservationQuery(**{name: fitting[name] for name in declared if name in fitting})  # type: ignore[arg-type]
            found = by_id((await walk(there.client.reservation_page, query)).items)
            assert found.get(chosen.provider_id) == chosen, query


@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_reservations_of_listings_that_do_not_exist_are_none(plugin: Plugin, known: Known) -> None:
    if "listing_ids" not in plugin.manifest.reservation_filters:
        pytest.skip("the PMS does not filter by listing: the gateway does")
    query = ReservationQuery(listing_ids=(unknown_id(ids_of(known.listings)),))
    async with connected(plugin) as there:
        assert (await walk(there.client.reservation_page, query)).items == []


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
@in_virtual_time
async def test_reservations_by_listing_are_those_of_the_pages(plugin: Plugin, known: Known) -> None:
    samples = reservation_samples(known)
    queries = [
        ReservationQuery(),
        *(
            ReservationQuery(**{name: samples[name][0]})
            for name in plugin.manifest.reservation_filters
            if name != "listing_ids" and samples.get(name)
        ),
    ]
    ids = ids_of(known.listings)
    async with connected(plugin) as there:
        for query in queries:
            for asked in (ids[:1], ids[1:3], ids):
                batch = await there.client.reservations_by_listing(asked, query)
                assert batch.failed == {}
                assert batch.found.keys() == set(asked)
                for key in asked:
                    exact = replace(query, listing_ids=(key,))
                    wanted = surely_kept(exact, known.reservations)
                    assert {each.listing_id for each in batch.found[key]} <= {key}
                    assert_agrees(batch.found[key], wanted, Precision.NARROWS, exact)


@pytest.mark.parametrize("direction", OrderDirection)
@pytest.mark.parametrize("order", [each for each in ListingOrderField if each is not ListingOrderField.PROVIDER])
@with_capabilities(Capability.LISTINGS)
@in_virtual_time
async def test_listings_come_in_the_orders_of_the_manifest(
    plugin: Plugin, known: Known, order: ListingOrderField, direction: OrderDirection
) -> None:
    if order not in plugin.manifest.listing_orders:
        pytest.skip("the PMS does not give this order: the gateway does")
    query = ListingQuery(order=order, direction=direction)
    ordering = listing_ordering(query)
    if ordering is None:
        pytest.skip("the records do not show what the PMS orders by")
    async with connected(plugin) as there:
        found = (await walk(there.client.listing_page, query)).items
    assert by_id(found) == by_id(known.listings)
    values = values_in_order(ordering, found)
    if not values:
        pytest.skip("the records do not show what the PMS orders by")
    assert len(set(values)) > 1, "all are alike: any order is right"
    assert values == values_in_order(ordering, ordering.arranged(known.listings))


@pytest.mark.parametrize("direction", OrderDirection)
@pytest.mark.parametrize(
    "order", [each for each in ReservationOrderField if each is not ReservationOrderField.PROVIDER]
)
@with_capabilities(Capability.RESERVATIONS)
@in_virtual_time
async def test_reservations_come_in_the_orders_of_the_manifest(
    plugin: Plugin, known: Known, order: ReservationOrderField, direction: OrderDirection
) -> None:
    if order not in plugin.manifest.reservation_orders:
        pytest.skip("the PMS does not give this order: the gateway does")
    query = ReservationQuery(order=order, direction=direction)
    ordering = reservation_ordering(query)
    if ordering is None:
        pytest.skip("the records do not show what the PMS orders by")
    async with connected(plugin) as there:
        found = (await walk(there.client.reservation_page, query)).items
    values = values_in_order(ordering, found)
    assert len(set(values)) > 1, "all are alike: any order is right"
    assert values == values_in_order(ordering, ordering.arranged(known.reservations))
    assert by_id(found) == by_id(known.reservations)


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
def test_the_manifest_names_only_filters_and_orders_that_exist(plugin: Plugin) -> None:
    manifest = plugin.manifest
    assert set(manifest.listing_filters) <= set(LISTING_FILTERS)
    assert set(manifest.reservation_filters) <= set(RESERVATION_FILTERS)
    assert manifest.listing_orders <= {each.value for each in ListingOrderField} - {"PROVIDER"}
    assert manifest.reservation_orders <= {each.value for each in ReservationOrderField} - {"PROVIDER"}
    assert not manifest.untold_listing_filters & {*manifest.listing_filters, *ONLY_THE_PMS_CAN_TELL}
    assert not manifest.untold_reservation_filters & {*manifest.reservation_filters, *ONLY_THE_PMS_CAN_TELL}


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
def test_what_the_manifest_calls_untold_is_what_no_record_tells(plugin: Plugin, known: Known) -> None:
    manifest = plugin.manifest
    listings = {name for name, values in listing_samples(known).items() if not values}
    reservations = {name for name, values in reservation_samples(known).items() if not values}
    # Kinds of building may be told by an id, which the dictionary puts into words.
    assert manifest.untold_listing_filters == listings - {"property_types"}
    assert manifest.untold_reservation_filters == reservations
