"""What a plugin says about the webhooks of its PMS: how a delivery is proved, what is read at once, and what it means.

Receiving is the gateway's: it keeps every delivery that is proved, as it came, before anybody understands it. A plugin
tells whether the PMS sent it and, as far as that can be told, for which account and under which name; later, which
reservations it is about.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel

from providers.model import Reservation


@dataclass(frozen=True, slots=True, repr=False)
class WebhookLogin:
    """A user name and a password of our own making, entered in the PMS, which sends them with every delivery."""

    login: str
    password: str


@dataclass(frozen=True, slots=True, repr=False)
class WebhookRequest:
    """A delivery as it came. ``headers`` have lower-case names; ``body`` is raw: signatures are made over its bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookNote:
    """What can be read from a delivery without understanding it; each None where it does not say.

    ``event`` is the PMS's own word, ``account_id`` the PMS's own id of the account that it is about. Two deliveries of
    one account with the same ``key`` are the same one, sent again. None where that cannot be told: two changes may
    look alike, and neither must be lost. ``subject`` is the PMS's own id of the reservation that it is about.
    ``changed_at`` is the PMS's time of the change (aware UTC), where the delivery shows what changed: one that says no
    more than that something did is better read together with others.
    """

    event: str | None = None
    account_id: str | None = None
    key: str | None = None
    subject: str | None = None
    changed_at: datetime | None = None


NOTHING_READ = WebhookNote()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationChange:
    """A delivery says that a reservation was made, changed, called off or deleted: which of these is not to be trusted.

    ``record`` is the reservation as the delivery shows it, None where that is too little to go by. In it None means
    that the delivery does not say, and so does an empty list of what the PMS leaves out as a rule. ``changed_at`` is
    the PMS's time of the change (aware UTC), None where it does not say. ``made``: the delivery calls it new.
    """

    reservation_id: str
    changed_at: datetime | None = None
    record: Reservation | None = field(default=None, repr=False)
    made: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """A delivery says that a guest wrote. ``written_at`` is aware UTC, None where the PMS does not say.

    ``message_id`` is the PMS's own: the same message is told once.
    """

    reservation_id: str
    message_id: str
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestNews:
    """A delivery says that the record of a guest was made, changed or deleted, and not which reservations show them.

    ``guest_id`` is the PMS's own: ``Guest.provider_id`` of those reservations. Their PMS filters by ``guest_ids``.
    ``changed_at`` is the PMS's time of the change (aware UTC), None where it does not say.
    """

    guest_id: str
    changed_at: datetime | None = None


ToldOfReservation = ReservationChange | MessageReceived
Told = ToldOfReservation | GuestNews


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """Where a PMS shall send its webhooks: what its API is told.

    ``login`` goes along with every delivery where the PMS can do that. ``alert_email`` is told by the PMS of deliveries
    that failed; None: whoever the PMS chooses.
    """

    url: str = field(repr=False)
    login: WebhookLogin = field(repr=False)
    alert_email: str | None = None


class Webhooks(ABC):
    """The webhooks of one PMS.

    ``uses_login``: the PMS proves itself with a login and password of our making. Otherwise it signs with a secret
    that the account's credentials hold. ``challenge`` is sent with a refusal as ``WWW-Authenticate``, if it is set.
    ``setup`` says, for people, where to enter the address in the PMS.
    """

    uses_login: ClassVar[bool]
    challenge: ClassVar[str | None] = None
    setup: ClassVar[str]

    @abstractmethod
    def provable(self, config: BaseModel) -> bool:
        """Whether an account with these credentials can tell a true delivery from a forged one."""

    @abstractmethod
    def proved(self, request: WebhookRequest, login: WebhookLogin, config: BaseModel) -> bool:
        """Whether the PMS sent this. Compares in constant time, and raises nothing whatever was sent."""

    @abstractmethod
    def read(self, body: bytes) -> WebhookNote:
        """What the delivery says about itself. Raises nothing; ``NOTHING_READ`` for what is not understood."""

    @abstractmethod
    def told(self, body: bytes, account_id: str) -> Sequence[Told]:
        """What happened to reservations of the account, or to guests; empty for a delivery about anything else.

        ``account_id`` is ours, for the records. Raises nothing: what is odd in a record is a reason to read it anew.
        """


MAX_EVENT = 100
MAX_ACCOUNT_ID = 40
MAX_RECORD_ID = 200


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; empty if it is none. Depth and numbers are bounded by the parser."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def short_text(value: Any, longest: int) -> str | None:
    """A text or whole number of at most ``longest`` characters as a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= longest and text.isprintable() else None
