"""A browser for the whole run, and real servers for it to visit."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from tests.browser.chromium import Chromium, missing

Serve = Callable[[ASGIApp], str]


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
    """Serves apps on free ports of 127.0.0.1 and returns their addresses."""
    with ExitStack() as running:
        yield lambda app: running.enter_context(_running(app))


@contextmanager
def _running(app: ASGIApp) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
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
