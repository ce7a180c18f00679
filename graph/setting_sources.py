"""Where raw settings come from: environment variables and one optional file."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

PREFIX = "STAYGRAPH_"
CONFIG_VARIABLE = "STAYGRAPH_CONFIG"


class ConfigFileError(ValueError):
    """The configuration file cannot be read. The message says why and never quotes the file."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A setting as somebody wrote it, and where: ``environment`` or the file's name."""

    name: str
    value: Any
    origin: str


def read_variables(environ: Mapping[str, str]) -> dict[str, Variable]:
    """All ``STAYGRAPH_*`` settings by variable name. The environment wins over the file; empty ones count as absent.

    Raises ``ConfigFileError``.
    """
    read = {name.upper(): value for name, value in environ.items() if name.upper().startswith(PREFIX)}
    found: dict[str, Variable] = {}
    if path := read.get(CONFIG_VARIABLE):
        found = {name: Variable(name, value, path) for name, value in _read_file(Path(path).expanduser()).items()}
        found.pop(CONFIG_VARIABLE, None)
    found |= {name: Variable(name, value, "environment") for name, value in read.items() if value.strip()}
    return found


def _read_file(path: Path) -> dict[str, Any]:
    try:
        if path.suffix == ".toml":
            return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), PREFIX))
        with path.open(encoding="utf-8") as lines:
            values = dotenv_values(stream=lines, interpolate=False)
    except OSError as error:
        raise ConfigFileError(f"{path} cannot be read ({error.strerror})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigFileError(f"{path} is not valid TOML ({error})") from None
    except UnicodeDecodeError:
        raise ConfigFileError(f"{path} is not UTF-8 text") from None
    return {name.upper(): value for name, value in values.items() if value and name.upper().startswith(PREFIX)}


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """A table ``[hostaway]`` with ``url = …`` is ``STAYGRAPH_HOSTAWAY_URL``; ``port = …`` is ``STAYGRAPH_PORT``."""
    for key, value in table.items():
        # A full variable name is taken as it is, so that lines can be moved over from the environment.
        name = key.upper() if key.upper().startswith(PREFIX) else prefix + key.upper()
        if isinstance(value, Mapping):
            yield from _flat(value, name + "_")
        else:
            yield name, value
