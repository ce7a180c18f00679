"""The root of all changes, put together from one class a subject."""

import strawberry

from graph.schema.account_changes import AccountChanges
from graph.schema.account_creation import AccountCreations
from graph.schema.account_lifecycle import AccountLifecycleChanges
from graph.schema.agreement_changes import AgreementChanges
from graph.schema.api_key_changes import ApiKeyChanges
from graph.schema.approval_changes import ApprovalChanges
from graph.schema.calendar_changes import CalendarChanges
from graph.schema.definition_changes import DefinitionChanges
from graph.schema.fee_changes import FeeChanges
from graph.schema.import_changes import ImportChanges
from graph.schema.listing_edits import ListingEdits
from graph.schema.policy_changes import PolicyChanges
from graph.schema.pricing_changes import PricingChanges
from graph.schema.quote_booking import QuoteBookings
from graph.schema.received_webhook import ReceivedWebhookChanges
from graph.schema.reservation_changes import ReservationChanges
from graph.schema.tax_changes import TaxChanges
from graph.schema.tenant import TenantChanges
from graph.schema.webhook import WebhookChanges


@strawberry.type(
    description="Everything that can be changed. What was wrong with an input is in userErrors, field by field; where "
    "there are any, nothing was changed. Errors beside the data are for what no input can mend."
)
class Mutation(
    AccountCreations,
    AccountChanges,
    AccountLifecycleChanges,
    AgreementChanges,
    ApiKeyChanges,
    ApprovalChanges,
    CalendarChanges,
    DefinitionChanges,
    FeeChanges,
    ImportChanges,
    ReceivedWebhookChanges,
    ListingEdits,
    PolicyChanges,
    PricingChanges,
    TaxChanges,
    QuoteBookings,
    ReservationChanges,
    TenantChanges,
    WebhookChanges,
):
    pass
