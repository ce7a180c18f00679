"""What came while the database was busy: in files beside it, until the database has it.

Adding to a file and waiting for the disk takes a millisecond or two, whoever writes to the database meanwhile. Files
belong to one process, and go with it; what a process that died left in its files is taken in by the others, or at the
next start.
"""

import asyncio
import glob
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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
"""What the files of a process may hold; what comes then waits for the database."""

FILE_BYTES = 4 * 1024 * 1024
"""A file that has so much is followed by another one, and removed when the database has all of it."""

SUPPORTED = sys.platform != "win32"
"""Whether processes can tell here which files are of one that is gone."""

_KIND = "inbox"
_REFUSED = ".refused"
_FOR_ITS_OWNER = 0o600


@dataclass(slots=True, eq=False)
class _File:
    """A file of this process. ``held`` are the ids of its rows that the database may not have.

    Behind its ``size`` there may be what failed, or is not needed any more, up to ``end``.
    """

    path: Path
    file: int
    size: int = 0
    end: int = 0
    held: set[str] = field(default_factory=set)

    def append(self, records: bytes) -> None:
        """On the disk when it returns; on an error its rows are as they were. Raises ``OSError``."""
        if self.end > self.size:
            os.ftruncate(self.file, self.size)
        self.end = self.size + len(records)
        _write_whole(self.file, records, self.size)
        self.size = self.end

    def is_there(self) -> bool:
        """Whether it would be found again."""
        return os.fstat(self.file).st_nlink > 0

    def close(self, *, remove: bool) -> None:
        if remove:
            self.path.unlink(missing_ok=True)
        os.close(self.file)


class Inbox:
    """The files of this process, beside the database's. They are made when they are needed."""

    def __init__(self, database: Path, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._files: list[_File] = []
        self._waiting: dict[str, tuple[bytes, asyncio.Future[bool]]] = {}
        self._in_hand: set[str] = set()
        self._writer: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._failing = False

    async def keep(self, row: Row) -> bool:
        """Whether the row will be found again whatever happens: if not, only the database can keep it.

        Those that come while the disk is waited for share the next wait.
        """
        try:
            record = pack(row)
        except TypeError:
            return False
        if sum(each.size for each in self._files) + len(record) > MOST_BYTES:
            return False
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[row["id"]] = record, kept
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await kept

    def let_go(self, ids: Collection[str]) -> None:
        """These are in the database, or their senders know that they are not."""
        for held in (self._in_hand, *(each.held for each in self._files)):
            held.difference_update(ids)
        for id_ in ids:
            _, kept = self._waiting.pop(id_, (None, None))
            if kept is not None and not kept.done():
                kept.set_result(False)

    async def clear(self) -> None:
        """Empty what the database has all of."""
        async with self._turn:
            if any(each.size and not each.held for each in self._files):
                await asyncio.to_thread(self._tidy)

    async def aclose(self) -> None:
        """Remove the files, or leave to the next start those of which the database has not all."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)
        async with self._turn:
            files, self._files = self._files, []
            for each in files:
                each.close(remove=not each.held)

    async def _write_all(self) -> None:
        while self._waiting:
            async with self._turn:
                taken, self._waiting = self._waiting, {}
                kept = False
                try:
                    kept = await self._write(taken)
                finally:
                    for _, waiting in taken.values():
                        if not waiting.done():
                            waiting.set_result(kept)

    async def _write(self, taken: Mapping[str, tuple[bytes, "asyncio.Future[bool]"]]) -> bool:
        self._in_hand = set(taken)
        file = self._usable()
        try:
            if file is None:
                file = await asyncio.to_thread(self._next)
            # From before it is written, so that whoever stores one meanwhile finds it here.
            file.held.update(self._in_hand)
            await asyncio.to_thread(file.append, b"".join(record for record, _ in taken.values()))
        except OSError as error:
            if file is not None:
                file.held.difference_update(taken)
            if not self._failing:
                log.warning("webhooks cannot be kept in a file for now", error=error.strerror)
            self._failing = True
            return False
        if self._failing:
            log.info("webhooks can be kept in a file again")
        self._failing = False
        return True

    def _usable(self) -> _File | None:
        """The last file, unless there is something to do before that takes a thread."""
        if not self._files or any(not each.held for each in self._files[:-1]):
            return None
        last = self._files[-1]
        if not last.held:
            last.size = 0
        return last if last.size <= FILE_BYTES and last.is_there() else None

    def _next(self) -> _File:
        """The file to go on with."""
        self._tidy()
        if not self._files or self._files[-1].size > FILE_BYTES:
            path = _path(self._database, new_id(_KIND, self._clock.now()))
            self._files = [*self._files, _File(path, _make(path))]
        return self._files[-1]

    def _tidy(self) -> None:
        """Leave nothing that the database has: all of a file but the last one goes, and what the last one has."""
        files = self._files
        for each in files:
            if not each.is_there() or (not each.held and each is not files[-1]):
                self._files = [other for other in self._files if other is not each]
                each.close(remove=True)
            elif not each.held and each.size:
                os.ftruncate(each.file, 0)
                each.size = each.end = 0


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
    for path in _beside(database):
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


def set_aside_inboxes(database: Path) -> list[Path]:
    """The files beside a database that nobody takes in any more."""
    return [path for path in _beside(database) if path.name.endswith(_REFUSED)]


def _beside(database: Path) -> list[Path]:
    return sorted(database.parent.glob(f"{glob.escape(database.name)}-{_KIND}_*"))


def _path(database: Path, name: str) -> Path:
    return database.with_name(f"{database.name}-{name}")


def _make(path: Path) -> int:
    """A new file, that only this process has, and that is there after a loss of power."""
    # A write returns when the disk has it: one call, since a busy event loop lets a thread wait after each.
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_DSYNC, _FOR_ITS_OWNER)
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
