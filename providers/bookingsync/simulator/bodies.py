"""Bodies of writes (documentation, Requests): one object in an array under the plural name, and its values."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from starlette.requests import Request

from providers.bookingsync.simulator.formats import decimal_text, parse_instant
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.view import Record

LARGEST_BODY = 400_000
MEDIA_TYPES = ("application/vnd.api+json", "application/json")


async def sent_object(request: Request) -> Record:
    """The JSON object of a body. Raises ``Refused`` with 415 or 400."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    body = await request.body()
    if body and media_type not in MEDIA_TYPES:
        raise Refused(415, "The media type is not supported.")
    try:
        parsed = orjson.loads(body) if 0 < len(body) <= LARGEST_BODY else {}
    except orjson.JSONDecodeError:
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise Refused(400, "The body is not a JSON object.")
    return parsed


def one_record(body: Mapping[str, Any], name: str) -> Record:
    """The one object under ``name``. Raises ``Refused`` (400) where there is none or are several."""
    records = body.get(name)
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
        raise Refused(400, f"{name} must hold one object.")
    return records[0]


async def sent_record(request: Request, name: str) -> Record:
    """The one object of a body under ``name``."""
    return one_record(await sent_object(request), name)


class Values:
    """The attributes of a record that was sent. What is wrong raises ``Refused`` (422) with the attribute's name."""

    def __init__(self, sent: Record) -> None:
        self.sent = sent

    def __contains__(self, name: str) -> bool:
        return name in self.sent

    def text(self, name: str, most: int = 5_000, least: int = 0) -> str | None:
        value = self.sent.get(name)
        if value is None and least == 0:
            return None
        if not isinstance(value, str) or len(value) < least:
            raise Refused(422, "can't be blank" if not value else "is too short", field=name)
        if len(value) > most:
            raise Refused(422, f"is too long (maximum is {most} characters)", field=name)
        return value

    def word(self, name: str, words: frozenset[str] | tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in words:
            raise Refused(422, "is not included in the list", field=name)
        return value

    def flag(self, name: str) -> bool:
        value = self.sent.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise Refused(422, "is invalid", field=name)
        return value

    def whole(self, name: str, least: int | None = None, most: int | None = None) -> int | None:
        value = self.sent.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.lstrip("-").isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused(422, "is not a number", field=name)
        if (least is not None and value < least) or (most is not None and value > most):
            raise Refused(422, "is out of range", field=name)
        return value

    def decimal(self, name: str, least: Decimal | None = None) -> Decimal | None:
        value = self.sent.get(name)
        if value is None or value == "":
            return None
        amount = number(value)
        if amount is None:
            raise Refused(422, "is not a number", field=name)
        if least is not None and amount < least:
            raise Refused(422, f"must be greater than or equal to {least}", field=name)
        return amount

    def decimal_text(self, name: str, least: Decimal | None = None) -> str | None:
        """A decimal as records show it."""
        amount = self.decimal(name, least)
        return None if amount is None else decimal_text(amount)

    def moment(self, name: str) -> datetime | None:
        value = self.sent.get(name)
        if value is None or value == "":
            return None
        found = parse_instant(value) if isinstance(value, str) else None
        if found is None:
            raise Refused(422, "is invalid", field=name)
        return found

    def day(self, name: str) -> date | None:
        found = self.moment(name)
        return None if found is None else found.date()

    def objects(self, name: str) -> list[Record]:
        value = self.sent.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise Refused(422, "is invalid", field=name)
        return value

    def ids(self, name: str) -> list[int]:
        value = self.sent.get(name)
        if value is None:
            return []
        try:
            return [int(each) for each in value]
        except (TypeError, ValueError):
            raise Refused(422, "is invalid", field=name) from None


def number(value: object) -> Decimal | None:
    """A decimal from a JSON number or text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
