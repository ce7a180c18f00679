"""``staygraph providers``: what each provider can do."""

from typing import Any

from graph.accounts.connections import limits_in_force
from graph.cli.credentials import field_names
from graph.cli.local import prepare_settings
from graph.cli.options import AsJson
from graph.cli.screen import show_json, show_table
from graph.settings import Settings, limit_profile_names
from providers import catalogue
from providers.contract import Plugin, capabilities
from providers.manifest import Limit


def providers(as_json: AsJson = False) -> None:
    """List the providers: what they can do, the limits kept to, and how accounts prove themselves.

    In the authentication column a question mark follows what may be left out.

    Example: [bold]staygraph providers --json[/bold]
    """
    settings = prepare_settings()
    plugins = list(catalogue.plugins().values())
    if as_json:
        show_json([_json(settings, plugin) for plugin in plugins])
        return
    rows = []
    for plugin in plugins:
        manifest = plugin.manifest
        profile = settings.provider_limits(manifest.code, manifest.default_limits)
        limits = "\n".join(_limit(limit) for limit in limits_in_force(settings, plugin)) or "none"
        methods = [f"{method.type}: {', '.join(field_names(method))}" for method in manifest.auth_methods]
        rows.append(
            (
                f"{manifest.code}\n{manifest.name}",
                "\n".join(_capabilities(plugin)),
                f"{profile}:\n{limits}",
                "\n".join(methods),
            )
        )
    show_table(("PROVIDER", "CAPABILITIES", "LIMITS", "AUTHENTICATION"), rows)


def _capabilities(plugin: Plugin) -> list[str]:
    return sorted(each.value for each in capabilities(plugin.client_class))


def _limit(limit: Limit) -> str:
    charge = f" for {limit.charge}" if limit.charge else ""
    return f"{limit.calls} calls / {limit.seconds} s per {limit.scope.lower()}{charge}"


def _json(settings: Settings, plugin: Plugin) -> dict[str, Any]:
    manifest = plugin.manifest
    return {
        "code": manifest.code,
        "name": manifest.name,
        "docsUrl": manifest.docs_url,
        "url": settings.provider_url(manifest.code, manifest.base_url),
        "capabilities": _capabilities(plugin),
        "limitProfile": settings.provider_limits(manifest.code, manifest.default_limits),
        "limitProfiles": limit_profile_names(plugin),
        "limits": [
            {
                "scope": limit.scope.value,
                "calls": limit.calls,
                "seconds": limit.seconds,
                "window": limit.kind.value,
                "charge": limit.charge,
            }
            for limit in limits_in_force(settings, plugin)
        ],
        "authTypes": [
            {"type": method.type.value, "description": method.description, "fields": field_names(method)}
            for method in manifest.auth_methods
        ],
    }
