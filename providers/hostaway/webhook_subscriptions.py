"""Unified webhooks made, changed and removed through Hostaway's API.

Source: Hostaway documentation, Webhooks, Unified webhooks. Whether a password reads back plain or masked is open there,
so every change sends the real one. The list's paging is not documented for this family: one page is all there is.
"""

from typing import Any

from providers.errors import NotFound, UpstreamInvalid
from providers.hostaway.envelope import read_object
from providers.hostaway.paging import id_of
from providers.hostaway.part_reads import PartReads
from providers.upstream.calls import Answer, Call
from providers.webhooks import WebhookTarget

PATH = "/v1/webhooks/unifiedWebhooks"
_SECRETS = frozenset({"url", "password"})


class WebhookSubscriptions(PartReads):
    """The subscription of one account: one for all of its events, which Hostaway does not filter."""

    async def subscribe_webhooks(self, target: WebhookTarget, known_id: str | None) -> str:
        """One call where an earlier subscription is there; else two: the list is looked through first."""
        if known_id is not None and (changed := await self._changed(known_id, target)):
            return changed
        for row in (await self._reader.rows(PATH)(())).rows:
            if isinstance(row, dict) and row.get("url") == target.url and (id_ := id_of(row)) is not None:
                return await self._changed(id_, target) or await self._made(target)
        return await self._made(target)

    async def unsubscribe_webhooks(self, id_: str) -> None:
        """One call."""
        try:
            await self._reader.session.send(Call(method="DELETE", path=f"{PATH}/{id_}"))
        except NotFound:
            return

    async def _changed(self, id_: str, target: WebhookTarget) -> str | None:
        """The id; None where Hostaway no longer has it."""
        call = Call(method="PUT", path=f"{PATH}/{id_}", json=_body(target), safe=True, secrets=_SECRETS)
        try:
            answer = await self._reader.session.send(call)
            with self._reader.signing():
                read_object(answer)
        except NotFound:
            return None
        return id_

    async def _made(self, target: WebhookTarget) -> str:
        call = Call(method="POST", path=PATH, json=_body(target), secrets=_SECRETS)
        return self._id(await self._reader.session.send(call))

    def _id(self, answer: Answer) -> str:
        with self._reader.signing():
            id_ = id_of(read_object(answer))
            if id_ is None:
                raise UpstreamInvalid("Hostaway named no id of the webhook it made.", upstream_status=answer.status)
            return id_


def _body(target: WebhookTarget) -> dict[str, Any]:
    return {
        "isEnabled": 1,
        "url": target.url,
        "login": target.login.login,
        "password": target.login.password,
        "alertingEmailAddress": target.alert_email,
    }
