"""``staygraph settings``: every setting and what is in force."""

import os
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from sqlalchemy.engine import make_url

from graph.cli.local import prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import note, show_json, show_table
from graph.setting_sources import CONFIG_VARIABLE, Variable, read_variables
from graph.settings import (
    PROVIDER_FIELDS,
    Settings,
    allowed_values,
    limit_profile_names,
    provider_variables,
    variable_name,
)
from providers import catalogue

MASKED = "********"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as shown. ``origin`` is ``default``, ``environment`` or a file's name."""

    variable: str
    value: str
    default: str
    meaning: str
    allowed: str
    origin: str


def settings(as_json: AsJson = False) -> None:
    """List every setting: the value in force, its default, what it means. Secrets are masked.

    Settings are environment variables, or lines of the file that STAYGRAPH_CONFIG names (.env or TOML).

    Example: [bold]STAYGRAPH_CONFIG=staygraph.toml staygraph settings --json[/bold]
    """
    rows = list_settings(prepare_settings(), read_variables(os.environ))
    if as_json:
        show_json([{name: getattr(row, name) for name in Row.__slots__} for row in rows])
        return
    show_table(
        ("VARIABLE", "VALUE", "DEFAULT", "MEANING"),
        [(row.variable, _marked(row), row.default, row.meaning) for row in rows],
    )
    note("\n* set; all others have their defaults")


def list_settings(present: Settings, variables: dict[str, Variable]) -> list[Row]:
    """All settings in the order of their declaration, then two for each provider."""
    rows = [_config_row(variables)]
    for field, info in Settings.model_fields.items():
        if field in PROVIDER_FIELDS:
            continue
        name = variable_name(field)
        default = info.get_default(call_default_factory=True, validated_data={})
        value = _masked(name, _shown(getattr(present, field)))
        meaning = info.description or ""
        rows.append(Row(name, value, _text(default), meaning, allowed_values(field), _origin(name, variables)))
    for plugin in catalogue.plugins().values():
        manifest = plugin.manifest
        url, limits = provider_variables(plugin)
        rows.append(
            Row(
                url,
                present.provider_url(manifest.code, manifest.base_url),
                manifest.base_url,
                f"Scheme, host and port of {manifest.name}'s API.",
                "scheme, host and port",
                _origin(url, variables),
            )
        )
        rows.append(
            Row(
                limits,
                present.provider_limits(manifest.code, manifest.default_limits),
                manifest.default_limits,
                f"Which of {manifest.name}'s rate limits to keep to: {', '.join(limit_profile_names(plugin))}.",
                ", ".join(limit_profile_names(plugin)),
                _origin(limits, variables),
            )
        )
    return rows


def _config_row(variables: dict[str, Variable]) -> Row:
    held = variables.get(CONFIG_VARIABLE)
    return Row(
        CONFIG_VARIABLE,
        str(held.value) if held else "",
        "",
        "A file of settings, besides the environment, which wins over it.",
        "a .toml file, or lines of NAME=value",
        _origin(CONFIG_VARIABLE, variables),
    )


def _origin(name: str, variables: dict[str, Variable]) -> str:
    return variables[name].origin if name in variables else "default"


def _marked(row: Row) -> str:
    return row.value if row.origin == "default" else f"{row.value} *"


def _masked(name: str, text: str) -> str:
    return MASKED if text and name == variable_name("secret_keys") else text


def _shown(value: Any) -> str:
    # Of a database's URL all is worth seeing but the password, which may be among its parameters, too.
    if isinstance(value, SecretStr):
        return make_url(value.get_secret_value()).set(query={}).render_as_string()
    return _text(value)


def _text(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
