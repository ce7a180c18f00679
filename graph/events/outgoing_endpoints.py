"""Tenants' own servers that get events: which there are, what they want, and what is signed with."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.ids import new_id
from graph.accounts.options import address_check
from graph.accounts.sealed import endpoint_secret_context
from graph.accounts.signing import secret_text
from graph.accounts.vault import Vault
from graph.events.event import EventType
from graph.events.log import EventFilter, EventLog
from graph.events.outgoing_log import SendingStatus
from graph.rejections import Rejected, RejectionCode, Rejections, rejected
from graph.storage.database import Database
from graph.storage.endpoint_tables import EndpointDeliveryRow, WebhookEndpointRow
from providers.model.described import Described
from providers.upstream.clock import Clock

MOST_ENDPOINTS = 20
"""Endpoints that a tenant may have."""

MAX_DESCRIPTION = 500
BOTH_SIGN = timedelta(days=1)
"""How long the former secret signs as well."""

_SECRET_BYTES = 32
SWITCHED_OFF = "It was switched off by updateWebhookEndpoint."


class EndpointState(Described):
    """Whether an endpoint gets events."""

    ENABLED = "ENABLED", "It gets events."
    DISABLED = "DISABLED", "It gets none until it is enabled again; see disabledReason."


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A tenant's server that gets events. ``types`` and ``account_ids`` choose them; None takes all.

    Everything up to ``cursor`` is done with. Instants are aware UTC: nothing arrived since ``failing_since``; at
    ``skipped_at`` events were left out that were no longer kept; until ``former_until`` the former secret signs too.
    """

    id: str
    tenant_id: str
    url: str
    description: str
    types: Sequence[EventType] | None
    account_ids: Sequence[str] | None
    state: EndpointState
    disabled_reason: str | None
    cursor: int
    failing_since: datetime | None
    skipped_at: datetime | None
    former_until: datetime | None
    created_at: datetime

    @property
    def wanted(self) -> EventFilter:
        """The events that it gets."""
        return EventFilter(
            accounts=None if self.account_ids is None else frozenset(self.account_ids),
            types=None if self.types is None else frozenset(self.types),
        )


class Endpoints:
    """The endpoints of all tenants. ``allow_private`` admits http and addresses within private networks."""

    def __init__(self, database: Database, vault: Vault, log: EventLog, clock: Clock, *, allow_private: bool) -> None:
        self._database = database
        self._vault = vault
        self._log = log
        self._clock = clock
        self._allow_private = allow_private
        self._told: Callable[[], None] = lambda: None

    def when_changed(self, told: Callable[[], None]) -> None:
        """Have ``told`` called when an endpoint may have something to get."""
        self._told = told

    async def list(self, tenant_id: str) -> Sequence[Endpoint]:
        """The tenant's endpoints, oldest first."""
        row = WebhookEndpointRow
        chosen = select(row).where(row.tenant_id == tenant_id).order_by(row.created_at, row.id)
        async with self._database.reading() as session:
            return [endpoint_of(each) for each in await session.scalars(chosen)]

    async def get(self, tenant_id: str, endpoint_id: str) -> Endpoint | None:
        """The tenant's endpoint with this id."""
        async with self._database.reading() as session:
            row = await _found(session, tenant_id, endpoint_id)
            return None if row is None else endpoint_of(row)

    async def create(
        self,
        tenant_id: str,
        url: str,
        *,
        types: Collection[EventType] | None = None,
        account_ids: Collection[str] | None = None,
        description: str = "",
    ) -> tuple[Endpoint, str]:
        """A new endpoint, which gets what happens from now on, and its secret. Raises ``Rejected``."""
        values = self._checked({"url": url, "types": types, "account_ids": account_ids, "description": description})
        now = self._clock.now()
        endpoint_id, secret = new_id("whe", now), _new_secret()
        row = WebhookEndpointRow(
            id=endpoint_id,
            tenant_id=tenant_id,
            **values,
            secret=self._sealed(tenant_id, endpoint_id, secret),
            state=EndpointState.ENABLED.value,
            cursor=await self._log.newest(tenant_id),
            due_at=now,
            served_at=now,
            created_at=now,
            updated_at=now,
        )
        async with self._database.session() as session:
            counted = select(func.count()).where(WebhookEndpointRow.tenant_id == tenant_id)
            if (await session.scalar(counted) or 0) >= MOST_ENDPOINTS:
                message = f"There are {MOST_ENDPOINTS} endpoints already."
                raise rejected("", RejectionCode.OUT_OF_RANGE, message, allowed="delete one first")
            session.add(row)
        self._told()
        return endpoint_of(row), secret

    async def update(self, tenant_id: str, endpoint_id: str, given: Mapping[str, Any]) -> Endpoint:
        """Change what is given: ``url``, ``types``, ``account_ids``, ``description``, ``enabled``.

        Whoever is sending to it gives up, so that nothing is done the former way afterwards. Raises ``Rejected``.
        """
        values = self._checked({name: value for name, value in given.items() if name != "enabled"})
        async with self._database.session() as session:
            row = await _present(session, tenant_id, endpoint_id)
            now = self._clock.now()
            if "types" in values or "account_ids" in values:
                await session.execute(delete(EndpointDeliveryRow).where(*_waiting(row)))
            if "url" in values or given.get("enabled"):
                afresh = {"attempts": 0, "next_attempt_at": now}
                await session.execute(update(EndpointDeliveryRow).where(*_pending(row)).values(afresh))
                row.due_at, row.failing_since = now, None
            if (enabled := given.get("enabled")) is not None:
                row.state = (EndpointState.ENABLED if enabled else EndpointState.DISABLED).value
                row.disabled_reason = None if enabled else SWITCHED_OFF
            for name, value in values.items():
                setattr(row, name, value)
            if given.keys() - {"description"}:
                row.holder, row.lease_until = None, None
            row.updated_at = now
            changed = endpoint_of(row)
        self._told()
        return changed

    async def rotate(self, tenant_id: str, endpoint_id: str) -> tuple[Endpoint, str]:
        """A new secret, which signs from now on; for a day the present one signs as well. Raises ``Rejected``."""
        secret = _new_secret()
        async with self._database.session() as session:
            row = await _present(session, tenant_id, endpoint_id)
            row.former_secret, row.former_until = row.secret, self._clock.now() + BOTH_SIGN
            row.secret = self._sealed(tenant_id, endpoint_id, secret)
            row.updated_at = self._clock.now()
            return endpoint_of(row), secret

    async def remove(self, tenant_id: str, endpoint_id: str) -> None:
        """Delete an endpoint with its deliveries. Raises ``Rejected``."""
        async with self._database.session() as session:
            await session.delete(await _present(session, tenant_id, endpoint_id))

    def _sealed(self, tenant_id: str, endpoint_id: str, secret: str) -> bytes:
        return self._vault.seal(secret.encode(), context=endpoint_secret_context(tenant_id, endpoint_id))

    def _checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        problems = Rejections()
        values: dict[str, Any] = {}
        for name, value in given.items():
            match name:
                case "url":
                    values["url"] = problems.of(lambda: self._address(given["url"]))
                case "description":
                    values["description"] = problems.of(lambda: _description(given["description"]))
                case "types":
                    values["types"] = None if value is None else sorted({each.value for each in value})
                case "account_ids":
                    values["account_ids"] = None if value is None else list(dict.fromkeys(value))
        if problems.found:
            raise Rejected(*problems.found)
        return values

    def _address(self, url: str | None) -> str:
        address, problem = address_check(fragment=False, allow_private=self._allow_private)(url)
        if problem is not None:
            code, message, allowed = problem
            raise rejected("url", code, message, allowed=allowed)
        return str(address)


def endpoint_of(row: WebhookEndpointRow) -> Endpoint:
    """An endpoint as its row has it."""
    return Endpoint(
        id=row.id,
        tenant_id=row.tenant_id,
        url=row.url,
        description=row.description,
        types=None if row.types is None else [EventType[each] for each in row.types],
        account_ids=row.account_ids,
        state=EndpointState[row.state],
        disabled_reason=row.disabled_reason,
        cursor=row.cursor,
        failing_since=row.failing_since,
        skipped_at=row.skipped_at,
        former_until=row.former_until,
        created_at=row.created_at,
    )


async def _found(session: AsyncSession, tenant_id: str, endpoint_id: str) -> WebhookEndpointRow | None:
    row = WebhookEndpointRow
    found: WebhookEndpointRow | None = await session.scalar(
        select(row).where(row.tenant_id == tenant_id, row.id == endpoint_id)
    )
    return found


async def _present(session: AsyncSession, tenant_id: str, endpoint_id: str) -> WebhookEndpointRow:
    row = await _found(session, tenant_id, endpoint_id)
    if row is None:
        raise rejected("id", RejectionCode.NOT_FOUND, "There is no such endpoint.")
    return row


def _pending(row: WebhookEndpointRow) -> tuple[Any, ...]:
    delivery = EndpointDeliveryRow
    return delivery.endpoint_id == row.id, delivery.status == SendingStatus.PENDING.value


def _waiting(row: WebhookEndpointRow) -> tuple[Any, ...]:
    """What is to be sent in its turn, and may no longer be wanted: if it is, it begins anew."""
    return *_pending(row), EndpointDeliveryRow.event_cursor > row.cursor


def _new_secret() -> str:
    return secret_text(secrets.token_bytes(_SECRET_BYTES))


def _description(text: str | None) -> str:
    allowed = f"at most {MAX_DESCRIPTION} characters"
    text = (text or "").strip()
    if len(text) > MAX_DESCRIPTION:
        raise rejected("description", RejectionCode.OUT_OF_RANGE, f"It has {len(text)} characters.", allowed=allowed)
    if "\x00" in text:
        raise rejected("description", RejectionCode.INVALID, "It holds control characters.", allowed=allowed)
    return text
