"""Which addresses of a tenant's own servers may be used: to send a browser to, and to post messages to.

Whoever may connect accounts chooses them, so they must not lead into the operator's own network.
"""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

MAX_URL = 2000

_UNWELCOME = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*")
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")
"""Names that never mean a server on the internet (RFC 6761, 6762, 8375; .internal is reserved by ICANN)."""

_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""IPv6 addresses that a translator turns into the IPv4 address in their last 32 bits (RFC 6052, 8215)."""

ALLOWED = "an https:// address of a server on the internet, without user name or password"
ALLOWED_PRIVATE = "an http:// or https:// address, without user name or password"


def check_address(url: str, *, allow_private: bool, fragment: bool = True) -> str | None:
    """What is wrong with ``url``, in words for whoever gave it; None if nothing is.

    ``allow_private`` admits http and addresses on this machine or in private networks. ``fragment`` says whether a
    part after # is acceptable: a browser needs it, a server never sees it. Names are not resolved here.
    """
    if len(url) > MAX_URL:
        return f"It has {len(url)} characters; at most {MAX_URL} are allowed."
    if _UNWELCOME.search(url) or not url.isascii():
        return "It holds spaces or characters that must be encoded in an address."
    try:
        parts = urlsplit(url)
        nowhere = parts.port == 0
    except ValueError:
        return "It is not an address."
    if nowhere:
        return "Nothing listens on port 0."
    return _wrong_form(parts, fragment=fragment) or (None if allow_private else _wrong_place(parts))


def _wrong_form(parts: SplitResult, *, fragment: bool) -> str | None:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "It is not an http:// or https:// address."
    if "@" in parts.netloc:
        return "It holds a user name or a password."
    if parts.fragment and not fragment:
        return "It holds a part after #, which a server never sees."
    return None if _is_host(parts.hostname) else "Its host is not a name or an IP address."


def _wrong_place(parts: SplitResult) -> str | None:
    if parts.scheme != "https":
        return "It is not an https:// address."
    host = (parts.hostname or "").rstrip(".")
    literal = _literal(host)
    if literal is not None:
        return None if is_public(literal) else "It leads to this machine or into a private network."
    local = any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)
    return "It leads to this machine or into a private network." if local or "." not in host else None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the internet, and not one that stands for something else within."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and any(address in network for network in _TRANSLATED):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_host(host: str) -> bool:
    if ":" in host or _is_numeric(host):
        return _literal(host) is not None
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.rstrip(".").split("."))


def _is_numeric(host: str) -> bool:
    """Browsers and resolvers take a name that ends in a number for an IPv4 address (WHATWG URL, host parsing)."""
    return _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host is, also in the short, octal and hexadecimal forms that systems accept."""
    host = host.rstrip(".")
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if _is_numeric(host) else None
    except OSError:
        return None
