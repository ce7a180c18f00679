"""Calendars: only the days that are unknown or too old are asked for, for all listings of an account together."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.cursors import fingerprint
from graph.gateway.keeper import Kept, Renewal
from graph.gateway.operation import Freshness, Operation
from graph.gateway.outdating import Watch
from graph.gateway.reading import Outcome, Reading, key_of
from graph.gateway.refs import Ref
from graph.gateway.shared_records import shared_calendar
from graph.gateway.spans import KnownDays
from graph.gateway.store import Held, Key
from graph.gateway.terms import Terms, changed, terms_of
from providers.catalogue import plugin
from providers.errors import NotFound, ProviderError
from providers.queries import Days

RENEWED_DAYS = 366
"""Longer calendars are not renewed in the background, however often they are asked for: they may take several calls."""

RENEWED_PIECES = 50
"""Nor are those of a read that takes more calls than this."""


class DaysOfListing(NamedTuple):
    """Some days of one listing; with ``reservations``, each with the reservations of its night."""

    listing: Ref
    days: Days
    reservations: bool = False


class Calendars:
    """Reads the calendars of listings."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def read(
        self, operation: Operation, wanted: Sequence[DaysOfListing], max_age: int | None
    ) -> dict[DaysOfListing, Outcome]:
        """The calendar of each listing for its days; the value None where the listing does not exist."""
        freshness = self._reading.freshness(operation, self._reading.ages.calendar, max_age)

        async def read_account(
            account: ConnectedAccount, group: Sequence[DaysOfListing]
        ) -> Mapping[DaysOfListing, Outcome]:
            terms = terms_of(account, operation)
            if account.imported:
                return await self._shared(account, group, freshness, terms)
            return await self._read(account, group, freshness, terms)

        return await self._reading.by_listing(operation, wanted, lambda each: each.listing, read_account)

    async def _shared(
        self, account: ConnectedAccount, group: Sequence[DaysOfListing], freshness: Freshness, terms: Terms
    ) -> dict[DaysOfListing, Outcome]:
        """Calendars of another tenant's listings: never with its reservations."""
        plain = {each: each._replace(reservations=False) for each in group}
        outcomes = await self._read(account, list(dict.fromkeys(plain.values())), freshness, terms)
        return {each: changed(outcomes[plain[each]], shared_calendar) for each in group}

    async def _read(
        self, account: ConnectedAccount, group: Sequence[DaysOfListing], freshness: Freshness, terms: Terms
    ) -> dict[DaysOfListing, Outcome]:
        outcomes: dict[DaysOfListing, Outcome] = {}
        # Days read with their reservations serve reads without, so those come first.
        for rich in (True, False):
            alike = [each for each in group if each.reservations is rich]
            await self._refresh_stale(account, alike, freshness)
            failures = await self._load_missing(account, alike, freshness)
            for each in alike:
                outcomes[each] = changed(await self._assembled(account, each, freshness, failures), terms.calendar)
                if not terms.change_nothing:
                    await asyncio.sleep(0)  # Many days take a while: others have their turn.
            self._note(account, alike, freshness, rich=rich)
        return outcomes

    def _note(
        self, account: ConnectedAccount, group: Sequence[DaysOfListing], freshness: Freshness, *, rich: bool
    ) -> None:
        """Tell what was asked for, so that what is asked for often can be renewed: in pieces of about a call each."""
        by_days: dict[Days, list[str]] = {}
        for each in group:
            if len(each.days) <= RENEWED_DAYS:
                by_days.setdefault(each.days, []).append(each.listing.provider_id)
        size = plugin(account.provider).client_class.calendars_per_call
        pieces = [
            (days, ids[start : start + size]) for days, ids in by_days.items() for start in range(0, len(ids), size)
        ]
        if len(pieces) <= RENEWED_PIECES:
            for days, ids in pieces:
                key = key_of(account, "calendars-asked", fingerprint(ids, days, rich))
                self._reading.keeper.note(key, self._renewal(account, ids, days, rich=rich), freshness)

    def _renewal(self, account: ConnectedAccount, ids: Sequence[str], days: Days, *, rich: bool) -> Renewal:
        async def read_at() -> datetime | None:
            known = [await self._known(account, id_, rich=rich) for id_ in ids]
            ages = [None if each is None else each.read_at(days) for each in known]
            told = [age for age in ages if age is not None]
            return min(told) if len(told) == len(ids) else None

        return Renewal(read_at, lambda: self._load(account, dict.fromkeys(ids, days), rich=rich))

    async def _refresh_stale(
        self, account: ConnectedAccount, group: Sequence[DaysOfListing], freshness: Freshness
    ) -> None:
        """Start a refresh of what is stale but may still be served; the group is all with, or all without, stays."""
        if freshness.strict:
            return
        now = self._reading.clock.now()
        stale: dict[str, Days] = {}
        for each in group:
            known = await self._known(account, each.listing.provider_id, rich=each.reservations)
            if known is None or known.missing(each.days, lambda at: freshness.serves(at, now)):
                continue
            if known.missing(each.days, lambda at: freshness.accepts(at, now)):
                id_ = each.listing.provider_id
                stale[id_] = _hull(each.days, stale.get(id_))
        if stale:
            rich = group[0].reservations
            self._reading.keeper.in_background(lambda: self._load(account, stale, rich=rich))

    async def _load_missing(
        self, account: ConnectedAccount, group: Sequence[DaysOfListing], freshness: Freshness
    ) -> dict[str, ProviderError]:
        """Load what may not be served from what is known. Answers the failures by listing."""
        now = self._reading.clock.now()
        missing: dict[str, Days] = {}
        for each in group:
            known = await self._known(account, each.listing.provider_id, rich=each.reservations)
            lacking = each.days
            if known is not None:
                if not known.missing(each.days, lambda at: freshness.serves(at, now)):
                    continue
                lacking = known.missing(each.days, lambda at: freshness.accepts(at, now)) or each.days
            missing[each.listing.provider_id] = _hull(lacking, missing.get(each.listing.provider_id))
        return await self._load(account, missing, rich=group[0].reservations) if missing else {}

    async def _load(
        self, account: ConnectedAccount, missing: Mapping[str, Days], *, rich: bool
    ) -> dict[str, ProviderError]:
        days = None
        for each in missing.values():
            days = _hull(each, days)
        assert days is not None  # noqa: S101  # there is at least one
        kind = f"{_kind(rich=rich)}:{days.start}:{days.end}"

        async def load(keys: Sequence[Key], seen: Watch) -> dict[Key, ProviderError | None]:
            outcomes = await self._fetch(account, [key.name for key in keys], days, seen, rich=rich)
            return {key: outcomes[key.name] for key in keys}

        landed = await self._reading.keeper.together([key_of(account, kind, id_) for id_ in missing], load)
        return {key.name: error for key, error in landed.items() if error is not None}

    async def _fetch(
        self, account: ConnectedAccount, listing_ids: Sequence[str], days: Days, seen: Watch, *, rich: bool
    ) -> dict[str, ProviderError | None]:
        client = await self._reading.client(account)
        batch = await client.calendars(listing_ids, days, reservations=rich)
        outcomes: dict[str, ProviderError | None] = {}
        entries: dict[Key, Held] = {}
        for id_ in listing_ids:
            calendar = batch.found.get(id_)
            if calendar is None:
                outcomes[id_] = batch.failed.get(id_) or NotFound("The PMS has no such listing.")
                continue
            outcomes[id_] = None
            read = KnownDays.of(calendar, batch.fetched_at)
            for kind in (True, False) if rich else (False,):
                key = _key(account, id_, rich=kind)
                known = await self._known(account, id_, rich=kind)
                entries[key] = Held(_together(known, read, overtaken=seen.overtaken(key, read)), batch.fetched_at)
        await self._reading.keeper.keep(entries)
        return outcomes

    async def _assembled(
        self,
        account: ConnectedAccount,
        wanted: DaysOfListing,
        freshness: Freshness,
        failures: Mapping[str, ProviderError],
    ) -> Outcome:
        failure = failures.get(wanted.listing.provider_id)
        known = await self._known(account, wanted.listing.provider_id, rich=wanted.reservations)
        if failure and (freshness.strict or isinstance(failure, NotFound)):
            return failure
        if known is None or known.missing(wanted.days, lambda _: True):
            return failure or NotFound("The PMS has no such listing.")
        calendar, fetched_at = known.calendar(wanted.days)
        return Kept(calendar, fetched_at, failure)

    async def _known(self, account: ConnectedAccount, listing_id: str, *, rich: bool) -> KnownDays | None:
        held = await self._reading.keeper.recall(_key(account, listing_id, rich=rich))
        return None if held is None else held.value


def _key(account: ConnectedAccount, listing_id: str, *, rich: bool) -> Key:
    """Days with their reservations are kept apart, and once more among the days without: those they may serve."""
    return key_of(account, _kind(rich=rich), listing_id)


def _kind(*, rich: bool) -> str:
    return "calendar-with-reservations" if rich else "calendar"


def _together(known: KnownDays | None, read: KnownDays, *, overtaken: bool) -> KnownDays:
    """What is known after a read. One that a change overtook hides nothing that was read after the change."""
    if overtaken:
        return known.filled(read.outdated()) if known else read.outdated()
    return known.joined(read) if known else read


def _hull(days: Days, other: Days | None) -> Days:
    return days if other is None else Days(min(days.start, other.start), max(days.end, other.end))
