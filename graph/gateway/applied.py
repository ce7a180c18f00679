"""Who applied a filter or an order: the PMS, StayGraph, or both."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from providers.manifest import Precision
from providers.model.described import Described
from providers.queries import ListingQuery, ReservationQuery

ORDER = "orderBy"
"""The name of the order among what was applied."""

_NOT_FILTERS = {"order", "direction", "property_type_ids"}


class AppliedBy(Described):
    """Who applied a filter or an order."""

    PROVIDER = "PROVIDER", "The PMS: it sends nothing else."
    BOTH = "BOTH", "The PMS left most of the rest out, StayGraph what remained."
    GATEWAY = "GATEWAY", "StayGraph, on records read for it: pages may be short, and searches stop at a bound."


@dataclass(frozen=True, slots=True)
class Applied:
    """A filter, by the name of its argument (``filter.stay``), or the order (``orderBy``), and who applied it."""

    argument: str
    by: AppliedBy

    def here(self) -> "Applied":
        """The same, applied by StayGraph alone."""
        return replace(self, by=AppliedBy.GATEWAY)


def used_filters(query: ListingQuery | ReservationQuery) -> list[str]:
    """The filters that ``query`` sets, by field name."""
    return [
        each.name for each in fields(query) if each.name not in _NOT_FILTERS and getattr(query, each.name) is not None
    ]


def argument_of(name: str) -> str:
    """What clients call a filter: ``filter.updatedSince`` for ``updated_since``."""
    first, *rest = name.split("_")
    return "filter." + first + "".join(word.capitalize() for word in rest)


def applied_by(
    query: ListingQuery | ReservationQuery, filters: Mapping[str, Precision], orders: frozenset[str]
) -> tuple[Applied, ...]:
    """Who applies which part of ``query``, for a PMS with these filters and orders."""
    found = [Applied(argument_of(name), _by(filters.get(name))) for name in used_filters(query)]
    order: Any = query.order
    if order != "PROVIDER":
        found.append(Applied(ORDER, AppliedBy.PROVIDER if order in orders else AppliedBy.GATEWAY))
    return tuple(found)


def _by(precision: Precision | None) -> AppliedBy:
    match precision:
        case Precision.EXACT:
            return AppliedBy.PROVIDER
        case Precision.NARROWS:
            return AppliedBy.BOTH
        case None:
            return AppliedBy.GATEWAY
