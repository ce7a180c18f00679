"""Commands run in this process, with a data folder of their own and simulated Hostaway behind the network."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from typer.testing import CliRunner, Result

from graph.cli import app, local
from providers.contract import SimulatorOptions
from providers.hostaway.simulator import simulator
from providers.upstream.accounts import UpstreamSettings
from providers.upstream.upstream import Upstream


class Terminal:
    """Runs commands and keeps what they print apart."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def run(self, *arguments: str, stdin: str | None = None, answers: bool = False) -> Result:
        """Run a command. ``answers``: ``stdin`` is what a person types at a terminal."""
        if answers:
            self._monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
        return CliRunner().invoke(app, list(arguments), input=stdin, catch_exceptions=False)

    def json(self, *arguments: str) -> Any:
        """The answer of a command that prints one line of JSON."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        (line,) = result.stdout.splitlines()
        return json.loads(line)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("STAYGRAPH_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def terminal(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    root = logging.getLogger()
    kept = (list(root.handlers), root.level)
    yield Terminal(monkeypatch)
    root.handlers, root.level = kept
    structlog.reset_defaults()


class LeapingClock:
    """The machine's clock, but sleeping leaps: nobody waits."""

    def __init__(self) -> None:
        self._leapt = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._leapt)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self._leapt

    async def sleep(self, seconds: float) -> None:
        self._leapt += seconds


@pytest.fixture
def leaping() -> LeapingClock:
    return LeapingClock()


@pytest.fixture
def replace_network(
    monkeypatch: pytest.MonkeyPatch, leaping: LeapingClock
) -> Callable[[httpx.AsyncBaseTransport], None]:
    """Puts a transport in place of the network, and takes the waiting out."""

    def replace(transport: httpx.AsyncBaseTransport) -> None:
        def upstream(**options: Any) -> Upstream:
            ours = {"settings": UpstreamSettings(attempts=1), "transport": transport, "clock": leaping}
            return Upstream(**options | ours)

        monkeypatch.setattr(local, "Upstream", upstream)

    return replace


@pytest.fixture
def hostaway(replace_network: Callable[[httpx.AsyncBaseTransport], None], leaping: LeapingClock) -> dict[str, Any]:
    """Simulated Hostaway in place of the network; the ``authConfig`` of its account."""
    simulation = simulator(SimulatorOptions(listings=1, limits="off"), now=leaping.now)
    replace_network(httpx.ASGITransport(app=simulation.app))
    return simulation.credentials()[0][1]
