"""Deliveries that this process has claimed, mostly as it stored them, and works on without asking the database."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from graph.events.claiming import AT_ONCE, LEASE, Handed
from providers.webhooks import Told

MOST_WAITING = 500
"""Deliveries of one account that may wait here. The others are claimed in their turn."""

MOST_ACCOUNTS = 1_000

FRESH = LEASE / 2
"""For so long nobody else can have claimed what waits here."""


class Handing:
    """What waits, by account."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Handed]] = {}
        self._unseen: dict[str, set[str]] = {}

    def waiting(self, account_id: str) -> int:
        """How many of an account wait."""
        return len(self._waiting.get(account_id, ()))

    def has_room(self, account_id: str) -> bool:
        """Whether one more of an account may wait."""
        waiting = self._waiting.get(account_id)
        return len(self._waiting) < MOST_ACCOUNTS if waiting is None else len(waiting) < MOST_WAITING

    def put(self, handed: Iterable[Handed]) -> set[str]:
        """Have these wait. The accounts that they are of."""
        accounts = set()
        for each in handed:
            account_id = each.claimed.account_id
            self._waiting.setdefault(account_id, deque()).append(each)
            if each.subject is not None:
                self._unseen.setdefault(account_id, set()).add(each.subject)
            accounts.add(account_id)
        return accounts

    def put_back(self, early: Sequence[Handed], told: Mapping[str, Sequence[Told]]) -> None:
        """Have these wait again for their own turn, with what they tell."""
        for each in reversed(early):
            waiting = self._waiting.setdefault(each.claimed.account_id, deque())
            claimed = replace(each.claimed, early=False)
            waiting.appendleft(replace(each, claimed=claimed, told=told.get(claimed.id)))

    def waits(self, account_id: str) -> bool:
        return account_id in self._waiting

    def clear(self) -> None:
        """Leave everything."""
        self._waiting.clear()
        self._unseen.clear()

    def due_in(self, account_id: str, now: datetime) -> timedelta:
        """How long it takes until the first of an account is due."""
        return min(each.due_at for each in self._waiting[account_id]) - now

    def unseen(self, account_id: str) -> set[str]:
        """What came since the last time this was asked is about these."""
        return self._unseen.pop(account_id, set())

    def take_all(self, account_id: str) -> list[Handed]:
        """All of an account."""
        self._unseen.pop(account_id, None)
        return list(self._waiting.pop(account_id, ()))

    def take_late(self, account_id: str, now: datetime) -> list[Handed]:
        """Those of an account that waited so long that somebody else may claim them soon."""
        return self._take(account_id, [each for each in self._waiting[account_id] if _is_late(each, now)])

    def take_due(self, account_id: str, now: datetime) -> list[Handed]:
        """Those of an account that are due, and early ones about the same: a part of them, if there are many."""
        waiting = self._waiting[account_id]
        due = [each for each in waiting if each.due_at <= now][:AT_ONCE]
        subjects = {each.subject for each in due} - {None}
        early = [
            replace(each, claimed=replace(each.claimed, early=True))
            for each in waiting
            if each.due_at > now and each.subject in subjects
        ]
        return self._take(account_id, [*due, *early])

    def _take(self, account_id: str, taken: list[Handed]) -> list[Handed]:
        ids = {each.claimed.id for each in taken}
        rest = deque(each for each in self._waiting[account_id] if each.claimed.id not in ids)
        if rest:
            self._waiting[account_id] = rest
        else:
            del self._waiting[account_id]
            self._unseen.pop(account_id, None)
        return taken


def _is_late(handed: Handed, now: datetime) -> bool:
    return now - handed.claimed.received_at > FRESH
