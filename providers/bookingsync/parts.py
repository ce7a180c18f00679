"""Records together with their parts (a booking's client, a rental's photos), in however many calls that
takes.

BookingSync nests included records, on the evidence of recorded answers; its documentation leaves open
whether they may also stand beside the main key or under ``linked``, or be left out. All four end here:
records leave this module with their parts nested, and a part that could not be had is simply not there.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from providers.bookingsync.envelope import Envelope, linked_ids, record_id
from providers.bookingsync.grants import Grants
from providers.bookingsync.resources import Options, Resources
from providers.bookingsync.together import together
from providers.errors import PermissionDenied, UpstreamRefused

Fetch = Callable[[Options], Awaitable[list[Envelope]]]
_IDS_PER_CALL = 100
_MOST_CALLS_PER_PAGE = 10
_GIVEN_UP = 25
"""Parts are worth less than rentals: groups of so many ids that are not found are not taken apart."""
_PER_PAGE: Options = (("per_page", str(_IDS_PER_CALL)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An association of a record: its name in ``links`` and ``include``, where it lives, what it takes to
    read it.

    ``scopes``: any one of them suffices; empty for public parts.
    """

    name: str
    resource: str
    scopes: frozenset[str]
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Records with their parts nested, and the page or pages that they came in."""

    records: list[Any]
    envelopes: list[Envelope]

    @property
    def received_at(self) -> datetime | None:
        """When the oldest page was complete; None where no page came."""
        return min((each.received_at for each in self.envelopes), default=None)


class PartsReader:
    """Reads records with their parts: by ``include`` where that works, else by the ids in ``links``."""

    def __init__(self, resources: Resources, grants: Grants) -> None:
        self._resources = resources
        self._grants = grants

    async def read(self, fetch: Fetch, parts: Sequence[Part], along: Sequence[Part] = ()) -> Reading:
        """What ``fetch`` brings (it is given the ``include`` option), completed with ``parts``.

        A part that the token may not see, or that is not there, is left out; any other failure is raised.
        ``along`` is included as well, but not completed: reads of several parts that name the same ones ask the same
        question, and such calls are shared while they are under way.
        """
        wanted = await self._allowed(parts)
        included = list(dict.fromkeys((*await self._allowed(along), *wanted)))
        envelopes = await self._fetch(fetch, included, wanted)
        records = [_with_sent_parts(record, included, page) for page in envelopes for record in page.records]
        await together(self._complete(records, part, pages=len(envelopes)) for part in wanted)
        return Reading(records=records, envelopes=envelopes)

    async def _allowed(self, parts: Sequence[Part]) -> list[Part]:
        return [part for part in parts if await self._grants.allow(part.scopes, part.name)]

    async def complete_within(self, reading: Reading, name: str, part: Part) -> None:
        """Complete the parts of parts: of what is nested under ``name`` in the records of ``reading``.

        They are copied first: what a page brought is shared with other readers.
        """
        inner: list[dict[str, Any]] = []
        for record in reading.records:
            nested = record.get(name) if isinstance(record, dict) else None
            if isinstance(nested, list):
                record[name] = copies = [dict(each) for each in nested if isinstance(each, Mapping)]
                inner += copies
            elif isinstance(nested, Mapping):
                record[name] = copy = dict(nested)
                inner.append(copy)
        if await self._grants.allow(part.scopes, part.name):
            await self._complete(list(inner), part, pages=max(1, len(reading.envelopes)))

    async def _fetch(self, fetch: Fetch, included: Sequence[Part], wanted: Sequence[Part]) -> list[Envelope]:
        refused: list[tuple[str, ...]] = []
        for names in self._attempts(included, wanted):
            try:
                envelopes = await fetch((("include", ",".join(names)),) if names else ())
            except (PermissionDenied, UpstreamRefused):
                if not names:
                    raise
                refused.append(names)
                continue
            for each in refused:
                self._grants.refuse(each)
            return envelopes
        raise AssertionError("The last attempt has no names.")

    def _attempts(self, *choices: Sequence[Part]) -> Iterator[tuple[str, ...]]:
        """What to include: of each choice everything, else what needs no scope; else nothing."""
        attempts: list[tuple[str, ...]] = []
        for parts in choices:
            attempts.append(tuple(part.name for part in parts))
            attempts.append(tuple(part.name for part in parts if not part.scopes))
        for names in dict.fromkeys(attempts):
            if names and not self._grants.was_refused(names):
                yield names
        yield ()

    async def _complete(self, records: list[Any], part: Part, pages: int) -> None:
        """Read the part's missing records by their ids, and nest them; at most 1,000 for each page of records."""
        missing = _missing(records, part)
        if not missing:
            return
        most = _IDS_PER_CALL * _MOST_CALLS_PER_PAGE * pages
        ids = list(dict.fromkeys(each for _, found in missing for each in found))[:most]
        try:
            sent = await self._by_ids(part, ids)
        except (PermissionDenied, UpstreamRefused):
            self._grants.refuse(part.name)
            return
        if not sent:
            self._grants.refuse(part.name)
            return
        found = {str(record_id(record)): record for page in sent for record in page.records}
        read = set(ids)
        for record, wanted in missing:
            if read.issuperset(wanted):
                _nest(record, part, [found[each] for each in wanted if each in found])

    async def _by_ids(self, part: Part, ids: Sequence[str]) -> list[Envelope]:
        pages: list[Envelope] = []
        for start in range(0, len(ids), _IDS_PER_CALL):
            chunk = ids[start : start + _IDS_PER_CALL]
            pages += await self._resources.by_ids(part.resource, chunk, _PER_PAGE, smallest=_GIVEN_UP)
        return pages


def _with_sent_parts(record: Any, parts: Iterable[Part], page: Envelope) -> Any:
    """A copy of the record with the parts nested that came with it; the original is shared with others."""
    if not isinstance(record, Mapping):
        return record
    copy = dict(record)
    for part in parts:
        if not _is_nested(copy.get(part.name), part):
            copy.pop(part.name, None)
            _nest_from_page(copy, part, page)
    return copy


def _nest_from_page(record: dict[str, Any], part: Part, page: Envelope) -> None:
    wanted = linked_ids(record, part.name)
    pool = _pool(page.body, part) if wanted else {}
    if _names(record, part) and all(each in pool for each in wanted):
        _nest(record, part, [pool[each] for each in wanted])


def _names(record: Mapping[str, Any], part: Part) -> bool:
    links = record.get("links")
    return isinstance(links, Mapping) and part.name in links


def _is_nested(value: Any, part: Part) -> bool:
    if part.many:
        return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)
    return isinstance(value, Mapping)


def _pool(body: Mapping[str, Any], part: Part) -> dict[str, Any]:
    """The part's records that came beside the main key or under ``linked``, by id."""
    linked = body.get("linked")
    for place in (body, linked if isinstance(linked, Mapping) else {}):
        for name in (part.resource, part.name):
            records = place.get(name)
            if isinstance(records, list):
                return {str(record_id(each)): each for each in records if isinstance(each, Mapping)}
    return {}


def _missing(records: Sequence[Any], part: Part) -> list[tuple[dict[str, Any], list[str]]]:
    return [
        (record, ids)
        for record in records
        if isinstance(record, dict) and part.name not in record and (ids := linked_ids(record, part.name))
    ]


def _nest(record: dict[str, Any], part: Part, found: list[Any]) -> None:
    if part.many:
        record[part.name] = found
    elif found:
        record[part.name] = found[0]
