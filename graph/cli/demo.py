"""``staygraph demo``: the gateway and simulated PMSs behind it, in one process."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from graph.accounts.accounts import Accounts
from graph.accounts.connections import auth_method
from graph.accounts.keyfile import open_vault
from graph.accounts.keys import ApiKeys, Permission, Scope
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.local import opened_database, prepare_settings
from graph.cli.options import AsJson, Latency, Limits, Seed, SimulatedLimits
from graph.cli.screen import say, show_json, show_pairs
from graph.cli.serve import gateway_options
from graph.cli.servers import Site, listen, run, serve_all, stop_signal
from graph.cli.simulated import SimulatedPms, simulate
from graph.settings import LIMITS_OFF, Settings
from providers import catalogue

LOOPBACK = "127.0.0.1"

PORTFOLIO = {"HOSTAWAY": (3, 40), "BOOKINGSYNC": (2, 25)}
"""For each simulated PMS, how many accounts, and how many listings in each."""

QUERY = "{ listings(first: 5) { nodes { name provider address { city countryCode } } } }"


def demo(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port of the gateway on 127.0.0.1; 0 takes any free one.")
    ] = 8000,
    seed: Seed = 1,
    limits: SimulatedLimits = Limits.DOCUMENTED,
    latency: Latency = 0.0,
    as_json: AsJson = False,
) -> None:
    """Try StayGraph with simulated PMSs: no account, no network, nothing kept.

    Starts the gateway with 3 Hostaway accounts of 40 listings and 2 BookingSync accounts of 25 rentals, and prints
    where it is, an API key and a query to paste. It stops on Ctrl-C or SIGTERM.

    Example: [bold]staygraph demo --port 8080 --limits off[/bold]
    """
    run(_demo(port, seed, limits, latency, as_json))


async def _demo(port: int, seed: int, limits: Limits, latency: float, as_json: bool) -> None:
    from graph.app import create_app  # noqa: PLC0415  # the schema takes a while to build; other commands need none

    with stop_signal() as stop, TemporaryDirectory(prefix="staygraph-demo-", ignore_cleanup_errors=True) as folder:
        listener = listen(LOOPBACK, port)
        pmss = [
            simulate(
                catalogue.plugin(code),
                listen(LOOPBACK, 0),
                seed=seed,
                accounts=accounts,
                listings=listings,
                limits=limits.value,
                latency=latency,
            )
            for code, (accounts, listings) in PORTFOLIO.items()
        ]
        settings = _settings(Path(folder), listener.getsockname()[1], pmss, limits)
        secret = await _prepare(settings, pmss)
        gateway = Site(create_app(settings, explorer_key=secret), listener, gateway_options(settings))
        await serve_all([gateway, *(pms.site for pms in pmss)], stop, lambda: _show(gateway.url, secret, pmss, as_json))


def _settings(folder: Path, port: int, pmss: Sequence[SimulatedPms], limits: Limits) -> Settings:
    overrides: dict[str, Any] = {
        "data_dir": folder,
        "database_url": f"sqlite+aiosqlite:///{folder / 'demo.db'}",
        "secret_keys": [],
        "host": LOOPBACK,
        "port": port,
        "public_url": f"http://{LOOPBACK}:{port}",
        "allow_private_urls": True,
        "provider_urls": {pms.plugin.manifest.code: pms.site.url for pms in pmss},
        "limit_profiles": {
            pms.plugin.manifest.code: LIMITS_OFF if limits is Limits.OFF else pms.plugin.manifest.default_limits
            for pms in pmss
        },
    }
    if not os.environ.get("STAYGRAPH_LOG_LEVEL"):
        # What is printed for people must not drown in log lines.
        overrides["log_level"] = "warning"
    return prepare_settings(**overrides)


async def _prepare(settings: Settings, pmss: Sequence[SimulatedPms]) -> str:
    """Connect every simulated account and make a key; the secret of that key."""
    vault = open_vault(settings, made=lambda _: None)
    async with opened_database(settings) as database:
        accounts = Accounts(database, vault)
        for pms in pmss:
            manifest = pms.plugin.manifest
            for number, (auth_type, config) in enumerate(pms.credentials, start=1):
                checked = auth_method(pms.plugin, auth_type).config.model_validate(config)
                await accounts.add(DEFAULT_TENANT, manifest.code, f"{manifest.name} {number}", auth_type, checked)
        _, secret = await ApiKeys(database).create(
            DEFAULT_TENANT, "Demo", scopes={Scope.RAW}, permission=Permission.ADMIN
        )
    return secret


def _show(url: str, secret: str, pmss: Sequence[SimulatedPms], as_json: bool) -> None:
    endpoint = f"{url}/graphql"
    curl = curl_command(endpoint, secret)
    if as_json:
        simulators = [{"provider": pms.plugin.manifest.code, "url": pms.site.url} for pms in pmss]
        show_json(
            {"graphiql": endpoint, "endpoint": endpoint, "apiKey": secret, "query": QUERY, "curl": curl}
            | {"simulators": simulators}
        )
        return
    say("StayGraph demo", style="bold green")
    show_pairs(
        [
            ("GraphiQL", f"{endpoint}  (open it in a browser)"),
            ("Endpoint", endpoint),
            ("API key", secret),
            *((pms.plugin.manifest.name, _simulated(pms)) for pms in pmss),
            ("Stop", "Ctrl-C"),
        ]
    )
    say("\nTry it:")
    say(f"  {curl}")


def _simulated(pms: SimulatedPms) -> str:
    accounts, listings = PORTFOLIO[pms.plugin.manifest.code]
    return f"{pms.site.url}  (simulated: {accounts} accounts of {listings} listings, limits {pms.limits})"


def curl_command(endpoint: str, secret: str) -> str:
    """A shell command that asks the first query."""
    body = json.dumps({"query": QUERY})
    return f"curl -s {endpoint} -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' -d '{body}'"
