"""The deliveries of one account that are worked on together: read, put in order, judged, asked about, settled."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
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
from graph.events.completing import Answers, Completes, touched_by
from graph.events.course import Course, in_order, sighting_of
from graph.events.guest_reads import GUESTS_AT_ONCE, OfGuests, Shown
from graph.events.inbox_records import Row
from graph.events.settling import Settlement, States
from graph.events.states import Outcome, Sighting
from providers.errors import ErrorCode, ProviderError
from providers.webhooks import GuestNews, MessageReceived, ReservationChange, Told, ToldOfReservation

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
_NO_RESERVATION = "No reservation of the account has this guest."

Values = dict[str, Any]


@dataclass(slots=True)
class News:
    """What one delivery tells of one reservation."""

    delivery: Claimed
    told: ToldOfReservation


@dataclass(slots=True)
class NewsOfGuest:
    """What deliveries tell of one guest. ``changed_at`` is the PMS's latest time of a change, if it says any."""

    deliveries: list[Claimed] = field(default_factory=list)
    changed_at: datetime | None = None

    def add(self, delivery: Claimed, told: GuestNews) -> None:
        self.deliveries.append(delivery)
        self.changed_at = max(filter(None, (self.changed_at, told.changed_at)), default=None)


@dataclass(slots=True, kw_only=True)
class Batch:
    """The work on some deliveries of one account. ``outcomes`` are the new values of their rows.

    ``understood`` is what deliveries tell, as far as that is known before, and afterwards what was found out.

    ``left`` are the ids of early ones that were not needed, and of news of guests beyond as many as are asked for at
    once: they wait for their own turn.
    """

    account: ConnectedAccount
    own_id: str | None
    states: States
    completing: Completes
    vault: Vault
    now: datetime
    learned: bool
    understood: dict[str, Sequence[Told]] = field(default_factory=dict)
    outcomes: dict[str, Values] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    async def settlement(self, deliveries: Sequence[Claimed], holder: str, unstored: Sequence[Row] = ()) -> Settlement:
        """What is to be written of these deliveries. What changed is read anew from now on.

        ``unstored`` are the rows of those that may not be stored yet.
        """
        news, guests = self._news(deliveries)
        courses = await self._courses(news)
        asked = await self._followed(news, courses)
        answers, of_guests = await self._answers(asked, guests)
        for id_, group in asked.items():
            self._answered(courses[id_], group, id_, answers)
        if guests:
            await self._guests(guests, of_guests, courses, answers)
        self._messages(news, courses)
        mark = await self._outdate(courses, answers)
        return Settlement(
            account=self.account,
            holder=holder,
            judged={id_: 0 if course.before is None else course.before.revision for id_, course in courses.items()},
            states={id_: course.known for id_, course in courses.items() if course.moved and course.known is not None},
            events=[event for course in courses.values() for event in course.events],
            deliveries=self.outcomes,
            unstored=unstored,
            mark=mark,
        )

    def _news(self, deliveries: Sequence[Claimed]) -> tuple[dict[str, list[News]], dict[str, NewsOfGuest]]:
        """What the deliveries tell, by reservation and by guest.

        Their outcome is settled unless news of theirs go wrong, or they are ``left``.
        """
        found: dict[str, list[News]] = {}
        guests: dict[str, NewsOfGuest] = {}
        for delivery in deliveries:
            try:
                told = self._told(delivery)
            except Exception as error:  # noqa: BLE001 - one delivery must not stop the others
                self._failed(delivery, type(error).__name__)
                continue
            if len(guests) >= GUESTS_AT_ONCE and any(isinstance(each, GuestNews) for each in told):
                self.left.add(delivery.id)
                continue
            if told:
                self.outcomes[delivery.id] = self._settled(DeliveryStatus.DONE)
            for each in told:
                if isinstance(each, GuestNews):
                    guests.setdefault(each.guest_id, NewsOfGuest()).add(delivery, each)
                else:
                    found.setdefault(each.reservation_id, []).append(News(delivery, each))
        return {id_: kept for id_, group in found.items() if (kept := self._whose_turn_it_is(group))}, guests

    def _told(self, delivery: Claimed) -> Sequence[Told]:
        if delivery.provider_account is not None and self.own_id not in (None, delivery.provider_account):
            self._ignored(delivery, "It is about another account than the one whose address it came to.")
            return ()
        if delivery.id not in self.understood:
            self.understood[delivery.id] = self._read(delivery)
        told = self.understood[delivery.id]
        if not told:
            self._ignored(delivery, "It tells nothing about a reservation.")
        return told

    def _read(self, delivery: Claimed) -> Sequence[Told]:
        webhooks = webhooks_of(self.account.provider)
        if webhooks is None:
            return ()
        context = delivery_context(delivery.tenant_id, delivery.account_id, delivery.id)
        return webhooks.told(self.vault.open(delivery.body, context=context), self.account.id)

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

    async def _courses(self, reservation_ids: Collection[str]) -> dict[str, Course]:
        """What is known of reservations, to be taken further."""
        known = await self.states.of(self.account, reservation_ids)
        return {
            id_: Course(account=self.account, known=known.get(id_), learned=self.learned) for id_ in reservation_ids
        }

    async def _answers(
        self, asked: Mapping[str, Sequence[News]], guests: Mapping[str, NewsOfGuest]
    ) -> tuple[Answers, OfGuests]:
        """What the PMS says of reservations and of guests, asked at the same time."""
        if not guests:
            return await self._asked(asked), OfGuests()
        return await asyncio.gather(self._asked(asked), self.completing.of_guests(self.account, guests.keys()))

    async def _asked(self, asked: Mapping[str, Sequence[News]]) -> Answers:
        if not asked:
            return Answers()
        since = max(each.delivery.received_at for group in asked.values() for each in group)
        return await self.completing.read(self.account, asked, since)

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

    async def _guests(
        self,
        guests: Mapping[str, NewsOfGuest],
        of_guests: OfGuests,
        courses: dict[str, Course],
        answers: Answers,
    ) -> None:
        """Take in what the PMS shows of the guests' reservations: ``courses`` and ``answers`` have them from then on.

        A delivery about several guests is tried again for all of them where one failed.
        """
        shown = {record.provider_id for found in of_guests.found.values() for record, _ in found}
        courses |= await self._courses(shown - courses.keys())
        for guest_id, found in of_guests.found.items():
            self._shown(guests[guest_id], found, courses)
            answers.found |= {record.provider_id: (record, read_at) for record, read_at in found}
        with_some = [guests[guest_id] for guest_id, found in of_guests.found.items() if found]
        there = {each.id for news in with_some for each in news.deliveries}
        for each in (each for news in guests.values() for each in news.deliveries):
            if each.id not in there and self.outcomes.get(each.id, {}).get("status") == DeliveryStatus.DONE.value:
                self._ignored(each, _NO_RESERVATION)
        for guest_id, error in of_guests.failed.items():
            for each in guests[guest_id].deliveries:
                self._refused(each, error)

    def _shown(self, news: NewsOfGuest, found: Sequence[Shown], courses: Mapping[str, Course]) -> None:
        since = min(each.received_at for each in news.deliveries)
        for record, read_at in found:
            sighting = Sighting(since=since, record=record, read_at=read_at)
            courses[record.provider_id].take(sighting, news.changed_at)

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


def _when(told: ToldOfReservation) -> datetime | None:
    return told.changed_at if isinstance(told, ReservationChange) else told.written_at


def _listing_of(told: ToldOfReservation) -> str | None:
    return told.record.listing_id if isinstance(told, ReservationChange) and told.record is not None else None


def _is_behind(told: ToldOfReservation, shown: datetime | None, *, unknown: bool) -> bool:
    """Whether the PMS's answer is older than what the delivery tells: some take a moment to agree with themselves."""
    if not isinstance(told, ReservationChange) or told.changed_at is None:
        return False
    return unknown or (shown is not None and shown < told.changed_at)
