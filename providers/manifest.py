"""What a plugin says about its PMS before anyone calls it: names, credentials, limits, what it filters itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from providers.model.described import Described

ConfigModel = type[BaseModel]


class AuthType(Described):
    """How an account proves itself to its PMS."""

    ACCESS_TOKEN = "ACCESS_TOKEN", "A token made elsewhere; it cannot be renewed."
    API_KEY = "API_KEY", "A key or secret made in the PMS; tokens are made from it as needed."
    OAUTH = "OAUTH", "OAuth 2.0, with refresh tokens or client credentials."
    EMAIL_PASSWORD = "EMAIL_PASSWORD", "An e-mail address and a password."
    PARTNER_TOKEN = "PARTNER_TOKEN", "A token of a partner of the PMS."


class WebhookSetup(Described):
    """How a PMS is told where to send its webhooks."""

    API = "API", "Through its API: nobody has to do anything in the PMS."
    MANUAL = "MANUAL", "By hand: somebody enters the address in the PMS."
    NONE = "NONE", "Not at all: the PMS sends no webhooks."


class LimitScope(Described):
    """What a PMS counts calls by."""

    ACCOUNT = "ACCOUNT", "Calls of one account of the PMS."
    IP = "IP", "Calls from one IP address, of all accounts together."
    APPLICATION = "APPLICATION", "Calls of one registered application, of all accounts together."


class WindowKind(StrEnum):
    """How a window moves: any stretch of its length, or fixed stretches of the clock."""

    SLIDING = "SLIDING"
    CLOCK = "CLOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``calls`` calls in any ``seconds`` seconds, counted by ``scope``.

    ``charge`` names the kind of call the limit is for: a ``Call`` with that charge uses only the limits of that
    charge if the profile has any, else those with charge ``None`` (the general ones). ``SLIDING`` windows hold for
    every stretch of that length; ``CLOCK`` windows begin at multiples of their length since the Unix epoch.
    """

    scope: LimitScope
    calls: int
    seconds: int
    charge: str | None = None
    kind: WindowKind = WindowKind.SLIDING


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthMethod:
    """One way to connect an account: its type and the model that its ``authConfig`` must fit.

    ``without_consent`` says of an OAuth method's ``authConfig`` without any token whether it still works as it is,
    with the application's own credentials; None: its owner must always consent.
    """

    type: AuthType
    config: ConfigModel
    description: str
    without_consent: Callable[[Any], bool] | None = None


class Precision(StrEnum):
    """How well a PMS does a filter: exactly as asked, or only so that nothing wanted is missing."""

    EXACT = "EXACT"
    NARROWS = "NARROWS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The facts about a PMS that StayGraph needs beforehand.

    ``limits`` holds named profiles, ``default_limits`` the one in force unless the settings name another. ``margin``
    is added to each window, in seconds, for the time a call travels. ``base_url`` ends without a slash and holds
    scheme, host and port only: the path prefix belongs to the calls, and ``api_prefix`` names it, so that a setting
    that holds it too can be understood. The ``*_filters`` say which fields of a query
    the PMS applies itself, ``*_orders`` which orders it gives; the gateway does the rest. ``untold_*_filters`` are the
    fields that no record of the PMS can ever fit, since none tells what they ask for: nobody is asked about those.
    ``webhooks`` says how the PMS learns where to send them; ``webhooks_of_application`` that one such setting serves
    all accounts of an application.
    """

    code: str
    name: str
    docs_url: str
    base_url: str
    api_prefix: str = ""
    auth_methods: tuple[AuthMethod, ...]
    limits: Mapping[str, tuple[Limit, ...]]
    default_limits: str
    margin: float = 0.25
    listing_filters: Mapping[str, Precision] = field(default_factory=dict)
    untold_listing_filters: frozenset[str] = frozenset()
    listing_orders: frozenset[str] = frozenset()
    reservation_filters: Mapping[str, Precision] = field(default_factory=dict)
    untold_reservation_filters: frozenset[str] = frozenset()
    reservation_orders: frozenset[str] = frozenset()
    listing_page_size: int = 100
    reservation_page_size: int = 100
    webhooks: WebhookSetup = WebhookSetup.NONE
    webhooks_of_application: bool = False
