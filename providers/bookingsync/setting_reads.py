"""Reading what the prices and contracts of rentals depend on: with the rentals where they link to it, else as lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from providers.bookingsync.batches import Piece, chunks, unreadable
from providers.bookingsync.envelope import Envelope, all_records, linked_id, record_id
from providers.bookingsync.grants import PUBLIC, RATES
from providers.bookingsync.manifest import RECORDS_PER_PAGE, RENTALS_PER_PAGE
from providers.bookingsync.ownership import Ownership
from providers.bookingsync.parts import Part, PartsReader, Reading
from providers.bookingsync.resources import Options, Resources
from providers.bookingsync.setting_records import AppliedTax, Policy, RentalSettings, TaxRule
from providers.bookingsync.settings import RENT, agreement, listing_fee, listing_tax, pricing_settings
from providers.bookingsync.texts import best_text
from providers.bookingsync.together import together
from providers.model import ListingFee, ListingTax, PricingSettings, RentalAgreement
from providers.wire import read_records

M = TypeVar("M", bound=RentalSettings)

RENTALS_FEES = Part(name="rentals_fees", resource="rentals_fees", scopes=PUBLIC, many=True)
FEE = Part(name="fee", resource="fees", scopes=PUBLIC)
SPECIAL_OFFERS = Part(name="special_offers", resource="special_offers", scopes=PUBLIC, many=True)
RATES_TABLE = Part(name="rates_table", resource="rates_tables", scopes=RATES)
RATES_RULES = Part(name="rates_rules", resource="rates_rules", scopes=RATES, many=True)
AGREEMENT = Part(name="rental_agreement", resource="rental_agreements", scopes=PUBLIC)
_TAX = Part(name="tax", resource="taxes", scopes=PUBLIC)
_ITEMS = Part(
    name="rental_cancelation_policy_items", resource="rental_cancelation_policy_items", scopes=PUBLIC, many=True
)
_RENTALS: Options = (("per_page", str(RENTALS_PER_PAGE)),)
_RECORDS: Options = (("per_page", str(RECORDS_PER_PAGE)),)
_MOST_PAGES = 50
_MOST_RENTAL_PAGES = 200
_MOST_POLICY_PAGES = 5
_SETTINGS = (RENTALS_FEES, SPECIAL_OFFERS, RATES_TABLE, AGREEMENT)
"""What rentals are always read with when their settings are, so that one call serves all that is asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxes:
    """All applied taxes of an account: on rents by rental, on fees by the catalogue's fee; and their conditions."""

    on_rent: dict[str, list[AppliedTax]]
    on_fee: dict[str, list[AppliedTax]]


class SettingReads:
    """The settings of one account's rentals."""

    def __init__(self, resources: Resources, parts: PartsReader, ownership: Ownership) -> None:
        self._resources = resources
        self._parts = parts
        self._ownership = ownership

    async def rentals(
        self,
        model: type[M],
        ids: Sequence[str],
        parts: Sequence[Part],
        within: Sequence[tuple[str, Part]] = (),
        along: Sequence[Part] = (),
    ) -> Piece[M]:
        """The rentals of at most a page of ids with ``parts``, and with the parts of parts that ``within`` names.

        ``along`` is as in ``PartsReader.read``.
        """
        reading = await self._parts.read(
            lambda include: self._resources.by_ids("rentals", ids, (*_RENTALS, *include)), parts, along
        )
        await together(self._parts.complete_within(reading, name, part) for name, part in within)
        ours, _ = self._ownership.ours(reading.records)
        found, odd = read_records(model, ours)
        return Piece(
            found={each.id: each for each in found if each.id in ids},
            failed=unreadable(odd, ids),
            received_at=reading.received_at,
        )

    async def fees(self, ids: Sequence[str]) -> Piece[list[ListingFee]]:
        """Fees that are not archived: one call for fifty rentals, and one for each hundred fees of the catalogue."""
        piece = await self._settings(ids, (RENTALS_FEES,), (("rentals_fees", FEE),))
        return piece.made(_fees)

    async def with_fees(self, ids: Sequence[str]) -> Piece[RentalSettings]:
        """Rentals with their fees, of which ``listing_taxes`` tells the taxes."""
        return await self._settings(ids, (RENTALS_FEES,))

    async def pricing(self, ids: Sequence[str]) -> Piece[PricingSettings]:
        piece = await self._settings(ids, (SPECIAL_OFFERS, RATES_TABLE), (("rates_table", RATES_RULES),))
        return piece.made(pricing_settings)

    async def agreements(self, ids: Sequence[str]) -> Piece[list[RentalAgreement]]:
        piece = await self._settings(ids, (AGREEMENT,))
        return piece.made(lambda rental: [agreement(rental.rental_agreement)] if rental.rental_agreement else [])

    async def _settings(
        self, ids: Sequence[str], parts: Sequence[Part], within: Sequence[tuple[str, Part]] = ()
    ) -> Piece[RentalSettings]:
        return await self.rentals(RentalSettings, ids, parts, within, along=_SETTINGS)

    async def applied_taxes(self) -> Taxes:
        """Which taxes are due on what. Rentals do not link to theirs, so the account's lists are read."""
        rent, fees = await together((self._applied("rentals_taxes"), self._applied("fees_taxes")))
        return Taxes(on_rent=_by_link(rent, "rental"), on_fee=_by_link(fees, "fee"))

    async def fee_taxes(self) -> Taxes:
        """The taxes on fees alone."""
        return Taxes(on_rent={}, on_fee=_by_link(await self._applied("fees_taxes"), "fee"))

    async def tax_rules(self) -> list[TaxRule]:
        pages = await self._resources.walk("tax_rules", _RECORDS, most=_MOST_PAGES)
        return read_records(TaxRule, all_records(pages))[0]

    async def policies(self) -> tuple[list[Policy], datetime | None]:
        """The account's policy and those of its rentals, without the copies that bookings keep; and since when known.

        The list holds a copy for each booking ever made, so it is read only where it is short. Where it is long, and
        under a token of several accounts, of which policies do not name theirs, those are read that the account's
        rentals link to: all that is in force for a rental. An account's policy that no rental links to is then told
        only if it stands on the first page.
        """
        records: list[Any] = []
        if not self._ownership.mixed:
            reading, is_whole = await self._listed_policies()
            if is_whole:
                return _settings_of(reading.records), reading.received_at
            records = reading.records
        pages = await self._resources.walk("rentals", _RENTALS, most=_MOST_RENTAL_PAGES)
        ours, _ = self._ownership.ours(all_records(pages))
        linked = {each for record in ours if (each := linked_id(record, "rental_cancelation_policy"))}
        missing = sorted(linked - {record_id(record) for record in records})
        named = await self._named("rental_cancelation_policies", missing, _ITEMS)
        return _settings_of([*records, *named]), min((page.received_at for page in pages), default=None)

    async def _listed_policies(self) -> tuple[Reading, bool]:
        """The list of policies up to a few pages, and whether that is all of it."""
        is_whole = False

        async def fetch(include: Options) -> list[Envelope]:
            nonlocal is_whole
            options = (*_RECORDS, *include)
            pages, is_whole = await self._resources.first_pages(
                "rental_cancelation_policies", options, _MOST_POLICY_PAGES
            )
            return pages

        reading = await self._parts.read(fetch, (_ITEMS,))
        return reading, is_whole

    async def _applied(self, resource: str) -> list[AppliedTax]:
        """Records of other accounts do no harm: the ids of rentals and fees are nobody else's."""
        records = await self._walk(resource, _TAX)
        return read_records(AppliedTax, records)[0]

    async def _walk(self, resource: str, part: Part) -> list[Any]:
        async def fetch(include: Options) -> list[Envelope]:
            return await self._resources.walk(resource, (*_RECORDS, *include), most=_MOST_PAGES)

        return (await self._parts.read(fetch, (part,))).records

    async def _named(self, resource: str, ids: Sequence[str], part: Part) -> list[Any]:
        async def read(chunk: Sequence[str]) -> list[Any]:
            reading = await self._parts.read(
                lambda include: self._resources.by_ids(resource, chunk, (*_RECORDS, *include)), (part,)
            )
            return reading.records

        groups = chunks(list(dict.fromkeys(ids)), RECORDS_PER_PAGE)
        return [record for group in await together(map(read, groups)) for record in group]


def _settings_of(records: Sequence[Any]) -> list[Policy]:
    """Each policy once, without those of bookings."""
    found = {policy.id: policy for policy in read_records(Policy, records)[0]}
    return [policy for policy in found.values() if policy.policeable_type != "Booking"]


def _by_link(taxes: Sequence[AppliedTax], name: str) -> dict[str, list[AppliedTax]]:
    found: dict[str, list[AppliedTax]] = {}
    for tax in taxes:
        owner = tax.link(name)
        if owner is not None:
            found.setdefault(owner, []).append(tax)
    return found


def _fees(rental: RentalSettings) -> list[ListingFee]:
    return [listing_fee(each, rental.currency) for each in rental.rentals_fees or () if not each.archived]


def listing_taxes(rental: RentalSettings, applied: Taxes) -> list[ListingTax]:
    """Taxes on a rental's rent and on its fees, out of the account's."""
    found = [listing_tax(each, RENT) for each in applied.on_rent.get(rental.id, ())]
    for fee in rental.rentals_fees or ():
        if not fee.archived:
            title = best_text(fee.name) or fee.id
            found += [listing_tax(each, title) for each in applied.on_fee.get(fee.link("fee") or "", ())]
    return found
