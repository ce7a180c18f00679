"""What differs between collections of listings and of reservations."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.applied import Applied
from graph.gateway.ordering import Ordering
from providers.contract import ProviderClient
from providers.errors import NotSupported
from providers.queries import Batch, Page

T = TypeVar("T")
Q = TypeVar("Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[T, Q]):
    """How to ask for one kind of collection, and which of it a PMS does itself.

    ``local`` says whether a query may be answered from a whole collection that is held: not where the PMS knows more
    of what fits than its records tell; ``decided`` whether that holds of certain records, too. ``unordered`` is a query
    without its order, ``base`` one without its times of change, which records mostly tell. ``nothing_fits`` says why no
    record of an account can fit a query, if so: its PMS is not asked then. ``refusal`` says why an account's PMS cannot
    answer a query at all, ``applied`` who applies which part of it. ``changes`` is the query for all that changed since
    an instant, the latest first where the PMS can do that; ``tells_changes`` says whether the account's PMS can answer
    that one. ``by_id`` reads single records.
    """

    what: str
    entity: str
    page: Callable[[ProviderClient, Q, str | None], Awaitable[Page[T]]]
    whole_query: Q
    native: Callable[[Q, ConnectedAccount], Q]
    exact: Callable[[Q, ConnectedAccount], bool]
    ordered: Callable[[Q, ConnectedAccount], bool]
    page_size: Callable[[ConnectedAccount], int]
    keeps: Callable[[Q, T], bool]
    ordering: Callable[[Q], Ordering[T] | None]
    local: Callable[[Q], bool]
    unordered: Callable[[Q], Q]
    changes: Callable[[datetime, ConnectedAccount], Q]
    tells_changes: Callable[[ConnectedAccount], bool]
    by_id: Callable[[ProviderClient, Sequence[str]], Awaitable[Batch[T]]]
    decided: Callable[[Q, Iterable[T]], bool] = lambda _, __: True
    base: Callable[[Q], Q] = lambda query: query
    nothing_fits: Callable[[Q, ConnectedAccount], str | None] = lambda _, __: None
    refusal: Callable[[Q, ConnectedAccount], NotSupported | None] = lambda _, __: None
    applied: Callable[[Q, ConnectedAccount], tuple[Applied, ...]] = lambda _, __: ()
