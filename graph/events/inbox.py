"""What came while the database was busy: in a file beside it, until the database has it.

Adding to a file and waiting for the disk takes a millisecond or two, whoever writes to the database meanwhile. A file
belongs to one process, and goes with it; what a process that died left in its file is taken in by the others, or at the
next start.
"""

import asyncio
import glob
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

if sys.platform != "win32":
    import fcntl

from graph.accounts.ids import new_id
from graph.events.inbox_records import Row, pack, unpack
from providers.upstream.clock import Clock

log = structlog.get_logger(__name__)

MOST_BYTES = 64 * 1024 * 1024
"""What a file may hold; what comes then waits for the database."""

SUPPORTED = sys.platform != "win32"
"""Whether processes can tell here which files are of one that is gone."""

_KIND = "inbox"
_REFUSED = ".refused"
_FOR_ITS_OWNER = 0o600


class Inbox:
    """The file of this process, beside the database's. It is made when it is first needed."""

    def __init__(self, database: Path, clock: Clock) -> None:
        self._path = _path(database, new_id(_KIND, clock.now()))
        self._file: int | None = None
        self._size = 0
        self._waiting: dict[str, tuple[bytes, asyncio.Future[bool]]] = {}
        self._held: set[str] = set()
        self._writer: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    async def keep(self, row: Row) -> bool:
        """Whether the row will be found again whatever happens: if not, only the database can keep it.

        Those that come while the disk is waited for share the next wait.
        """
        try:
            record = pack(row)
        except ValueError:
            return False
        if self._size + len(record) > MOST_BYTES and self._held:
            return False
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[row["id"]] = record, kept
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await kept

    def let_go(self, ids: Collection[str]) -> None:
        """These are in the database, or their senders know that they are not."""
        self._held.difference_update(ids)
        for id_ in ids:
            _, kept = self._waiting.pop(id_, (None, None))
            if kept is not None and not kept.done():
                kept.set_result(False)

    async def clear(self) -> None:
        """Empty the file, if the database has all of it."""
        async with self._turn:
            if self._file is not None and self._size and not self._held:
                self._size = 0
                await asyncio.to_thread(os.ftruncate, self._file, 0)

    async def aclose(self) -> None:
        """Remove the file, or leave it to the next start if the database has not all of it."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        async with self._turn:
            file, self._file = self._file, None
            if file is not None:
                if not self._held:
                    self._path.unlink(missing_ok=True)
                os.close(file)

    async def _write_all(self) -> None:
        while self._waiting:
            async with self._turn:
                taken, self._waiting = self._waiting, {}
                afresh = not self._held
                self._held.update(taken)
                kept = False
                try:
                    kept = await self._write(b"".join(record for record, _ in taken.values()), afresh=afresh)
                finally:
                    self._tell(taken, kept=kept)

    def _tell(self, taken: Mapping[str, tuple[bytes, "asyncio.Future[bool]"]], *, kept: bool) -> None:
        if not kept:
            self._held.difference_update(taken)
        for _, waiting in taken.values():
            if not waiting.done():
                waiting.set_result(kept)

    async def _write(self, records: bytes, *, afresh: bool) -> bool:
        try:
            self._size = await asyncio.to_thread(self._append, records, 0 if afresh else self._size)
        except OSError as error:
            log.warning("webhooks cannot be kept in a file for now", error=error.strerror)
            return False
        return True

    def _append(self, records: bytes, end: int) -> int:
        """The size with these records behind ``end``. On the disk when it returns."""
        if self._file is not None and os.fstat(self._file).st_nlink == 0:
            # Somebody removed it: nobody would find again what is written now.
            os.close(self._file)
            self._file = None
        if self._file is None:
            self._file, end = _make(self._path), 0
        os.ftruncate(self._file, end)
        try:
            _write_whole(self._file, records, end)
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, end)
            raise
        return end + len(records)


@dataclass(frozen=True, slots=True)
class LeftInbox:
    """The file of a process that is gone, with the rows that its database may not have. Nobody else takes it in."""

    path: Path
    file: BinaryIO
    rows: list[Row]

    def remove(self) -> None:
        """The database has them all."""
        self.path.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Keep it where nobody takes it in. Where that is."""
        return self.path.rename(self.path.with_name(f"{self.path.name}{_REFUSED}"))

    def close(self) -> None:
        """Leave it to others, if it is still there."""
        self.file.close()


def left_inboxes(database: Path) -> Iterator[LeftInbox]:
    """The files beside a database whose processes are gone. Close each before the next. Raises ``OSError``."""
    for path in sorted(database.parent.glob(f"{glob.escape(database.name)}-{_KIND}_*")):
        if path.name.endswith(_REFUSED):
            continue
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        if _is_free(file.fileno()) and os.fstat(file.fileno()).st_nlink:
            yield LeftInbox(path, file, list(unpack(file.read())))
        else:
            file.close()


def _path(database: Path, name: str) -> Path:
    return database.with_name(f"{database.name}-{name}")


def _make(path: Path) -> int:
    """A new file, that only this process has, and that is there after a loss of power."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FOR_ITS_OWNER)
    if not _is_free(file) or os.fstat(file).st_nlink == 0:
        # Another process found it before its owner had it, and removes it.
        os.close(file)
        raise BlockingIOError(None, "it is not this process's yet")
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return file


def _is_free(file: int) -> bool:
    """Whether it is this process's from now on."""
    if sys.platform != "win32":
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _write_whole(file: int, records: bytes, at: int) -> None:
    left = memoryview(records)
    while left:
        written = os.pwrite(file, left, at)
        left, at = left[written:], at + written
