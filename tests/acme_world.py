"""ACME, an invented PMS in memory that can do everything, and BARE, which has listings and nothing else.

Their clients answer from an ``Estate`` and note every call there, so that tests can say what a read costs.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from providers import catalogue
from providers.contract import Dialect, Plugin, ProviderClient, Send, Session, Simulation, SimulatorOptions
from providers.errors import ProviderError
from providers.manifest import AuthMethod, AuthType, LimitScope, Manifest
from providers.model import (
    Amenity,
    Bed,
    Calendar,
    CalendarDay,
    CancellationPolicy,
    Channel,
    CustomField,
    CustomFieldObject,
    CustomFieldValue,
    DayStatus,
    DictionaryEntry,
    DictionaryKind,
    Listing,
    ListingFee,
    ListingTax,
    ListingUnit,
    Money,
    PolicyRef,
    PriceDetails,
    PriceSource,
    PricingSettings,
    ProviderAccount,
    ProviderUser,
    RentalAgreement,
    Reservation,
    ReservationStatus,
    Room,
    RoomKind,
)
from providers.queries import Batch, Days, ListingQuery, OddRecord, Page, QuoteRequest, ReservationQuery
from providers.upstream.calls import Answer, Token
from tests.gateway_world import World, world


class AcmeConfig(BaseModel):
    number: str


def sent(what: str) -> dict[str, Any]:
    """A record as ACME sent it, with a secret in it."""
    return {"what": what, "password": "open sesame"}


@dataclass
class Estate:
    """One account: how many listings on how many pages, what fails and what is odd, and which calls were made."""

    count: int = 3
    page_size: int = 1000
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    failing: dict[str, ProviderError] = field(default_factory=dict)
    failing_ids: dict[str, ProviderError] = field(default_factory=dict)
    odd: list[OddRecord] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    updated_at: datetime | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def note(self, method: str, *arguments: Any) -> None:
        self.calls.append((method, *arguments))
        if method in self.failing:
            raise self.failing[method]

    def counted(self) -> Counter[str]:
        """How often each method was called."""
        return Counter(call[0] for call in self.calls)


class BareClient(ProviderClient):
    provider = "BARE"

    def __init__(self, session: Session, estate: Estate) -> None:
        self.account_id = session.account_id
        self.estate = estate

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        self.estate.note("listing_page")
        start, count = int(position or 0), self.estate.count
        end = min(start + self.estate.page_size, count)
        listings = [self.listing(str(number)) for number in range(start + 1, end + 1)]
        return Page(items=listings, next=str(end) if end < count else None, total=count, fetched_at=self.estate.now())

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        self.estate.note("listings", tuple(ids))
        return self.batch({id_: self.listing(id_) for id_ in ids if int(id_) <= self.estate.count})

    def listing(self, id_: str) -> Listing:
        listing = Listing(
            provider=self.provider,
            account_id=self.account_id,
            provider_id=id_,
            name=f"House {id_}",
            provider_property_type="4",
            currency="EUR",
            amenities=[Amenity(provider_id="7"), Amenity(provider_id="8"), Amenity(provider_id="99")],
            beds_by_type=[Bed(type_id="1", quantity=2)],
            rooms=[Room(provider_id="r", kind=RoomKind.BEDROOM, beds=[Bed(type_id="1", quantity=1)])],
            custom_fields=[CustomFieldValue(field_id="5", value="blue"), CustomFieldValue(field_id="6", value="x")],
            cancellation_policies=[
                PolicyRef(channel=Channel.DIRECT, policy_id="1"),
                PolicyRef(channel=Channel.AIRBNB, policy_id="1"),
            ],
            raw={"id": int(id_), "price": Decimal("12.50"), "wifiPassword": "open sesame", "big": 2**70},
        )
        return replace(listing, **self.estate.changes)

    def batch(self, found: dict[str, Any]) -> Batch[Any]:
        failed = {id_: error for id_, error in self.estate.failing_ids.items() if id_ in found}
        odd = dict.fromkeys(found, self.estate.odd) if self.estate.odd else {}
        kept = {id_: value for id_, value in found.items() if id_ not in failed}
        return Batch(found=kept, failed=failed, fetched_at=self.estate.now(), odd=odd)


class AcmeClient(BareClient):
    provider = "ACME"
    dictionaries: ClassVar[frozenset[DictionaryKind]] = frozenset(
        {DictionaryKind.AMENITIES, DictionaryKind.PROPERTY_TYPES, DictionaryKind.BED_TYPES}
    )

    async def account(self) -> ProviderAccount:
        self.estate.note("account")
        return self.business("1")

    async def provider_accounts(self, updated_since: datetime | None) -> Page[ProviderAccount]:
        self.estate.note("provider_accounts", updated_since)
        return Page(
            items=[self.business("1"), self.business("2")],
            next=None,
            total=2,
            fetched_at=self.estate.now(),
            deleted=["9"] if updated_since else None,
        )

    def business(self, id_: str) -> ProviderAccount:
        raw = {"id": id_, "accessToken": "t", "name": "Inn"}
        return ProviderAccount(provider_id=id_, business_name=f"Inn {id_}", updated_at=self.estate.updated_at, raw=raw)

    async def reservation_page(self, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        self.estate.note("reservation_page")
        return Page(items=[self.stay("1")], next=None, total=1, fetched_at=self.estate.now())

    async def reservations(self, ids: Sequence[str]) -> Batch[Reservation]:
        return self.batch({})

    async def reservations_by_listing(
        self, listing_ids: Sequence[str], query: ReservationQuery
    ) -> Batch[list[Reservation]]:
        return self.batch({id_: [] for id_ in listing_ids})

    def stay(self, listing_id: str) -> Reservation:
        return Reservation(
            provider=self.provider,
            account_id=self.account_id,
            provider_id=f"s{listing_id}",
            listing_id=listing_id,
            status=ReservationStatus.CONFIRMED,
            arrival=None,
            departure=None,
            nights=None,
            custom_fields=[CustomFieldValue(field_id="5", value="late")],
            raw={"doorCode": "1234", "guestName": "Ada"},
        )

    async def calendars(self, listing_ids: Sequence[str], days: Days, *, reservations: bool = False) -> Batch[Calendar]:
        self.estate.note("calendars", len(days), reservations)
        return self.batch({id_: self.calendar(id_, days, reservations) for id_ in listing_ids})

    def calendar(self, id_: str, days: Days, reservations: bool) -> Calendar:
        stays = [self.stay(id_)] if reservations else None
        note = str(len(self.estate.calls))
        entries = [CalendarDay(date=day, status=DayStatus.RESERVED, note=note, reservations=stays) for day in days]
        return Calendar(
            provider=self.provider,
            account_id=self.account_id,
            listing_id=id_,
            start=days.start,
            end=days.end,
            currency="EUR",
            days=entries,
        )

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Batch[PriceDetails]:
        self.estate.note("quotes", *requests)
        return self.batch({str(index): self.quote(each) for index, each in enumerate(requests)})

    def quote(self, request: QuoteRequest) -> PriceDetails:
        return PriceDetails(
            provider=self.provider,
            account_id=self.account_id,
            listing_id=request.listing_id,
            arrival=request.arrival,
            departure=request.departure,
            nights=(request.departure - request.arrival).days,
            adults=request.adults,
            children=request.children,
            total=Money(amount=100 * (request.markup or Decimal(1)), currency="EUR"),
            components=[],
            source=PriceSource.PMS,
            coupon=request.coupon,
            quoted_at=self.estate.now(),
            raw=sent("price"),
        )

    async def users(self) -> Batch[ProviderUser]:
        self.estate.note("users")
        ada = ProviderUser(provider_id="1", first_name="Ada", listing_ids=["1", "3", "77"], raw=sent("user"))
        bob = ProviderUser(provider_id="2", first_name="Bob", is_admin=True)
        batch = self.batch({"1": ada, "2": bob})
        # Whose listings could not be read is found all the same.
        batch.found = {"1": ada, "2": bob}
        return batch

    async def fees(self, listing_ids: Sequence[str]) -> Batch[list[ListingFee]]:
        self.estate.note("fees", tuple(listing_ids))
        amount = Money(amount=Decimal("15.00"), currency="EUR")
        fee = ListingFee(provider_id="f", name="petFee", amount=amount, raw=sent("fee"))
        return self.batch({id_: [replace(fee, provider_id=f"f{id_}")] for id_ in listing_ids})

    async def taxes(self, listing_ids: Sequence[str]) -> Batch[list[ListingTax]]:
        self.estate.note("taxes", tuple(listing_ids))
        tax = ListingTax(provider_id="t", percentage=Decimal("7.5"), raw=sent("tax"))
        return self.batch({id_: [tax] for id_ in listing_ids})

    async def units(self, listing_ids: Sequence[str]) -> Batch[list[ListingUnit]]:
        self.estate.note("units", tuple(listing_ids))
        unit = ListingUnit(provider_id="u", name="Room 1", raw=sent("unit"))
        return self.batch({id_: [unit] if id_ == "1" else [] for id_ in listing_ids})

    async def agreements(self, listing_ids: Sequence[str]) -> Batch[list[RentalAgreement]]:
        self.estate.note("agreements", tuple(listing_ids))
        return self.batch(
            {id_: [RentalAgreement(text=f"Contract {id_}", raw=sent("agreement"))] for id_ in listing_ids}
        )

    async def pricing_settings(self, listing_ids: Sequence[str]) -> Batch[PricingSettings]:
        self.estate.note("pricing_settings", tuple(listing_ids))
        settings = PricingSettings(length_of_stay_channels=[Channel.VRBO], raw=sent("pricing"))
        return self.batch(dict.fromkeys(listing_ids, settings))

    async def cancellation_policies(self, channels: Collection[Channel]) -> Batch[list[CancellationPolicy]]:
        self.estate.note("cancellation_policies", frozenset(channels))
        policies = [
            CancellationPolicy(provider_id="1", channel=channel, name=f"{channel} policy", raw=sent("policy"))
            for channel in (Channel.DIRECT, Channel.AIRBNB, Channel.VRBO)
        ]
        own = CancellationPolicy(provider_id="1", channel=Channel.DIRECT, name="of listing 2", listing_id="2")
        by_channel: dict[str, list[CancellationPolicy]] = {}
        for each in [own, *policies]:
            if not channels or each.channel in channels:
                by_channel.setdefault(each.channel, []).append(each)
        return self.batch(by_channel)

    async def dictionary(self, kind: DictionaryKind) -> list[DictionaryEntry]:
        self.estate.note("dictionary", kind)
        match kind:
            case DictionaryKind.AMENITIES:
                return [
                    DictionaryEntry(provider_id="7", name="Swimming pool", kind="POOL"),
                    DictionaryEntry(provider_id="8", name="Ghost"),
                ]
            case DictionaryKind.BED_TYPES:
                return [DictionaryEntry(provider_id="1", name="King bed")]
            case _:
                return [DictionaryEntry(provider_id="4", name="Hut", kind="CABIN")]

    async def custom_fields(self) -> list[CustomField]:
        self.estate.note("custom_fields")
        return [CustomField(provider_id="5", name="Colour", of=CustomFieldObject.LISTING, raw=sent("custom field"))]


class NoDialect(Dialect):
    """Nothing is ever sent."""

    def headers(self, token: Token | None) -> dict[str, str]:
        return {}

    async def issue(self, send: Send, current: Token | None) -> Token | None:
        return None

    def initial_token(self) -> Token | None:
        return None

    def token_rejected(self, answer: Answer) -> bool:
        return False

    def reason(self, answer: Answer) -> str | None:
        return None


class AcmePlugin(Plugin):
    def __init__(self, client_class: type[BareClient], estates: dict[str, Estate]) -> None:
        self.client_class = client_class  # type: ignore[misc]  # one plugin class for both PMSs
        self.estates = estates
        self.manifest = Manifest(  # type: ignore[misc]  # likewise
            code=client_class.provider,
            name=client_class.provider.title(),
            docs_url="https://acme.test/docs",
            base_url="https://api.acme.test",
            auth_methods=(AuthMethod(type=AuthType.API_KEY, config=AcmeConfig, description="A number."),),
            limits={"off": ()},
            default_limits="off",
        )

    def dialect(self, auth_type: AuthType, config: BaseModel) -> Dialect:
        return NoDialect()

    def client(self, session: Session, config: BaseModel) -> ProviderClient:
        assert isinstance(config, AcmeConfig)
        client: Any = self.client_class
        made: ProviderClient = client(session, self.estates[config.number])
        return made

    def identity(self, scope: LimitScope, config: BaseModel) -> str | None:
        return None

    def simulator(self, options: SimulatorOptions) -> Simulation:
        raise NotImplementedError


@dataclass
class Entry:
    plugin: AcmePlugin

    def load(self) -> AcmePlugin:
        return self.plugin


@contextmanager
def catalogued(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Estate]]:
    """Estates by number, 1 and 2 ACME's and 3 BARE's, while the catalogue holds these two plugins alone."""
    made = {number: Estate() for number in ("1", "2", "3")}
    entries = [Entry(AcmePlugin(AcmeClient, made)), Entry(AcmePlugin(BareClient, made))]
    with monkeypatch.context() as patch:
        patch.setattr(catalogue, "entry_points", lambda group: entries)
        catalogue.plugins.cache_clear()
        yield made
    catalogue.plugins.cache_clear()


@asynccontextmanager
async def acme_world(
    folder: Path, estates: Mapping[str, Estate], numbers: Sequence[str], **settings: Any
) -> AsyncIterator[World]:
    """A gateway with these estates connected to it, as accounts named by their numbers."""
    async with world(folder, hostaway_accounts=0, bookingsync_accounts=0, **settings) as running:
        for number in numbers:
            estates[number].now = running.clock.now
            await connect(running, number)
        yield running


async def connect(running: World, number: str, tenant: str = "default") -> None:
    """Connect one estate."""
    provider = "BARE" if number == "3" else "ACME"
    await running.services.accounts.add(tenant, provider, number, AuthType.API_KEY, AcmeConfig(number=number))
