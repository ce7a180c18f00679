"""What the token in use may read: by its scopes where they are known, else by what was refused lately."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from providers.contract import Session

PUBLIC: frozenset[str] = frozenset()
RATES = frozenset({"rates_read", "rates_write"})
ALL_BOOKINGS = frozenset({"bookings_read", "bookings_write"})
BOOKINGS = ALL_BOOKINGS | {"bookings_write_owned"}
CLIENTS = frozenset({"clients_read", "clients_write"})
RENTALS = frozenset({"rentals_read", "rentals_write"})
PAYMENTS = frozenset({"payments_read", "payments_write", "payments_write_owned"})

_MEMORY = timedelta(minutes=10)
"""Long enough not to pay for the same refusal on every page, short enough to notice a new grant."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Grants:
    """The limits of one account's token. Scopes: BookingSync documentation, Authorization."""

    def __init__(self, session: Session, now: Callable[[], datetime] = utc_now) -> None:
        self._session = session
        self._now = now
        self._refused: dict[object, datetime] = {}

    async def allow(self, any_of: frozenset[str], subject: object) -> bool:
        """Whether reading ``subject`` is worth a try: one of the scopes is granted, and it was not refused
        lately.

        An empty ``any_of`` means that every token may. A token of unknown scopes may until it is refused.
        """
        if self.was_refused(subject):
            return False
        if not any_of:
            return True
        token = await self._session.token()
        scopes = token.scopes if token else frozenset()
        return not scopes or bool(scopes & any_of)

    def was_refused(self, subject: object) -> bool:
        at = self._refused.get(subject)
        return at is not None and self._now() - at < _MEMORY

    def refuse(self, subject: object) -> None:
        self._refused[subject] = self._now()
