"""ACME with writes: each is one call over HTTP to a small server that keeps what it is told and can be troubled."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers import catalogue
from providers.changes import (
    AgreementChange,
    CalendarChange,
    CancellationPolicyDraft,
    ChangeRefused,
    FeeChange,
    FeeDraft,
    ImageDraft,
    ListingChange,
    ListingDraft,
    PricingSettingsChange,
    Problem,
    ProblemKind,
    TaxChange,
    TaxDraft,
    Written,
    given,
)
from providers.contract import Session
from providers.model import (
    Calendar,
    CalendarDay,
    CancellationPolicy,
    CancellationPolicyItem,
    Channel,
    DayStatus,
    Image,
    Listing,
    ListingFee,
    ListingTax,
    Money,
    PricingSettings,
    RentalAgreement,
)
from providers.queries import Batch, Days
from providers.upstream.calls import Call
from tests.acme_world import AcmeClient, AcmePlugin, BareClient, Entry, Estate, acme_world
from tests.gateway_world import World, serving

COLOUR = "The PMS has no such colour."


@dataclass
class WritableEstate(Estate):
    """An account whose PMS takes changes. ``sent`` are the calls that arrived: method, path and body.

    ``answers`` are statuses to give, by path; ``lost`` are paths whose calls are carried out and answered with 500.
    """

    number: str = ""
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    nights: dict[tuple[str, date], dict[str, Any]] = field(default_factory=dict)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    images: dict[str, list[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    parts: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=dict)
    agreements: dict[str, str] = field(default_factory=dict)
    channels: dict[str, list[str]] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.sent]

    def carry_out(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """Do what a call says. Answers the id of what it made."""
        match [method, *path.split("/")]:
            case ["PUT", "calendars", id_]:
                self._nights(id_, body)
            case ["POST", "listings"]:
                self.count += 1
                self.described[str(self.count)] = body
                return {"id": str(self.count)}
            case ["PUT", "listings", id_]:
                self.described.setdefault(id_, {}).update(body)
            case ["DELETE", "listings", id_]:
                self.gone.add(id_)
            case ["POST", "listings", id_, "images"]:
                self.images.setdefault(id_, []).extend(body)
            case ["PUT", "pricing", id_]:
                self.channels[id_] = body
            case [_, "agreements", id_, *_]:
                self._agreement(method, id_, body)
            case [_, "fees" | "taxes" | "policies" as kind, *rest]:
                return self._record(method, kind, rest, body)
        return {}

    def _nights(self, id_: str, ranges: list[Any]) -> None:
        for each in ranges:
            for day in Days(date.fromisoformat(each["start"]), date.fromisoformat(each["end"])):
                self.nights.setdefault((id_, day), {}).update(each["fields"])

    def _agreement(self, method: str, id_: str, body: Any) -> None:
        """POST copies it."""
        if method == "POST":
            self.agreements |= {to: self.agreements.get(id_, f"Contract {id_}") for to in body}
        else:
            self.agreements[id_] = body if method == "PUT" else ""

    def _record(self, method: str, kind: str, rest: list[str], body: Any) -> dict[str, Any]:
        records = self.policies if kind == "policies" else self.parts.setdefault((kind, rest.pop(0)), {})
        if method == "POST":
            made = f"n{len(records) + 1}"
            records[made] = body
            return {"id": made}
        if method == "DELETE":
            records.pop(rest[0], None)
        else:
            records[rest[0]] = {**records[rest[0]], **body}
        return {}


class WritableClient(AcmeClient):
    """ACME with all writes of listings and what belongs to them."""

    estate: WritableEstate

    def __init__(self, session: Session, estate: WritableEstate) -> None:
        super().__init__(session, estate)
        self._session = session

    async def _send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        call = Call(
            method=method,
            path=f"/{self.estate.number}/{path}",
            json=body,
            authorized=False,
            imagined={"id": "new"},
            secrets=frozenset({"wifi_password"}),
        )
        made: dict[str, Any] = (await self._session.send(call)).json() or {}
        return made

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        batch = await super().listings(ids)
        batch.found = {id_: each for id_, each in batch.found.items() if id_ not in self.estate.gone}
        return batch

    def listing(self, id_: str) -> Listing:
        listing = super().listing(id_)
        told = self.estate.described.get(id_, {})
        images = [Image(url=url) for url in self.estate.images.get(id_, [])]
        known = {name: value for name, value in told.items() if name in ("name", "currency", "max_guests")}
        price = told.get("base_price")
        base = Money(amount=Decimal(price), currency="EUR") if price else listing.base_price
        return replace(listing, images=images, base_price=base, **known)

    def calendar(self, id_: str, days: Days, reservations: bool) -> Calendar:
        return replace(super().calendar(id_, days, reservations), days=[self._day(id_, day) for day in days])

    def _day(self, id_: str, day: date) -> CalendarDay:
        told = self.estate.nights.get((id_, day), {})
        free = told.get("available", True)
        price = told.get("price")
        return CalendarDay(
            date=day,
            status=DayStatus.AVAILABLE if free else DayStatus.BLOCKED,
            available=free,
            price=Decimal(price) if price else Decimal(80),
            minimum_stay=told.get("minimum_stay"),
            note=told.get("note"),
        )

    async def change_calendar(self, listing_id: str, changes: Sequence[CalendarChange]) -> Written[None]:
        if any(each.note == "red" for each in changes):
            raise ChangeRefused(Problem(kind=ProblemKind.INVALID, message=COLOUR, field=("note",), allowed="blue"))
        bad = [index for index, each in enumerate(changes) if each.note == "green"]
        if bad:
            raise ChangeRefused(
                Problem(kind=ProblemKind.INVALID, message=COLOUR, field=(bad[0], "note"), allowed="blue")
            )
        body = [
            {"start": str(each.start), "end": str(each.end), "fields": _plain(each, "start", "end", "extras")}
            for each in changes
        ]
        await self._send("PUT", f"calendars/{listing_id}", body)
        return Written(id=listing_id, warnings=["Prices are rounded."] if len(changes) > 1 else ())

    async def create_listing(self, draft: ListingDraft) -> Written[Listing]:
        made = await self._send("POST", "listings", _plain(draft, "extras"))
        return Written(id=made["id"])

    async def find_listing(self, draft: ListingDraft, since: datetime) -> Listing | None:
        self.estate.note("find_listing")
        found = [id_ for id_, told in self.estate.described.items() if told.get("reference") == draft.reference]
        return self.listing(found[0]) if found else None

    async def update_listing(self, id_: str, change: ListingChange) -> Written[Listing]:
        await self._send("PUT", f"listings/{id_}", _plain(change, "extras"))
        return Written(id=id_)

    async def delete_listing(self, id_: str) -> None:
        await self._send("DELETE", f"listings/{id_}")

    async def add_images(self, listing_id: str, images: Sequence[ImageDraft]) -> Written[Listing]:
        await self._send("POST", f"listings/{listing_id}/images", [str(each.url) for each in images])
        return Written(id=listing_id)

    async def export_listing(self, listing_id: str, channel: Channel) -> Written[None]:
        if channel is not Channel.AIRBNB:
            raise ChangeRefused(
                Problem(kind=ProblemKind.NOT_SUPPORTED, message="Only Airbnb.", field=("channel",), allowed="AIRBNB")
            )
        await self._send("POST", f"listings/{listing_id}/export", channel.value)
        return Written(id=listing_id)

    async def fees(self, listing_ids: Sequence[str]) -> Batch[list[ListingFee]]:
        self.estate.note("fees", tuple(listing_ids))
        return self.batch(
            {
                id_: [
                    ListingFee(
                        provider_id=made,
                        name=told.get("name"),
                        amount=Money(amount=Decimal(told["amount"]), currency="EUR") if "amount" in told else None,
                        percentage=Decimal(told["percentage"]) if "percentage" in told else None,
                    )
                    for made, told in self.estate.parts.get(("fees", id_), {}).items()
                ]
                for id_ in listing_ids
            }
        )

    async def create_fee(self, listing_id: str, draft: FeeDraft) -> Written[ListingFee]:
        return Written(id=(await self._send("POST", f"fees/{listing_id}", _plain(draft)))["id"])

    async def update_fee(self, listing_id: str, fee_id: str, change: FeeChange) -> Written[ListingFee]:
        await self._send("PUT", f"fees/{listing_id}/{fee_id}", _plain(change))
        return Written(id=fee_id)

    async def delete_fee(self, listing_id: str, fee_id: str) -> None:
        await self._send("DELETE", f"fees/{listing_id}/{fee_id}")

    async def taxes(self, listing_ids: Sequence[str]) -> Batch[list[ListingTax]]:
        self.estate.note("taxes", tuple(listing_ids))
        return self.batch(
            {
                id_: [
                    ListingTax(provider_id=made, percentage=Decimal(told["percentage"]))
                    for made, told in self.estate.parts.get(("taxes", id_), {}).items()
                ]
                for id_ in listing_ids
            }
        )

    async def create_tax(self, listing_id: str, draft: TaxDraft) -> Written[ListingTax]:
        return Written(id=(await self._send("POST", f"taxes/{listing_id}", _plain(draft)))["id"])

    async def update_tax(self, listing_id: str, tax_id: str, change: TaxChange) -> Written[ListingTax]:
        await self._send("PUT", f"taxes/{listing_id}/{tax_id}", _plain(change))
        return Written(id=tax_id)

    async def delete_tax(self, listing_id: str, tax_id: str) -> None:
        await self._send("DELETE", f"taxes/{listing_id}/{tax_id}")

    async def agreements(self, listing_ids: Sequence[str]) -> Batch[list[RentalAgreement]]:
        self.estate.note("agreements", tuple(listing_ids))
        texts = {id_: self.estate.agreements.get(id_, f"Contract {id_}") for id_ in listing_ids}
        return self.batch({id_: [RentalAgreement(text=text)] if text else [] for id_, text in texts.items()})

    async def create_agreement(self, listing_id: str, change: AgreementChange) -> Written[RentalAgreement]:
        if self.estate.agreements.get(listing_id, "there is one"):
            raise ChangeRefused(Problem(kind=ProblemKind.CONFLICT, message="It has an agreement."))
        return await self.update_agreement(listing_id, change)

    async def update_agreement(self, listing_id: str, change: AgreementChange) -> Written[RentalAgreement]:
        await self._send("PUT", f"agreements/{listing_id}", change.text)
        return Written(id=listing_id)

    async def delete_agreement(self, listing_id: str) -> None:
        await self._send("DELETE", f"agreements/{listing_id}")

    async def duplicate_agreement(self, listing_id: str, to_listing_ids: Sequence[str]) -> None:
        await self._send("POST", f"agreements/{listing_id}/copies", list(to_listing_ids))

    async def pricing_settings(self, listing_ids: Sequence[str]) -> Batch[PricingSettings]:
        self.estate.note("pricing_settings", tuple(listing_ids))
        return self.batch(
            {
                id_: PricingSettings(length_of_stay_channels=[Channel(each) for each in self.estate.channels[id_]])
                for id_ in listing_ids
                if id_ in self.estate.channels
            }
        )

    async def update_pricing_settings(self, listing_id: str, change: PricingSettingsChange) -> Written[PricingSettings]:
        channels = _plain(change)["length_of_stay_channels"]
        await self._send("PUT", f"pricing/{listing_id}", channels)
        return Written(id=listing_id)

    async def cancellation_policies(self, channels: Any) -> Batch[list[CancellationPolicy]]:
        self.estate.note("cancellation_policies", frozenset(channels))
        own = [
            CancellationPolicy(
                provider_id=made,
                channel=Channel.DIRECT,
                name=told["name"],
                items=[CancellationPolicyItem(seconds=each["seconds"]) for each in told["items"]],
            )
            for made, told in self.estate.policies.items()
        ]
        return self.batch({Channel.DIRECT: own})

    async def create_cancellation_policy(self, draft: CancellationPolicyDraft) -> Written[CancellationPolicy]:
        return Written(id=(await self._send("POST", "policies", _plain(draft)))["id"])

    async def update_cancellation_policy(
        self, policy_id: str, draft: CancellationPolicyDraft
    ) -> Written[CancellationPolicy]:
        await self._send("PUT", f"policies/{policy_id}", _plain(draft))
        return Written(id=policy_id)

    async def delete_cancellation_policy(self, policy_id: str) -> None:
        await self._send("DELETE", f"policies/{policy_id}")


def _plain(change: Any, *but: str) -> dict[str, Any]:
    """What was given, as JSON can hold it."""
    return {name: _value(value) for name, value in given(change).items() if name not in but}


def _value(value: Any) -> Any:
    match value:
        case bool() | int() | float() | None:
            return value
        case list() | tuple():
            return [_value(each) for each in value]
        case Channel():
            return value.value
        case _ if hasattr(value, "__dataclass_fields__"):
            return _plain(value)
    return str(value)


@contextmanager
def writable(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, WritableEstate]]:
    """Estates by number, 1 and 2 of the PMS with writes, 3 of the one that can do nothing but tell its listings."""
    made = {number: WritableEstate(number=number) for number in ("1", "2", "3")}
    estates: dict[str, Estate] = dict(made)
    entries = [Entry(AcmePlugin(WritableClient, estates)), Entry(AcmePlugin(BareClient, estates))]
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "entry_points", lambda group: entries)
        catalogue.plugins.cache_clear()
        yield made
    catalogue.plugins.cache_clear()


@asynccontextmanager
async def writable_world(
    folder: Path, estates: Mapping[str, WritableEstate], numbers: Sequence[str], **settings: Any
) -> AsyncIterator[World]:
    """A gateway with these estates connected to it, as accounts named by their numbers, and their PMS on loopback."""

    async def answer(request: Request) -> Response:
        number, path = request.path_params["number"], request.path_params["path"]
        estate = estates[number]
        body = await request.json() if await request.body() else None
        estate.sent.append((request.method, path, body))
        if path in estate.answers:
            return JSONResponse({}, status_code=estate.answers[path])
        made = estate.carry_out(request.method, path, body)
        if path in estate.lost:
            return JSONResponse({}, status_code=500)
        return JSONResponse(made)

    app = Starlette(routes=[Route("/{number}/{path:path}", answer, methods=["POST", "PUT", "DELETE"])])
    async with (
        serving(app) as url,
        acme_world(folder, estates, numbers, provider_urls={"ACME": url, "BARE": url}, **settings) as running,
    ):
        yield running


def tomorrow(world: World, days: int = 1) -> date:
    """A day ahead, wherever the listing is."""
    return world.clock.now().date() + timedelta(days=days + 1)
