"""What is wrong with what a client wants changed: one entry a field, in one vocabulary, for the API and the screen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from providers.model.described import Described

T = TypeVar("T")


class RejectionCode(Described):
    """Why a change was refused; a client may branch on it."""

    REQUIRED = "REQUIRED", "A value is missing that this needs."
    INVALID = "INVALID", "The value has the wrong form."
    OUT_OF_RANGE = "OUT_OF_RANGE", "The number, or the length, is not within the bounds."
    UNKNOWN = "UNKNOWN", "There is no such thing to choose."
    TAKEN = "TAKEN", "Something else has this value already, and it must be unique."
    NOT_SUPPORTED = "NOT_SUPPORTED", "The provider cannot do this."
    NOT_ALLOWED = "NOT_ALLOWED", "The settings of this server, or of the other side, do not allow it."
    NOT_FOUND = "NOT_FOUND", "There is nothing with this id, or nothing that you may see."
    REFUSED = "REFUSED", "The PMS refused it."
    UNAVAILABLE = "UNAVAILABLE", "The PMS could not be asked now; the same may work later."
    CONFLICT = "CONFLICT", "It changed meanwhile, or its present state does not allow this."
    STALE = "STALE", "It is no longer what the change was based on; the present state is in the answer."
    NIGHTS_TAKEN = "NIGHTS_TAKEN", "Nights are taken, or just being taken."
    PRICE_CHANGED = "PRICE_CHANGED", "The price is no longer what it was, by more than is tolerated."
    PAYMENT_FAILED = "PAYMENT_FAILED", "The card was refused; no reservation remains."
    UNCERTAIN = "UNCERTAIN", "The PMS may have done it and did not say so: look, or repeat it with the same key."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One thing wrong. ``field`` is the path within the input, ("authConfig", "accountId"), empty for the whole.

    ``message`` is for people and holds no secret; ``allowed`` says what would be accepted, where that can be said.
    """

    field: tuple[str, ...]
    code: RejectionCode
    message: str
    allowed: str | None = None


class Rejected(Exception):
    """A change was refused, with every reason at once; nothing was changed."""

    def __init__(self, *rejections: Rejection) -> None:
        super().__init__("; ".join(f"{'.'.join(each.field)}: {each.message}" for each in rejections))
        self.rejections: Sequence[Rejection] = rejections


def rejected(field: str, code: RejectionCode, message: str, *, allowed: str | None = None) -> Rejected:
    """A refusal for one reason; ``field`` is a path with dots, "" for the whole input."""
    path = tuple(field.split(".")) if field else ()
    return Rejected(Rejection(field=path, code=code, message=message, allowed=allowed))


class Rejections:
    """Gathers what several checks refuse, so that all of it is said at once."""

    def __init__(self) -> None:
        self.found: list[Rejection] = []

    def of(self, check: Callable[[], T]) -> T | None:
        """What ``check`` gives; None if it refused, which is noted."""
        try:
            return check()
        except Rejected as refusal:
            self.found.extend(refusal.rejections)
            return None
