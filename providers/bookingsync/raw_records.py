"""Unified objects that keep the record they were made of."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from providers.queries import OddRecord
from providers.wire import parse_records

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


def parse_with_raw(
    model: type[M], records: Iterable[Any], build: Callable[[M, Mapping[str, Any]], T]
) -> tuple[list[T], list[OddRecord]]:
    """As ``parse_records``; ``build`` is given the record as BookingSync sent it too, its parts nested."""
    items: list[T] = []
    odd: list[OddRecord] = []
    for record in records:
        read, unread = parse_records(model, [record], partial(_swapped, build, record))
        items += read
        odd += unread
    return items, odd


def _swapped(build: Callable[[M, Mapping[str, Any]], T], sent: Mapping[str, Any], record: M) -> T:
    return build(record, sent)
