"""Sending changes, and what their refusals mean.

Which words Hostaway refuses a change with is documented for two cases only. So a refusal is understood by looking: at
the nights, and at the listing. That takes two reads at most.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from providers.changes import ChangeRefused, ProblemKind, refused
from providers.errors import NotFound, ProviderError, UpstreamRefused
from providers.hostaway.calendar import build_calendar, calendar_parameters
from providers.hostaway.envelope import read_outcome
from providers.hostaway.reading import LISTINGS, Reader
from providers.queries import Days
from providers.upstream.calls import Answer, Call

_CARD_WORDS = re.compile(r"card|payment|charge|declin|fund|cvc|cvv|stripe|braintree", re.IGNORECASE)
_COUPON_WORD = re.compile("coupon", re.IGNORECASE)
_ARCHIVED_WORD = re.compile("archiv", re.IGNORECASE)
_SHORT = 2
"""Characters of a text that is struck out as a word of its own only."""
_NIGHTS_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was tried. ``nights`` are those that must be free for it, None where that does not matter.

    ``private`` are texts that were sent and must not be shown, whatever Hostaway repeats of them.
    """

    listing_id: str | None
    nights: Days | None = None
    coupon: bool = False
    card: bool = False
    doubtful: bool = False
    """Whether it holds what Hostaway may refuse for reasons of its own: custom fields, price lines."""
    private: Collection[str] = ()


async def send(reader: Reader, call: Call) -> tuple[dict[str, Any] | None, Answer]:
    """Make a change. Answers the record that came back, if one did. Raises ``ProviderError``."""
    answer = await reader.session.send(call)
    with reader.signing():
        return read_outcome(answer), answer


async def refusal(reader: Reader, error: UpstreamRefused, attempt: Attempt) -> ChangeRefused:
    """Why Hostaway refused a change, in unified words. Where looking fails, its own words have to do."""
    words = shown(error, attempt.private)
    if attempt.card and _CARD_WORDS.search(words):
        return refused(ProblemKind.PAYMENT_FAILED, words, "card")
    if attempt.coupon and _COUPON_WORD.search(words):
        return refused(ProblemKind.INVALID, words, "coupon")
    if _ARCHIVED_WORD.search(words):
        return refused(ProblemKind.CONFLICT, words)
    try:
        return await _looked_at(reader, words, attempt)
    except ProviderError:
        return refused(ProblemKind.REFUSED, words)


def shown(error: ProviderError, private: Collection[str]) -> str:
    """Hostaway's words without what was sent about a guest or a card."""
    words = error.message
    for text in sorted(filter(str.strip, set(private)), key=len, reverse=True):
        pattern = re.escape(text) if len(text) > _SHORT else rf"\b{re.escape(text)}\b"
        words = re.sub(pattern, "…", words, flags=re.IGNORECASE)
    return words


async def _looked_at(reader: Reader, words: str, attempt: Attempt) -> ChangeRefused:
    listing_id = attempt.listing_id
    if listing_id is not None and attempt.nights is not None:
        taken = await _taken(reader, listing_id, attempt.nights)
        if taken:
            message = f"These nights are taken: {', '.join(taken[:_NIGHTS_NAMED])}. {words}"
            return refused(ProblemKind.NIGHTS_TAKEN, message, "arrival")
    if listing_id is not None and await _is_archived(reader, listing_id):
        return refused(ProblemKind.CONFLICT, f"The listing is archived. {words}")
    if attempt.card and not attempt.coupon and not attempt.doubtful:
        return refused(ProblemKind.PAYMENT_FAILED, words, "card")
    return refused(ProblemKind.REFUSED, words)


async def _taken(reader: Reader, listing_id: str, nights: Days) -> list[str]:
    asked = calendar_parameters(nights, reservations=False)
    rows = await reader.rows(f"{LISTINGS}/{listing_id}/calendar")(asked)
    calendar = await build_calendar(rows.rows, listing_id, reader.account_id, nights, reservations=False)
    return [day.date.isoformat() for day in calendar.days if day.available is False]


async def _is_archived(reader: Reader, listing_id: str) -> bool:
    try:
        record, _ = await reader.record(LISTINGS, listing_id)
    except NotFound:
        return False
    return str(record.get("specialStatus") or "").lower() == "archived"
