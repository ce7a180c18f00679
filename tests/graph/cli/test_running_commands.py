"""``staygraph demo``, ``serve`` and ``sandbox`` as processes: what they print, serve, and how they stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.graph.web.socket_client import connected

START_SECONDS = 40


class Program:
    """``python -m graph …`` with a folder of its own."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STAYGRAPH_")}
        environ = {**inherited, "TMPDIR": str(folder), "STAYGRAPH_DATA_DIR": str(folder / "data"), **variables}
        self.process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
            [sys.executable, "-m", "graph", *arguments],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def first_line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=START_SECONDS)
        return line

    def stop(self, number: signal.Signals) -> tuple[float, str]:
        """How many seconds it took to end, and what was on standard error."""
        started = time.monotonic()
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=START_SECONDS)
        return time.monotonic() - started, errors

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=START_SECONDS)
        return self.process.returncode, errors


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Any]:
    started: list[Program] = []

    def start(*arguments: str, **variables: str) -> Program:
        started.append(Program(tmp_path, *arguments, **variables))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
            program.process.communicate()


def post(url: str, key: str, query: str) -> Any:
    request = urllib.request.Request(  # noqa: S310  # our own loopback address
        url,
        json.dumps({"query": query}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def hang(url: str) -> socket.socket:
    """A connection with a request that never gets whole."""
    host, port = url.removeprefix("http://").split("/")[0].split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    return connection


def test_demo_serves_seeded_accounts_and_stops_cleanly_on_ctrl_c(programs: Any, tmp_path: Path) -> None:
    program = programs("demo", "--port", "0", "--limits", "off", "--json")
    shown = json.loads(program.first_line())
    assert shown["endpoint"] in shown["curl"]
    assert shown["apiKey"] in shown["curl"]
    assert {each["provider"] for each in shown["simulators"]} == {"HOSTAWAY", "BOOKINGSYNC"}
    answer = post(shown["endpoint"], shown["apiKey"], shown["query"])
    assert "errors" not in answer
    assert len(answer["data"]["listings"]["nodes"]) == 5
    raw = post(shown["endpoint"], shown["apiKey"], "{ listings(first: 1) { nodes { raw } } }")
    assert "errors" not in raw
    viewer = post(shown["endpoint"], shown["apiKey"], "{ viewer { permission tenant { isDefault } } }")
    assert viewer["data"] == {"viewer": {"permission": "ADMIN", "tenant": {"isDefault": True}}}
    counted = post(shown["endpoint"], shown["apiKey"], "{ accounts { nodes { provider } } listings { totalCount } }")
    providers = [node["provider"] for node in counted["data"]["accounts"]["nodes"]]
    assert (providers.count("HOSTAWAY"), providers.count("BOOKINGSYNC")) == (3, 2)
    assert counted["data"]["listings"]["totalCount"] == 3 * 40 + 2 * 25
    with hang(shown["endpoint"]):
        seconds, errors = program.stop(signal.SIGINT)
    assert program.process.returncode == 0, errors
    assert errors == ""
    assert seconds < 2.0
    assert list(tmp_path.glob("staygraph-demo-*")) == []
    assert not (tmp_path / "data").exists()


def test_demo_on_a_taken_port_says_so_and_nothing_else(programs: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, errors = programs("demo", "--port", str(port)).end()
    assert code == 2
    assert errors == f"error: Port {port} is in use. Choose another with --port, or 0 for any free one.\n"


def test_serve_answers_with_a_key_and_stops_on_sigterm(programs: Any) -> None:
    made = programs("keys", "create", "--json")
    secret = json.loads(made.first_line())["secret"]
    assert made.end()[0] == 0
    program = programs("serve", "--port", "0")
    url = program.first_line().split()[-1]
    assert url.endswith("/graphql")
    assert post(url, secret, "{ accounts { nodes { name } } }") == {"data": {"accounts": {"nodes": []}}}
    with hang(url):
        seconds, errors = program.stop(signal.SIGTERM)
    assert program.process.returncode == 0, errors
    assert "Traceback" not in errors
    assert seconds < 2.0


async def test_serve_tells_subscribers_before_it_stops(programs: Any) -> None:
    made = programs("keys", "create", "--json")
    secret = json.loads(made.first_line())["secret"]
    assert made.end()[0] == 0
    program = programs("serve", "--port", "0")
    url = program.first_line().split()[-1]
    async with connected(url.removesuffix("/graphql")) as client:
        await client.init(apiKey=secret)
        await client.subscribe("a", "subscription { reservationEvents { id } }")
        await client.ask("{ accounts { nodes { name } } }")
        program.process.send_signal(signal.SIGTERM)
        message = await client.receive()
        code, _ = await client.closed()
    assert message["payload"][0]["extensions"]["code"] == "SERVER_STOPPING"
    assert message["payload"][0]["extensions"]["cursor"]
    assert code == 1012
    status, errors = program.end()
    assert status == 0, errors
    assert "Traceback" not in errors


def test_serve_with_a_damaged_key_file_says_so(programs: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret.key").write_text("damaged")
    code, errors = programs("serve", "--port", "0").end()
    assert code == 4
    assert "secret.key is damaged" in errors
    assert "Traceback" not in errors


def test_the_gateway_connects_to_a_sandbox_as_it_says(programs: Any) -> None:
    sandbox = programs("sandbox", "hostaway", "--port", "0", "--listings", "1", "--json")
    shown = json.loads(sandbox.first_line())
    assert shown["env"].keys() == {"STAYGRAPH_HOSTAWAY_URL", "STAYGRAPH_HOSTAWAY_LIMITS"}
    config = [f"--config={key}={value}" for key, value in shown["accounts"][0]["authConfig"].items()]
    add = programs("accounts", "add", "hostaway", *config, "--json", **shown["env"])
    code, errors = add.end()
    assert code == 0, errors
    seconds, errors = sandbox.stop(signal.SIGINT)
    assert (sandbox.process.returncode, errors) == (0, "")
    assert seconds < 2.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch",), "Unknown provider"),
        (("hostaway", "--limits", "nosuch"), "no limit profile 'nosuch'. Choose one of documented, seed"),
    ],
)
def test_a_sandbox_that_cannot_be_is_explained(programs: Any, arguments: tuple[str, ...], said: str) -> None:
    code, errors = programs("sandbox", *arguments, "--port", "0").end()
    assert code == 2
    assert said in errors
    assert "Traceback" not in errors
