"""What changes of reservations need to know of listings and calendars, and how their nights are held meanwhile."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from graph.accounts.accounts import ConnectedAccount
from graph.changes.checks import refuse
from graph.changes.claims import Claim, NightClaims, Nights
from graph.changes.failures import refusal_of
from graph.changes.places import Places
from graph.changes.stay_rules import days_to_read, is_multi_unit, night_problems, rule_problems
from graph.gateway.gateway import Gateway
from graph.gateway.keeper import Kept
from graph.gateway.operation import Operation
from graph.gateway.refs import Ref
from graph.rejections import RejectionCode, rejected
from providers.capabilities import Capability
from providers.contract import ProviderClient, capabilities
from providers.errors import ProviderError
from providers.model import Calendar, Listing
from providers.queries import Days


@dataclass(slots=True)
class HeldNights:
    """Nights that are claimed while the PMS is asked. Those of several like units may be taken by others, too."""

    claims: Sequence[Claim]
    multi_unit: bool = False

    async def taken(self) -> None:
        for claim in self.claims:
            await (claim.release() if self.multi_unit else claim.taken())

    async def release(self) -> None:
        for claim in self.claims:
            await claim.release()

    def keep(self) -> None:
        for claim in self.claims:
            claim.keep()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which checks of a stay are wanted: whether its nights are free, and whether a guest's stay may be like this."""

    nights: bool
    stay: bool


class Stays:
    """Reads what a stay is checked against, and holds its nights."""

    def __init__(self, gateway: Gateway, claims: NightClaims, places: Places) -> None:
        self._gateway = gateway
        self._claims = claims
        self._places = places

    async def listing(self, operation: Operation, ref: Ref, field: str) -> Listing:
        """A listing that the tenant sees. Raises ``Rejected`` under ``field``."""
        outcome = (await self._gateway.listings.by_id(operation, [ref], None))[ref]
        if isinstance(outcome, Kept) and isinstance(outcome.value, Listing):
            return outcome.value
        if isinstance(outcome, ProviderError) and (refusal := refusal_of(outcome)).rejections:
            (why,) = refusal.rejections
            if why.code is not RejectionCode.NOT_FOUND:
                raise refusal
        raise rejected(field, RejectionCode.NOT_FOUND, "There is no such listing, or it is not shown.")

    async def hold(
        self, account: ConnectedAccount, listing_id: str, ranges: Sequence[Days], holder: str, seconds: float
    ) -> HeldNights:
        """Claim nights, as soon as nobody else does. Raises ``Rejected`` with ``NIGHTS_TAKEN``."""
        held: list[Claim] = []
        try:
            for days in ranges:
                nights = await self._nights(account, listing_id, days)
                held.append(await self._claims.claim(nights, holder, seconds))
        except BaseException:
            for claim in held:
                await claim.release()
            raise
        return HeldNights(held)

    async def freed(self, account: ConnectedAccount, listing_id: str, ranges: Sequence[Days]) -> None:
        """Nights may be had again: what is remembered of them does not hold any more."""
        for days in ranges:
            await self._claims.freed(await self._nights(account, listing_id, days))

    async def _nights(self, account: ConnectedAccount, listing_id: str, days: Days) -> Nights:
        place = await self._places.of(account)
        return Nights(tenant_id=account.tenant_id, account_id=account.id, place=place, listing_id=listing_id, days=days)

    async def check(
        self,
        client: ProviderClient,
        listing: Listing,
        stay: Days,
        nights: Collection[date],
        rules: Rules,
        before: Days | None = None,
    ) -> Calendar | None:
        """Look at the PMS's calendar of a stay, of which ``nights`` have to be free. Raises ``Rejected``.

        ``before`` are the nights that the same reservation holds now.
        One call, never from the cache. None where the PMS shows no calendars: then it decides alone.
        """
        if not (rules.nights or rules.stay) or Capability.CALENDAR not in capabilities(type(client)):
            return None
        id_ = listing.provider_id
        try:
            batch = await client.calendars([id_], days_to_read(stay))
        except ProviderError as error:
            raise refusal_of(error) from None
        if (failure := batch.failed.get(id_)) is not None:
            raise refusal_of(failure)
        calendar = batch.found.get(id_)
        if calendar is None:
            raise rejected("listingId", RejectionCode.NOT_FOUND, "The PMS has no such listing.")
        refuse(
            [
                *(night_problems(calendar, nights) if rules.nights else ()),
                *(rule_problems(calendar, listing, stay, before) if rules.stay else ()),
            ]
        )
        return calendar


def multi_unit(calendar: Calendar | None) -> bool:
    """Whether nights may be sold several times; so it is taken to be where nothing is known."""
    return calendar is None or is_multi_unit(calendar)
