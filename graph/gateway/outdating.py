"""What a change at a PMS makes outdated, of what is kept and of what was being read while the change ended.

What is outdated is never served as an answer of now. It stays as what the next read starts from (a held collection is
brought up to date by its changes), and as the last resort while the PMS is away.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from graph.gateway.held_values import ListingReservations
from graph.gateway.holding import Holding
from graph.gateway.spans import KnownDays
from graph.gateway.store import Held, Key
from graph.gateway.touched import Touched

UNREAD: Final = object()
"""Stands for a value that is still being read: it may be about anything that its key does not rule out."""

Rule = Callable[[Touched, str, Any], bool]


def touches(touched: Touched, key: Key, value: Any) -> bool:
    """Whether a change that touched this may make ``value``, kept under ``key`` of the same account, outdated."""
    if touched.everything:
        return True
    rule = _RULES.get(_kind(key))
    return rule is not None and rule(touched, key.name, value)


def outdated(touched: Touched, key: Key, held: Held) -> Held:
    """``held`` after a change."""
    if not touches(touched, key, held.value):
        return held
    match held.value:
        case KnownDays() as known:
            # Each of its reads has an age of its own.
            return replace(held, value=known.outdated())
        case Holding() as holding:
            ids = touched.listings if _kind(key).startswith("listing") else touched.reservations
            return replace(held, value=holding.doubting(ids), outdated=True)
    return replace(held, outdated=True)


class Watch:
    """The changes that ended since it was opened: what was read meanwhile may be from before them."""

    def __init__(self) -> None:
        self._changes: list[tuple[str, Touched]] = []

    def note(self, account_id: str, touched: Touched) -> None:
        self._changes.append((account_id, touched))

    def overtaken(self, key: Key, value: Any) -> bool:
        """Whether one of them makes the value outdated."""
        return any(id_ == key.account and touches(touched, key, value) for id_, touched in self._changes)

    def applied(self, key: Key, held: Held) -> Held:
        """``held`` after all of them."""
        for id_, touched in self._changes:
            if id_ == key.account:
                held = outdated(touched, key, held)
        return held


class Watches:
    """The watches that are open."""

    def __init__(self) -> None:
        self._open: set[Watch] = set()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """A watch that is open for the block."""
        watch = Watch()
        self._open.add(watch)
        try:
            yield watch
        finally:
            self._open.discard(watch)

    def note(self, account_id: str, touched: Touched, but: Watch | None) -> None:
        """A change ended."""
        for watch in self._open:
            if watch is not but:
                watch.note(account_id, touched)


def _kind(key: Key) -> str:
    """The kind without the version of the credentials, the choice of fields, and what else it is narrowed by."""
    _, _, kind = key.kind.partition(":")
    return kind.partition("~")[0].partition(":")[0]


def _listing(touched: Touched, name: str, _: Any) -> bool:
    return name in touched.listings


def _listings(touched: Touched, _: str, __: Any) -> bool:
    return bool(touched.listings)


def _reservation(touched: Touched, name: str, value: Any) -> bool:
    if name in touched.reservations:
        return True
    return bool(touched.nights_of) and (value is UNREAD or getattr(value, "listing_id", None) in touched.nights_of)


def _reservations(touched: Touched, _: str, __: Any) -> bool:
    return bool(touched.reservations or touched.nights_of)


def _reservations_of_listing(touched: Touched, name: str, value: Any) -> bool:
    if name in touched.nights_of:
        return True
    match value:
        case ListingReservations(reservations=reservations):
            return any(each.provider_id in touched.reservations for each in reservations)
    return bool(touched.reservations)


def _nights(touched: Touched, name: str, _: Any) -> bool:
    return name in touched.nights_of or name in touched.rates_of or name in touched.listings


def _nights_with_reservations(touched: Touched, name: str, value: Any) -> bool:
    if _nights(touched, name, value):
        return True
    if not touched.reservations:
        return False
    return not isinstance(value, KnownDays) or not touched.reservations.isdisjoint(value.reservation_ids())


def _price(touched: Touched, _: str, value: Any) -> bool:
    of = touched.nights_of | touched.rates_of | touched.parts_of | touched.listings
    return bool(of) and (value is UNREAD or getattr(value, "listing_id", None) in of)


def _free(touched: Touched, _: str, __: Any) -> bool:
    return bool(touched.nights_of or touched.rates_of or touched.parts_of or touched.listings)


def _part(touched: Touched, name: str, _: Any) -> bool:
    return name in touched.parts_of or name in touched.listings


def _policies(touched: Touched, _: str, __: Any) -> bool:
    return touched.policies


_RULES: Mapping[str, Rule] = {
    "listing": _listing,
    "listing-page": _listings,
    "listing-held": _listings,
    "listing-counted": _listings,
    "free-listings": _free,
    "reservation": _reservation,
    "reservation-page": _reservations,
    "reservation-held": _reservations,
    "reservation-counted": _reservations,
    "reservations-of-listing": _reservations_of_listing,
    "calendar": _nights,
    "calendar-with-reservations": _nights_with_reservations,
    "price": _price,
    "part": _part,
    "cancellation-policies": _policies,
}
"""By kind of what is kept. What is not named is touched by no change that StayGraph makes."""
