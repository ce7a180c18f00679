"""The plugin contract: what a plugin must and may do.

A plugin translates. It knows its PMS's paths, words and oddities, and nothing of GraphQL, tenants, caching, limits or
retries: those are the gateway's and the upstream layer's. It consists of

- a ``Manifest``: names, ways to authenticate, documented limits, which filters the PMS applies itself;
- a ``Dialect``: how the upstream layer proves who we are and reads refusals and budgets;
- a ``ProviderClient``: the reads, each taking and returning many, so that the plugin can choose the cheapest calls,
  and the writes (``providers.writes``), each of one object;
- a simulator: the PMS as documented, to run demos and the conformance suite against;
- a ``ConsentFlow`` where owners of accounts consent in the PMS itself (OAuth 2.0's authorization code);
- ``Webhooks`` where the PMS sends any: how a delivery is proved.

A capability is a method of ``ProviderClient`` that the plugin overrides: nothing else declares it.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from providers.capabilities import METHODS, Capability
from providers.changes import Inputs
from providers.consent import ConsentFlow
from providers.errors import NotSupported
from providers.manifest import AuthType, LimitScope, Manifest
from providers.model import (
    NOTHING_OFF,
    Calendar,
    CancellationPolicy,
    Channel,
    CustomField,
    DictionaryEntry,
    DictionaryKind,
    FieldsOff,
    Listing,
    ListingFee,
    ListingTax,
    ListingUnit,
    PriceDetails,
    PricingSettings,
    ProviderAccount,
    ProviderUser,
    RawNames,
    RentalAgreement,
    Reservation,
)
from providers.queries import (
    AvailabilityQuery,
    Batch,
    Days,
    FreeListing,
    ListingQuery,
    Page,
    QuoteRequest,
    ReservationQuery,
)
from providers.upstream.calls import Answer, Call, Quota, Token
from providers.webhooks import Webhooks
from providers.writes import ProviderWrites

Send = Callable[[Call], Awaitable[Answer]]


class Session(Protocol):
    """One account's way to its PMS: takes permits, adds the token, retries what is safe, shares identical reads."""

    @property
    def account_id(self) -> str: ...

    async def send(self, call: Call) -> Answer:
        """The answer to ``call``, always 2xx and, if it has a body, JSON; every failure is a ``ProviderError``."""
        ...

    async def token(self) -> Token | None:
        """The token in use (issued first if there is none), for plugins that must know its scopes."""
        ...


class Dialect(ABC):
    """How to prove who we are to one PMS for one account, and how to read its refusals and budget."""

    settle_seconds: float = 0.0
    """How long a fresh token must rest before its first use."""

    renew_before: float = 60.0
    """How many seconds before its expiry a token is renewed."""

    @abstractmethod
    def headers(self, token: Token | None) -> dict[str, str]:
        """Headers of every authorized call."""

    @abstractmethod
    async def issue(self, send: Send, current: Token | None) -> Token | None:
        """A new token, or None where the account's credentials cannot make one (a fixed access token).

        ``current`` is the one to be replaced. ``send`` returns any answer, also a refusal. Raises
        ``AuthenticationFailed`` where the PMS refuses the credentials.
        """

    @abstractmethod
    def initial_token(self) -> Token | None:
        """The token that the account's credentials already hold, if any."""

    @abstractmethod
    def token_rejected(self, answer: Answer) -> bool:
        """Whether the PMS refuses the token (and a new one may help)."""

    @abstractmethod
    def reason(self, answer: Answer) -> str | None:
        """The PMS's own words for a refusal, fit to be shown; None where it gives none."""

    async def revoke(self, send: Send, token: Token) -> bool:
        """End ``token`` at the PMS, so that nobody can use it any more. False where the PMS has no way to do that.

        ``send`` returns any answer, also a refusal. Raises ``ProviderError`` where the PMS does not confirm it.
        """
        return False

    def quota(self, answer: Answer) -> Quota | None:
        """What the answer says about the budget."""
        return None


class ProviderClient(ProviderWrites):
    """The reads and writes of one PMS for one account. Override what the PMS can; the rest answers ``NOT_SUPPORTED``.

    All methods raise ``ProviderError``. Records that cannot be understood never fail their page: they are reported in
    ``Page.odd``. Ids are the PMS's own, as text.
    """

    async def check(self) -> None:
        """Prove that the credentials work, with one cheap call. Raises ``ProviderError`` otherwise."""
        raise NotSupported("This provider cannot check credentials.", provider=self.provider)

    async def account(self) -> ProviderAccount:
        """The business account that the credentials give access to."""
        raise NotSupported("This provider has no account record.", provider=self.provider)

    async def listing_page(self, query: ListingQuery, position: str | None) -> Page[Listing]:
        """A page of listings from ``position`` (None: the first). Only filters and orders of the manifest are set."""
        raise NotSupported("This provider cannot list listings.", provider=self.provider)

    async def listings(self, ids: Sequence[str]) -> Batch[Listing]:
        """Listings by id, in as few calls as the PMS allows."""
        raise NotSupported("This provider cannot read listings by id.", provider=self.provider)

    async def reservation_page(self, query: ReservationQuery, position: str | None) -> Page[Reservation]:
        """A page of reservations from ``position`` (None: the first), of all statuses and times unless filtered."""
        raise NotSupported("This provider cannot list reservations.", provider=self.provider)

    async def reservations(self, ids: Sequence[str]) -> Batch[Reservation]:
        """Reservations by id, cancelled ones included."""
        raise NotSupported("This provider cannot read reservations by id.", provider=self.provider)

    async def reservations_by_listing(
        self, listing_ids: Sequence[str], query: ReservationQuery
    ) -> Batch[list[Reservation]]:
        """All reservations of several listings under ``query`` (without ``listing_ids``), in as few calls as possible.

        A listing without any has an empty list in ``found``. More than the filters ask for may be returned.
        """
        raise NotSupported("This provider cannot read reservations by listing.", provider=self.provider)

    async def calendars(self, listing_ids: Sequence[str], days: Days, *, reservations: bool = False) -> Batch[Calendar]:
        """Calendars of several listings: one day object for each of ``days``, in order, ``UNKNOWN`` where unsaid.

        With ``reservations`` each day also lists the reservations of its night (``CalendarDay.reservations``).
        ``Calendar.currency`` is None where the PMS's calendar does not name one: the gateway adds the listing's.
        """
        raise NotSupported("This provider has no calendars.", provider=self.provider)

    async def quotes(self, requests: Sequence[QuoteRequest]) -> Batch[PriceDetails]:
        """Prices of several stays, under the text of the request's index ("0", "1", …).

        ``QuoteRequest.currency`` is the listing's and always set where ``quote_needs_currency`` is.
        """
        raise NotSupported("This provider cannot quote prices.", provider=self.provider)

    async def free_listings(self, query: AvailabilityQuery) -> Page[FreeListing]:
        """All listings that are free for a stay, in as few calls as the PMS allows; ``next`` is always None.

        What the PMS does not say itself (whether a party fits, for one) is left to the caller. Raises ``NotSupported``
        where the PMS does not open its search to these credentials: then calendars are looked at instead.
        """
        raise NotSupported("This provider cannot search for free listings.", provider=self.provider)

    async def provider_accounts(self, updated_since: datetime | None) -> Page[ProviderAccount]:
        """Every business account that the credentials see; ``Page.deleted`` names those that are gone."""
        raise NotSupported("This provider cannot list accounts.", provider=self.provider)

    async def users(self) -> Batch[ProviderUser]:
        """The people who work in the PMS, and the listings they may see.

        One whose listings could not be read is found all the same, without them; ``failed`` says why, under its id.
        """
        raise NotSupported("This provider does not tell who works in it.", provider=self.provider)

    async def fees(self, listing_ids: Sequence[str]) -> Batch[list[ListingFee]]:
        """Fee settings of several listings."""
        raise NotSupported("This provider has no fee settings to read.", provider=self.provider)

    async def taxes(self, listing_ids: Sequence[str]) -> Batch[list[ListingTax]]:
        """Taxes of several listings, those of the whole account included."""
        raise NotSupported("This provider has no tax settings to read.", provider=self.provider)

    async def units(self, listing_ids: Sequence[str]) -> Batch[list[ListingUnit]]:
        """Units of several listings; an empty list for those that stand for themselves."""
        raise NotSupported("This provider has no units.", provider=self.provider)

    async def agreements(self, listing_ids: Sequence[str]) -> Batch[list[RentalAgreement]]:
        """Rental agreements of several listings; an empty list where there is none."""
        raise NotSupported("This provider has no rental agreements to read.", provider=self.provider)

    async def pricing_settings(self, listing_ids: Sequence[str]) -> Batch[PricingSettings]:
        """How the prices of several listings are made."""
        raise NotSupported("This provider has no pricing settings to read.", provider=self.provider)

    async def cancellation_policies(self, channels: Collection[Channel]) -> Batch[list[CancellationPolicy]]:
        """The account's cancellation policies for ``channels``; empty: for all that the PMS has.

        Keys are names of channels. A channel in neither half has none.
        """
        raise NotSupported("This provider has no cancellation policies to read.", provider=self.provider)

    async def dictionary(self, kind: DictionaryKind) -> list[DictionaryEntry]:
        """A dictionary. Raises ``NotSupported`` for a kind that is not in ``dictionaries``."""
        raise NotSupported("This provider has no dictionaries.", provider=self.provider)

    dictionaries: ClassVar[frozenset[DictionaryKind]] = frozenset()
    """The dictionaries that ``dictionary`` can read."""

    async def custom_fields(self) -> list[CustomField]:
        """The fields that the business added to its PMS."""
        raise NotSupported("This provider has no custom fields.", provider=self.provider)

    fields_off: FieldsOff = NOTHING_OFF
    """Fields of listings that the operator switched off, set before the first read and never changed.

    What serves them alone need not be asked for. The gateway empties them in every ``Listing`` in any case.
    """

    raw_listing_names: ClassVar[RawNames | None] = None
    """What switches each name of a raw listing; None: raw listings are left out while anything is switched off."""

    calendars_per_call: ClassVar[int] = 1
    """How many calendars one call brings."""

    one_call_a_quote: ClassVar[bool] = False
    """True where each quote takes a call of its own, so that many at once run into the PMS's limits."""

    quote_charge: ClassVar[str | None] = None
    """The ``charge`` of the calls that quote, where the PMS may count them apart."""

    quote_needs_currency: ClassVar[bool] = False
    """True where the PMS's quotes name no currency, so that the gateway must know the listing's."""


def methods_of(capability: Capability) -> tuple[str, ...]:
    """The methods of a client that make up a capability."""
    return METHODS[capability]


def capabilities(client: type[ProviderClient]) -> frozenset[Capability]:
    """The capabilities of a client class: those of which it overrides every method."""
    return frozenset(
        capability
        for capability, methods in METHODS.items()
        if all(getattr(client, method) is not getattr(ProviderClient, method) for method in methods)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """How a simulator is started. ``limits`` is the name of a limit profile of the manifest, or ``off``."""

    seed: int = 1
    accounts: int = 1
    listings: int = 40
    limits: str = "documented"
    latency: float = 0.0


class Simulation(Protocol):
    """A running simulator: an ASGI app, and the ``authConfig`` of each account in it."""

    @property
    def app(self) -> Any: ...

    def credentials(self) -> Sequence[tuple[AuthType, dict[str, Any]]]:
        """One (auth type, authConfig) per simulated account, in order."""
        ...


class Plugin(ABC):
    """One provider. An entry point in the group ``staygraph.providers`` names an instance of this."""

    manifest: ClassVar[Manifest]
    client_class: ClassVar[type[ProviderClient]]
    consent: ClassVar[ConsentFlow | None] = None
    """How owners consent in the PMS, for accounts of the auth type ``OAUTH``; None where they cannot."""

    inputs: ClassVar[Inputs] = Inputs()
    """What its writes take beyond the unified fields."""

    webhooks: ClassVar[Webhooks | None] = None
    """How a delivery of the PMS's webhooks is proved; None where it sends none."""

    @abstractmethod
    def dialect(self, auth_type: AuthType, config: BaseModel) -> Dialect:
        """How to speak to the PMS with these credentials. ``config`` fits the auth method's model."""

    @abstractmethod
    def client(self, session: Session, config: BaseModel) -> ProviderClient:
        """The reads of one account through ``session``."""

    @abstractmethod
    def identity(self, scope: LimitScope, config: BaseModel) -> str | None:
        """Whose budget a call uses up at the PMS: its own id of the account or application; None if unknown.

        Never a secret: it appears in metrics and in the ``rateLimits`` query.
        """

    @abstractmethod
    def simulator(self, options: SimulatorOptions) -> Simulation:
        """A simulator of this PMS."""
