"""Which documented field becomes which field of the schema: found out by changing one at a time.

The answers of a plugin's simulator are kept, and given again with one field changed; what changes in the unified
records comes from that field. Nothing here knows a plugin.
"""

import copy
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from providers.contract import Plugin
from providers.errors import ProviderError
from providers.quality.comparing import RAW, leaves
from providers.quality.connection import Connection, connected
from providers.quality.documented import DocumentedObject, locations
from providers.quality.reads import Read, Sample, every_read, records_of
from providers.quality.variations import MISSING, Variation, altered, constant, guesses
from providers.queries import ListingQuery, ReservationQuery

RECORDS = 12
"""Records of a list that a probe looks at, spread over the whole list."""

HOUSES = 12
Values = Mapping[str, tuple[Any, ...]]
Edit = Callable[[str, Any], None]


@dataclass(frozen=True, slots=True)
class Probed:
    """What one documented field does.

    ``becomes`` names fields of ``type`` with dots; ``in_raw`` is true where the record's ``raw`` shows a change;
    ``decides`` is true where another value makes the record unreadable or leads to other records.
    """

    name: str
    becomes: tuple[str, ...] = ()
    in_raw: bool = False
    decides: bool = False

    @property
    def is_read(self) -> bool:
        return bool(self.becomes) or self.decides


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedObject:
    """What the fields of a documented object become. ``types`` are the model's; empty where nothing reads it."""

    documented: DocumentedObject
    types: tuple[str, ...]
    fields: tuple[Probed, ...]


class _Kept(httpx.AsyncBaseTransport):
    """Asks the simulator each question once, shortens long lists, and edits what it gives again."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._answers: dict[tuple[str, str, bytes], tuple[int, list[tuple[str, str]], Any]] = {}
        self.edit: Edit | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        key = (request.method, str(request.url), request.content)
        if key not in self._answers:
            response = await self._inner.handle_async_request(request)
            body = await response.aread()
            headers = [pair for pair in response.headers.items() if pair[0] != "content-length"]
            self._answers[key] = (response.status_code, headers, _shortened(json.loads(body)) if body else None)
        status, headers, document = self._answers[key]
        if self.edit is not None:
            document = copy.deepcopy(document)
            self.edit(request.url.path, document)
        return httpx.Response(status, headers=headers, content=json.dumps(document).encode())


def _shortened(document: Any) -> Any:
    """Lists of records directly in the answer, thinned out."""
    if isinstance(document, dict):
        return {name: _thinned(each) if isinstance(each, list) else each for name, each in document.items()}
    return document


def _thinned(items: list[Any]) -> list[Any]:
    if len(items) <= RECORDS or not all(isinstance(each, dict) for each in items):
        return items
    chosen = [items[index * len(items) // RECORDS] for index in range(RECORDS)]
    return [*chosen, *_with_rare_parts(items, chosen)]


def _with_rare_parts(items: Sequence[dict[str, Any]], chosen: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each part that none of ``chosen`` has, such as the units of a reservation, the first record that has it."""
    has = {name for record in chosen for name, value in record.items() if value not in (None, [], {})}
    rare: list[dict[str, Any]] = []
    for record in items:
        new = {name for name, value in record.items() if isinstance(value, list | dict) and value} - has
        if new:
            rare.append(record)
            has |= new
    return rare


Variations = Mapping[str, Variation]
"""Which fields to change, and how."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The records of one read, and all values in them by their paths."""

    records: list[Any]
    values: Values

    def differences(self, other: "_Reading") -> tuple[str, ...]:
        paths = {**self.values, **other.values}
        return tuple(sorted(path for path in paths if self.values.get(path) != other.values.get(path)))

    def raws(self) -> list[Any]:
        return [getattr(each, RAW, None) for each in self.records]


class Prober:
    """Reads of one simulated account, under edited answers."""

    def __init__(self, there: Connection, kept: _Kept, sample: Sample) -> None:
        self._there = there
        self._kept = kept
        self._sample = sample

    async def probe(self, documented: DocumentedObject) -> ProbedObject:
        """What becomes of every field of ``documented``. Raises ``LookupError`` where the read fails as it is."""
        if documented.read not in self._reads():
            return ProbedObject(documented=documented, types=(), fields=tuple(map(Probed, documented.fields)))
        return await _ObjectProbe(self, documented).run()

    async def read(self, name: str, edit: Edit | None = None) -> _Reading | None:
        """The records while answers are edited; None where the read fails."""
        self._kept.edit = edit
        try:
            records = records_of(await self._reads()[name]())
        except ProviderError:
            return None
        finally:
            self._kept.edit = None
        return _Reading(records, _reached(records))

    def _reads(self) -> Mapping[str, Read]:
        client = self._there.plugin.client(self._there.session, self._there.config)
        return every_read(client, self._sample)


class _ObjectProbe:
    """Changes the fields of one object: each by itself to a close value, then those left over in groups, since most
    guesses change nothing."""

    def __init__(self, prober: Prober, documented: DocumentedObject) -> None:
        self._prober = prober
        self._documented = documented
        self._found: dict[str, tuple[str, ...]] = {}
        self._deciding: set[str] = set()
        self._before = _Reading([], {})

    async def run(self) -> ProbedObject:
        before = await self._prober.read(self._documented.read)
        if before is None:
            raise LookupError(f"{self._documented.name}: {self._documented.read} fails against the simulator")
        self._before = before
        for name in self._documented.fields:
            await self._search({name: altered})
        for name, value in self._documented.values.items():
            await self._search({name: constant(value)})
        for guess in guesses():
            await self._search({name: guess for name in self._documented.fields if name not in self._found})
        for name, other in self._documented.instead_of.items():
            await self._replace(name, other)
        return ProbedObject(
            documented=self._documented,
            types=tuple(dict.fromkeys(type(each).__name__ for each in before.records)),
            fields=tuple([await self._told(name) for name in self._documented.fields]),
        )

    async def _search(self, changes: Variations) -> None:
        """Notes which of these changes can be seen in the records."""
        if not changes:
            return
        after = await self._prober.read(self._documented.read, _editor(self._documented, changes))
        whole = after is not None and len(after.records) == len(self._before.records)
        seen = self._before.differences(after) if after is not None and whole else ()
        if whole and not seen:
            return
        if len(changes) > 1:
            names = list(changes)
            for half in (names[: len(names) // 2], names[len(names) // 2 :]):
                await self._search({name: changes[name] for name in half})
            return
        (name,) = changes
        if seen:
            self._found[name] = tuple(dict.fromkeys((*self._found.get(name, ()), *seen)))
        else:
            self._deciding.add(name)

    async def _replace(self, name: str, other: str) -> None:
        """Looks at ``name`` where ``other``, which goes first, says nothing."""
        nothing = constant(None)
        without = await self._prober.read(self._documented.read, _editor(self._documented, {other: nothing}))
        changes = {other: nothing, name: constant(f"instead of {other}")}
        after = await self._prober.read(self._documented.read, _editor(self._documented, changes))
        if without is not None and after is not None and (seen := without.differences(after)):
            self._found[name] = tuple(dict.fromkeys((*self._found.get(name, ()), *seen)))

    async def _told(self, name: str) -> Probed:
        becomes = self._found.get(name, ())
        in_raw = False
        if not becomes and any(each is not None for each in self._before.raws()):
            edit = _editor(self._documented, {name: constant("probe")})
            after = await self._prober.read(self._documented.read, edit)
            in_raw = after is not None and after.raws() != self._before.raws()
        return Probed(name, becomes=becomes, in_raw=in_raw, decides=name in self._deciding)


def _editor(documented: DocumentedObject, changes: Variations) -> Edit:
    def edit(path: str, document: Any) -> None:
        if not documented.is_answered_by(path):
            return
        for at in documented.at:
            for name, variation in changes.items():
                for place in locations(document, at, name):
                    value = variation(place.value)
                    if value is MISSING:
                        place.holder.pop(place.name, None)
                    else:
                        place.holder[place.name] = value

    return edit


def _reached(records: Sequence[Any]) -> Values:
    """Every value in the records by its path; places in lists are not told apart."""
    found: dict[str, list[Any]] = {}
    for record in records:
        for path, value in leaves(record, ""):
            found.setdefault(path, []).append(value)
    return {path: tuple(values) for path, values in found.items()}


@asynccontextmanager
async def probing(plugin: Plugin) -> AsyncIterator[Prober]:
    """A prober on a new simulator. To be run in virtual time."""
    async with connected(plugin, listings=HOUSES) as there:
        if there.answers is None:
            raise RuntimeError("the simulator is not asked in process")
        kept = _Kept(there.answers)
        async with there.again(there.tokens, transport=kept) as probed:
            listings = records_of(await probed.client.listing_page(ListingQuery(), None))
            stays = records_of(await probed.client.reservation_page(ReservationQuery(), None))
            yield Prober(probed, kept, Sample(listings=listings, reservations=stays, today=probed.today))
