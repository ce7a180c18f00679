"""One account's way to change something at Hostaway: sent once, and each refusal told apart from a failure."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from providers.changes import ChangeRefused, Problem, ProblemKind
from providers.contract import Session
from providers.errors import NotFound, PermissionDenied, ProviderError, UpstreamInvalid, UpstreamRefused
from providers.hostaway.envelope import read_outcome
from providers.hostaway.paging import id_of, is_id
from providers.hostaway.part_reads import PartReads
from providers.hostaway.reading import LISTINGS, Reader
from providers.upstream.calls import Answer, Call

ARCHIVED = "The listing is archived in Hostaway, where archived listings take no changes."
NOT_THERE = frozenset({404, 405})
"""Statuses of an address that a version of the API does not know."""

Look = Callable[[], Awaitable[Mapping[str, Any] | None]]
"""Reads what a change is about. Answers the record if it is as it was to become, else None."""

REFUSALS = (UpstreamRefused, NotFound, PermissionDenied)
"""How a refusal comes; that of what is archived may look like one of the token."""


class Writer:
    """Sends calls that change something."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def attempt(self, call: Call) -> Answer:
        """The answer to a call, its envelope checked. A refusal is raised as the ``ProviderError`` that it came as."""
        answer = await self._reader.session.send(call)
        with self._reader.signing():
            read_outcome(answer)
        return answer

    async def send(self, call: Call, *, listing_id: str | None = None) -> Answer:
        """The answer to a call about something of ``listing_id``. Raises ``ChangeRefused`` where Hostaway refuses."""
        try:
            return await self.attempt(call)
        except REFUSALS as error:
            raise await self.refusal(error, call, listing_id) from None

    async def made(self, call: Call, look: Look, *, listing_id: str | None = None) -> Mapping[str, Any]:
        """The record that a change answered with. Where no answer showed whether it was made, the one ``look`` finds.

        What is not found is no proof that it was not made: the change may arrive later. Then the failure stands.
        """

        async def unmade() -> bool:
            return await look() is None

        try:
            return self.record(await self.send(replace(call, unmade=unmade), listing_id=listing_id))
        except ProviderError as error:
            found = await looked(error, look)
            if found is None:
                raise
            return found

    async def gone(self, call: Call, is_there: Callable[[], Awaitable[bool]], *, listing_id: str | None = None) -> None:
        """Remove something. One that is gone already is no failure, whatever Hostaway says about it."""
        try:
            await self.attempt(call)
        except NotFound:
            return
        except UpstreamRefused as error:
            if await is_there():
                raise await self.refusal(error, call, listing_id) from None
        except ProviderError as error:
            if not (may_be_made(error) and await _is_gone(is_there)):
                raise

    async def refusal(self, error: ProviderError, call: Call, listing_id: str | None) -> Exception:
        """Why Hostaway refused. What it says of archived listings is not documented, so the listing is looked at."""
        if listing_id is not None and await self.is_archived(listing_id):
            return ChangeRefused(Problem(kind=ProblemKind.CONFLICT, message=ARCHIVED))
        if isinstance(error, PermissionDenied):
            return error
        kind = ProblemKind.NOT_FOUND if isinstance(error, NotFound) else ProblemKind.REFUSED
        return ChangeRefused(Problem(kind=kind, message=_fit_to_show(error.message, call)))

    def record(self, answer: Answer) -> Mapping[str, Any]:
        """The object that a change answered with, bare or in a list of one. Raises ``UpstreamInvalid``."""
        with self._reader.signing():
            record = read_outcome(answer)
            if record is None:
                raise UpstreamInvalid("Hostaway did not show what it changed.", upstream_status=answer.status)
        return record

    def id_in(self, record: Mapping[str, Any]) -> str:
        """The id of what a call made. Raises ``UpstreamInvalid`` where the answer does not name it."""
        found = id_of(record)
        if found is None:
            with self._reader.signing():
                raise UpstreamInvalid("Hostaway did not name what it made.")
        return found

    async def is_archived(self, listing_id: str) -> bool:
        """Whether a listing is there and put away."""
        try:
            record, _ = await self._reader.record(LISTINGS, listing_id)
        except ProviderError:
            return False
        return is_archived(record)


def may_be_made(error: ProviderError) -> bool:
    """Whether Hostaway may have made a change although this came back."""
    return error.was_sent or isinstance(error, UpstreamInvalid)


async def looked(error: ProviderError, look: Look) -> Mapping[str, Any] | None:
    """What a change that may have been made has left; None where it was not made, or that cannot be seen."""
    if not may_be_made(error):
        return None
    try:
        return await look()
    except ProviderError:
        return None


async def _is_gone(is_there: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return not await is_there()
    except ProviderError:
        return False


class WritingClient(PartReads):
    """A client with a way to change things."""

    def __init__(self, session: Session, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(session, now)
        self._writer = Writer(self._reader)


def is_archived(record: Mapping[str, Any]) -> bool:
    """Whether a listing is put away (Hostaway documentation, Listing object, ``specialStatus``)."""
    return str(record.get("specialStatus")).lower() == "archived"


def known_id(id_: str, what: str) -> str:
    """The id, where it can be one of Hostaway. Raises ``ChangeRefused`` with ``NOT_FOUND``."""
    if not is_id(id_):
        raise ChangeRefused(Problem(kind=ProblemKind.NOT_FOUND, message=f"Hostaway has no such {what}."))
    return id_


def nothing_named() -> ChangeRefused:
    """A change that changes nothing."""
    return ChangeRefused(Problem(kind=ProblemKind.REQUIRED, message="Name at least one thing to change."))


def _fit_to_show(message: str, call: Call) -> str:
    """Hostaway's words without the secrets that were sent: they may repeat a value that they refuse."""
    for name in call.secrets:
        value = call.json.get(name) if isinstance(call.json, Mapping) else None
        if isinstance(value, str) and value:
            message = message.replace(value, "…")
    return message
