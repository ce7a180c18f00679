"""What a plugin may change at its PMS. Override what the PMS can do; the rest answers ``NOT_SUPPORTED``.

A write changes one object and makes as few calls as the PMS allows. It raises

- ``ChangeRefused`` where nothing was changed: an input that the PMS cannot take, named field by field, or its own no;
- ``ProviderError`` otherwise. A failure after which the PMS may have done it all the same is left as it is: who asked
  looks with ``find_reservation``, ``find_listing`` or a read.

A call that changes something is sent as ``Call(safe=False)``. In a dry run it is not sent but shown; where further
calls follow, ``Call.imagined`` says what the PMS would have answered. Reads are sent in a dry run, too.

A write never sends less than it must because the PMS may clear what is left out: it reads first where that is open.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from providers.changes import (
    AgreementChange,
    CalendarChange,
    Cancellation,
    CancellationPolicyDraft,
    FeeChange,
    FeeDraft,
    ImageDraft,
    ListingChange,
    ListingDraft,
    NoShow,
    PricingSettingsChange,
    Progress,
    ReservationChange,
    ReservationDraft,
    TaxChange,
    TaxDraft,
    Written,
)
from providers.errors import NotSupported
from providers.model import (
    CancellationPolicy,
    Channel,
    Listing,
    ListingFee,
    ListingTax,
    PricingSettings,
    RentalAgreement,
    Reservation,
)
from providers.webhooks import WebhookTarget


class ProviderWrites:
    """The writes of one PMS for one account. Ids are the PMS's own, as text."""

    provider: ClassVar[str]

    def _cannot(self, what: str) -> NotSupported:
        return NotSupported(f"This provider has no way to {what}.", provider=self.provider)

    async def create_reservation(self, draft: ReservationDraft, progress: Progress) -> Written[Reservation]:
        """Make a reservation, its guest's record included.

        Raises ``ChangeRefused`` with ``NIGHTS_TAKEN`` where the PMS protects its nights, with ``PAYMENT_FAILED`` where
        the card failed: no reservation remains then.
        """
        raise self._cannot("make reservations")

    async def find_reservation(self, draft: ReservationDraft, since: datetime) -> Reservation | None:
        """The reservation that an earlier ``create_reservation`` of this draft made after ``since``, if it did.

        Found by ``draft.reference``, or, where the client set that field, by it with the listing, the days and the time
        of booking. Cancelled ones count.
        """
        raise self._cannot("find reservations again")

    async def update_reservation(self, id_: str, change: ReservationChange) -> Written[Reservation]:
        """Change a reservation; what the change leaves out keeps its value, price lines included."""
        raise self._cannot("change reservations")

    async def cancel_reservation(self, id_: str, cancellation: Cancellation) -> Written[Reservation]:
        """Call a reservation off. One that is called off already raises ``ChangeRefused`` with ``CONFLICT``."""
        raise self._cannot("call reservations off")

    async def delete_reservation(self, id_: str) -> None:
        """Remove a reservation for good. One that is gone already is no failure."""
        raise self._cannot("remove reservations")

    async def report_no_show(self, id_: str, no_show: NoShow) -> Written[Reservation]:
        """Report that the guest of a reservation did not come."""
        raise self._cannot("report guests who did not come")

    async def change_calendar(self, listing_id: str, changes: Sequence[CalendarChange]) -> Written[None]:
        """Change nights of a listing; where ``changes`` overlap, later ones win.

        All of it is checked before the first call. A failure in the middle leaves what was done: it is told in the
        error which nights are changed already.
        """
        raise self._cannot("change calendars")

    async def create_listing(self, draft: ListingDraft) -> Written[Listing]:
        """Make a listing."""
        raise self._cannot("make listings")

    async def find_listing(self, draft: ListingDraft, since: datetime) -> Listing | None:
        """The listing that an earlier ``create_listing`` of this draft made after ``since``, if it did."""
        raise self._cannot("find listings again")

    async def update_listing(self, id_: str, change: ListingChange) -> Written[Listing]:
        """Change a listing; what the change leaves out keeps its value."""
        raise self._cannot("change listings")

    async def delete_listing(self, id_: str) -> None:
        """Remove a listing, or put it away where the PMS knows no removal. One that is gone already is no failure."""
        raise self._cannot("remove listings")

    async def add_images(self, listing_id: str, images: Sequence[ImageDraft]) -> Written[Listing]:
        """Add pictures to a listing; those that are there stay."""
        raise self._cannot("add pictures")

    async def export_listing(self, listing_id: str, channel: Channel) -> Written[None]:
        """Have the PMS send a listing to a channel."""
        raise self._cannot("send listings to channels")

    async def create_fee(self, listing_id: str, draft: FeeDraft) -> Written[ListingFee]:
        """Add a fee setting to a listing."""
        raise self._cannot("add fees")

    async def update_fee(self, listing_id: str, fee_id: str, change: FeeChange) -> Written[ListingFee]:
        """Change a fee setting of a listing."""
        raise self._cannot("change fees")

    async def delete_fee(self, listing_id: str, fee_id: str) -> None:
        """Remove a fee setting of a listing. One that is gone already is no failure."""
        raise self._cannot("remove fees")

    async def create_tax(self, listing_id: str, draft: TaxDraft) -> Written[ListingTax]:
        """Add a tax setting to a listing."""
        raise self._cannot("add taxes")

    async def update_tax(self, listing_id: str, tax_id: str, change: TaxChange) -> Written[ListingTax]:
        """Change a tax setting of a listing."""
        raise self._cannot("change taxes")

    async def delete_tax(self, listing_id: str, tax_id: str) -> None:
        """Remove a tax setting of a listing. One that is gone already is no failure."""
        raise self._cannot("remove taxes")

    async def create_agreement(self, listing_id: str, change: AgreementChange) -> Written[RentalAgreement]:
        """Give a listing a rental agreement. One that has one raises ``ChangeRefused`` with ``CONFLICT``."""
        raise self._cannot("make rental agreements")

    async def update_agreement(self, listing_id: str, change: AgreementChange) -> Written[RentalAgreement]:
        """Change the rental agreement of a listing."""
        raise self._cannot("change rental agreements")

    async def delete_agreement(self, listing_id: str) -> None:
        """Take the rental agreement from a listing. One that has none is no failure."""
        raise self._cannot("remove rental agreements")

    async def duplicate_agreement(self, listing_id: str, to_listing_ids: Sequence[str]) -> None:
        """Give other listings the rental agreement of a listing."""
        raise self._cannot("copy rental agreements")

    async def update_pricing_settings(self, listing_id: str, change: PricingSettingsChange) -> Written[PricingSettings]:
        """Change how the prices of a listing are made."""
        raise self._cannot("change how prices are made")

    async def create_cancellation_policy(self, draft: CancellationPolicyDraft) -> Written[CancellationPolicy]:
        """Make a cancellation policy of the business's own."""
        raise self._cannot("make cancellation policies")

    async def update_cancellation_policy(
        self, policy_id: str, draft: CancellationPolicyDraft
    ) -> Written[CancellationPolicy]:
        """Replace a cancellation policy of the business's own."""
        raise self._cannot("change cancellation policies")

    async def delete_cancellation_policy(self, policy_id: str) -> None:
        """Remove a cancellation policy of the business's own. One that is gone already is no failure."""
        raise self._cannot("remove cancellation policies")

    async def subscribe_webhooks(self, target: WebhookTarget, known_id: str | None) -> str:
        """Have the PMS send its webhooks to ``target``; the subscription's id. ``known_id`` is that of an earlier one.

        An earlier subscription is changed, and switched on again if the PMS had switched it off; one to the same
        address is taken over, so that doing it again after a lost answer makes no second one.
        """
        raise self._cannot("be told where to send webhooks")

    async def unsubscribe_webhooks(self, id_: str) -> None:
        """End a subscription. One that is gone already is no failure."""
        raise self._cannot("be told where to send webhooks")
