"""The envelope of every Hostaway answer: ``{"status", "result", "count", …}``."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from providers.errors import NotFound, UpstreamInvalid, UpstreamRefused
from providers.upstream.calls import Answer
from providers.wire import OddValue
from providers.wire.values import listed, read_int

_LONGEST_REASON = 300
_KEY_LIKE = re.compile(r"[\w.~+/=-]{40,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The records of a list answer, how many the PMS says there are under the same filter, and when it came.

    ``limit`` is the page size that the PMS says it kept to.
    """

    rows: list[Any]
    count: int | None
    received_at: datetime
    limit: int | None = None


def read_list(answer: Answer) -> Rows:
    """The records of a list. Raises ``UpstreamRefused`` or, where ``result`` is no list, ``UpstreamInvalid``.

    An answer without a list is never taken for an empty one: it would make everything there was disappear. Only an
    empty object beside a count of 0 is one.
    """
    body = _opened(answer)
    rows, count = listed(body.get("result")), _count(body.get("count"))
    if not isinstance(rows, list) or (not rows and isinstance(body.get("result"), dict) and count != 0):
        raise UpstreamInvalid("Hostaway answered without the list it promises.", upstream_status=answer.status)
    return Rows(
        rows=rows,
        count=count,
        received_at=answer.received_at,
        limit=_count(body.get("limit")),
    )


def read_some(answer: Answer) -> Rows:
    """The records of a list, or the one record that came in place of a list of one. Raises like ``read_list``.

    An empty object is no record: it is one of the forms in which Hostaway says that there is nothing.
    """
    result = _opened(answer).get("result")
    if isinstance(result, dict):
        rows = listed(result)
        rows = rows if isinstance(rows, list) else [result]
        return Rows(rows=rows, count=len(rows), received_at=answer.received_at)
    return read_list(answer)


def read_object(answer: Answer) -> dict[str, Any]:
    """One record, bare or as the only element of a list (both are documented).

    Raises ``UpstreamRefused``, ``NotFound`` for an empty list or object, ``UpstreamInvalid`` for anything else.
    """
    result = listed(_opened(answer).get("result"))
    if result == []:
        raise NotFound("Hostaway has no such record.", upstream_status=answer.status)
    if isinstance(result, list) and len(result) == 1:
        result = result[0]
    if not isinstance(result, dict):
        raise UpstreamInvalid("Hostaway answered without the record it promises.", upstream_status=answer.status)
    return result


def read_outcome(answer: Answer) -> dict[str, Any] | None:
    """The record that a change answers, None where it answers none: ``[]``, ``{}``, no ``result``, no body at all.

    Raises ``UpstreamRefused`` where the change was refused, with whatever HTTP status.
    """
    if not answer.body:
        return None
    result = listed(_opened(answer).get("result"))
    if isinstance(result, list) and len(result) == 1:
        result = result[0]
    return result if isinstance(result, dict) and result else None


def reason_in(body: Any, secret: str | None = None) -> str | None:
    """Hostaway's own words for a refusal: in ``result``, in ``message`` on 429, or in ``error``.

    ``secret`` and whatever looks like a key or token are taken out.
    """
    if not isinstance(body, dict):
        return None
    for key in ("result", "message", "error"):
        text = body.get(key)
        if isinstance(text, str) and text.strip():
            return _fit_to_show(text, secret)
    return None


def _fit_to_show(text: str, secret: str | None) -> str:
    if secret:
        text = text.replace(secret, "…")
    return _KEY_LIKE.sub("…", " ".join(text.split()))[:_LONGEST_REASON]


def _opened(answer: Answer) -> dict[str, Any]:
    """The envelope of a success. A failure may come with HTTP 200 (see BEHAVIOR.md)."""
    body = answer.json()
    if not isinstance(body, dict):
        raise UpstreamInvalid("Hostaway answered without its envelope.", upstream_status=answer.status)
    if str(body.get("status")).lower() == "fail":
        reason = reason_in(body) or "no reason given"
        raise UpstreamRefused(f"Hostaway refused the call: {reason}", upstream_status=answer.status)
    return body


def _count(value: Any) -> int | None:
    try:
        count = read_int(value)
    except OddValue:
        return None
    return count if count is not None and count >= 0 else None
