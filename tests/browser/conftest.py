"""A browser for the whole run, and real servers for it to visit."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

import pytest
import uvicorn
from starlette.types import ASGIApp

from tests.browser.chromium import Chromium, missing


class Serve(Protocol):
    """Serves an app, on ``listener`` or a free port of 127.0.0.1, and gives its address."""

    def __call__(self, app: ASGIApp, listener: socket.socket | None = None) -> str: ...


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Headless Chromium without internet. Where CI lacks it the test fails; elsewhere it is skipped."""
    reason = missing()
    if reason and os.environ.get("CI"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    browser = Chromium()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Serves apps until the module's tests are through."""
    with ExitStack() as running:
        yield lambda app, listener=None: running.enter_context(_running(app, listener))


@contextmanager
def _running(app: ASGIApp, listener: socket.socket | None = None) -> Iterator[str]:
    listener = listener or socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < until, "the server did not start in time"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
