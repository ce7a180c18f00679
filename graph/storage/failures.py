"""How the database fails: for the operator at start, for clients while it runs; told once, not once a request."""

from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


class StorageError(Exception):
    """The database cannot be used. The message is for the operator and holds no data."""


class StorageUnavailable(StorageError):
    """The database cannot be used now. It is tried anew each time, so this ends by itself. Fit to be shown."""

    def __init__(self) -> None:
        super().__init__("The database cannot be used at the moment; try again in a while.")

    def __reduce__(self) -> tuple[type["StorageUnavailable"], tuple[()]]:
        # It may come from another process.
        return StorageUnavailable, ()


@dataclass(frozen=True, slots=True)
class Outage:
    """Why a statement failed through no fault of its own. ``reason`` holds no data and no password.

    ``writes_only``: reading still works.
    """

    reason: str
    writes_only: bool = False


class Outages:
    """Says once that the database is away, and once that it is back."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._away = False
        self._unwritable = False

    def note(self, outage: Outage) -> None:
        """Something failed for ``outage``."""
        if not self._away and not (outage.writes_only and self._unwritable):
            what = "written to" if outage.writes_only else "used"
            log.error(f"the database cannot be {what}", database=self._shown, reason=outage.reason)
        if outage.writes_only:
            self._unwritable = True
        else:
            self._away = True

    def worked(self, *, written: bool) -> None:
        """Something was read, or ``written``."""
        over = self._away or (written and self._unwritable)
        self._away = False
        if written:
            self._unwritable = False
        if over:
            log.warning("the database works again", database=self._shown)


def first_line(error: BaseException | None) -> str:
    """What a driver says, without the details that follow: they quote rows."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
