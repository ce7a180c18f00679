"""What was, or is being, made at a PMS: kept over crashes, so that a repeated create makes nothing twice.

A row holds no detail of a guest and nothing of a card: of the input and of the client's key there are keyed digests,
which nobody can undo or try out without the server's key.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from graph.accounts.ids import new_id
from graph.accounts.vault import Vault
from graph.rejections import RejectionCode, rejected
from graph.storage.database import Database
from graph.storage.tables import CreationRow
from providers.upstream.clock import Clock

MAX_KEY = 200
_PURPOSE = "ledger"
_DELETED_AT_ONCE = 500


class CreationState(StrEnum):
    """How far a create is."""

    UNDERWAY = "UNDERWAY"
    """Somebody makes it now, or died while doing so: the lease tells."""
    OPEN = "OPEN"
    """An attempt ended and nobody knows whether the PMS made it."""
    DONE = "DONE"
    """It was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A create that a client asks for. ``key`` is its own name for it, None if it gave none.

    ``content`` is the whole input as text, without anything of a card; it is not stored.
    """

    tenant_id: str
    account_id: str
    key: str | None
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeBefore:
    """It was made already, as the object with this id in the PMS."""

    id: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else makes it at the moment, until ``until`` at the latest."""

    until: datetime


class Entry:
    """The right to make something, and what earlier attempts noted: see ``providers.changes.Progress``.

    ``reference`` is StayGraph's own name for it, the same in each attempt. ``repeated`` says that an earlier attempt
    may have made it. ``began_at`` is when the first attempt began, ``attempted_at`` when the last one that asked the
    PMS ended, as far as that was written down: where it was not, its lease is over. Both are aware UTC.
    """

    def __init__(self, ledger: "Ledger", row: CreationRow, *, repeated: bool) -> None:
        self._ledger = ledger
        self.row = row
        self.id = row.id
        self.holder = row.holder
        self.reference = row.reference
        self.began_at = row.created_at
        self.attempted_at = row.attempted_at
        self.repeated = repeated
        self.steps: dict[str, str] = dict(row.steps)

    def made(self, step: str) -> str | None:
        return self.steps.get(step)

    async def note(self, step: str, id_: str) -> None:
        self.steps[step] = id_
        await self._ledger.change(self, steps=dict(self.steps))


class Ledger:
    """The creates of all tenants. The clocks of its processes must agree to within some seconds."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def look(self, creation: Creation) -> bool:
        """Whether something is known of it. Raises ``Rejected`` where the key stands for another input."""
        if creation.key is None:
            return False
        async with self._database.reading() as session:
            row = await self._row(session, creation)
        return row is not None

    def prepare(self, creation: Creation) -> Entry:
        """An entry for a create that nothing is known of. It is written down by ``begin``."""
        return Entry(self, self._new(creation, self._clock.now()), repeated=False)

    async def begin(
        self, creation: Creation, seconds: float, prepared: Entry | None = None
    ) -> Entry | MadeBefore | Busy:
        """Take the right to make it for ``seconds``, or say why not. Raises ``Rejected`` like ``look``.

        Where nothing is known of it, the answer is ``prepared``, if that is given.
        """
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        async with self._database.session() as session:
            row = await self._row(session, creation)
            if row is None:
                entry = prepared or self.prepare(creation)
                entry.row.until, entry.row.steps = until, dict(entry.steps)
                session.add(entry.row)
                return entry
            if row.state == CreationState.DONE and row.outcome_id is not None:
                return MadeBefore(row.outcome_id)
            if row.state == CreationState.UNDERWAY and now < row.until:
                return Busy(row.until)
            row.state, row.holder, row.until = CreationState.UNDERWAY, secrets.token_hex(8), until
            return Entry(self, row, repeated=True)

    async def finish(self, entry: Entry, outcome_id: str) -> None:
        """It was made, as ``outcome_id``."""
        await self.change(entry, state=CreationState.DONE, outcome_id=outcome_id, until=self._clock.now())

    async def leave_open(self, entry: Entry, *, asked: bool) -> None:
        """Nobody knows whether it was made: the next attempt looks first. ``asked``: this one asked the PMS to."""
        now = self._clock.now()
        times = {"until": now} | ({"attempted_at": now} if asked else {})
        await self.change(entry, state=CreationState.OPEN, **times)

    async def free(self, entry: Entry) -> None:
        """It was not made, for certain: the key may be used for something else."""
        async with self._database.session() as session:
            await session.execute(
                delete(CreationRow).where(CreationRow.id == entry.id, CreationRow.holder == entry.holder)
            )

    async def change(self, entry: Entry, **values: Any) -> None:
        """Write down how far it is, unless another process has taken it over."""
        async with self._database.session() as session:
            await session.execute(
                update(CreationRow)
                .where(CreationRow.id == entry.id, CreationRow.holder == entry.holder)
                .values(**values)
            )

    async def clear(self, age: timedelta) -> int:
        """Forget what was begun longer than ``age`` ago, a part at a time. How many that were."""
        gone = 0
        while found := await self._clear_some(self._clock.now() - age):
            gone += found
        return gone

    async def _clear_some(self, before: datetime) -> int:
        old = select(CreationRow.id).where(CreationRow.created_at < before).limit(_DELETED_AT_ONCE)
        async with self._database.session() as session:
            ids = list(await session.scalars(old))
            if ids:
                await session.execute(delete(CreationRow).where(CreationRow.id.in_(ids)))
        return len(ids)

    def _new(self, creation: Creation, now: datetime) -> CreationRow:
        digest = None if creation.key is None else _digest(self._keys()[0], "key", creation.key)
        return CreationRow(
            id=new_id("crt", now),
            tenant_id=creation.tenant_id,
            account_id=creation.account_id,
            key_digest=digest,
            fingerprint=_digest(self._keys()[0], "input", _whole(creation)),
            reference=new_reference(),
            state=CreationState.UNDERWAY,
            steps={},
            holder=secrets.token_hex(8),
            until=now,
            created_at=now,
            attempted_at=now,
        )

    async def _row(self, session: AsyncSession, creation: Creation) -> CreationRow | None:
        if creation.key is None:
            return None
        keys = self._keys()
        found: CreationRow | None = await session.scalar(
            select(CreationRow).where(
                CreationRow.tenant_id == creation.tenant_id,
                CreationRow.key_digest.in_([_digest(key, "key", creation.key) for key in keys]),
            )
        )
        if found is not None and not any(
            hmac.compare_digest(found.fingerprint, _digest(key, "input", _whole(creation))) for key in keys
        ):
            message = "This key was used for another input. Take a new key for each thing to make."
            raise rejected("idempotencyKey", RejectionCode.CONFLICT, message, allowed="a key that was not used before")
        return found

    def _keys(self) -> tuple[bytes, ...]:
        return self._vault.derived(_PURPOSE)


def new_reference() -> str:
    """A name for something that we make at a PMS: unique, and short enough for the fields where PMSs take it."""
    return f"sg-{secrets.token_hex(10)}"


def checked_key(key: str | None) -> str | None:
    """A client's key. Raises ``Rejected`` where it is none."""
    if key is not None and not (1 <= len(key) <= MAX_KEY and key.isprintable() and key == key.strip()):
        allowed = f"1 to {MAX_KEY} printable characters, without spaces at the ends"
        raise rejected("idempotencyKey", RejectionCode.INVALID, "This is no key.", allowed=allowed)
    return key


def _whole(creation: Creation) -> str:
    return f"{creation.account_id}\x1f{creation.content}"


def _digest(key: bytes, what: str, text: str) -> bytes:
    return hmac.new(key, f"{what}\x1f{text}".encode("utf-8", "surrogatepass"), sha256).digest()
