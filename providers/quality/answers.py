"""Rules about what a plugin reads: whole, exact, in agreement with itself, in few calls."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from providers.capabilities import Capability
from providers.contract import capabilities
from providers.errors import ProviderError
from providers.model import DayStatus, Money, ReservationStatus
from providers.quality.comparing import says_as_much
from providers.quality.connection import Connection, connected, ids_of, walk
from providers.quality.level import NotApplicable, demand
from providers.quality.reads import Sample, every_read, quote_requests, unknown_id
from providers.quality.subject import Subject
from providers.queries import Batch, Days, ListingQuery, Page, ReservationQuery

_TAKEN = {ReservationStatus.CONFIRMED, ReservationStatus.BLOCKED}


async def paging(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS)
    size = subject.plugin.manifest.listing_page_size
    async with connected(subject.plugin, listings=size + 1) as there:
        walked = await walk(there.client.listing_page, ListingQuery())
        _demand_whole(ids_of(walked.items), len(walked.pages), "listings")
        demand(len(walked.items) == size + 1, f"{len(walked.items)} of {size + 1} listings came")
    if Capability.RESERVATIONS in subject.capabilities:
        async with connected(subject.plugin) as there:
            stays = await walk(there.client.reservation_page, ReservationQuery())
            _demand_whole(ids_of(stays.items), len(stays.pages), "reservations")
            totals = {page.total for page in stays.pages} - {None}
            demand(totals <= {len(stays.items)}, "totals and the reservations that came do not agree")


def _demand_whole(ids: list[str], pages: int, what: str) -> None:
    demand(pages > 1, f"the simulator holds one page of {what} only")
    demand(len(ids) == len(set(ids)), f"{what} come twice")


async def reads(subject: Subject) -> None:
    sample = await subject.sample()
    async with connected(subject.plugin) as there:
        for name, read in every_read(there.client, _part(sample)).items():
            try:
                result = await read()
            except ProviderError as error:
                demand(False, f"{name} fails: {error.code}")
            else:
                failed = result.failed if isinstance(result, Batch) else {}
                demand(not failed, f"{name} fails for a listing that exists")
                demand(not getattr(result, "odd", ()), f"{name} sets sound records aside")


async def exact_values(subject: Subject) -> None:
    sample = await subject.sample()
    async with connected(subject.plugin) as there:
        results = {name: await read() for name, read in every_read(there.client, _part(sample)).items()}
    for path, value in _values({**results, "listings": sample.listings, "stays": sample.reservations}, ""):
        _demand_exact(path, value)


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if is_dataclass(value):
        for each in fields(value):
            if each.name != "raw":
                yield from _values(getattr(value, each.name), f"{path}.{each.name}" if path else each.name)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _values(each, path or str(key))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _values(each, path)


def _demand_exact(path: str, value: Any) -> None:
    if isinstance(value, Decimal):
        demand(value.is_finite(), f"{path} is not finite")
    elif isinstance(value, datetime):
        demand(value.utcoffset() == timedelta(0), f"{path} is not an aware instant in UTC")
    elif isinstance(value, Money):
        demand(isinstance(value.amount, Decimal), f"{path} is not exact")
        demand(len(value.currency) == 3 and value.currency.isupper(), f"{path} has no ISO currency")


async def batches(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS)
    sample = await subject.sample()
    async with connected(subject.plugin) as there:
        await _demand_batch(there.client.listings, sample.listings, "listings")
        if Capability.RESERVATIONS in subject.capabilities:
            await _demand_batch(there.client.reservations, sample.reservations[:20], "reservations")


async def _demand_batch(read: Callable[[list[str]], Awaitable[Batch[Any]]], records: list[Any], what: str) -> None:
    asked = {each.provider_id: each for each in records}
    unknown = unknown_id(asked)
    batch = await read([*asked, unknown])
    demand(not batch.failed, f"{what} by id fail beside an id that does not exist")
    demand(unknown not in batch.found, f"{what} by id find what does not exist")
    demand(batch.found.keys() == asked.keys(), f"{what} by id are not those that were asked for")
    same = all(says_as_much(each, batch.found[key]) for key, each in asked.items())
    demand(same, f"{what} by id say something else than in pages")


async def calls(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS)
    sample, bounds, facts = await subject.sample(), subject.bounds, subject.plugin.manifest
    ids, stays = ids_of(sample.listings), ids_of(sample.reservations)[:24]
    week = Days(sample.today, sample.today + timedelta(days=7))
    quoted = quote_requests(sample.listings, week)
    async with connected(subject.plugin) as there:
        await there.warm_up()
        client, can = there.client, capabilities(subject.plugin.client_class)
        asked: list[tuple[Capability, str, Callable[[], Awaitable[Any]], int]] = [
            (Capability.LISTINGS, "listings", lambda: client.listings(ids), bounds.listing_batch(len(ids), 8, facts)),
            (
                Capability.RESERVATIONS,
                "reservations",
                lambda: client.reservations(stays),
                bounds.reservation_batch(len(stays)),
            ),
            (
                Capability.CALENDAR,
                "calendars",
                lambda: client.calendars(ids, week),
                bounds.calendar_batch(len(ids), 7),
            ),
            (
                Capability.PRICE_DETAILS,
                "quotes",
                lambda: client.quotes(quoted),
                bounds.quote_batch(len(quoted), stays=1),
            ),
            (Capability.FEES, "fees", lambda: client.fees(ids), bounds.part_batch(len(ids))),
            (Capability.TAXES, "taxes", lambda: client.taxes(ids), bounds.part_batch(len(ids))),
        ]
        for capability, name, read, most in asked:
            if capability in can:
                _, count = await there.cost(read())
                demand(count <= most, f"{name} took {count} calls where {most} are declared")


async def calendars(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS, Capability.RESERVATIONS, Capability.CALENDAR)
    sample = await subject.sample()
    days = Days(sample.today, sample.today + timedelta(days=120))
    taken: dict[str, set[date]] = {}
    for stay in sample.reservations:
        if stay.status in _TAKEN and stay.arrival and stay.departure and stay.listing_id:
            taken.setdefault(stay.listing_id, set()).update(Days(stay.arrival, stay.departure))
    compared = 0
    async with connected(subject.plugin) as there:
        found = (await there.client.calendars(ids_of(sample.listings), days)).found
    demand(found.keys() == set(ids_of(sample.listings)), "listings have no calendar")
    for key, calendar in found.items():
        demand([day.date for day in calendar.days] == list(days), f"the calendar of {key} leaves days out")
        if any((day.units_total or 1) > 1 for day in calendar.days):
            continue
        for day in calendar.days:
            if day.date in taken.get(key, ()):
                compared += 1
                demand(day.status is not DayStatus.AVAILABLE, f"a night that is taken looks free: {key}, {day.date}")
    demand(compared, "the simulator has no night that is taken")


async def quotes(subject: Subject) -> None:
    subject.needs(Capability.LISTINGS, Capability.PRICE_DETAILS)
    sample = await subject.sample()
    priced = 0
    async with connected(subject.plugin) as there:
        for first in range(3, 60, 7):
            arrival = sample.today + timedelta(days=first)
            asked = quote_requests(sample.listings, Days(arrival, arrival + timedelta(days=4)))
            for quote in (await there.client.quotes(asked)).found.values():
                counted = [part.amount for part in quote.components if part.included_in_total]
                if quote.total is not None and counted:
                    priced += 1
                    demand({each.currency for each in counted} == {quote.total.currency}, "a quote mixes currencies")
                    summed = sum((each.amount for each in counted), Decimal(0))
                    demand(summed == quote.total.amount, "the parts of a quote do not add up to its total")
    demand(priced, "the simulator quotes no stay")


async def delta(subject: Subject) -> None:
    """Changes since a moment take one call, and bring no more than they must."""
    subject.needs(Capability.LISTINGS, Capability.RESERVATIONS)
    facts, sample = subject.plugin.manifest, await subject.sample()
    without = [
        what
        for what, filters in (("listings", facts.listing_filters), ("reservations", facts.reservation_filters))
        if "updated_since" not in filters
    ]
    if without:
        raise NotApplicable(f"the PMS tells no changes of {', '.join(without)}")
    async with connected(subject.plugin) as there:
        await there.warm_up()
        await _demand_delta(there, sample)


async def _demand_delta(there: Connection, sample: Sample) -> None:
    later = there.clock.now() + timedelta(days=2)
    listings = there.client.listing_page(ListingQuery(updated_since=later), None)
    _demand_little(*await there.cost(listings), len(sample.listings), "listings")
    stays = there.client.reservation_page(ReservationQuery(updated_since=later), None)
    _demand_little(*await there.cost(stays), len(sample.reservations), "reservations")


def _demand_little(page: Page[Any], count: int, whole: int, what: str) -> None:
    demand(count == 1, f"nothing changed, and {what} took {count} calls to say so")
    demand(len(page.items) < whole, f"nothing changed, and all {what} came")
    demand(page.next is None, f"nothing changed, and there are more pages of {what}")


def _part(sample: Sample) -> Sample:
    return Sample(listings=sample.listings[:2], reservations=sample.reservations[:2], today=sample.today)
