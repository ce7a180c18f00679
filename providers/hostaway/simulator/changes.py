"""Changes of reservations that nobody asked the API for, as an owner makes them in Hostaway itself."""

from collections.abc import Sequence
from datetime import datetime

from providers.hostaway.simulator.accounts import SimulatedAccount
from providers.simulation.changes import Change, cancels, other_party

EVENT = "reservation.updated"

_STANDING = ("new", "modified")


def change(accounts: Sequence[SimulatedAccount], index: int, number: int, now: datetime) -> Change | None:
    """Change an upcoming reservation of account ``index``; None if there is none. ``number`` decides which, and how."""
    if index >= len(accounts):
        return None
    account = accounts[index]
    rows = [
        row
        for row in account.reservations.values()
        if row.stay.arrival > now.date() and row.record["status"] in _STANDING
    ]
    if not rows:
        return None
    row = rows[number % len(rows)]
    if cancels(number):
        account.change_reservation(row.id, now, status="cancelled")
    else:
        adults = other_party(row.record["adults"])
        account.change_reservation(row.id, now, status="modified", adults=adults, numberOfGuests=adults)
    return Change(event=EVENT, record=row.id)
