"""Kept values that are more than a record or a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.model import Reservation
from providers.queries import OddRecord


@dataclass(frozen=True, slots=True)
class ListingReservations:
    """The reservations of one listing, and those of its records that could not be read."""

    reservations: Sequence[Reservation]
    odd: Sequence[OddRecord]
