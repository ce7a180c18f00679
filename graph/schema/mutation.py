"""The root of all changes, put together from one class a subject."""

import strawberry

from graph.schema.account_changes import AccountChanges
from graph.schema.webhook import WebhookChanges


@strawberry.type(
    description="Everything that can be changed. What was wrong with an input is in userErrors, field by field; where "
    "there are any, nothing was changed. Errors beside the data are for what no input can mend."
)
class Mutation(AccountChanges, WebhookChanges):
    pass
