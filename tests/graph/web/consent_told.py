"""What the notification of a consent says."""

import asyncio

from sqlalchemy import select

from graph.storage.tables import NotificationRow
from tests.graph.web.consent_world import ConsentWorld


async def posted(pms: ConsentWorld) -> tuple[dict[str, str], bytes]:
    """The one message that the tenant's server gets."""
    async with asyncio.timeout(10):
        await pms.receiver.arrived.wait()
    (post,) = pms.receiver.posts
    return post


async def notification(pms: ConsentWorld) -> NotificationRow | None:
    async with pms.gateway.services.database.reading() as session:
        found: NotificationRow | None = await session.scalar(select(NotificationRow))
        return found
