"""``staygraph providers``: what each provider can do, and how good its plugin is."""

from pathlib import Path
from typing import Annotated, Any

import typer

from graph.accounts.connections import limits_in_force
from graph.cli.credentials import field_names
from graph.cli.failures import CommandError, ExitCode
from graph.cli.local import prepare_settings
from graph.cli.options import AsJson
from graph.cli.schema import compare
from graph.cli.screen import say, show_json, show_table
from graph.settings import Settings, limit_profile_names
from providers import catalogue
from providers.contract import Plugin, capabilities
from providers.manifest import Limit
from providers.quality.checking import Report, unclaimed
from providers.quality.checking import check as quality_of
from providers.quality.field_page import field_page, probed_objects
from providers.quality.folder import FileProblem
from providers.simulation.virtual_time import run_virtually

app = typer.Typer(invoke_without_command=True)

Code = Annotated[str, typer.Argument(help="The provider's code, for example HOSTAWAY.", metavar="CODE")]


@app.callback()
def providers(context: typer.Context, as_json: AsJson = False) -> None:
    """List the providers: what they can do, the limits kept to, and how accounts prove themselves.

    In the authentication column a question mark follows what may be left out.

    Example: [bold]staygraph providers --json[/bold]
    """
    if context.invoked_subcommand is not None:
        return
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


@app.command()
def check(
    code: Annotated[str | None, typer.Argument(help="Only this provider.", metavar="[CODE]")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold plugins to what they claim on the quality scale, against their simulators (exit code 1 if a claim is false).

    Example: [bold]staygraph providers check HOSTAWAY[/bold]
    """
    chosen = [catalogue.plugin(code)] if code else list(catalogue.plugins().values())
    reports = [_checked(plugin) for plugin in chosen]
    if as_json:
        show_json([_report_json(report) for report in reports])
    else:
        for report in reports:
            _show_report(report)
    false = [f"{report.code}: {problem}" for report in reports for problem in report.problems]
    if false:
        raise CommandError("\n".join(false), ExitCode.CHECK_FAILED)


@app.command()
def fields(
    code: Code,
    compared: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Compare with this file instead of printing.")
    ] = None,
) -> None:
    """Print FIELDS.md of a plugin, or check that a file still holds it (exit code 1 and a diff if not).

    Example: [bold]staygraph providers fields HOSTAWAY > providers/hostaway/FIELDS.md[/bold]
    """
    plugin = catalogue.plugin(code)
    try:
        page = field_page(plugin, run_virtually(probed_objects(plugin)))
    except (FileProblem, LookupError) as problem:
        raise CommandError(f"{plugin.manifest.code}: {problem}.", ExitCode.CHECK_FAILED) from None
    if compared is None:
        typer.echo(page, nl=False)
    elif difference := compare(compared, page):
        typer.echo(difference, nl=False)
        renewal = f"staygraph providers fields {plugin.manifest.code} > {compared}"
        raise CommandError(f"{compared} is out of date. Renew it with: {renewal}", ExitCode.CHECK_FAILED)


def _checked(plugin: Plugin) -> Report:
    try:
        return run_virtually(quality_of(plugin))
    except FileProblem as problem:
        return Report(code=plugin.manifest.code, level=None, findings=(), problems=(unclaimed(problem),))


def _show_report(report: Report) -> None:
    say(f"{report.code}: {report.level.value if report.level else 'no level'}", "bold")
    show_table(
        ("LEVEL", "RULE", "CLAIM", "SEEN", "DETAIL"),
        [(each.rule.level.value, each.rule.name, each.claim, each.outcome, each.detail) for each in report.findings],
    )


def _report_json(report: Report) -> dict[str, Any]:
    return {
        "code": report.code,
        "level": report.level.value if report.level else None,
        "problems": list(report.problems),
        "rules": [
            {
                "name": each.rule.name,
                "level": each.rule.level.value,
                "text": each.rule.text,
                "claim": each.claim.value,
                "seen": each.outcome.value,
                "detail": each.detail or None,
            }
            for each in report.findings
        ],
    }


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
