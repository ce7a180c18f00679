"""Whether a web page may open a connection that browsers let every page open."""

from collections.abc import Collection

from starlette.datastructures import Headers
from strawberry.http.websocket_origin import is_same_origin, normalize_origin

from graph.settings import Settings


def may_connect(headers: Headers, settings: Settings) -> bool:
    """Whether a handshake comes from a page of ours, of an allowed origin, or of no page at all.

    CORS does not hold for WebSockets: browsers let pages of any origin open one and tell only where they are from.
    """
    origins = headers.getlist("origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    (origin,) = origins
    # Browsers say so themselves, and no page can: it holds behind proxies that change the host, too.
    if headers.get("sec-fetch-site") == "same-origin" or is_same_origin(origin, headers.get("host")):
        return True
    ours = [settings.public_url] if settings.public_url else []
    return _listed(origin, [*settings.allowed_origins, *ours])


def _listed(origin: str, allowed: Collection[str]) -> bool:
    found = normalize_origin(origin)
    return "*" in allowed or (found is not None and found in {normalize_origin(each) for each in allowed})
