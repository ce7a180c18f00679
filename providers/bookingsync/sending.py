"""Sending what changes something, and reading what BookingSync says to it."""

import re
from collections.abc import Mapping
from typing import Any

from providers.bookingsync.envelope import record_id
from providers.bookingsync.resources import PREFIX
from providers.changes import ChangeRefused, Problem, ProblemKind
from providers.contract import Session
from providers.errors import PermissionDenied, ProviderError, UpstreamInvalid
from providers.upstream.calls import Answer, Call

BOOKINGS_WRITE = ("bookings_write", "bookings_write_owned")
CLIENTS_WRITE = ("clients_write",)
RENTALS_WRITE = ("rentals_write",)
RATES_WRITE = ("rates_write",)
IMAGINED_ID = "new"
"""What a dry run shows where an id would stand that BookingSync has not given yet."""

_LOCATION_ID = re.compile(r"/([0-9]{1,19})/?(?:\?.*)?$")
_WORDS = re.compile(r"\(HTTP [0-9]{3}\): (.*)", re.DOTALL)


class ScopeMissing(PermissionDenied):
    """The token does not allow the change, whatever it is made to."""


class Sender:
    """Sends the writes of one account."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send(
        self, method: str, path: str, body: Any = None, *, scopes: tuple[str, ...], imagined: Any = None
    ) -> Answer:
        """The answer to a change at ``path`` (below the API's prefix). One of ``scopes`` is needed for it.

        Raises ``ScopeMissing`` that names the scope where the token is known to lack it (nothing is sent then) or
        may lack it; ``imagined`` is what a dry run takes for the answer.
        """
        token = await self._session.token()
        granted = token.scopes if token else frozenset()
        if granted and not granted.intersection(scopes):
            raise lacking(scopes)
        call = Call(method=method, path=f"{PREFIX}/{path}", json=body, safe=False, imagined=imagined)
        try:
            return await self._session.send(call)
        except PermissionDenied as error:
            if granted:
                raise
            raise lacking(scopes, error) from None

    async def create(self, path: str, name: str, record: Mapping[str, Any], *, scopes: tuple[str, ...]) -> "Made":
        """Make the one ``record`` of the collection ``name`` by a POST to ``path``."""
        imagined = {name: [{"id": IMAGINED_ID}]}
        answer = await self.send("POST", path, {name: [record]}, scopes=scopes, imagined=imagined)
        return made(answer, name)

    async def change(
        self, path: str, name: str, record: Mapping[str, Any], *, scopes: tuple[str, ...]
    ) -> Mapping[str, Any] | None:
        """Change attributes of what stands at ``path`` by a PUT: the record as it is now, if the answer shows it."""
        answer = await self.send("PUT", path, {name: [record]}, scopes=scopes, imagined={})
        return first_record(answer, name)

    async def remove(self, path: str, body: Any = None, *, scopes: tuple[str, ...]) -> None:
        """Send a DELETE."""
        await self.send("DELETE", path, body, scopes=scopes, imagined={})


class Made:
    """What a create made. ``record`` is empty where the answer does not show it."""

    def __init__(self, id_: str, record: Mapping[str, Any]) -> None:
        self.id = id_
        self.record = record


def made(answer: Answer, name: str) -> Made:
    """The new record: from the body, else its id from the ``Location``.

    Raises ``UpstreamInvalid`` without an id: then something was made, and nobody knows what.
    """
    record = first_record(answer, name) or {}
    found = record_id(record)
    if found is None:
        location = _LOCATION_ID.search(answer.headers.get("location", ""))
        found = location[1] if location else None
    if found is None:
        raise UpstreamInvalid("BookingSync does not tell the id of what it made.", upstream_status=answer.status)
    return Made(found, record)


def first_record(answer: Answer, name: str) -> Mapping[str, Any] | None:
    """The one record of an answer under its plural name; None where the answer has none."""
    body = answer.json() if answer.body else None
    records = body.get(name) if isinstance(body, Mapping) else None
    if isinstance(records, list):
        records = records[0] if records else None
    return records if isinstance(records, Mapping) else None


def lacking(scopes: tuple[str, ...], error: ProviderError | None = None) -> ScopeMissing:
    """The error of a token without a scope, with what is to be done about it."""
    return ScopeMissing(
        f"BookingSync's authorization of this account lacks the scope {scopes[0]}, which this needs. Let the "
        f"account's owner consent again (reauthorizeIntegrationAccount), with {scopes[0]} among the scopes of its "
        "authConfig.",
        upstream_status=error.upstream_status if error else None,
    )


Names = Mapping[str, tuple[str | int, ...]]


def refused_by_field(error: ProviderError, names: Names) -> ChangeRefused:
    """BookingSync's no as a refusal of fields, as far as its words begin with attributes that ``names`` knows.

    Its words come as "attribute text; attribute text" where the answer names attributes (see ``refusals.words``), and
    in five other forms or not at all.
    """
    found = _WORDS.search(error.message)
    texts = [part.strip() for part in found[1].split("; ")] if found else []
    problems = []
    for text in texts:
        attribute, _, said = text.partition(" ")
        if attribute in names and said:
            problems.append(Problem(kind=ProblemKind.INVALID, message=f"BookingSync: {said}", field=names[attribute]))
    return ChangeRefused(*(problems or [Problem(kind=ProblemKind.REFUSED, message=error.message)]))


def sent_id(text: str) -> int | str:
    """An id as BookingSync writes it: a number. In dry runs it may be a word."""
    return int(text) if text.isascii() and text.isdigit() else text
