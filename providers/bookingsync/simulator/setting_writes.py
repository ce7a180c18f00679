"""Writing fees and taxes, of the account's catalogue and of rentals (documentation, their pages)."""

from dataclasses import dataclass
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.bodies import Values, sent_record
from providers.bookingsync.simulator.fees import applied_fee_id, applied_tax_id, current_fees, current_taxes
from providers.bookingsync.simulator.formats import decimal_text, instant
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.rental_writes import put_rental, rental_attributes
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.terms import FeeTerms, TaxTerms
from providers.bookingsync.simulator.units import FIRST_ACCOUNT, Unit
from providers.bookingsync.simulator.view import Fixed, Item, Record
from providers.bookingsync.simulator.writing import Writer, created, path_id, removed, updated, writer

RATE_KINDS = frozenset(
    [
        "fixed",
        "fixed_per_person",
        "fixed_per_adult",
        "fixed_per_child",
        "fixed_per_night",
        "fixed_per_person_per_night",
        "fixed_per_adult_per_night",
        "fixed_per_child_per_night",
        "percentage",
        "percentage_per_person",
        "percentage_per_adult",
        "percentage_per_child",
        "individual_percentage_per_adult",
    ]
)
FEE_KINDS = frozenset(
    [
        "other",
        "air_conditioning",
        "airport_shuttle",
        "bed_linen",
        "city_tax",
        "cleaning",
        "club_card",
        "conservation",
        "credit_card",
        "destination",
        "electricity",
        "environment",
        "final_cleaning",
        "gas",
        "heating",
        "heritage_charge",
        "housekeeping",
        "internet",
        "kitchen_linen",
        "linen_package",
        "municipality",
        "oil",
        "parking",
        "pet_fee",
        "public_transit_day_ticket",
        "resort",
        "sea_plane",
        "service_charge",
        "shuttle_boat",
        "ski_pass",
        "tourism",
        "towel_charge",
        "transfer",
        "visa_support",
        "water_park",
        "water_usage",
        "wood",
        "wristband",
    ]
)
TAX_KINDS = frozenset(
    [
        "value_added",
        "city",
        "goods_and_services",
        "government",
        "spa",
        "hot_spring",
        "residential",
        "sauna_fitness_facilities",
        "local_council",
        "provincial_sales",
        "harmonized_sales",
        "other",
    ]
)
STATUSES = frozenset(("required", "public", "private"))


@dataclass(frozen=True, slots=True)
class SettingWrites:
    """The writes of fees, rentals_fees, taxes and rentals_taxes."""

    access: Access

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/fees", self.create_fee, methods=["POST"]),
            Route(f"{API}/fees/{{id}}", self.update_fee, methods=["PUT"]),
            Route(f"{API}/rentals/{{rental_id}}/rentals_fees", self.apply_fee, methods=["POST"]),
            Route(f"{API}/rentals_fees/{{id}}", self.update_applied_fee, methods=["PUT"]),
            Route(f"{API}/rentals_fees/{{id}}", self.archive_applied_fee, methods=["DELETE"]),
            Route(f"{API}/taxes", self.create_tax, methods=["POST"]),
            Route(f"{API}/rentals/{{rental_id}}/rentals_taxes", self.apply_tax, methods=["POST"]),
            Route(f"{API}/rentals_taxes/{{id}}", self.update_applied_tax, methods=["PUT"]),
            Route(f"{API}/rentals_taxes/{{id}}", self.delete_applied_tax, methods=["DELETE"]),
        ]

    async def create_fee(self, request: Request) -> Response:
        by = writer(self.access, request, "rates_write")
        record: Record = {
            "links": {"account": FIRST_ACCOUNT + by.estate.account},
            "id": by.estate.new_id(ids.FEES),
            "kind": "other",
            "name": {},
            "headline": {},
            "rate": "0.0",
            "rate_kind": "fixed",
            "maximum_possible_rate": None,
            "currency": next((unit.currency for unit in by.estate.units if unit.currency), None),
            "original_currency": None,
            "exchange_rate": "1.0",
            "downpayment_percentage": "0.0",
            "notes": None,
            "archived_at": None,
            "created_at": instant(by.view.now),
        }
        _write_fee(record, Values(await sent_record(request, "fees")), by)
        by.estate.put("fees", Fixed(record["id"], None, by.view.now, record))
        return created(self.access, by, "fees", record)

    async def update_fee(self, request: Request) -> Response:
        """Rentals that the fee applies to follow."""
        by = writer(self.access, request, "rates_write")
        item = by.item("fees", path_id(request))
        record = item.record(by.view)
        _write_fee(record, Values(await sent_record(request, "fees")), by)
        by.estate.put("fees", Fixed(item.id, item.unit, by.view.now, record))
        for applied in list(by.estate.items("rentals_fees").values()):
            own = applied.record(by.view)
            if own["links"]["fee"] == item.id:
                own |= {name: record[name] for name in ("name", "rate", "rate_kind")}
                by.estate.put("rentals_fees", Fixed(applied.id, applied.unit, by.view.now, own))
                _follow_fee(applied.unit, own)
        return updated(self.access, by, "fees", record)

    async def apply_fee(self, request: Request) -> Response:
        by = writer(self.access, request, "rentals_write")
        unit = by.unit(request)
        values = Values(await sent_record(request, "rentals_fees"))
        fee = _named(by, values, "fee_id", "fees").record(by.view)
        record: Record = {
            "links": {"rental": unit.id, "fee": fee["id"], "seasons": []},
            "id": by.estate.new_id(ids.RENTALS_FEES),
            "always_applied": False,
            "required": False,
            "public": False,
            "maximum_bookable": None,
            **{name: fee[name] for name in ("name", "rate", "rate_kind")},
            "start_date": None,
            "end_date": None,
            "archived_at": None,
            "created_at": instant(by.view.now),
        }
        _write_applied_fee(record, values, by)
        attributes = rental_attributes(by, unit)
        attributes["links"]["rentals_fees"].append(record["id"])
        put_rental(by, unit, attributes)
        by.estate.put("rentals_fees", Fixed(record["id"], unit, by.view.now, record))
        _follow_fee(unit, record)
        return created(self.access, by, "rentals_fees", record)

    async def update_applied_fee(self, request: Request) -> Response:
        by = writer(self.access, request, "rentals_write")
        item = by.item("rentals_fees", path_id(request))
        record = item.record(by.view)
        _write_applied_fee(record, Values(await sent_record(request, "rentals_fees")), by)
        by.estate.put("rentals_fees", Fixed(item.id, item.unit, by.view.now, record))
        _follow_fee(item.unit, record)
        return updated(self.access, by, "rentals_fees", record)

    async def archive_applied_fee(self, request: Request) -> Response:
        """It stays in lists, archived."""
        by = writer(self.access, request, "rentals_write")
        item = by.item("rentals_fees", path_id(request))
        now = instant(by.view.now)
        record = {**item.record(by.view), "archived_at": now, "updated_at": now}
        by.estate.put("rentals_fees", Fixed(item.id, item.unit, by.view.now, record))
        _follow_fee(item.unit, record)
        return removed()

    async def create_tax(self, request: Request) -> Response:
        by = writer(self.access, request, "rates_write")
        values = Values(await sent_record(request, "taxes"))
        percentage = values.decimal("percentage", Decimal(0))
        if percentage is None:
            raise Refused(422, "can't be blank", field="percentage")
        record: Record = {
            "links": {"account": FIRST_ACCOUNT + by.estate.account},
            "id": by.estate.new_id(ids.TAXES),
            "name": _names(values, {}),
            "percentage": decimal_text(percentage),
            "kind": values.word("kind", TAX_KINDS) or "other",
            "start_date": None,
            "end_date": None,
            "notes": "",
            "created_at": instant(by.view.now),
            "updated_at": instant(by.view.now),
        }
        by.estate.put("taxes", Fixed(record["id"], None, by.view.now, record, frozenset({"notes"}), "rates_read"))
        return created(self.access, by, "taxes", record)

    async def apply_tax(self, request: Request) -> Response:
        by = writer(self.access, request, "rates_write")
        unit = by.unit(request)
        values = Values(await sent_record(request, "rentals_taxes"))
        record: Record = {
            "links": {"rental": unit.id, "tax": _named(by, values, "tax_id", "taxes").id},
            "id": by.estate.new_id(ids.RENTALS_TAXES),
            "tax_included_in_rate": values.flag("tax_included_in_rate"),
            "created_at": instant(by.view.now),
            "updated_at": instant(by.view.now),
        }
        by.estate.put("rentals_taxes", Fixed(record["id"], unit, by.view.now, record))
        _follow_tax(unit, record, by)
        return created(self.access, by, "rentals_taxes", record)

    async def update_applied_tax(self, request: Request) -> Response:
        by = writer(self.access, request, "rates_write")
        item = by.item("rentals_taxes", path_id(request))
        values = Values(await sent_record(request, "rentals_taxes"))
        record = {**item.record(by.view), "updated_at": instant(by.view.now)}
        if "tax_included_in_rate" in values:
            record["tax_included_in_rate"] = values.flag("tax_included_in_rate")
        by.estate.put("rentals_taxes", Fixed(item.id, item.unit, by.view.now, record))
        _follow_tax(item.unit, record, by)
        return updated(self.access, by, "rentals_taxes", record)

    async def delete_applied_tax(self, request: Request) -> Response:
        by = writer(self.access, request, "rates_write")
        item = by.item("rentals_taxes", path_id(request))
        by.estate.remove("rentals_taxes", item.id, by.view.now)
        if item.unit is not None:
            item.unit.taxes = _other_taxes(item.unit, item.id)
        return removed()


def _follow_fee(unit: Unit | None, record: Record) -> None:
    """Prices of the rental follow what was written about a fee of it. Those of seasons are left out."""
    if unit is None:
        return
    fees = [terms for terms in current_fees(unit) if applied_fee_id(unit, terms) != record["id"]]
    if record["archived_at"] is None:
        terms = FeeTerms(
            part=0,
            kind="other",
            name=next(iter(record["name"].values()), ""),
            rate=Decimal(record["rate"]),
            rate_kind=record["rate_kind"],
            required=record["required"] and record["always_applied"],
            fee_id=record["links"]["fee"],
            rentals_fee_id=record["id"],
        )
        fees.append(terms)
    unit.fees = fees


def _follow_tax(unit: Unit | None, record: Record, by: Writer) -> None:
    """Prices of the rental follow what was written about a tax of it."""
    if unit is None:
        return
    tax = by.item("taxes", record["links"]["tax"]).record(by.view)
    before = [terms for terms in current_taxes(unit) if applied_tax_id(unit, terms) == record["id"]]
    terms = TaxTerms(
        part=0,
        tax_id=tax["id"],
        name=next(iter(tax["name"].values()), ""),
        percentage=Decimal(tax["percentage"]),
        included=record["tax_included_in_rate"],
        for_all_stays=not before or before[0].for_all_stays,
        rentals_tax_id=record["id"],
    )
    unit.taxes = [*_other_taxes(unit, record["id"]), terms]


def _other_taxes(unit: Unit, ident: int) -> list[TaxTerms]:
    return [terms for terms in current_taxes(unit) if applied_tax_id(unit, terms) != ident]


def _named(by: Writer, values: Values, name: str, collection: str) -> Item:
    found = by.estate.items(collection).get(values.whole(name) or 0)
    if found is None:
        raise Refused(422, "does not exist", field=name)
    return found


def _names(values: Values, present: dict[str, str]) -> dict[str, str]:
    """Names are written with their language behind: ``name_en``."""
    sent = {name.removeprefix("name_"): values.text(name) for name in values.sent if name.startswith("name_")}
    names = {locale: text for locale, text in {**present, **sent}.items() if text}
    if not names:
        raise Refused(422, "can't be blank", field="name")
    return names


def _write_fee(record: Record, values: Values, by: Writer) -> None:
    record["name"] = _names(values, record["name"])
    if "kind" in values:
        record["kind"] = values.word("kind", FEE_KINDS)
    if "rate_kind" in values:
        record["rate_kind"] = values.word("rate_kind", RATE_KINDS)
    if "rate" in values:
        record["rate"] = values.decimal_text("rate", Decimal(0))
    record["updated_at"] = instant(by.view.now)


def _write_applied_fee(record: Record, values: Values, by: Writer) -> None:
    if "always_applied" in values:
        record["always_applied"] = values.flag("always_applied")
    if "maximum_bookable" in values:
        record["maximum_bookable"] = values.whole("maximum_bookable", 1)
    for name in ("start_date", "end_date"):
        if name in values:
            day = values.day(name)
            record[name] = None if day is None else day.isoformat()
    status = values.word("status", STATUSES)
    if status is not None:
        record["required"] = status == "required"
        record["public"] = status != "private"
    record["updated_at"] = instant(by.view.now)
