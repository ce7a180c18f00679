"""Fees and taxes of rentals: the account's catalogue holds what they are, the rental that they apply."""

from providers.bookingsync.envelope import all_records
from providers.bookingsync.manifest import RECORDS_PER_PAGE
from providers.bookingsync.rental_writes import RentalWrites
from providers.bookingsync.resources import Options, Resources, is_id
from providers.bookingsync.sending import RATES_WRITE, RENTALS_WRITE, Sender, sent_id
from providers.bookingsync.setting_bodies import SETTING_NAMES, applied_fee_body, check_tax, fee_body, tax_body
from providers.bookingsync.setting_reads import SettingReads
from providers.bookingsync.setting_records import AppliedTax, RentalsFee, Tax
from providers.bookingsync.settings import fee_rate_kind
from providers.bookingsync.steps import Steps
from providers.bookingsync.texts import best_text
from providers.changes import FeeChange, FeeDraft, ProblemKind, TaxChange, TaxDraft, Written, given, or_none, refused
from providers.errors import NotFound
from providers.model import ListingFee, ListingTax
from providers.wire import read_records

_RECORDS: Options = (("per_page", str(RECORDS_PER_PAGE)),)
_MOST_PAGES = 50
_SHARED = (
    "Other rentals have this fee too: its kind, name and amount are the account's, and would change for all. Add "
    "another fee and remove this one."
)
_TAX_FIXED = "A tax's kind, name and percentage are the account's, and stay: add another tax and remove this one."


class SettingWrites:
    """The fees and taxes of one account's rentals, written."""

    def __init__(self, resources: Resources, sender: Sender, reads: SettingReads, rentals: RentalWrites) -> None:
        self._resources = resources
        self._sender = sender
        self._reads = reads
        self._rentals = rentals

    async def create_fee(self, listing_id: str, draft: FeeDraft) -> Written[ListingFee]:
        """A fee of the account's, and that it applies to the rental: two calls."""
        _check_rental(listing_id)
        for name in ("title", "amount"):
            if or_none(getattr(draft, name)) is None and (name != "amount" or or_none(draft.percentage) is None):
                raise refused(ProblemKind.REQUIRED, "A new fee needs it.", name)
        fee = {"kind": "other", "rate_kind": "percentage" if or_none(draft.amount) is None else "fixed"}
        fee |= fee_body(draft, await self._rentals.locale(needed=True))
        applied = {"always_applied": True, "status": "public", **applied_fee_body(draft)}
        steps = Steps(SETTING_NAMES)
        made = await steps.take(
            "the fee in the account's catalogue", self._sender.create("fees", "fees", fee, scopes=RATES_WRITE)
        )
        path = f"rentals/{listing_id}/rentals_fees"
        body = {"fee_id": sent_id(made.id), **applied}
        created = await steps.take(
            "the rental's fee", self._sender.create(path, "rentals_fees", body, scopes=RENTALS_WRITE)
        )
        return Written(id=created.id)

    async def update_fee(self, listing_id: str, fee_id: str, change: FeeChange) -> Written[ListingFee]:
        """The rental's own terms of a fee; its kind, name and amount only where no other rental has it."""
        applied = await self._fee(listing_id, fee_id)
        if applied is None:
            raise NotFound("BookingSync has no such fee of this rental.")
        locale = await self._rentals.locale(needed=or_none(change.title) is not None)
        catalogue, own = fee_body(change, locale), applied_fee_body(change)
        if "rate" in catalogue and "rate_kind" not in catalogue:
            catalogue |= _rate_kind(applied, change)
        if "always_applied" in own:
            days = (own.get("start_date", applied.start_date), own.get("end_date", applied.end_date))
            own["always_applied"] = days == (None, None)
        steps = Steps(SETTING_NAMES)
        if catalogue:
            in_catalogue = applied.link("fee")
            if in_catalogue is None or await self._is_shared(in_catalogue, fee_id):
                raise refused(ProblemKind.CONFLICT, _SHARED)
            changing = self._sender.change(f"fees/{in_catalogue}", "fees", catalogue, scopes=RATES_WRITE)
            await steps.take("the fee in the account's catalogue", changing)
        if own:
            changing = self._sender.change(f"rentals_fees/{fee_id}", "rentals_fees", own, scopes=RENTALS_WRITE)
            await steps.take("the rental's fee", changing)
        return Written(id=fee_id)

    async def delete_fee(self, listing_id: str, fee_id: str) -> None:
        """The fee no longer applies to the rental; the account's catalogue keeps it."""
        applied = await self._fee(listing_id, fee_id)
        if applied is not None and not applied.archived:
            try:
                await self._sender.remove(f"rentals_fees/{fee_id}", scopes=RENTALS_WRITE)
            except NotFound:
                return

    async def create_tax(self, listing_id: str, draft: TaxDraft) -> Written[ListingTax]:
        """A tax of the account's with that name and percentage, made only where there is none, applied to the rent."""
        _check_rental(listing_id)
        check_tax(draft)
        body = tax_body(draft, await self._rentals.locale(needed=True))
        steps = Steps(SETTING_NAMES)
        tax_id = await self._known_tax(draft)
        if tax_id is None:
            making = self._sender.create("taxes", "taxes", body, scopes=RATES_WRITE)
            tax_id = (await steps.take("the tax in the account's catalogue", making)).id
        elif any(each.link("tax") == tax_id for each in (await self._applied(listing_id))):
            raise refused(ProblemKind.CONFLICT, "This rental has that tax already.")
        applied = {"tax_id": sent_id(tax_id), "tax_included_in_rate": or_none(draft.included_in_price) is True}
        path = f"rentals/{listing_id}/rentals_taxes"
        await steps.take("the rental's tax", self._sender.create(path, "rentals_taxes", applied, scopes=RATES_WRITE))
        return Written(id=tax_id)

    async def update_tax(self, listing_id: str, tax_id: str, change: TaxChange) -> Written[ListingTax]:
        """Whether the rent holds the tax already: all else about it is fixed."""
        check_tax(change)
        for name in ("name", "title", "percentage"):
            if name in given(change):
                raise refused(ProblemKind.NOT_SUPPORTED, _TAX_FIXED, name)
        applied = await self._tax(listing_id, tax_id)
        if applied is None:
            raise NotFound("BookingSync has no such tax of this rental.")
        included = or_none(change.included_in_price)
        if included is not None:
            path, body = f"rentals_taxes/{applied.id}", {"tax_included_in_rate": included}
            changing = self._sender.change(path, "rentals_taxes", body, scopes=RATES_WRITE)
            await Steps(SETTING_NAMES).take("the rental's tax", changing)
        return Written(id=tax_id)

    async def delete_tax(self, listing_id: str, tax_id: str) -> None:
        """The tax is no longer due on the rent; BookingSync removes no tax from an account."""
        applied = await self._tax(listing_id, tax_id)
        if applied is not None:
            try:
                await self._sender.remove(f"rentals_taxes/{applied.id}", scopes=RATES_WRITE)
            except NotFound:
                return

    async def _fee(self, listing_id: str, fee_id: str) -> RentalsFee | None:
        if not is_id(fee_id):
            return None
        pages = await self._resources.by_ids("rentals_fees", [fee_id], ())
        found = read_records(RentalsFee, all_records(pages))[0]
        return next((each for each in found if each.id == fee_id and each.link("rental") == listing_id), None)

    async def _is_shared(self, catalogue_id: str, fee_id: str) -> bool:
        pages = await self._resources.walk("rentals_fees", _RECORDS, most=_MOST_PAGES)
        applied = read_records(RentalsFee, all_records(pages))[0]
        return any(each.link("fee") == catalogue_id and each.id != fee_id and not each.archived for each in applied)

    async def _known_tax(self, draft: TaxDraft) -> str | None:
        pages = await self._resources.walk("taxes", _RECORDS, most=_MOST_PAGES)
        taxes = read_records(Tax, all_records(pages))[0]
        title, kind = or_none(draft.title) or "Tax", or_none(draft.name)
        same = (
            each.id
            for each in taxes
            if each.percentage == draft.percentage
            and best_text(each.name) == title
            and (kind is None or each.kind in (None, kind))
        )
        return next(same, None)

    async def _applied(self, listing_id: str) -> list[AppliedTax]:
        return (await self._reads.applied_taxes()).on_rent.get(listing_id, [])

    async def _tax(self, listing_id: str, tax_id: str) -> AppliedTax | None:
        return next((each for each in await self._applied(listing_id) if each.link("tax") == tax_id), None)


def _rate_kind(applied: RentalsFee, change: FeeChange) -> dict[str, str]:
    """How the fee is charged, where an amount takes the place of a percentage, or the other way round."""
    is_percentage = or_none(change.percentage) is not None
    known = fee_rate_kind(applied)
    if known is None or ("percentage" in known) is is_percentage:
        return {}
    return {"rate_kind": "percentage" if is_percentage else "fixed"}


def _check_rental(listing_id: str) -> None:
    if not is_id(listing_id):
        raise NotFound("BookingSync has no such rental.")
