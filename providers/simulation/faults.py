"""Faults on demand: what goes wrong, for which calls, how often."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import count
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

MOST_FAULTS = 100
LONGEST = 120.0
"""Seconds: no fault keeps a caller waiting longer."""


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    STATUS = "status"
    TIMEOUT = "timeout"
    CUT = "cut"
    TRUNCATE = "truncate"
    GARBAGE = "garbage"
    HTML = "html"
    FAIL = "fail"
    STORM = "storm"


class Fault(BaseModel):
    """One fault. It concerns calls that fit ``account``, ``path`` (a prefix) and ``method``; null fits all.

    ``times`` is how many more calls it spoils; null is all. ``latency`` delays by ``seconds``, on top of
    whatever else happens; ``status`` answers ``status``; ``timeout`` never answers; ``cut`` sends the headers
    and a few bytes of the answer and ``truncate`` half of it, then both close the connection; ``garbage``
    answers 200 with bytes that are not JSON; ``html`` 200 with a web page; ``fail`` the PMS's own form of
    failure; ``storm`` its answer to too many calls.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    seconds: Annotated[float | None, Field(gt=0, le=LONGEST, validate_default=True)] = None
    status: Annotated[int | None, Field(ge=200, le=599, validate_default=True)] = None
    account: str | None = None
    path: Annotated[str | None, Field(pattern="^/")] = None
    method: str | None = None
    times: Annotated[int | None, Field(ge=1)] = None

    @field_validator("account", mode="before")
    @classmethod
    def _account_as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("method")
    @classmethod
    def _method_in_capitals(cls, value: str | None) -> str | None:
        return value.upper() if value else None

    @field_validator("seconds")
    @classmethod
    def _latency_has_seconds(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is None and info.data.get("kind") is FaultKind.LATENCY:
            raise ValueError("a latency needs seconds")
        return value

    @field_validator("status")
    @classmethod
    def _status_has_status(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is None and info.data.get("kind") is FaultKind.STATUS:
            raise ValueError("a status fault needs a status")
        return value

    def fits(self, *, account: str | None, path: str, method: str) -> bool:
        """Whether it concerns such a call."""
        return (
            (self.account is None or self.account == account)
            and (self.path is None or path.startswith(self.path))
            and (self.method is None or self.method == method)
        )


class Faults:
    """The faults in force, the oldest first."""

    def __init__(self) -> None:
        self._held: dict[int, Fault] = {}
        self._left: dict[int, int] = {}
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Fault]:
        """The faults, each with the ``times`` that are left of it."""
        for number, fault in self._held.items():
            yield fault.model_copy(update={"times": self._left.get(number)})

    def add(self, fault: Fault) -> bool:
        """Put a fault in force. False if there are 100 already: then it is not."""
        if len(self._held) >= MOST_FAULTS:
            return False
        number = next(self._numbers)
        self._held[number] = fault
        if fault.times is not None:
            self._left[number] = fault.times
        return True

    def clear(self) -> None:
        """Lift all faults."""
        self._held.clear()
        self._left.clear()

    def take(self, *, account: str | None, path: str, method: str) -> tuple[float, Fault | None]:
        """What happens to this call: seconds of delay (all latencies), and the oldest other fault."""
        delay, spoils = 0.0, None
        for number, fault in list(self._held.items()):
            if not fault.fits(account=account, path=path, method=method):
                continue
            if fault.kind is FaultKind.LATENCY:
                delay += fault.seconds or 0.0
            elif spoils is None:
                spoils = fault
            else:
                continue
            self._use(number)
        return min(delay, LONGEST), spoils

    def _use(self, number: int) -> None:
        if number not in self._left:
            return
        self._left[number] -= 1
        if self._left[number] == 0:
            del self._held[number], self._left[number]
