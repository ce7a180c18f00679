"""How mutations say what was wrong: as data beside the answer, one entry a field."""

import strawberry

from graph.rejections import Rejected, Rejection, RejectionCode
from graph.schema.exposing import expose_enum

expose_enum(RejectionCode, name="UserErrorCode")


@strawberry.type(
    description="One thing that was wrong with a mutation's input, or kept it from being carried out. Where there are "
    "any, nothing was changed; but with the code UNCERTAIN it may have been."
)
class UserError:
    field: list[str] = strawberry.field(
        description="Path to the field within the input, [authConfig, accountId] for one; empty if it is no single one."
    )
    code: RejectionCode = strawberry.field(description="Stable name of the reason.")
    message: str = strawberry.field(description="What was wrong, for people.")
    allowed: str | None = strawberry.field(description="What would be accepted; null where that cannot be said.")


def user_error(rejection: Rejection) -> UserError:
    """A rejection as clients see it."""
    return UserError(
        field=list(rejection.field), code=rejection.code, message=rejection.message, allowed=rejection.allowed
    )


def user_errors(refusal: Rejected) -> list[UserError]:
    """Every reason of a refusal."""
    return [user_error(each) for each in refusal.rejections]
