"""Inputs of writes to calendars."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from annotated_doc import Doc

from providers.changes.omitted import OMITTED, Omitted


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChange:
    """What to change about the nights from ``start`` up to, and not including, ``end``. What is left out stays."""

    start: Annotated[date, Doc("First night.")]
    end: Annotated[date, Doc("Day after the last night: not included.")]
    available: Annotated[
        bool | Omitted, Doc("False blocks the nights, true frees those that a block holds, never a guest's.")
    ] = OMITTED
    price: Annotated[
        Decimal | Omitted,
        Doc("Price of a night at the PMS, more than 0, in the listing's currency, before the account's terms."),
    ] = OMITTED
    minimum_stay: Annotated[int | Omitted, Doc("Fewest nights of a stay that arrives then: 1 or more.")] = OMITTED
    maximum_stay: Annotated[int | Omitted, Doc("Most nights of a stay that arrives then: 1 or more.")] = OMITTED
    closed_to_arrival: Annotated[bool | Omitted, Doc("Whether no stay may begin then.")] = OMITTED
    closed_to_departure: Annotated[bool | Omitted, Doc("Whether no stay may end then.")] = OMITTED
    units_to_sell: Annotated[
        int | Omitted, Doc("Units to sell of a listing with several, 0 or more; instead of available.")
    ] = OMITTED
    note: Annotated[str | Omitted | None, Doc("The host's note.")] = OMITTED
    extras: Any = None
