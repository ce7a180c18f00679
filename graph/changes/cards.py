"""Whether a card can be right, before a PMS is asked to charge it. Nothing of it is ever repeated in a message."""

import re
from collections.abc import Iterator
from datetime import datetime

from graph.rejections import Rejection, RejectionCode
from providers.changes import PaymentCard

_NUMBER = re.compile(r"[0-9]{12,19}")
_CODE = re.compile(r"[0-9]{3,4}")
_LAST_YEAR = 9999


def card_problems(card: PaymentCard, now: datetime) -> Iterator[Rejection]:
    """What is wrong with a card at ``now`` (aware)."""
    if not card.holder.strip():
        yield _problem("holder", RejectionCode.REQUIRED, "The name on the card is missing.")
    if not _NUMBER.fullmatch(card.number):
        yield _problem("number", RejectionCode.INVALID, "This is no card number.", "12 to 19 digits, without blanks")
    elif not _luhn(card.number):
        yield _problem("number", RejectionCode.INVALID, "This is no card number: its check digit is wrong.")
    if not _CODE.fullmatch(card.code):
        yield _problem("code", RejectionCode.INVALID, "This is no security code.", "3 or 4 digits")
    if not 1 <= card.expiration_month <= 12:
        yield _problem("expirationMonth", RejectionCode.OUT_OF_RANGE, "This is no month.", "1 to 12")
    elif not 1000 <= card.expiration_year <= _LAST_YEAR:
        yield _problem("expirationYear", RejectionCode.OUT_OF_RANGE, "This is no year of four digits.")
    elif (card.expiration_year, card.expiration_month) < (now.year, now.month):
        yield _problem("expirationYear", RejectionCode.OUT_OF_RANGE, "The card has expired.")


def _problem(field: str, code: RejectionCode, message: str, allowed: str | None = None) -> Rejection:
    return Rejection(field=("card", field), code=code, message=message, allowed=allowed)


def _luhn(number: str) -> bool:
    """Whether the check digit of ISO/IEC 7812-1, annex B, is right."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
