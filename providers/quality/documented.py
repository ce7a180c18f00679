"""The fields that a PMS documents, as the plugin lists them in its ``documented.toml``.

The file holds one ``[[object]]`` for each documented object:

- ``name`` and ``source`` (where the documentation has it);
- ``read``: the read of the client that brings it (``reads.py`` has their names);
- ``at``: where records of it lie in answers, as names with dots; lists are entered by themselves;
- ``path``: a pattern that the paths of those calls fit, where ``at`` alone would find others as well;
- ``fields``: the names; a dot leads into an object;
- ``values``: a table of words that a field must hold before anything happens (``archived``);
- ``instead_of``: a table of fields that are read where another one says nothing, each with that other one;
- ``unread``: a table of fields that are not read on purpose, each with the reason.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.contract import Plugin
from providers.quality.folder import FileProblem, folder_of, read_toml

FILE = "documented.toml"


class DocumentedObject(BaseModel):
    """One object of the PMS's documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str
    read: str
    at: tuple[str, ...]
    path: str = ""
    fields: tuple[str, ...]
    values: dict[str, str] = {}
    instead_of: dict[str, str] = {}
    unread: dict[str, str] = {}

    def is_answered_by(self, path: str) -> bool:
        return re.search(self.path, path) is not None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    object: tuple[DocumentedObject, ...]


@dataclass(slots=True)
class Location:
    """A field in a JSON document: the object that holds it, and its name there."""

    holder: dict[str, Any]
    name: str
    value: Any = field(init=False)

    def __post_init__(self) -> None:
        self.value = self.holder.get(self.name)


def documented_objects(plugin: Plugin) -> tuple[DocumentedObject, ...]:
    """What the plugin says that its PMS documents. Raises ``FileProblem``."""
    try:
        return _File.model_validate(read_toml(folder_of(plugin) / FILE)).object
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise FileProblem(f"{FILE} is wrong at {where}: {first['msg']}") from None


def locations(document: Any, at: str, name: str) -> list[Location]:
    """Every place of the field ``name`` in the records at ``at``. Missing objects on the way to it are made."""
    *inner, last = name.split(".")
    found = []
    for record in _reached(document, at.split(".") if at else []):
        holder = record
        for step in inner:
            if not isinstance(holder.get(step), dict):
                holder[step] = {}
            holder = holder[step]
        found.append(Location(holder, last))
    return found


def _reached(document: Any, steps: list[str]) -> list[dict[str, Any]]:
    if isinstance(document, list):
        return [each for item in document for each in _reached(item, steps)]
    if not isinstance(document, dict):
        return []
    return _reached(document.get(steps[0]), steps[1:]) if steps else [document]
