"""Values as the model promises them: exact money, aware instants, statuses of one vocabulary, ids that fit together."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from providers.capabilities import Capability
from providers.contract import Plugin, capabilities
from providers.model import Money, PriceDetails, ReservationStatus
from providers.queries import Days
from tests.conformance.connection import ACCOUNT, connected, every_plugin, ids_of, with_capabilities
from tests.conformance.known import Known
from tests.conformance.requests import every_read, quote_requests
from tests.virtual_time import in_virtual_time


def parts(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside of ``value``, with its path."""
    yield path, value
    if is_dataclass(value):
        for each in fields(value):
            yield from parts(getattr(value, each.name), f"{path}.{each.name}")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from parts(each, f"{path}[{key}]")
    elif isinstance(value, list | tuple | set | frozenset):
        for index, each in enumerate(value):
            yield from parts(each, f"{path}[{index}]")


def assert_exact(value: Any, path: str) -> None:
    if isinstance(value, Decimal):
        assert value.is_finite(), path
    elif isinstance(value, datetime):
        assert value.utcoffset() == timedelta(0), path
    elif isinstance(value, time):
        assert value.tzinfo is None, path
    elif isinstance(value, Money):
        assert isinstance(value.amount, Decimal), path
        assert len(value.currency) == 3, path
        assert set(value.currency) <= set(ascii_uppercase), path
    elif isinstance(value, str):
        assert value == "" or value.strip(), path


@every_plugin
@in_virtual_time
async def test_every_amount_is_exact_and_every_instant_aware_utc(plugin: Plugin, known: Known) -> None:
    kinds = set()
    async with connected(plugin) as there:
        results = {name: await read() for name, read in every_read(there, known).items()}
    for path, value in parts({**results, "listings": known.listings, "stays": known.reservations}):
        assert_exact(value, path)
        kinds.add(type(value))
    assert {Money, Decimal, datetime} <= kinds, "too little was looked at"


@every_plugin
@in_virtual_time
async def test_every_answer_tells_when_it_was_fetched(plugin: Plugin, known: Known) -> None:
    async with connected(plugin) as there:
        for name, read in every_read(there, known).items():
            await there.clock.sleep(100)
            before = there.clock.now()
            result = await read()
            fetched_at = getattr(result, "fetched_at", None)
            assert fetched_at is None or before <= fetched_at <= there.clock.now(), name


@with_capabilities(Capability.LISTINGS)
def test_listings_name_their_provider_and_account(plugin: Plugin, known: Known) -> None:
    assert known.listings
    for listing in known.listings:
        assert (listing.provider, listing.account_id) == (plugin.manifest.code, ACCOUNT)
        assert listing.provider_id
        assert listing.name or listing.internal_name
        amounts = [listing.base_price, listing.cleaning_fee, listing.damage_deposit]
        assert {each.currency for each in amounts if each} <= {listing.currency}


@with_capabilities(Capability.RESERVATIONS)
def test_every_reservation_has_a_status_and_the_word_of_its_pms(plugin: Plugin, known: Known) -> None:
    for stay in known.reservations:
        assert (stay.provider, stay.account_id) == (plugin.manifest.code, ACCOUNT)
        assert isinstance(stay.status, ReservationStatus)
        assert stay.provider_status, stay
    assert {ReservationStatus.CONFIRMED, ReservationStatus.CANCELLED, ReservationStatus.BLOCKED} <= {
        each.status for each in known.reservations
    }


@with_capabilities(Capability.RESERVATIONS)
def test_nights_are_those_between_arrival_and_departure(plugin: Plugin, known: Known) -> None:
    dated = [each for each in known.reservations if each.arrival and each.departure]
    assert len(dated) > len(known.reservations) / 2
    for stay in dated:
        assert stay.arrival
        assert stay.departure
        assert stay.arrival < stay.departure, stay
        assert stay.nights in (None, (stay.departure - stay.arrival).days), stay


@with_capabilities(Capability.RESERVATIONS)
def test_what_a_reservations_total_counts_adds_up_to_it(plugin: Plugin, known: Known) -> None:
    counted = 0
    for stay in known.reservations:
        lines = [line for line in stay.finance_lines or [] if line.included_in_total and line.amount]
        assert not any(line.deleted for line in lines), stay
        if stay.total is None or not lines:
            continue
        assert sum(line.amount.amount for line in lines if line.amount) == stay.total.amount, stay
        counted += 1
    assert counted > len(known.reservations) / 10, "too little was added up"


@with_capabilities(Capability.LISTINGS, Capability.RESERVATIONS)
def test_reservations_lie_in_listings_of_the_account(plugin: Plugin, known: Known) -> None:
    assert {each.listing_id for each in known.reservations} <= {*ids_of(known.listings), None}


@with_capabilities(Capability.LISTINGS, Capability.PRICE_DETAILS)
@in_virtual_time
async def test_quotes_name_their_provider_account_and_time(plugin: Plugin, known: Known) -> None:
    days = Days(known.today + timedelta(days=20), known.today + timedelta(days=24))
    async with connected(plugin) as there:
        quotes: list[PriceDetails] = list((await there.client.quotes(quote_requests(known, days))).found.values())
        now = there.clock.now()
    assert quotes
    for quote in quotes:
        assert (quote.provider, quote.account_id) == (plugin.manifest.code, ACCOUNT)
        assert quote.quoted_at.astimezone(UTC) <= now


@every_plugin
def test_capabilities_are_methods_and_the_clients_name_is_that_of_the_manifest(plugin: Plugin) -> None:
    assert capabilities(plugin.client_class)
    assert plugin.client_class.provider == plugin.manifest.code
