"""The checks of what a tenant chooses for an account, the same for the API and the command line."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from graph.accounts.addresses import ALLOWED, ALLOWED_PRIVATE, check_address
from graph.rejections import Rejected, Rejection, RejectionCode

MAX_NAME = 200
MAX_VERSION = 40
MAX_MARKUP = Decimal(10_000)
_HUNDRED = Decimal(100)
_PLACES = 6
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Check = Callable[[Any], "tuple[Any, tuple[RejectionCode, str, str] | None]"]


def checked_options(
    given: dict[str, Any], *, path: tuple[str, ...] = (), allow_private: bool = False
) -> dict[str, Any]:
    """``given`` (fields of ``AccountOptions``, by name) with texts trimmed, all of it acceptable.

    ``allow_private`` admits addresses with http or within private networks.
    Raises ``Rejected`` with one rejection for each field that is not; their names are those of the API.
    """
    rejections: list[Rejection] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        check = _CHECKS.get(name) or _optional(address_check(fragment=_ADDRESSES[name], allow_private=allow_private))
        values[name], problem = check(value)
        if problem is not None:
            code, message, allowed = problem
            rejections.append(Rejection(field=(*path, API_NAMES[name]), code=code, message=message, allowed=allowed))
    if rejections:
        raise Rejected(*rejections)
    return values


def _text(longest: int) -> Check:
    allowed = f"1 to {longest} characters on one line"

    def check(value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else value
        if not isinstance(text, str) or not text:
            return value, (RejectionCode.REQUIRED, "It is empty.", allowed)
        if len(text) > longest:
            return value, (RejectionCode.OUT_OF_RANGE, f"It has {len(text)} characters.", allowed)
        if _CONTROL.search(text):
            return value, (RejectionCode.INVALID, "It holds control characters.", allowed)
        return text, None

    return check


def _optional(inner: Check) -> Check:
    return lambda value: (None, None) if value is None else inner(value)


def _percentage(most: Decimal) -> Check:
    allowed = f"0 to {most}, with at most {_PLACES} decimal places"

    def check(value: Any) -> Any:
        if isinstance(value, str):
            return value, (RejectionCode.REQUIRED, "It is empty.", allowed)
        number = Decimal(value)
        if not number.is_finite() or not 0 <= number <= most:
            return value, (RejectionCode.OUT_OF_RANGE, f"It is {number}.", allowed)
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and exponent < -_PLACES:
            return value, (RejectionCode.INVALID, "It has too many decimal places.", allowed)
        return number, None

    return check


def _flag(value: Any) -> Any:
    return value, None if isinstance(value, bool) else (RejectionCode.REQUIRED, "It is empty.", "true or false")


def address_check(*, fragment: bool, allow_private: bool) -> Check:
    """Checks an address of a tenant's own server. ``fragment``: whether a part after # is of use there."""
    allowed = ALLOWED_PRIVATE if allow_private else ALLOWED

    def check(value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            return value, (RejectionCode.REQUIRED, "It is empty.", allowed)
        if (problem := check_address(text, allow_private=True, fragment=fragment)) is not None:
            return value, (RejectionCode.INVALID, problem, allowed)
        if (problem := check_address(text, allow_private=allow_private, fragment=fragment)) is not None:
            return value, (RejectionCode.NOT_ALLOWED, problem, allowed)
        return text, None

    return check


_CHECKS: dict[str, Check] = {
    "name": _text(MAX_NAME),
    "identifier": _optional(_text(MAX_NAME)),
    "version": _optional(_text(MAX_VERSION)),
    "default_discount_percentage": _percentage(_HUNDRED),
    "markup_percentage": _percentage(MAX_MARKUP),
    "distribution_markup_percentage": _percentage(_HUNDRED),
    "allow_import": _flag,
    "require_listing_approval": _flag,
}

_ADDRESSES = {"client_redirect_url": True, "notification_url": False}
"""Options that are addresses, and whether a part after # is of use there."""

API_NAMES = {
    "name": "name",
    "identifier": "accountIdentifier",
    "version": "version",
    "default_discount_percentage": "defaultDiscountPercentage",
    "markup_percentage": "markupPercentage",
    "distribution_markup_percentage": "distributionMarkupPercentage",
    "allow_import": "allowImport",
    "require_listing_approval": "requireListingApproval",
    "client_redirect_url": "clientRedirectUrl",
    "notification_url": "notificationUrl",
}
"""Each option's name in the API."""
