"""Many keys, a few calls: cut into chunks, read side by side, failures kept to their chunk."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from providers.bookingsync.together import together
from providers.errors import ProviderError, UpstreamInvalid
from providers.queries import Batch, OddRecord

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True, kw_only=True)
class Piece(Generic[T]):
    """What one chunk brought. ``received_at`` is None where no call answered."""

    found: dict[str, T] = field(default_factory=dict)
    failed: dict[str, ProviderError] = field(default_factory=dict)
    odd: dict[str, Sequence[OddRecord]] = field(default_factory=dict)
    received_at: datetime | None = None

    def made(self, make: Callable[[T], R]) -> "Piece[R]":
        """The same with ``make`` of each that was found."""
        found = {key: make(value) for key, value in self.found.items()}
        return Piece(found=found, failed=self.failed, odd=self.odd, received_at=self.received_at)


def chunks(keys: Sequence[str], size: int) -> list[Sequence[str]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


async def in_chunks(
    keys: Sequence[str],
    size: int,
    read: Callable[[Sequence[str]], Awaitable[Piece[T]]],
    now: Callable[[], datetime],
) -> Batch[T]:
    """``read`` of each chunk of at most ``size`` keys. A failed chunk fails its keys only."""

    async def guarded(chunk: Sequence[str]) -> Piece[T]:
        try:
            return await read(chunk)
        except ProviderError as error:
            return Piece(failed=dict.fromkeys(chunk, error))

    return joined(await together(guarded(chunk) for chunk in chunks(keys, size)), now)


def joined(pieces: Sequence[Piece[T]], now: Callable[[], datetime]) -> Batch[T]:
    """One batch as old as its oldest piece."""
    received = [piece.received_at for piece in pieces if piece.received_at is not None]
    return Batch(
        found={key: value for piece in pieces for key, value in piece.found.items()},
        failed={key: error for piece in pieces for key, error in piece.failed.items()},
        fetched_at=min(received) if received else now(),
        odd={key: odd for piece in pieces for key, odd in piece.odd.items()},
    )


def unreadable(odd: Sequence[OddRecord], wanted: Sequence[str]) -> dict[str, ProviderError]:
    """Failures for the keys whose record is there but cannot be read."""
    return {
        record.id: UpstreamInvalid(f"BookingSync's record cannot be read: {record.reason}.")
        for record in odd
        if record.id in wanted and record.id is not None
    }
