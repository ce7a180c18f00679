"""``staygraph serve``: the gateway."""

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graph.accounts.keys import KeyStatus
from graph.cli.local import opened, prepare_settings
from graph.cli.screen import note, show_pairs
from graph.cli.servers import Site, listen, run, serve_all, stop_signal
from graph.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; STAYGRAPH_HOST otherwise.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; STAYGRAPH_PORT otherwise.")
    ] = None,
) -> None:
    """Serve the GraphQL API.

    It stops on Ctrl-C or SIGTERM within two seconds. Settings come from STAYGRAPH_* variables and the file that
    STAYGRAPH_CONFIG names: see [bold]staygraph settings[/bold].

    Example: [bold]STAYGRAPH_PORT=9000 staygraph serve[/bold]
    """
    run(_serve(prepare_settings(host=host, port=port)))


async def _serve(settings: Settings) -> None:
    from graph.app import create_app  # noqa: PLC0415  # the schema takes a while to build; other commands need none

    with stop_signal() as stop:
        # Opened once before, so that what an operator can mend is said in a line of its own.
        async with opened(settings) as local:
            now = datetime.now(UTC)
            has_keys = any(key.status(now) is KeyStatus.ACTIVE for key in await local.keys.list(None))
        listener = listen(settings.host, settings.port)
        if settings.public_url is None and settings.port == 0:
            settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        site = gateway_site(create_app(settings), listener, settings)

        def ready() -> None:
            show_pairs([("GraphQL", f"{site.url}/graphql"), ("Stop", "Ctrl-C")])
            if not has_keys and settings.jwt_jwks_url is None:
                note("There is no API key yet. Make one with: staygraph keys create --name NAME")

        await serve_all([site], stop, ready)


def gateway_site(app: "FastAPI", listener: socket.socket, settings: Settings) -> Site:
    """The gateway as it is served. Clients that stay connected hear of it before it stops."""
    from graph.web.connections import (  # noqa: PLC0415  # like the app: other commands need none
        HttpConnection,
        SocketConnection,
    )

    options: dict[str, Any] = {
        "lifespan": "on",
        "http": HttpConnection,
        "ws": SocketConnection,
        "ws_max_size": settings.max_body_bytes,
        # Each frame would be packed anew for each subscriber: time is dearer than bytes here.
        "ws_per_message_deflate": False,
        # Clients that poll keep their connection; five seconds, the default, would break it between two polls.
        "timeout_keep_alive": 75,
    }
    return Site(app, listener, options, stopping=app.state.stop_clients)
