"""The consent page, where an account's owner lets the application in (documentation, Authorization).

The documentation does not say how a refusal comes back, nor how long a code lives: here as RFC 6749 has it (sections
4.1.2 and 4.1.2.1). The implicit flow is not simulated. Nobody signs in: whoever opens the page may choose among all
accounts, and none counts as having consented before it did so here.
"""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from providers.bookingsync.simulator.codes import Codes
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.oauth import LARGEST_FORM, OUT_OF_BAND, Application
from providers.bookingsync.simulator.units import FIRST_ACCOUNT

AUTHORIZE_PATH = "/oauth/authorize"
PAGE_HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}

_READ_AND_WRITE = (
    "bookings",
    "clients",
    "inbox",
    "inquiries",
    "payments",
    "preferences_general_settings",
    "preferences_payments",
    "rates",
    "rentals",
    "reviews",
    "webhooks",
    "applications",
    "discount_code",
)
_OWNED = ("bookings", "inquiries", "payments", "webhooks")
SCOPES = frozenset(
    {"public", "discount_code_usage_read"}
    | {f"{name}_{right}" for name in _READ_AND_WRITE for right in ("read", "write")}
    | {f"{name}_write_owned" for name in _OWNED}
)
"""Every scope that the documentation names."""

_KEPT = ("client_id", "redirect_uri", "response_type", "scope", "state", "account_id")


class _Refused(Exception):
    """Nothing may be sent back: the application or the address to send it to is not known."""


class ConsentPage:
    """``GET /oauth/authorize`` shows the page, ``POST`` takes what was decided."""

    def __init__(self, application: Application, codes: Codes, estates: Sequence[Estate]) -> None:
        self._application = application
        self._codes = codes
        self._estates = estates
        self._consented: set[int] = set()

    async def show(self, request: Request) -> Response:
        """The page, or at once the way back: with an error, or with a code where the account has consented before."""
        asked = dict(request.query_params)
        try:
            self._check_client(asked)
        except _Refused as refused:
            return _page(f"<h1>The application cannot be authorized</h1><p>{escape(str(refused))}</p>", 400)
        error = self._error(asked)
        if error is not None:
            return _back(asked, error=error)
        account = self._preselected(asked)
        if account is not None and account in self._consented:
            return self._with_code(asked, account)
        return _page(self._form(asked, account))

    async def decide(self, request: Request) -> Response:
        """What the owner pressed: back with a code, or with ``access_denied``."""
        asked = dict(parse_qsl((await request.body())[:LARGEST_FORM].decode("utf-8", "replace")))
        try:
            self._check_client(asked)
        except _Refused as refused:
            return _page(f"<h1>The application cannot be authorized</h1><p>{escape(str(refused))}</p>", 400)
        error = self._error(asked)
        if error is not None:
            return _back(asked, error=error)
        account = self._account(asked.get("account"))
        if asked.get("decision") != "allow" or account is None:
            return _back(asked, error="access_denied")
        self._consented.add(account)
        return self._with_code(asked, account)

    def _check_client(self, asked: Mapping[str, str]) -> None:
        if asked.get("client_id") != self._application.client_id:
            raise _Refused("There is no application with this client ID.")
        if not self._application.may_return_to(asked.get("redirect_uri", "")):
            raise _Refused("The redirect URI is not under the domain that the application was registered with.")

    def _error(self, asked: Mapping[str, str]) -> str | None:
        if asked.get("response_type") != "code":
            return "unsupported_response_type" if asked.get("response_type") else "invalid_request"
        if not set(asked.get("scope", "").split()) <= SCOPES:
            return "invalid_scope"
        return None

    def _preselected(self, asked: Mapping[str, str]) -> int | None:
        """The account that the request names; without, the only one that there is."""
        number = asked.get("account_id", "")
        if not number:
            return 0 if len(self._estates) == 1 else None
        return self._account(str(int(number) - FIRST_ACCOUNT)) if number.isdecimal() else None

    def _account(self, text: str | None) -> int | None:
        number = int(text) if text and text.isdecimal() and len(text) < 10 else -1
        return number if 0 <= number < len(self._estates) else None

    def _with_code(self, asked: Mapping[str, str], account: int) -> Response:
        scopes = frozenset(asked.get("scope", "").split()) | {"public"}
        code = self._codes.issue(account, scopes, asked["redirect_uri"])
        if asked["redirect_uri"] == OUT_OF_BAND:
            return _page(f"<h1>Authorization code</h1><p><code id='code'>{escape(code)}</code></p>")
        return _back(asked, code=code)

    def _form(self, asked: Mapping[str, str], chosen: int | None) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked[name])}">' for name in _KEPT if name in asked
        )
        accounts = "".join(
            f'<p><label><input type="radio" name="account" value="{number}"{" checked" if number == chosen else ""}> '
            f"{escape(estate.business_name)} ({FIRST_ACCOUNT + number})</label></p>"
            for number, estate in enumerate(self._estates)
            if chosen is None or number == chosen
        )
        rights = "".join(f"<li>{escape(scope)}</li>" for scope in sorted({"public", *asked.get("scope", "").split()}))
        return (
            "<h1>Let StayGraph use your BookingSync account?</h1><p>This is a simulator. The application asks for:</p>"
            f'<ul>{rights}</ul><form method="post" action="{AUTHORIZE_PATH}">{hidden}'
            f"<fieldset><legend>Account</legend>{accounts}</fieldset>"
            '<p><button name="decision" value="allow">Allow</button> '
            '<button name="decision" value="deny">Deny</button></p></form>'
        )


def _back(asked: Mapping[str, str], **answer: str) -> Response:
    """Send the browser back to the application."""
    parts = urlsplit(asked["redirect_uri"])
    state = {"state": asked["state"]} if "state" in asked else {}
    if asked["redirect_uri"] == OUT_OF_BAND:
        return _page(f"<h1>No authorization code</h1><p>{escape(answer.get('error', ''))}</p>")
    query = "&".join(filter(None, (parts.query, urlencode({**answer, **state}))))
    return RedirectResponse(parts._replace(query=query).geturl(), status_code=302, headers=PAGE_HEADERS)


def _page(body: str, status: int = 200) -> Response:
    page = f"<!DOCTYPE html><html lang='en'><head><title>BookingSync simulator</title></head><body>{body}</body></html>"
    return HTMLResponse(page, status_code=status, headers=PAGE_HEADERS)
