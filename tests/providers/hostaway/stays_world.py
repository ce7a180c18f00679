"""A reservation at the simulated Hostaway, to be changed under every reading of its documentation."""

from itertools import product

import pytest

from providers.hostaway.simulator import HostawayReadings
from providers.hostaway.simulator.accounts import ReservationRow
from providers.simulation.portfolio import StayKind
from tests.providers.hostaway.writing_world import TODAY, Writing

READINGS = [
    HostawayReadings(
        put_replaces=replaces,
        finance_drops_lines=drops,
        finance_resets_properties=resets,
        custom_fields_replace=not replaces,
        put_modifies=drops,
        clash_status=200 if resets else 400,
        refusals_with_200=resets and drops,
    )
    for replaces, drops, resets in product((True, False), repeat=3)
]
every_reading = pytest.mark.parametrize("readings", READINGS, ids=range(len(READINGS)))


def a_stay(there: Writing, *, rich: bool = True, channel: int | None = None) -> ReservationRow:
    """A confirmed stay to come, with custom fields and, if ``rich``, deleted price lines and ones outside the total."""
    for row in there.account.reservations.values():
        lines = row.record["financeField"]
        varied = any(line["isDeleted"] for line in lines) and any(not line["isIncludedInTotalPrice"] for line in lines)
        if (
            row.stay.kind is StayKind.CONFIRMED
            and row.record["status"] == "new"
            and row.arrival > TODAY
            and (channel is None or row.record["channelId"] == channel)
            and (not rich or varied)
        ):
            there.account.change_reservation(
                row.id, there.clock.now(), customFieldValues=[{"customFieldId": 167, "value": "yes"}], pets=1
            )
            return row
    raise AssertionError("no such stay")
