"""How plugins are found: by entry point, so that a third party can ship one as its own distribution."""

from functools import cache
from importlib.metadata import entry_points

from providers.contract import Plugin

GROUP = "staygraph.providers"


class UnknownProvider(LookupError):
    """No plugin has this code. The message names those that exist."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Unknown provider {code[:40]!r}. Known: {', '.join(sorted(plugins()))}.")


@cache
def plugins() -> dict[str, Plugin]:
    """Every installed plugin by its code (``HOSTAWAY``), in the order of the codes."""
    found = [entry.load() for entry in entry_points(group=GROUP)]
    return {plugin.manifest.code: plugin for plugin in sorted(found, key=lambda each: each.manifest.code)}


def plugin(code: str) -> Plugin:
    """The plugin with this code, whatever the case. Raises ``UnknownProvider``."""
    try:
        return plugins()[code.upper()]
    except KeyError:
        raise UnknownProvider(code) from None
