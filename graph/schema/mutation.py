"""The root of all changes, put together from one class a subject."""

import strawberry

from graph.schema.account_changes import AccountChanges
from graph.schema.approval_changes import ApprovalChanges
from graph.schema.import_changes import ImportChanges


@strawberry.type(
    description="Everything that can be changed. What was wrong with an input is in userErrors, field by field; where "
    "there are any, nothing was changed. Errors beside the data are for what no input can mend."
)
class Mutation(AccountChanges, ApprovalChanges, ImportChanges):
    pass
