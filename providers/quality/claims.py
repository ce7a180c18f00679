"""What a plugin says of itself, in the file ``quality.toml`` beside its code.

- ``level``: the level that it has reached;
- ``done``: the rules that it keeps;
- ``[exempt]``: rules that do not apply to it, each with the reason;
- ``[calls]``: how much one call of its PMS brings (``bounds.CallBounds``).
"""

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.contract import Plugin
from providers.quality.bounds import CallBounds
from providers.quality.folder import FileProblem, folder_of, read_toml
from providers.quality.level import Level

FILE = "quality.toml"


class Claims(BaseModel):
    """The contents of a ``quality.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level | None = None
    done: tuple[str, ...] = ()
    exempt: dict[str, str] = {}
    calls: CallBounds = CallBounds()


def claims_of(plugin: Plugin) -> Claims:
    """What the plugin claims. Raises ``FileProblem``."""
    try:
        return Claims.model_validate(read_toml(folder_of(plugin) / FILE))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise FileProblem(f"{FILE} is wrong at {where}: {first['msg']}") from None


def bounds_of(plugin: Plugin) -> CallBounds:
    """How much one call brings; the defaults where the plugin does not say."""
    try:
        return claims_of(plugin).calls
    except FileProblem:
        return CallBounds()
