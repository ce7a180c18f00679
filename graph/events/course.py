"""What happened to one reservation, put together from news that came in any order."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from graph.accounts.accounts import ConnectedAccount
from graph.events.event import EventType, NewEvent
from graph.events.states import Happened, Known, Outcome, Sighting, judge
from providers.webhooks import MessageReceived, ReservationChange

_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Course:
    """What is known of a reservation while news of it are taken in, and the events that they make.

    ``learned``: all reservations of the account that are older than the news are known.
    """

    account: ConnectedAccount
    known: Known | None
    learned: bool
    before: Known | None = None
    events: list[NewEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = self.known

    @property
    def moved(self) -> bool:
        """Whether something else is known than before."""
        return self.known is not self.before

    def take(self, sighting: Sighting, guest_changed_at: datetime | None = None) -> Outcome:
        """Take news in; ``ASK``: only the PMS can tell what they mean.

        ``guest_changed_at``: the PMS's time of a change of the guest's own record, which may be no change of the
        reservation's.
        """
        verdict = judge(self.known, sighting, new_from=self.account.created_at, learned=self.learned)
        if verdict.known is not None:
            self.known = verdict.known
        if verdict.happened is not None:
            happened = _dated(verdict.happened, guest_changed_at)
            self.events.append(self._event(happened, sighting.since))
        return verdict.outcome

    def message(self, told: MessageReceived, received_at: datetime) -> None:
        """A guest wrote. That is told where the reservation is known."""
        if self.known is None:
            return
        happened = Happened(
            type=EventType.MESSAGE_RECEIVED, reservation=self.known.reservation, occurred_at=told.written_at
        )
        self.events.append(self._event(happened, received_at, _content_key(told)))

    def _event(self, happened: Happened, received_at: datetime, content_key: str | None = None) -> NewEvent:
        reservation = happened.reservation
        return NewEvent(
            tenant_id=self.account.tenant_id,
            account_id=self.account.id,
            listing_id=reservation.listing_id,
            reservation_id=reservation.provider_id,
            type=happened.type,
            occurred_at=happened.occurred_at,
            received_at=received_at,
            changes=happened.changes,
            reservation=reservation,
            content_key=content_key,
        )


def _dated(happened: Happened, guest_changed_at: datetime | None) -> Happened:
    """With the later time where nothing but the guest has changed."""
    times = [each for each in (happened.occurred_at, guest_changed_at) if each is not None]
    if not times or not happened.changes or any(not each.field.startswith("guest.") for each in happened.changes):
        return happened
    return replace(happened, occurred_at=max(times))


def sighting_of(change: ReservationChange, received_at: datetime, *, trusted: bool) -> Sighting:
    """What a delivery tells. One that is not ``trusted`` says no more than that there is something to look at."""
    return Sighting(
        since=received_at,
        record=change.record if trusted else None,
        changed_at=change.changed_at,
        made=change.made,
    )


def in_order(news: Iterable[tuple[datetime | None, int]]) -> list[int]:
    """The places of news in the order of the PMS's own times; those without one come last, as they were."""
    placed = sorted((when is None, when or _FIRST, place) for when, place in news)
    return [place for _, _, place in placed]


def _content_key(told: MessageReceived) -> str:
    return hashlib.blake2b(f"message/{told.message_id}".encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
