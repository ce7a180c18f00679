"""How BookingSync writes values (documentation, Formats): times end in Z, decimals are text."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from providers.bookingsync.simulator.refusals import Refused


def instant(moment: datetime) -> str:
    """A time as BookingSync writes it. ``moment`` is UTC, or local wall time labelled as UTC."""
    return f"{moment.isoformat()[:19]}Z"


def decimal_text(amount: Decimal) -> str:
    """A decimal as text with at least one digit after the point: ``"70.0"``, ``"3615.94"``."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


def short_decimal(amount: Decimal) -> str:
    """A decimal as it stands in the comma lists of maps: ``10``, ``10.5``."""
    return f"{amount.normalize():f}"


def wall_clock(day: date, hour: int) -> datetime:
    """Local wall time, labelled UTC although it is not: so bookings carry their hours."""
    return datetime.combine(day, time(hour), UTC)


def parse_instant(text: str) -> datetime | None:
    """A time in any of the documented input forms, a date being its midnight; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def time_option(options: Mapping[str, str], name: str) -> datetime | None:
    """The time that a query parameter holds. Raises ``Refused`` (422) for one that cannot be read."""
    text = options.get(name)
    if not text:
        return None
    moment = parse_instant(text)
    if moment is None:
        raise Refused(422, "is invalid", field=name)
    return moment


def flag_option(options: Mapping[str, str], name: str, *, default: bool) -> bool:
    """The boolean that a query parameter holds."""
    text = options.get(name)
    return default if not text else text.lower() in ("true", "1")


def number_option(options: Mapping[str, str], name: str) -> int | None:
    """The whole number that a query parameter holds. Raises ``Refused`` (422) for anything else."""
    text = options.get(name)
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise Refused(422, "is not a number", field=name)
    return int(text)


def id_list(text: str) -> list[int]:
    """The ids of a comma list; what is no id is left out."""
    return [int(part) for part in (each.strip() for each in text.split(",")) if part.isdecimal() and len(part) < 19]
