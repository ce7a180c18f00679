"""What an answer of the PMS means in the vocabulary of ``providers.errors``."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from providers.contract import Dialect
from providers.errors import (
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    ProviderError,
    UpstreamInvalid,
    UpstreamRefused,
    UpstreamUnavailable,
)
from providers.upstream.calls import Answer, Quota

LONGEST_REASON = 300
"""Characters of the PMS's own words that are passed on."""


def check_body(answer: Answer) -> None:
    """Raises ``UpstreamInvalid`` for a 2xx answer whose body is not JSON."""
    if not answer.body:
        return
    try:
        answer.json()
    except UpstreamInvalid:
        raise UpstreamInvalid(_not_json(answer), upstream_status=answer.status) from None


def _not_json(answer: Answer) -> str:
    start = answer.body[:64].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")) or "html" in answer.headers.get("content-type", ""):
        return "The PMS answered with an HTML page instead of JSON."
    if start.startswith((b"{", b"[")):
        return "The PMS answered with JSON that is cut off or malformed."
    return "The PMS answered with something that is not JSON."


def server_error(answer: Answer) -> ProviderError:
    """The error of a 5xx answer."""
    wait = retry_after(answer)
    return UpstreamUnavailable(
        f"The PMS failed to answer (HTTP {answer.status}).", upstream_status=answer.status, retry_after=wait
    )


def refusal(answer: Answer, dialect: Dialect) -> ProviderError:
    """The error of an answer that is neither 2xx, 5xx nor 429."""
    status = answer.status
    if status == 404:
        return NotFound("The PMS has no such object.", upstream_status=status)
    if status == 401:
        return AuthenticationFailed(
            _with_reason("The PMS does not accept the account's credentials", answer, dialect),
            upstream_status=status,
        )
    if status == 403:
        return PermissionDenied(
            _with_reason("The account's credentials do not allow this", answer, dialect), upstream_status=status
        )
    if 400 <= status < 500:
        return UpstreamRefused(
            _with_reason(f"The PMS refused the call (HTTP {status})", answer, dialect), upstream_status=status
        )
    # A redirect is not followed: it could carry the token to another host.
    return UpstreamInvalid(f"The PMS answered with an unexpected status (HTTP {status}).", upstream_status=status)


def _with_reason(text: str, answer: Answer, dialect: Dialect) -> str:
    try:
        reason = dialect.reason(answer)
    except ProviderError:  # a body that is not JSON gives no reason
        reason = None
    words = " ".join(reason.split()) if reason else ""
    if not words:
        return f"{text}."
    if len(words) > LONGEST_REASON:
        words = words[: LONGEST_REASON - 1] + "…"
    return f"{text}: {words}"


def retry_after(answer: Answer) -> float | None:
    """Seconds from the answer's arrival to what ``Retry-After`` names, a number or a date (RFC 9110, 10.2.3)."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment - answer.received_at).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def budget(answer: Answer, dialect: Dialect) -> Quota | None:
    """What ``answer`` says about the budget: by the dialect, and by ``Retry-After`` where a 429 names no time else."""
    try:
        quota = dialect.quota(answer)
    except ProviderError:  # a body that is not JSON says nothing about the budget
        quota = None
    if answer.status != 429 or (quota is not None and quota.blocked_until is not None):
        return quota
    wait = retry_after(answer)
    if wait is None:
        return quota
    return _blocked(quota or Quota(), answer.received_at + timedelta(seconds=wait))


def _blocked(quota: Quota, until: datetime) -> Quota:
    return Quota(
        scope=quota.scope,
        limit=quota.limit,
        remaining=quota.remaining,
        reset_at=quota.reset_at,
        blocked_until=until,
    )
