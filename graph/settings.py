"""Every setting: its name, its default, what it means and what is allowed.

A setting ``port`` is read from the variable ``STAYGRAPH_PORT``, then from the file that ``STAYGRAPH_CONFIG`` names
(TOML if its name ends in ``.toml``, otherwise lines of ``STAYGRAPH_PORT=8000``), then from its default here. An empty
variable counts as not set. Each provider in the catalogue has two settings of its own besides: the base URL of its
API (``STAYGRAPH_HOSTAWAY_URL``) and the limit profile to keep to (``STAYGRAPH_HOSTAWAY_LIMITS``).
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from graph import client_settings, event_settings, webhook_settings
from graph.jwt_settings import Audience, Issuer, JwksUrl, PermissionClaim, TenantClaim, jwt_problems
from graph.setting_sources import CONFIG_VARIABLE, PREFIX, ConfigFileError, Variable, read_variables
from providers import catalogue
from providers.contract import Plugin

Plugins = Callable[[], Mapping[str, Plugin]]

LIMITS_OFF = "off"
"""The limit profile that every provider has besides those of its manifest: no limits of ours."""

BUILD_VARIABLE = "STAYGRAPH_EXPLORER"
"""Read when StayGraph is installed, not when it runs: see ``graph.explorer.build``."""

KEY_BYTES = 32

_SHOWN_VALUE = 60
_UNSHOWN = ("secret_keys", "database_url", "public_url", "jwt_jwks_url")

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/staygraph`` where that variable holds an absolute path, else ``~/.staygraph``."""
    xdg = os.environ.get("XDG_DATA_HOME", "")
    return Path(xdg) / "staygraph" if Path(xdg).is_absolute() else Path.home() / ".staygraph"


def decode_key(text: str) -> bytes:
    """The 32 bytes of a key written in URL-safe base64. Raises ``ValueError``."""
    key = base64.b64decode(text.strip().encode(), altchars=b"-_", validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("wrong length")
    return key


def _comma_list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _database_url(value: SecretStr) -> SecretStr:
    try:
        url = make_url(value.get_secret_value().strip())
    except (ArgumentError, ValueError):
        raise ValueError("is not a database URL") from None
    # The driver is ours to choose: it must not block.
    backend = url.get_backend_name()
    if backend not in _DRIVERS:
        raise ValueError(f"names {backend}, which is not supported")
    if backend != "sqlite" and not url.database:
        raise ValueError("names no database")
    return SecretStr(url.set(drivername=_DRIVERS[backend]).render_as_string(hide_password=False))


def _key(value: SecretStr) -> SecretStr:
    try:
        decode_key(value.get_secret_value())
    except ValueError:
        raise ValueError("is not a key") from None
    return value


def _origin(value: str) -> str:
    if value == "*":
        return value
    return base_url(value)


def _public_url(value: str) -> str:
    parts = urlsplit(value.strip())
    path = parts.path.rstrip("/")
    return base_url(value, path) + path


def base_url(value: str, prefix: str = "") -> str:
    """``value`` as scheme, host and port, without a trailing slash; the API's path ``prefix`` may stand behind them.

    Raises ``ValueError`` saying what is wrong.
    """
    try:
        parts = urlsplit(value.strip())
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an http:// or https:// address")
    if parts.username or parts.password:
        raise ValueError("holds a user name or a password")
    if parts.path.rstrip("/") not in ("", prefix) or parts.query or parts.fragment:
        raise ValueError("holds more than scheme, host and port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


Seconds = Annotated[float, Field(gt=0, le=86_400)]
Age = Annotated[int, Field(ge=0, le=604_800)]


class Settings(BaseModel):
    """All settings, checked. Construct it directly in tests; ``load_settings`` reads the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    data_dir: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Field(
        default_factory=default_data_dir,
        description="Folder of the database and the key file; made at first start. "
        "Default: $XDG_DATA_HOME/staygraph, else ~/.staygraph.",
        json_schema_extra={"allowed": "a folder that can be written"},
    )
    database_url: Annotated[SecretStr, AfterValidator(_database_url)] | None = Field(
        None,
        description="Database: SQLite or PostgreSQL. Default: the SQLite file staygraph.db in the data folder.",
        json_schema_extra={
            "allowed": "sqlite:////absolute/path.db, or postgresql://user:password@host:5432/database with parameters "
            "of libpq such as ?sslmode=verify-full"
        },
    )
    secret_keys: Annotated[list[Annotated[SecretStr, AfterValidator(_key)]], BeforeValidator(_comma_list)] = Field(
        [],
        description="Keys that credentials are sealed with: the first seals, all open. "
        "Default: those in the file secret.key in the data folder.",
        json_schema_extra={"allowed": "comma-separated keys, each 32 bytes in URL-safe base64"},
    )

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    public_url: Annotated[str, AfterValidator(_public_url)] | None = Field(
        None,
        description="Where browsers and PMSs reach this server: for webhooks, and for the address that owners return "
        "to after their consent in a PMS. Default: http://, the host and the port.",
        json_schema_extra={"allowed": "an address such as https://graph.example.com"},
    )
    allow_private_urls: bool = Field(
        False,
        description="Let redirect and notification addresses of accounts, and addresses that events are sent to, be "
        "http, or lead to this machine or into a private network.",
        json_schema_extra={"allowed": "true or false"},
    )
    allowed_origins: Annotated[list[Annotated[str, AfterValidator(_origin)]], BeforeValidator(_comma_list)] = Field(
        [],
        description="Web origins whose pages may call the API from a browser (CORS), besides our own.",
        json_schema_extra={"allowed": "comma-separated origins such as https://app.example.com, or *"},
    )

    jwt_issuer: Issuer = None
    jwt_audience: Audience = None
    jwt_jwks_url: JwksUrl = None
    jwt_tenant_claim: TenantClaim = "tenant"
    jwt_permission_claim: PermissionClaim = "scope"

    log_format: Literal["console", "json"] = Field("console", description="How log lines are written.")
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value),
    ] = Field("info", description="The least level of log lines that are written.")

    operation_timeout: Seconds = Field(30.0, description="Seconds that one GraphQL operation may take.")
    call_timeout: Seconds = Field(10.0, description="Seconds that one call to a PMS may take.")
    connect_timeout: Seconds = Field(5.0, description="Seconds that connecting to a PMS may take.")

    account_max_age: Age = Field(3600, description="Seconds that a PMS's account record counts as fresh.")
    listing_max_age: Age = Field(600, description="Seconds that listings count as fresh.")
    reservation_max_age: Age = Field(60, description="Seconds that reservations count as fresh.")
    calendar_max_age: Age = Field(300, description="Seconds that calendars count as fresh.")
    price_max_age: Age = Field(60, description="Seconds that quoted prices count as fresh.")
    part_max_age: Age = Field(600, description="Seconds that fees, taxes and other parts of listings count as fresh.")
    dictionary_max_age: Age = Field(86_400, description="Seconds that dictionaries and custom fields count as fresh.")
    stale_for: Age = Field(
        3600, description="Seconds beyond its age that an answer may still be served while it is refreshed."
    )
    cache_entries: int = Field(
        50_000, ge=100, le=10_000_000, description="Objects kept in memory; the least recently used leave first."
    )
    background_refresh: bool = Field(
        True,
        description="Renew what is asked for often before it is too old, with calls that nobody else wants.",
        json_schema_extra={"allowed": "true or false"},
    )

    max_query_depth: int = Field(15, ge=3, le=100, description="Levels a query may nest.")
    max_query_tokens: int = Field(5000, ge=100, le=1_000_000, description="Tokens a query document may have.")
    max_query_aliases: int = Field(100, ge=1, le=10_000, description="Aliases a query document may have.")
    max_query_cost: client_settings.MaxQueryCost = 200_000
    max_body_bytes: int = Field(1_048_576, ge=1024, le=104_857_600, description="Bytes a request body may have.")
    max_connections_per_key: client_settings.MaxConnectionsPerKey = 200
    max_subscriptions_per_connection: client_settings.MaxSubscriptionsPerConnection = 50
    max_waiting_events: client_settings.MaxWaitingEvents = 1000
    connection_init_timeout: client_settings.ConnectionInitTimeout = 10.0

    max_webhook_bytes: webhook_settings.MaxWebhookBytes = 1_048_576
    webhook_days: webhook_settings.WebhookDays = 30
    webhook_alert_email: webhook_settings.WebhookAlertEmail = None
    event_days: event_settings.EventDays = 30
    event_reorder_seconds: event_settings.EventReorderSeconds = None
    event_polling: event_settings.EventPolling = True
    event_process: event_settings.EventProcess = False
    creation_days: int = Field(30, ge=1, le=3650, description="Days that an idempotencyKey is remembered.")

    provider_urls: dict[str, Annotated[str, AfterValidator(base_url)]] = Field(
        default_factory=dict, description="Base URLs of PMS APIs that differ from the manifest's, by provider code."
    )
    limit_profiles: dict[str, str] = Field(
        default_factory=dict, description="Limit profiles that differ from the manifest's, by provider code."
    )

    _warnings: tuple[str, ...] = PrivateAttr(())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What looked odd while loading, for people: variables that no setting has."""
        return self._warnings

    @property
    def database(self) -> str:
        """The database URL in force, with its password: for opening it and nothing else."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        file = str(self.data_dir / "staygraph.db")
        return URL.create(_DRIVERS["sqlite"], database=file).render_as_string(hide_password=False)

    @property
    def public_address(self) -> str:
        """Where browsers and PMSs reach this server, without a slash at the end."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  # shown, not bound
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def key_file(self) -> Path:
        """Where the keys are kept when ``secret_keys`` is empty."""
        return self.data_dir / "secret.key"

    def provider_url(self, code: str, default: str) -> str:
        """The base URL of a provider's API, without a trailing slash."""
        return self.provider_urls.get(code.upper(), default).rstrip("/")

    def provider_limits(self, code: str, default: str) -> str:
        """The name of the limit profile to keep to for a provider."""
        return self.limit_profiles.get(code.upper(), default)


PROVIDER_FIELDS = ("provider_urls", "limit_profiles")
"""Fields that are read from a variable per provider rather than from one of their own name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting. ``value`` is None where it must not be shown."""

    variable: str
    value: str | None
    wrong: str
    allowed: str

    def __str__(self) -> str:
        shown = "" if self.value is None else f"={self.value[:_SHOWN_VALUE]}"
        return f"{self.variable}{shown}: {self.wrong}. Allowed: {self.allowed}."


class SettingsError(ValueError):
    """Settings cannot be used. The message names every problem at once, one a line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def variable_name(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def provider_variables(plugin: Plugin) -> tuple[str, str]:
    """The variables of a provider: of its base URL and of its limit profile."""
    code = plugin.manifest.code.upper()
    return f"{PREFIX}{code}_URL", f"{PREFIX}{code}_LIMITS"


def limit_profile_names(plugin: Plugin) -> list[str]:
    """The limit profiles that may be chosen for a provider."""
    return list(dict.fromkeys([*plugin.manifest.limits, LIMITS_OFF]))


def load_settings(
    environ: Mapping[str, str] | None = None, *, plugins: Plugins = catalogue.plugins, **overrides: Any
) -> Settings:
    """Settings from the environment and the configuration file; ``overrides`` win over both.

    Raises ``SettingsError`` with every problem there is.
    """
    try:
        variables = read_variables(os.environ if environ is None else environ)
    except ConfigFileError as error:
        raise SettingsError([Problem(CONFIG_VARIABLE, None, str(error), "a readable TOML or .env file")]) from None
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    others: dict[str, Variable] = {}
    for variable in variables.values():
        field = variable.name.removeprefix(PREFIX).lower()
        if field in Settings.model_fields and field not in PROVIDER_FIELDS:
            values[field] = variable.value
        elif variable.name not in (CONFIG_VARIABLE, BUILD_VARIABLE):
            others[variable.name] = variable
    # Loading every plugin takes time, and one that is broken must not be in the way of settings that need none.
    found = plugins() if others else {}
    for plugin in found.values():
        _read_provider(plugin, others, values, problems)
    values.update(overrides)
    settings = _checked(values, problems)
    settings._warnings = tuple(_unknown(name, found) for name in others)
    return settings


def _read_provider(
    plugin: Plugin, others: dict[str, Variable], values: dict[str, Any], problems: list[Problem]
) -> None:
    code = plugin.manifest.code.upper()
    url_name, limits_name = provider_variables(plugin)
    if url := others.pop(url_name, None):
        try:
            values.setdefault("provider_urls", {})[code] = base_url(str(url.value), plugin.manifest.api_prefix)
        except ValueError as error:
            allowed = f"scheme, host and port, such as {plugin.manifest.base_url} or http://127.0.0.1:9001"
            # The value is not shown: it may hold a password.
            problems.append(Problem(url_name, None, str(error), allowed))
    if limits := others.pop(limits_name, None):
        names = limit_profile_names(plugin)
        if limits.value in names:
            values.setdefault("limit_profiles", {})[code] = limits.value
        else:
            problems.append(Problem(limits_name, str(limits.value), "no such limit profile", ", ".join(names)))


def _checked(values: dict[str, Any], problems: list[Problem]) -> Settings:
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError([*map(_problem, error.errors(include_context=False)), *problems]) from None
    problems += [Problem(*each) for each in (*jwt_problems(settings), *event_settings.event_problems(settings))]
    if problems:
        raise SettingsError(problems)
    return settings


def _problem(error: Any) -> Problem:
    field = str(error["loc"][0])
    wrong = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    shown = isinstance(error["input"], (str, int, float)) and field not in _UNSHOWN
    return Problem(variable_name(field), str(error["input"]) if shown else None, wrong, allowed_values(field))


def allowed_values(field: str) -> str:
    """What a setting may be, in words."""
    schema = Settings.model_json_schema()["properties"].get(field, {})
    if "allowed" in schema:
        return str(schema["allowed"])
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if schema.get("type") not in ("integer", "number"):
        return "any text"
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    low, least = schema.get("exclusiveMinimum"), schema.get("minimum")
    start = f"above {low:g}" if low is not None else f"from {least}"
    return f"{kind} {start} to {schema['maximum']}"


def _unknown(name: str, plugins: Mapping[str, Plugin]) -> str:
    known = [variable_name(field) for field in Settings.model_fields if field not in PROVIDER_FIELDS]
    known += [CONFIG_VARIABLE, *(variable for plugin in plugins.values() for variable in provider_variables(plugin))]
    near = get_close_matches(name, known, n=1)
    return f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ".")
