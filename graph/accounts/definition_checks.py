"""The checks of what an operator chooses for a provider, the same for the API and the command line."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from graph.accounts.oauth_application import OAuthApplication
from graph.rejections import Rejected, Rejection, RejectionCode
from providers.model import ListingField
from providers.upstream.partner import MASK, PartnerKey

MAX_NAME = 200
MAX_URL = 2_000
MAX_ENTRIES = 20
MAX_ENTRY_NAME = 100
MAX_ENTRY_VALUE = 4_000
MAX_SCOPES = 100

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_FIELD_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")  # RFC 9110, 5.5, without tabs and obsolete bytes
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)

_PRIVATE = (".localhost", ".local", ".internal")

_OURS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "cookie",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OUR_PREFIXES = ("content-", "proxy-")
_NOT_OURS = "no header that a call or a connection sets itself: Authorization, Host, Cookie, Content-…, Proxy-…, …"

_KEYS = frozenset(key.value for key in ListingField)

Path = tuple[str, ...]


class _Problems(list[Rejection]):
    def add(self, path: Path, code: RejectionCode, message: str, allowed: str | None = None) -> None:
        self.append(Rejection(field=path, code=code, message=message, allowed=allowed))


def checked_definition(given: Mapping[str, Any]) -> dict[str, Any]:
    """The acceptable values of ``given``, by our names of them.

    ``given`` has the names and shapes of the API: ``name``, ``icon``, ``partnerKey`` (``headers``, ``queryParams``),
    ``fieldsToSync`` (``listing``) and ``oauthApplication`` (``clientId``, ``clientSecret``, ``scopes``). None takes an
    icon, a partner key or an application away. Raises ``Rejected`` with all that is wrong.
    """
    problems = _Problems()
    values: dict[str, Any] = {}
    for field, value in given.items():
        if field not in _CHECKS:
            problems.add((_shown(field),), RejectionCode.UNKNOWN, "There is no such field.", ", ".join(_CHECKS))
            continue
        name, check = _CHECKS[field]
        values[name] = check(value, (field,), problems)
    if problems:
        raise Rejected(*problems)
    return values


def _name(value: Any, path: Path, problems: _Problems) -> str:
    return _text(value, path, problems, MAX_NAME, _one_line, f"1 to {MAX_NAME} characters on one line")


def _one_line(text: str) -> bool:
    return _CONTROL.search(text) is None


def _text(value: Any, path: Path, problems: _Problems, longest: int, fits: Callable[[str], bool], allowed: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text:
        code = RejectionCode.REQUIRED if value is None or isinstance(value, str) else RejectionCode.INVALID
        problems.add(path, code, "It is empty." if code is RejectionCode.REQUIRED else "It is not a text.", allowed)
    elif len(text) > longest:
        problems.add(path, RejectionCode.OUT_OF_RANGE, f"It has {len(text)} characters.", allowed)
    elif not fits(text):
        problems.add(path, RejectionCode.INVALID, "It has the wrong form.", allowed)
    return text


def _icon(value: Any, path: Path, problems: _Problems) -> str | None:
    if value is None:
        return None
    allowed = f"an https address with a public host, without user and password, of at most {MAX_URL} characters"
    return _text(value, path, problems, MAX_URL, _is_public_https, allowed)


def _is_public_https(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not _VISIBLE.fullmatch(text) or "\\" in text or parts.scheme != "https" or "@" in parts.netloc:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return _HOST_NAME.fullmatch(host) is not None and not host.lower().endswith(
            (".localhost", ".local", ".internal")
        )


def _partner_key(value: Any, path: Path, problems: _Problems) -> PartnerKey:
    if value is None:
        return PartnerKey()
    parts = _object(value, path, problems, ("headers", "queryParams"))
    return PartnerKey(
        headers=_entries(parts.get("headers"), (*path, "headers"), problems, _header_problem, _FIELD_VALUE.fullmatch),
        query=_entries(parts.get("queryParams"), (*path, "queryParams"), problems, _parameter_problem, _one_line),
    )


def _entries(
    value: Any, path: Path, problems: _Problems, of_name: Callable[[str], str | None], fits: Callable[[str], object]
) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.add(path, RejectionCode.INVALID, "It is not an object.", "an object of names and values")
        return {}
    if len(value) > MAX_ENTRIES:
        problems.add(path, RejectionCode.OUT_OF_RANGE, f"It has {len(value)} entries.", f"at most {MAX_ENTRIES}")
        return {}
    seen: set[str] = set()
    entries: dict[str, str] = {}
    for name, text in value.items():
        place = (*path, _shown(name))
        problem = _long_name(name) or of_name(name)
        if problem is None and name.lower() in seen:
            problem = "It is there twice, in different case."
        if problem is not None:
            problems.add(place, RejectionCode.INVALID, problem, _NOT_OURS if of_name is _header_problem else None)
        seen.add(name.lower())
        entries[name] = _value(text, place, problems, fits)
    return entries


def _value(value: Any, path: Path, problems: _Problems, fits: Callable[[str], object]) -> str:
    """A value is taken as it is, never trimmed. Problems do not repeat it."""
    allowed = f"1 to {MAX_ENTRY_VALUE} characters on one line, no spaces at the ends, headers in ASCII"
    text = value if isinstance(value, str) else ""
    if not text:
        problems.add(path, RejectionCode.INVALID, "It is empty, or not a text.", allowed)
    elif len(text) > MAX_ENTRY_VALUE:
        problems.add(path, RejectionCode.OUT_OF_RANGE, f"It has {len(text)} characters.", allowed)
    elif text == MASK:
        problems.add(path, RejectionCode.INVALID, "This is the mask that stands for a value, not the value.", allowed)
    elif text != text.strip() or not fits(text):
        problems.add(path, RejectionCode.INVALID, "It has the wrong form.", allowed)
    return text


def _long_name(name: str) -> str | None:
    return None if 0 < len(name) <= MAX_ENTRY_NAME else f"Names have 1 to {MAX_ENTRY_NAME} characters."


def _header_problem(name: str) -> str | None:
    if not _TOKEN.fullmatch(name):
        return "It is not the name of a header."
    ours = name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES)
    return "Calls set this header themselves." if ours else None


def _parameter_problem(name: str) -> str | None:
    return None if _one_line(name) and name == name.strip() else "It is not the name of a parameter."


def _fields_to_sync(value: Any, path: Path, problems: _Problems) -> dict[str, bool]:
    keys = ", ".join(ListingField)
    listing = _object(value, path, problems, ("listing",)).get("listing") if value is not None else None
    path = (*path, "listing")
    if not isinstance(listing, Mapping):
        message = "Name the fields: those that are not named are switched off."
        problems.add(path, RejectionCode.REQUIRED, message, f"an object of {keys}")
        return {}
    for key, on in listing.items():
        if key not in _KEYS:
            problems.add((*path, _shown(key)), RejectionCode.UNKNOWN, "There is no such field.", keys)
        elif not isinstance(on, bool):
            problems.add((*path, key), RejectionCode.INVALID, "It is neither true nor false.", "true or false")
    return dict(listing)


def _oauth_application(value: Any, path: Path, problems: _Problems) -> OAuthApplication | None:
    if value is None:
        return None
    parts = _object(value, path, problems, ("clientId", "clientSecret", "scopes"))

    def credential(name: str) -> str:
        allowed = f"1 to {MAX_ENTRY_VALUE} visible ASCII characters, no spaces"
        return _text(parts.get(name), (*path, name), problems, MAX_ENTRY_VALUE, _is_credential, allowed)

    scopes = parts.get("scopes") or ()
    listed = isinstance(scopes, (list, tuple)) and len(scopes) <= MAX_SCOPES
    if not listed or not all(isinstance(each, str) and _SCOPE.fullmatch(each) for each in scopes):
        allowed = f"at most {MAX_SCOPES} names of visible ASCII characters"
        problems.add((*path, "scopes"), RejectionCode.INVALID, "It is not a list of scopes.", allowed)
        scopes = ()
    return OAuthApplication(
        client_id=credential("clientId"), client_secret=credential("clientSecret"), scopes=tuple(scopes)
    )


def _is_credential(text: str) -> bool:
    """Whether it may be one: a mask that was read and sent back is not."""
    return text != MASK and _VISIBLE.fullmatch(text) is not None


def _object(value: Any, path: Path, problems: _Problems, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        problems.add(path, RejectionCode.INVALID, "It is not an object.", f"an object of {', '.join(names)}")
        return {}
    for name in value:
        if name not in names:
            problems.add((*path, _shown(name)), RejectionCode.UNKNOWN, "There is no such field.", ", ".join(names))
    return dict(value)


def _shown(name: object) -> str:
    """A name as it may be shown: cut, without control characters."""
    return _CONTROL.sub("?", str(name))[:MAX_ENTRY_NAME]


_CHECKS: dict[str, tuple[str, Callable[[Any, Path, _Problems], Any]]] = {
    "name": ("name", _name),
    "icon": ("icon", _icon),
    "partnerKey": ("partner_key", _partner_key),
    "fieldsToSync": ("fields_to_sync", _fields_to_sync),
    "oauthApplication": ("oauth_application", _oauth_application),
}
