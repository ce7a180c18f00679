"""The ASGI app and its life."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import httpx
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from graph.accounts.consent import CALLBACK_PATH
from graph.events.account_webhooks import PATH as WEBHOOK_PATH
from graph.explorer.examples import example_tabs
from graph.explorer.files import explorer_routes
from graph.explorer.page import PAGE_HEADERS, bearer, explorer_page
from graph.services import Services, running
from graph.settings import Settings
from graph.web.callback import callback
from graph.web.endpoint import Endpoint
from graph.web.gate import TENANT_HEADER
from graph.web.shortcut import Shortcut
from graph.web.webhooks import IncomingWebhooks
from providers.upstream.attempt import Observe
from providers.upstream.clock import Clock, SystemClock

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def create_app(
    settings: Settings,
    *,
    explorer_key: str | None = None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    observe: Observe | None = None,
) -> FastAPI:
    """The gateway as an ASGI app; its parts come to life when the server starts.

    ``explorer_key`` is an API key that GraphiQL starts with: only for demos, and only shown to loopback addresses.
    ``transport`` replaces the network towards the PMSs, ``observe`` hears of every call to them.
    """
    clock = clock or SystemClock()
    alive: list[Services] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, clock=clock, transport=transport, observe=observe) as services:
            alive.append(services)
            app.state.services = services
            try:
                yield
            finally:
                alive.clear()

    def page(request: Request) -> Response:
        shown = explorer_key if request.url.hostname in LOOPBACK else None
        today = clock.now().date()
        return HTMLResponse(_page(shown, today), headers=dict(PAGE_HEADERS))

    async def health(_: Request) -> Response:
        """Says that the server runs; it asks no PMS."""
        return JSONResponse({"status": "ok"})

    finish = callback(lambda: alive[0].administration.consents)
    webhooks = Route(
        f"{WEBHOOK_PATH}/{{provider}}/{{token}}", IncomingWebhooks(lambda: alive[0]), name="webhooks", methods=["POST"]
    )
    endpoint = Endpoint(lambda: alive[0], page)

    def stop_clients() -> None:
        for services in alive:
            services.guests.stop()

    app = FastAPI(
        title="StayGraph",
        lifespan=lifespan,
        openapi_url=None,
        routes=[
            Route("/graphql", endpoint),
            WebSocketRoute("/graphql", endpoint),
            *explorer_routes(),
            Route("/health", health),
            Route(CALLBACK_PATH, finish),
            webhooks,
        ],
    )
    app.state.stop_clients = stop_clients
    app.add_middleware(Shortcut, webhooks)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["POST"],
            allow_headers=["Authorization", "X-API-Key", TENANT_HEADER, "Content-Type"],
        )
    return app


def _page(key: str | None, today: date) -> str:
    return explorer_page(default_headers=bearer(key) if key else None, tabs=example_tabs(today))
