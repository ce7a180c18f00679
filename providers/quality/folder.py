"""The files that a plugin ships beside its code."""

import inspect
import tomllib
from pathlib import Path
from typing import Any

from providers.contract import Plugin


class FileProblem(Exception):
    """A file of a plugin is missing or cannot be read; the text names it and says why."""


def folder_of(plugin: Plugin) -> Path:
    """Where the plugin's class is declared."""
    return Path(inspect.getfile(type(plugin))).parent


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ``FileProblem``."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileProblem(f"{path.name} is missing beside the plugin") from None
    except (OSError, ValueError) as error:
        raise FileProblem(f"{path.name} cannot be read: {error}") from None
