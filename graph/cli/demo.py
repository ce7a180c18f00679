"""``staygraph demo``: the gateway and simulated PMSs behind it, in one process."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graph.accounts.accounts import Accounts
from graph.accounts.connections import auth_method
from graph.accounts.keyfile import open_vault
from graph.accounts.keys import ApiKeys, Permission, Scope
from graph.accounts.tenants import DEFAULT_TENANT
from graph.cli.apart import served_apart
from graph.cli.live_changes import keep_changing, living_accounts
from graph.cli.local import opened_database, prepare_settings
from graph.cli.options import AsJson, Latency, Limits, Seed, SimulatedLimits
from graph.cli.screen import say, show_json, show_pairs
from graph.cli.serve import gateway_site
from graph.cli.servers import listen, run, serve_all, stop_signal
from graph.cli.simulated import SimulatedPms, simulate
from graph.settings import LIMITS_OFF, Settings
from providers import catalogue

if TYPE_CHECKING:
    from graph.services import Services

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
    changes: Annotated[
        bool,
        typer.Option(
            "--changes/--no-changes", help="Let a reservation change every few seconds, and webhooks tell of it."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Try StayGraph with simulated PMSs: no account, no network, nothing kept.

    Starts the gateway with 3 Hostaway accounts of 40 listings and 2 BookingSync accounts of 25 rentals, and prints
    where it is, an API key and a query to paste. Every few seconds a reservation changes, so that subscriptions have
    something to tell. It stops on Ctrl-C or SIGTERM.

    Example: [bold]staygraph demo --port 8080 --limits off[/bold]
    """
    run(_demo(port, seed, limits, latency, changes, as_json))


async def _demo(port: int, seed: int, limits: Limits, latency: float, changes: bool, as_json: bool) -> None:
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
        secret, account_ids = await _prepare(settings, pmss)
        app = create_app(settings, explorer_key=secret)
        gateway = gateway_site(app, listener, settings)
        living: list[asyncio.Task[None]] = []

        def ready() -> None:
            _show(gateway.url, secret, pmss, as_json)
            if changes:
                living.append(asyncio.create_task(_live(app.state.services, pmss, account_ids)))

        try:
            # A PMS is somewhere else: what it computes must not hold up the gateway.
            async with served_apart([pms.site for pms in pmss], stop):
                await serve_all([gateway], stop, ready)
        finally:
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)


async def _live(services: "Services", pmss: Sequence[SimulatedPms], account_ids: Mapping[str, Sequence[str]]) -> None:
    await keep_changing(await living_accounts(services.administration.webhooks, pmss, account_ids))


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


async def _prepare(settings: Settings, pmss: Sequence[SimulatedPms]) -> tuple[str, dict[str, list[str]]]:
    """Connect every simulated account and make a key; the secret of that key, and the accounts' ids by provider."""
    vault = open_vault(settings, made=lambda _: None)
    async with opened_database(settings) as database:
        accounts = Accounts(database, vault)
        account_ids: dict[str, list[str]] = {pms.plugin.manifest.code: [] for pms in pmss}
        for pms in pmss:
            manifest = pms.plugin.manifest
            for number, (auth_type, config) in enumerate(pms.credentials, start=1):
                checked = auth_method(pms.plugin, auth_type).config.model_validate(config)
                name = f"{manifest.name} {number}"
                account = await accounts.add(DEFAULT_TENANT, manifest.code, name, auth_type, checked)
                account_ids[manifest.code].append(account.id)
        _, secret = await ApiKeys(database).create(
            DEFAULT_TENANT, "Demo", scopes={Scope.RAW}, permission=Permission.ADMIN
        )
    return secret, account_ids


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
