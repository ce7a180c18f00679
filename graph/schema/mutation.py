"""The root of all changes, put together from one class a subject."""

import strawberry

from graph.schema.account_changes import AccountChanges
from graph.schema.account_creation import AccountCreations
from graph.schema.account_lifecycle import AccountLifecycleChanges
from graph.schema.api_key_changes import ApiKeyChanges
from graph.schema.approval_changes import ApprovalChanges
from graph.schema.definition_changes import DefinitionChanges
from graph.schema.import_changes import ImportChanges
from graph.schema.received_webhook import ReceivedWebhookChanges
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
    ApiKeyChanges,
    ApprovalChanges,
    DefinitionChanges,
    ImportChanges,
    ReceivedWebhookChanges,
    TenantChanges,
    WebhookChanges,
):
    pass
