"""Whose record is it? Tokens of client credentials see every account that installed the application."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from providers.bookingsync.envelope import linked_id, record_id
from providers.bookingsync.manifest import BookingsyncConfig, OAuthConfig
from providers.queries import OddRecord


@dataclass(frozen=True, slots=True)
class Ownership:
    """The account that is served, and whether the token sees others beside it."""

    account_id: str | None
    shared: bool

    @classmethod
    def of(cls, config: BookingsyncConfig) -> "Ownership":
        return cls(config.account_id, isinstance(config, OAuthConfig) and config.refresh_token is None)

    @property
    def mixed(self) -> bool:
        """Whether collections hold other accounts' records too, so that BookingSync's counts are not ours."""
        return self.shared and self.account_id is not None

    def ours(self, records: Iterable[Any]) -> tuple[list[Any], list[OddRecord]]:
        """The records that belong to the account, and those of which a shared token cannot tell.

        Records name their account in ``links.account``. Where it is missing, only a token of a single account
        proves whose it is.
        """
        kept: list[Any] = []
        odd: list[OddRecord] = []
        for record in records:
            owner = linked_id(record, "account")
            if self.account_id is None or owner == self.account_id or (owner is None and not self.shared):
                kept.append(record)
            elif owner is None:
                odd.append(OddRecord(record_id(record), "links: names no account"))
        return kept, odd
