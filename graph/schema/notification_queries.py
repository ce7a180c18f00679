"""What a tenant's server needs to check the notifications it gets."""

import strawberry

from graph.accounts.keys import Permission
from graph.schema.context import Info
from graph.schema.permissions import require


@strawberry.type
class NotificationQueries:
    """The queries; ``graph.schema.query`` puts them into the schema."""

    @strawberry.field(
        description="The secret that notifications to your servers are signed with: StayGraph-Signature holds v1= and "
        "the HMAC-SHA256, in hexadecimal, of StayGraph-Timestamp, a point and the body; several with commas while the "
        "server's keys are replaced. Needs WRITE."
    )
    async def notification_secret(self, info: Info) -> str | None:
        viewer = require(info, Permission.WRITE)
        return info.context.administration.signer.secret(viewer.tenant_id)
