"""What can be changed at a PMS: the inputs of all writes, declared once, and what a plugin answers to them.

Days are dates in the listing's own time zone and money is exact, as in ``providers.model``. A field that is
``OMITTED`` stays as it is at the PMS; None empties it, where its type allows None.
"""

from providers.changes.calendars import CalendarChange
from providers.changes.listings import (
    AddressChange,
    BedChange,
    ContactChange,
    ImageDraft,
    ListingChange,
    ListingDraft,
    ListingTextChange,
)
from providers.changes.omitted import OMITTED, Omitted, given, or_none
from providers.changes.parts import (
    AgreementChange,
    CancellationPolicyDraft,
    FeeChange,
    FeeDraft,
    PolicyItemDraft,
    PricingSettingsChange,
    TaxChange,
    TaxDraft,
)
from providers.changes.refusals import ChangeRefused, Problem, ProblemKind, refused
from providers.changes.reservations import (
    Cancellation,
    FinanceLineChange,
    GuestChange,
    NoShow,
    PartyChange,
    PaymentCard,
    ReservationChange,
    ReservationDraft,
    ReservationKind,
)
from providers.changes.values import CustomFieldChange
from providers.changes.writing import Inputs, NoProgress, Progress, Written

__all__ = [
    "OMITTED",
    "AddressChange",
    "AgreementChange",
    "BedChange",
    "CalendarChange",
    "Cancellation",
    "CancellationPolicyDraft",
    "ChangeRefused",
    "ContactChange",
    "CustomFieldChange",
    "FeeChange",
    "FeeDraft",
    "FinanceLineChange",
    "GuestChange",
    "ImageDraft",
    "Inputs",
    "ListingChange",
    "ListingDraft",
    "ListingTextChange",
    "NoProgress",
    "NoShow",
    "Omitted",
    "PartyChange",
    "PaymentCard",
    "PolicyItemDraft",
    "PricingSettingsChange",
    "Problem",
    "ProblemKind",
    "Progress",
    "ReservationChange",
    "ReservationDraft",
    "ReservationKind",
    "TaxChange",
    "TaxDraft",
    "Written",
    "given",
    "or_none",
    "refused",
]
