"""The deliveries of one account that are worked on together: read, put in order, judged, asked about, settled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from graph.accounts.accounts import ConnectedAccount
from graph.accounts.sealed import delivery_context
from graph.accounts.use import is_idle
from graph.accounts.vault import Vault
from graph.changes.change_marks import Mark
from graph.events.account_webhooks import webhooks_of
from graph.events.claiming import RELEASED, Claimed, DeliveryStatus
from graph.events.completing import Answers, Completing, touched_by
from graph.events.course import Course, in_order, sighting_of
from graph.events.settling import Settlement, States
from graph.events.states import Known, Outcome, Sighting
from providers.errors import ErrorCode, ProviderError
from providers.webhooks import MessageReceived, ReservationChange, Told

log = structlog.get_logger(__name__)

MOST_TRIES = 5
"""A delivery that failed so often through its own fault is set aside."""

_AGAIN = timedelta(seconds=5)
_OUTAGE = timedelta(seconds=30)
_IDLE = timedelta(minutes=5)

_OUTAGES = frozenset(
    {
        ErrorCode.RATE_LIMITED,
        ErrorCode.UPSTREAM_UNAVAILABLE,
        ErrorCode.UPSTREAM_TIMEOUT,
        ErrorCode.AUTHENTICATION_FAILED,
        ErrorCode.PERMISSION_DENIED,
        ErrorCode.ACCOUNT_PAUSED,
        ErrorCode.ACCOUNT_NOT_AUTHORIZED,
    }
)
"""What is no fault of the delivery: it is tried until it works."""

_NOT_THERE = "The account has no such reservation."
_NOT_SHOWN = "The PMS does not show the change yet."

Values = dict[str, Any]


@dataclass(slots=True)
class News:
    """What one delivery tells of one reservation."""

    delivery: Claimed
    told: Told


@dataclass(slots=True, kw_only=True)
class Batch:
    """The work on some deliveries of one account. ``outcomes`` are the new values of their rows.

    ``left`` are the ids of early ones that were not needed: they wait for their own turn.
    """

    account: ConnectedAccount
    own_id: str | None
    states: States
    completing: Completing
    vault: Vault
    now: datetime
    learned: bool
    outcomes: dict[str, Values] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    async def settlement(self, deliveries: Sequence[Claimed], holder: str) -> Settlement:
        """What is to be written of these deliveries. What changed is read anew from now on."""
        news = self._news(deliveries)
        courses = {
            id_: Course(account=self.account, known=known, learned=self.learned)
            for id_, known in (await self._known(news)).items()
        }
        asked = await self._followed(news, courses)
        answers = Answers()
        if asked:
            since = max(each.delivery.received_at for group in asked.values() for each in group)
            answers = await self.completing.read(self.account, asked, since)
            for id_, group in asked.items():
                self._answered(courses[id_], group, id_, answers)
        self._messages(news, courses)
        mark = await self._outdate(courses, answers)
        return Settlement(
            account=self.account,
            holder=holder,
            judged={id_: 0 if course.before is None else course.before.revision for id_, course in courses.items()},
            states={id_: course.known for id_, course in courses.items() if course.moved and course.known is not None},
            events=[event for course in courses.values() for event in course.events],
            deliveries=self.outcomes,
            mark=mark,
        )

    def _news(self, deliveries: Sequence[Claimed]) -> dict[str, list[News]]:
        """What the deliveries tell, by reservation; their outcome is settled unless news of theirs go wrong."""
        found: dict[str, list[News]] = {}
        for delivery in deliveries:
            try:
                told = self._told(delivery)
            except Exception as error:  # noqa: BLE001 - one delivery must not stop the others
                self._failed(delivery, type(error).__name__)
                continue
            if told:
                self.outcomes[delivery.id] = self._settled(DeliveryStatus.DONE)
            for each in told:
                found.setdefault(each.reservation_id, []).append(News(delivery, each))
        return {id_: kept for id_, group in found.items() if (kept := self._whose_turn_it_is(group))}

    def _told(self, delivery: Claimed) -> Sequence[Told]:
        if delivery.provider_account is not None and self.own_id not in (None, delivery.provider_account):
            self._ignored(delivery, "It is about another account than the one whose address it came to.")
            return ()
        webhooks = webhooks_of(self.account.provider)
        context = delivery_context(delivery.tenant_id, delivery.account_id, delivery.id)
        told = (
            () if webhooks is None else webhooks.told(self.vault.open(delivery.body, context=context), self.account.id)
        )
        if not told:
            self._ignored(delivery, "It tells nothing about a reservation.")
        return told

    def _whose_turn_it_is(self, group: Sequence[News]) -> list[News]:
        """Those that are due, and of the others those about changes before them."""
        due = [_when(each.told) for each in group if not each.delivery.early]
        latest = max((when for when in due if when is not None), default=None)
        kept = []
        for each in group:
            when = _when(each.told)
            if not each.delivery.early or (when is not None and latest is not None and when < latest):
                kept.append(each)
            else:
                self.outcomes.pop(each.delivery.id, None)
                self.left.add(each.delivery.id)
        return kept

    async def _known(self, news: Mapping[str, Sequence[News]]) -> dict[str, Known | None]:
        found = await self.states.of(self.account, news.keys())
        return {id_: found.get(id_) for id_ in news}

    async def _followed(
        self, news: Mapping[str, Sequence[News]], courses: Mapping[str, Course]
    ) -> dict[str, list[News]]:
        """Follow what the deliveries tell by themselves. Returns those that it takes a look at the PMS for."""
        listings = await self._listings(news, courses)
        asked: dict[str, list[News]] = {}
        for id_, group in news.items():
            changes = [(each, each.told) for each in group if isinstance(each.told, ReservationChange)]
            for place in in_order((told.changed_at, n) for n, (_, told) in enumerate(changes)):
                each, told = changes[place]
                trusted = _listing_of(told) in listings[id_]
                sighting = sighting_of(told, each.delivery.received_at, trusted=trusted)
                if courses[id_].take(sighting) is Outcome.ASK:
                    asked.setdefault(id_, []).append(each)
            if courses[id_].known is None and len(changes) < len(group):
                asked.setdefault(id_, []).extend(each for each in group if isinstance(each.told, MessageReceived))
        return asked

    async def _listings(
        self, news: Mapping[str, Sequence[News]], courses: Mapping[str, Course]
    ) -> dict[str, set[str | None]]:
        """The listings of each reservation that are known to be the account's own.

        A delivery about any other is no proof that the account has it: it may be another account's.
        """
        named = {id_: {_listing_of(each.told) for each in group} - {None} for id_, group in news.items()}
        own: dict[str, set[str | None]] = {}
        unsure: set[str] = set()
        for id_, course in courses.items():
            own[id_] = set() if course.known is None else {course.known.reservation.listing_id} - {None}
            unsure |= {each for each in named[id_] - own[id_] if each is not None}
        confirmed = await self.states.listings(self.account, unsure) if unsure else set()
        return {id_: own[id_] | (named[id_] & confirmed) for id_ in news}

    def _answered(self, course: Course, group: Sequence[News], id_: str, answers: Answers) -> None:
        if (error := answers.failed.get(id_)) is not None:
            for each in group:
                self._refused(each.delivery, error)
            return
        record, read_at = answers.found.get(id_, (None, self.now))
        shown = record.updated_at if record is not None else None
        unknown = record is None and course.known is None
        for each in group:
            if _is_behind(each.told, shown, unknown=unknown):
                last = DeliveryStatus.IGNORED if unknown else DeliveryStatus.DONE
                self._failed(each.delivery, _NOT_THERE if unknown else _NOT_SHOWN, last=last)
            elif unknown:
                self._ignored(each.delivery, _NOT_THERE)
        made = any(isinstance(each.told, ReservationChange) and each.told.made for each in group)
        since = min(each.delivery.received_at for each in group)
        course.take(Sighting(since=since, record=record, read_at=read_at, made=made))

    def _messages(self, news: Mapping[str, Sequence[News]], courses: Mapping[str, Course]) -> None:
        for id_, group in news.items():
            for each in group:
                if isinstance(each.told, MessageReceived):
                    courses[id_].message(each.told, each.delivery.received_at)

    async def _outdate(self, courses: Mapping[str, Course], answers: Answers) -> Mark | None:
        moved = {id_: course for id_, course in courses.items() if course.moved}
        if not moved:
            return None
        before = {id_: course.before.reservation for id_, course in moved.items() if course.before is not None}
        after = {id_: course.known.reservation for id_, course in moved.items() if course.known is not None}
        return await self.completing.outdate(self.account, touched_by(before, after), answers)

    def _settled(self, status: DeliveryStatus, reason: str | None = None) -> Values:
        return {**RELEASED, "status": status.value, "reason": reason, "settled_at": self.now}

    def _ignored(self, delivery: Claimed, reason: str) -> None:
        self.outcomes[delivery.id] = self._settled(DeliveryStatus.IGNORED, reason)

    def _refused(self, delivery: Claimed, error: ProviderError) -> None:
        if error.code not in _OUTAGES:
            self._failed(delivery, error.message)
            return
        pause = _IDLE if is_idle(error) else max(_OUTAGE, timedelta(seconds=error.retry_after or 0))
        self.outcomes[delivery.id] = {**RELEASED, "reason": error.message, "due_at": self.now + pause}

    def _failed(self, delivery: Claimed, reason: str, *, last: DeliveryStatus = DeliveryStatus.SET_ASIDE) -> None:
        self.outcomes[delivery.id] = failed(delivery, reason, self.now, last=last)


def failed(delivery: Claimed, reason: str, now: datetime, *, last: DeliveryStatus = DeliveryStatus.SET_ASIDE) -> Values:
    """The values of a delivery that failed once more: it is tried again later and later, until it is ``last``."""
    tries = delivery.tries + 1
    if tries >= MOST_TRIES:
        if last is DeliveryStatus.SET_ASIDE:
            log.error("a webhook was set aside", delivery=delivery.id, account=delivery.account_id, reason=reason)
        return {**RELEASED, "tries": tries, "status": last.value, "reason": reason, "settled_at": now}
    return {**RELEASED, "tries": tries, "reason": reason, "due_at": now + _AGAIN * 2**delivery.tries}


def _when(told: Told) -> datetime | None:
    return told.changed_at if isinstance(told, ReservationChange) else told.written_at


def _listing_of(told: Told) -> str | None:
    return told.record.listing_id if isinstance(told, ReservationChange) and told.record is not None else None


def _is_behind(told: Told, shown: datetime | None, *, unknown: bool) -> bool:
    """Whether the PMS's answer is older than what the delivery tells: some take a moment to agree with themselves."""
    if not isinstance(told, ReservationChange) or told.changed_at is None:
        return False
    return unknown or (shown is not None and shown < told.changed_at)
