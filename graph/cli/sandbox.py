"""``staygraph sandbox``: one simulated PMS."""

from typing import Annotated

import typer

from graph.cli.local import prepare_settings
from graph.cli.options import AsJson, Latency, Seed
from graph.cli.screen import say, show_json, show_pairs
from graph.cli.servers import listen, run, serve_all, stop_signal
from graph.cli.simulated import DOCUMENTED, SimulatedPms, connect_command, simulate
from graph.settings import provider_variables
from providers import catalogue


def sandbox(  # a command's options
    provider: Annotated[str, typer.Argument(help="hostaway, bookingsync, or another installed provider.")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")
    ] = 9001,
    accounts: Annotated[int, typer.Option("--accounts", min=1, max=50, help="Simulated accounts.")] = 1,
    listings: Annotated[int, typer.Option("--listings", min=0, max=5000, help="Listings in each account.")] = 40,
    limits: Annotated[
        str, typer.Option("--limits", help="documented, off, or a limit profile of the provider.")
    ] = DOCUMENTED,
    seed: Seed = 1,
    latency: Latency = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run one simulated PMS and say how to connect the gateway to it.

    The data are invented; the credentials shown open nothing else. It stops on Ctrl-C or SIGTERM.

    Example: [bold]staygraph sandbox hostaway --port 9001 --accounts 2[/bold]
    """
    plugin = catalogue.plugin(provider)
    prepare_settings(log_level="warning")

    async def serve() -> None:
        with stop_signal() as stop:
            pms = simulate(
                plugin,
                listen("127.0.0.1", port),
                seed=seed,
                accounts=accounts,
                listings=listings,
                limits=limits,
                latency=latency,
            )
            await serve_all([pms.site], stop, lambda: _show(pms, as_json))

    run(serve())


def _show(pms: SimulatedPms, as_json: bool) -> None:
    url_variable, limits_variable = provider_variables(pms.plugin)
    variables = {url_variable: pms.site.url, limits_variable: pms.limits}
    if as_json:
        accounts = [{"authType": kind.value, "authConfig": config} for kind, config in pms.credentials]
        show_json({"provider": pms.plugin.manifest.code, "url": pms.site.url, "env": variables, "accounts": accounts})
        return
    say(f"Simulated {pms.plugin.manifest.name}", style="bold")
    show_pairs([("Address", pms.site.url), ("Limits", pms.limits), ("Stop", "Ctrl-C")])
    say("\nPoint the gateway at it, in the shell where you start it:")
    for name, value in variables.items():
        say(f"  export {name}={value}")
    say("\nConnect its accounts, in the same shell:")
    for index in range(len(pms.credentials)):
        say(f"  {connect_command(pms, index)}")
