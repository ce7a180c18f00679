"""The tables of reservation events: the log, what is known of reservations, and where polling stands."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from graph.storage.tables import Table, UtcDateTime


class ReservationEventRow(Table):
    """Something that happened to a reservation. ``cursor`` is in the order of commits and never used again.

    ``listing_id`` and ``reservation_id`` are the PMS's own. ``occurred_at`` is the PMS's time of the change. ``body``
    is sealed for this row. Two rows of an account never have the same ``content_key``, where there is one.
    """

    __tablename__ = "reservation_event"
    __table_args__ = (
        UniqueConstraint("account_id", "content_key"),
        Index(None, "tenant_id", "cursor"),
        {"sqlite_autoincrement": True},
    )

    cursor: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    id: Mapped[str] = mapped_column(String(40), unique=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    listing_id: Mapped[str | None] = mapped_column(String(200))
    reservation_id: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(20))
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    content_key: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class EventFloorRow(Table):
    """How far a tenant's log was let go: events up to ``cleared_to`` may be missing."""

    __tablename__ = "event_floor"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    cleared_to: Mapped[int] = mapped_column(BigInteger)


class ReservationStateRow(Table):
    """A reservation as it was last known. ``id`` is made of the account's and the PMS's; ``body`` is sealed for it.

    ``changed_at`` is the PMS's time of its last change, ``read_at`` when it was last read at the PMS. ``revision``
    grows with every change.
    """

    __tablename__ = "reservation_state"

    id: Mapped[str] = mapped_column(String(250), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    reservation_id: Mapped[str] = mapped_column(String(200))
    listing_id: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted: Mapped[bool] = mapped_column(Boolean, server_default=false())
    revision: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class AccountPollRow(Table):
    """Where the polling of an account stands.

    Everything that changed before ``mark`` is known; ``learned_at`` is when it was first. ``holder`` polls until
    ``lease_until``, nobody before ``due_at``.
    """

    __tablename__ = "account_poll"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenant.id"), index=True)
    mark: Mapped[datetime | None] = mapped_column(UtcDateTime)
    learned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    polled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    holder: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
