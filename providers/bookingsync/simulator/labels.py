"""Labels and contracts of rentals (documentation, Rentals tags and Rental agreements)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.units import FIRST_ACCOUNT, Unit, account_wide_id
from providers.bookingsync.simulator.view import Fixed

TAGS = (("Family", "#2d7d46"), ("Seaside", "rgba(0,90,160,0.8)"))


def rentals_tag_ids(unit: Unit) -> list[int]:
    return [account_wide_id(ids.RENTALS_TAGS, unit.account, n) for n in range(unit.house.number % 3)]


def rentals_tags(account: int, made_at: datetime) -> Iterator[Fixed]:
    """The labels of an account for rentals."""
    for number, (name, color) in enumerate(TAGS):
        ident = account_wide_id(ids.RENTALS_TAGS, account, number)
        record = {
            "links": {"account": FIRST_ACCOUNT + account},
            "id": ident,
            "name": {"en": name},
            "color": color,
            "logo": None,
            "created_at": instant(made_at),
            "updated_at": instant(made_at),
        }
        yield Fixed(ident, None, made_at, record)


def agreement_id(unit: Unit) -> int | None:
    """The contract of a rental: its own, or the account's; a draft has none yet."""
    if unit.draft:
        return None
    if unit.house.number % 2 == 0:
        return unit.own_id(ids.AGREEMENTS)
    return account_wide_id(ids.AGREEMENTS, unit.account, 0)


def agreements(account: int, units: Sequence[Unit], made_at: datetime) -> Iterator[Fixed]:
    """The account's contract and those of rentals. The documentation shows records without links."""
    yield _agreement(account_wide_id(ids.AGREEMENTS, account, 0), None, made_at)
    for unit in units:
        if not unit.draft and unit.house.number % 2 == 0:
            yield _agreement(unit.own_id(ids.AGREEMENTS), unit, unit.house.updated_at)


def _agreement(ident: int, unit: Unit | None, at: datetime) -> Fixed:
    place = "this place" if unit is None else unit.house.name
    record = {
        "id": ident,
        "body": f"Guests leave {place} as they found it.",
        "created_at": instant(at),
        "updated_at": instant(at),
    }
    return Fixed(ident, unit, at, record)
