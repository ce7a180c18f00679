"""What is said about simulated PMSs can be pasted into a shell."""

import json
import shlex

from graph.cli.demo import QUERY, curl_command
from graph.cli.servers import Site, listen
from graph.cli.simulated import SimulatedPms, connect_command
from providers import catalogue
from providers.manifest import AuthType


def test_the_connect_command_survives_a_shell() -> None:
    config = {"clientId": "a b", "clientSecret": "it's $HOME", "refreshToken": None, "accountId": 7}
    with listen("127.0.0.1", 0) as listener:
        pms = SimulatedPms(catalogue.plugin("BOOKINGSYNC"), Site(None, listener, {}), [(AuthType.OAUTH, config)], "off")
        words = shlex.split(connect_command(pms, 0))
    assert words[:4] == ["staygraph", "accounts", "add", "bookingsync"]
    given = [words[index + 1] for index, word in enumerate(words) if word == "--config"]
    assert given == ["clientId=a b", "clientSecret=it's $HOME", "accountId=7"]


def test_the_curl_command_survives_a_shell() -> None:
    words = shlex.split(curl_command("http://127.0.0.1:8000/graphql", "sg_x"))
    assert json.loads(words[-1]) == {"query": QUERY}
    assert "Authorization: Bearer sg_x" in words
