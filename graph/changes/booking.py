"""How one reservation is made: checked, its nights held, its price as agreed, under one reference in every attempt."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.changes.checks import draft_problems, refuse
from graph.changes.failures import refusal_of
from graph.changes.ledger import Entry
from graph.changes.pricing import Bill, Tolerance, bill_of, total_of
from graph.changes.stays import HeldNights, Rules, Stays, multi_unit
from graph.gateway.keeper import Kept
from graph.gateway.operation import Operation
from graph.gateway.prices import Prices, Stay
from graph.gateway.refs import Ref
from graph.gateway.touched import Touched
from graph.rejections import Rejected, Rejection, RejectionCode, rejected
from providers.changes import NoProgress, Progress, ReservationDraft, ReservationKind, Written, or_none
from providers.contract import ProviderClient
from providers.errors import ErrorCode, ProviderError
from providers.model import Listing, PriceDetails, Reservation
from providers.queries import Days
from providers.upstream.clock import Clock

_NOES = frozenset({ErrorCode.UPSTREAM_REFUSED, ErrorCode.NOT_FOUND, ErrorCode.NOT_SUPPORTED})


class PriceChanged(Rejected):
    """The price is no longer what the guest agreed to. ``price`` is what it is now."""

    def __init__(self, price: PriceDetails, agreed: Decimal) -> None:
        now = "none" if price.total is None else f"{price.total.amount:f} {price.total.currency}"
        message = f"The price is {now} now, and {agreed:f} was agreed to."
        super().__init__(Rejection(field=("total",), code=RejectionCode.PRICE_CHANGED, message=message))
        self.price = price


class Agreed(NamedTuple):
    """The price that a guest agreed to, for a stay that is quoted anew."""

    stay: Stay
    total: Decimal
    currency: str | None
    tolerance: Tolerance


class Booking:
    """A reservation to make: a ``graph.changes.once.Plan``. ``draft`` has no reference yet.

    With ``agreed`` its money is that of a fresh quote. ``ignore_rules`` leaves the rules of stays to the PMS.
    """

    def __init__(
        self,
        operation: Operation,
        account: ConnectedAccount,
        draft: ReservationDraft,
        *,
        stays: Stays,
        prices: Prices,
        clock: Clock,
        agreed: Agreed | None = None,
        ignore_rules: bool = False,
    ) -> None:
        self._operation = operation
        self._account = account
        self._draft = draft
        self._stays = stays
        self._prices = prices
        self._clock = clock
        self._agreed = agreed
        self._listing: Listing | None = None
        self._protected = False
        guest = draft.kind is not ReservationKind.BLOCK
        self._rules = Rules(nights=not draft.force_overbooking, stay=guest and not ignore_rules)
        self.price: PriceDetails | None = None
        self.bill: Bill | None = None

    async def check(self, client: ProviderClient) -> None:
        await self._checked()

    async def enter(self, client: ProviderClient, entry: Entry, seconds: float) -> HeldNights:
        listing = await self._checked()
        ranges = [] if self._draft.force_overbooking else [self._days()]
        held = await self._stays.hold(self._account, listing.provider_id, ranges, entry.reference, seconds)
        try:
            held.multi_unit = await self._looked(client, listing)
        except BaseException:
            await held.release()
            raise
        self._protected = bool(held.claims) and not held.multi_unit
        return held

    def is_protected(self) -> bool:
        return self._protected

    def is_begun(self, entry: Entry) -> bool:
        return bool(entry.steps)

    async def send(self, client: ProviderClient, entry: Entry) -> Written[Reservation]:
        return await client.create_reservation(self._named(entry.reference), entry)

    async def find(self, client: ProviderClient, entry: Entry, since: datetime) -> Written[Reservation] | None:
        found = await client.find_reservation(self._named(entry.reference), since)
        return None if found is None else Written(id=found.provider_id, record=found)

    def touched(self, outcome: Written[Reservation] | None) -> Touched:
        return Touched(
            reservations=frozenset(() if outcome is None else (outcome.id,)),
            nights_of=frozenset((self._draft.listing_id,)),
        )

    async def rehearse(self, client: ProviderClient, reference: str) -> Written[Reservation]:
        """Everything but the reservation: ``client`` sends no change, and nothing is held or written down."""
        await self._looked(client, await self._checked())
        progress: Progress = NoProgress()
        return await client.create_reservation(self._named(reference), progress)

    async def _checked(self) -> Listing:
        """The listing, once nothing is wrong with the draft. Raises ``Rejected``."""
        if self._listing is None:
            ref = Ref(self._account.id, self._draft.listing_id)
            listing = await self._stays.listing(self._operation, ref, "listingId")
            refuse(list(draft_problems(self._draft, listing, self._clock.now())))
            self._draft = _with_money(self._draft, listing)
            self._listing = listing
        return self._listing

    async def _looked(self, client: ProviderClient, listing: Listing) -> bool:
        """Look at the calendar and the price as they are now. Whether the listing stands for several units."""
        days = self._days()
        calendar = await self._stays.check(client, listing, days, frozenset(days), self._rules)
        if self._agreed is not None:
            self._draft = await self._priced(self._agreed)
        return multi_unit(calendar)

    async def _priced(self, agreed: Agreed) -> ReservationDraft:
        """The draft with the money of a fresh quote. Raises ``Rejected`` where it is not what was agreed to."""
        outcome = (await self._prices.read(self._operation, [agreed.stay], 0))[agreed.stay]
        if not isinstance(outcome, Kept):
            raise _unpriced(outcome, agreed.stay)
        price: PriceDetails = outcome.value
        self.price = price
        bill = bill_of(price)
        if bill is None or price.bookable is False:
            raise rejected("arrival", RejectionCode.CONFLICT, "The PMS does not sell this stay now.")
        if agreed.currency is not None and agreed.currency.upper() != bill.currency.upper():
            message = "The price is in the currency of the listing."
            raise rejected("currency", RejectionCode.INVALID, message, allowed=bill.currency)
        if not agreed.tolerance.allows(agreed.total, bill.total):
            raise PriceChanged(price, agreed.total)
        self.bill = bill
        return replace(
            self._draft,
            currency=bill.currency,
            total=bill.total,
            finance_lines=bill.lines,
            priced_by_us=bill.priced_by_us,
        )

    def _days(self) -> Days:
        arrival, departure = self._draft.arrival, self._draft.departure
        assert isinstance(arrival, date) and isinstance(departure, date)  # noqa: S101, PT018  # checked before
        return Days(arrival, departure)

    def _named(self, reference: str) -> ReservationDraft:
        return replace(self._draft, reference=reference)


def _unpriced(error: ProviderError, stay: Stay) -> Rejected:
    """Why there is no price, with the part of the stay that is to blame, where that is known.

    Of coupons PMSs say in their own words that they are no longer good, or that they know none. Else a quote that is
    not supported is so for a wish about its components: everything else is checked before.
    """
    wishes = stay.request.components
    if error.code in _NOES and stay.request.coupon and "coupon" in error.message.lower():
        return rejected("coupon", RejectionCode.INVALID, error.message)
    if error.code is ErrorCode.NOT_SUPPORTED and wishes:
        field = "components.0" if len(wishes) == 1 else "components"
        return rejected(field, RejectionCode.INVALID, error.message)
    return refusal_of(error)


def _with_money(draft: ReservationDraft, listing: Listing) -> ReservationDraft:
    """The draft with what the client left out: the listing's currency, and the sum of the lines."""
    if draft.kind is ReservationKind.BLOCK:
        return draft
    lines = or_none(draft.finance_lines)
    if lines and or_none(draft.total) is None:
        draft = replace(draft, total=total_of(lines))
    return replace(draft, currency=listing.currency) if listing.currency else draft
