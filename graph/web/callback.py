"""``/oauth/callback``: where a PMS sends an owner's browser back to. The signed ``state`` is the proof, not a key."""

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from graph.accounts.consent import Consents, Finished
from graph.storage.failures import StorageUnavailable

PAGE_HEADERS = {
    "Cache-Control": "no-store",
    # The address holds the code and the state.
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_AGAIN = "Go back to where you started and connect the account again."


def callback(consents: Callable[[], Consents]) -> Callable[[Request], object]:
    """The route's endpoint. ``consents`` is asked for when the first request comes."""

    async def finish(request: Request) -> Response:
        if request.method != "GET":
            # A look ahead must not use the consent up.
            return Response(status_code=405, headers={"Allow": "GET"})
        query = parse_qsl(request.url.query, keep_blank_values=True)
        try:
            finished = await consents().finish(query)
        except StorageUnavailable:
            return _page("Not connected", f"StayGraph cannot store the connection at the moment. {_AGAIN}", 503)
        return _answer(finished, request.url.query)

    return finish


def _answer(finished: Finished, query: str) -> Response:
    back = finished.redirect_url
    if finished.may_retry:
        links = f'<p><a id="again" href="?{escape(query)}">Try again</a></p>'
        links += f'<p><a id="back" href="{escape(back)}">Give up</a></p>' if back else ""
        return _page("Not connected yet", finished.problem.description if finished.problem else "", 503, links)
    if back is not None:
        return RedirectResponse(back, status_code=303, headers=PAGE_HEADERS)
    if finished.problem is None:
        return _page("Connected", "The account is connected. You may close this page.", 200)
    return _page("Not connected", f"{finished.problem.description} {_AGAIN}", 400)


def _page(title: str, text: str, status: int, links: str = "") -> Response:
    body = (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>{escape(text)}</p>{links}</body></html>"
    )
    return HTMLResponse(body, status_code=status, headers=PAGE_HEADERS)
