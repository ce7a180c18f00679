"""Replacing the vault's keys while gateways run: counting what is sealed with which, and sealing it anew."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from graph.accounts.keyfile import LOOK_SECONDS, insert_key, put_first
from graph.accounts.sealed import SEALED, SealedColumn
from graph.accounts.vault import HEAD_BYTES, Vault, VaultError
from graph.settings import Settings
from graph.storage.database import Database

PAUSE_SECONDS = 3 * LOOK_SECONDS
"""After this long every running gateway has read a changed key file."""

_BATCH = 200
_MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How many stored values are sealed with the first key, with other keys in use, and with none in use."""

    first: int = 0
    older: int = 0
    unreadable: int = 0

    @property
    def total(self) -> int:
        return self.first + self.older + self.unreadable


@dataclass(slots=True)
class Resealed:
    """What a rotation did. ``unreadable`` names values that no key opens, up to twenty; they stay as they are."""

    count: int = 0
    unreadable: list[str] = field(default_factory=list)


async def stored_heads(database: Database) -> dict[bytes, int]:
    """How many values are sealed with which key, by their first bytes. Nothing is opened."""
    found: dict[bytes, int] = {}
    async with database.reading() as session:
        for sealed in SEALED:
            head = func.substr(sealed.column, 1, HEAD_BYTES).label("head")
            rows = await session.execute(select(head, func.count()).where(sealed.column.is_not(None)).group_by("head"))
            for prefix, number in rows:
                found[bytes(prefix)] = found.get(bytes(prefix), 0) + number
    return found


def counted(heads: Mapping[bytes, int], vault: Vault) -> Counts:
    """The heads as one vault sees them."""
    first = sum(number for head, number in heads.items() if vault.is_first(head))
    known = sum(number for head, number in heads.items() if vault.knows(head))
    return Counts(first=first, older=known - first, unreadable=sum(heads.values()) - known)


class Rotation:
    """Seals everything that is stored with the vault's first key."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def count(self, besides: Iterable[bytes] = ()) -> Counts:
        """What is stored, by key; ``besides`` are sealed values that wait elsewhere to be stored."""
        heads = Counter(await stored_heads(self._database))
        heads.update(each[:HEAD_BYTES] for each in besides)
        return counted(heads, self._vault)

    async def reseal(self) -> Resealed:
        """Seal with the first key what is sealed with another one, each value in a transaction of its own.

        Gateways may go on reading and writing. It can be broken off at any moment and begun again.
        """
        done = Resealed()
        for sealed in SEALED:
            async for key in self._keys_of(sealed):
                await self._reseal(sealed, key, done)
        return done

    async def _keys_of(self, sealed: SealedColumn) -> AsyncIterator[str]:
        """The keys of rows whose value is not sealed with the first key."""
        last = ""
        while True:
            head = func.substr(sealed.column, 1, HEAD_BYTES)
            async with self._database.reading() as session:
                rows = await session.execute(
                    select(sealed.key, head)
                    .where(sealed.column.is_not(None), sealed.key > last)
                    .order_by(sealed.key)
                    .limit(_BATCH)
                )
                batch = rows.all()
            for key, prefix in batch:
                if not self._vault.is_first(bytes(prefix)):
                    yield key
            if len(batch) < _BATCH:
                return
            last = batch[-1][0]

    async def _reseal(self, sealed: SealedColumn, key: str, done: Resealed) -> None:
        async with self._database.session() as session:
            # Read again, now that nobody else writes: a newer value must not be replaced by an older one.
            row = await session.scalar(select(sealed.row).where(sealed.key == key))
            present: bytes | None = None if row is None else getattr(row, sealed.column.key)
            if row is None or present is None or self._vault.is_first(present):
                return
            context = sealed.context(row)
            try:
                plain = self._vault.open(present, context=context)
            except VaultError:
                if len(done.unreadable) < _MAX_NAMED:
                    done.unreadable.append(f"{sealed.name} of {key}")
                return
            setattr(row, sealed.column.key, self._vault.seal(plain, context=context))
        done.count += 1


async def use_new_key(
    settings: Settings, database: Database, vault: Vault, *, pause: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Put a new key at the head of the key file, so that no running gateway ever meets a key it does not know.

    First the key is second: all read it, nobody seals with it. ``pause`` waits until every gateway has read the file
    (default: three times as long as they take); then it becomes the first, and after another pause all seal with it.
    Raises ``VaultError``.
    """
    wait = pause or _pause
    path = settings.key_file
    # The lock of all writers keeps two rotations from losing each other's key.
    async with database.session():
        keys = await asyncio.to_thread(insert_key, path)
    await wait()
    async with database.session():
        keys = await asyncio.to_thread(put_first, path, keys[1])
    await wait()
    vault.use(keys)


async def _pause() -> None:
    await asyncio.sleep(PAUSE_SECONDS)
