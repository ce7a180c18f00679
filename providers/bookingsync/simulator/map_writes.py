"""Writing nightly rate maps (documentation, Nightly rate maps)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.bodies import Values, number, sent_record
from providers.bookingsync.simulator.maps import NightlyRateMap
from providers.bookingsync.simulator.readings import MapStart
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.units import MAP_DAYS
from providers.bookingsync.simulator.writing import Writer, path_id, updated, writer

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MapWrites:
    """``PUT /nightly_rate_maps/:id``: the nights from ``start_date`` on that are sent; all others stay."""

    access: Access

    def routes(self) -> list[Route]:
        return [Route(f"{API}/nightly_rate_maps/{{id}}", self.update, methods=["PUT"])]

    async def update(self, request: Request) -> Response:
        by = writer(self.access, request, "rates_write")
        item = by.item("nightly_rate_maps", path_id(request))
        assert isinstance(item, NightlyRateMap)  # noqa: S101 -- that is what the collection holds
        values = Values(await sent_record(request, "nightly_rate_maps"))
        if not item.unit.external_rates:
            raise Refused(422, "The rental's rates are not managed externally.", field="base")
        start, rates, stays = _checked(values, by)
        began = item.unit.rates_from(by.view.now.date(), item.started)
        nights = [start + DAY * number for number in range(len(rates))]
        item.unit.written.rates.update(zip(nights, rates, strict=True))
        item.unit.written.stays.update(zip(nights, stays, strict=True))
        item.unit.written.start = _begins(by, began, start)
        item.redraw(by.view.now)
        return updated(self.access, by, "nightly_rate_maps", item.record(by.view))


def _checked(values: Values, by: Writer) -> tuple[date, list[Decimal], list[int]]:
    for name in ("start_date", "rates_map", "minimum_stays_map"):
        if not values.sent.get(name):
            raise Refused(422, "can't be blank", field=name)
    start = values.day("start_date") or by.view.now.date()
    yesterday = by.view.now.date() - DAY
    if not yesterday <= start <= yesterday + DAY * (MAP_DAYS - 1):
        raise Refused(422, "is out of range", field="start_date")
    rates = [number(each) for each in (values.text("rates_map", 100_000) or "").split(",")]
    stays = [number(each) for each in (values.text("minimum_stays_map", 100_000) or "").split(",")]
    known = [each for each in rates if each is not None and each >= 0]
    whole = [int(each) for each in stays if each is not None and each >= 1 and each == int(each)]
    if len(known) < len(rates):
        raise Refused(422, "is invalid", field="rates_map")
    if len(whole) < len(stays) or len(stays) != len(rates):
        raise Refused(422, "is invalid", field="minimum_stays_map")
    if start + DAY * len(rates) > yesterday + DAY * MAP_DAYS:
        raise Refused(422, "has too many values", field="rates_map")
    return start, known, whole


def _begins(by: Writer, began: date, sent: date) -> date:
    """Where the map begins afterwards, which is open."""
    match by.view.readings.map_start:
        case MapStart.SENT:
            return sent
        case MapStart.UNCHANGED:
            return began
        case _:
            return by.view.now.date() - DAY
