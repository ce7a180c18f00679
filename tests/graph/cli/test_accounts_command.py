"""``staygraph accounts``: connected only when the PMS agrees, and never a secret on the screen."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest


def pairs(config: dict[str, Any]) -> list[str]:
    return [part for key, value in config.items() for part in ("--config", f"{key}={value}")]


def test_an_account_is_added_listed_tested_and_removed(terminal: Any, hostaway: dict[str, Any]) -> None:
    added = terminal.json("accounts", "add", "hostaway", "--name", "Beach [bold]houses", *pairs(hostaway))
    assert (added["provider"], added["name"], added["authType"]) == ("HOSTAWAY", "Beach [bold]houses", "API_KEY")
    assert terminal.json("accounts", "list") == [added | {"health": "HEALTHY"}]
    shown = terminal.run("accounts", "list").stdout
    assert "Beach [bold]houses" in shown
    tested = terminal.json("accounts", "test", added["id"])
    assert tested["ok"] is True
    assert tested["error"] is None
    assert 0 <= tested["milliseconds"] < 10_000
    assert "works" in terminal.run("accounts", "test", added["id"]).stdout
    assert terminal.run("accounts", "remove", added["id"], "--yes").exit_code == 0
    assert terminal.json("accounts", "list") == []


def test_no_command_shows_or_stores_a_secret_in_clear(terminal: Any, hostaway: dict[str, Any], data_dir: Path) -> None:
    outputs = [terminal.run("accounts", "add", "hostaway", *pairs(hostaway)).output]
    (account,) = terminal.json("accounts", "list")
    outputs += [
        terminal.run("accounts", each, *more).output for each, more in (("list", []), ("test", [account["id"]]))
    ]
    assert hostaway["apiKey"] not in "".join(outputs)
    stored = b"".join(path.read_bytes() for path in data_dir.iterdir())
    assert account["id"].encode() in stored
    assert hostaway["apiKey"].encode() not in stored


def test_refused_credentials_show_the_reason_and_store_nothing(terminal: Any, hostaway: dict[str, Any]) -> None:
    wrong = hostaway | {"apiKey": "wr0ng-s3cret"}
    result = terminal.run("accounts", "add", "hostaway", *pairs(wrong))
    assert result.exit_code == 1
    assert "AUTHENTICATION_FAILED" in result.stderr
    assert "Nothing was stored" in result.stderr
    assert "wr0ng-s3cret" not in result.output
    assert terminal.json("accounts", "list") == []


def test_a_pms_that_cannot_be_reached_has_an_exit_code_of_its_own(
    terminal: Any, monkeypatch: pytest.MonkeyPatch, replace_network: Any
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        assert str(request.url).startswith("http://127.0.0.1:9999/")
        raise httpx.ConnectError("refused")

    monkeypatch.setenv("STAYGRAPH_HOSTAWAY_URL", "http://127.0.0.1:9999/")
    replace_network(httpx.MockTransport(refuse))
    result = terminal.run("accounts", "add", "hostaway", "--config", "accountId=1", "--config", "apiKey=k")
    assert result.exit_code == 3
    assert "UPSTREAM_UNAVAILABLE" in result.stderr
    assert "Traceback" not in result.output


def test_credentials_may_come_from_a_file_or_standard_input(
    terminal: Any, hostaway: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"accountId": "1", "apiKey": hostaway["apiKey"]}))
    number = f"accountId={hostaway['accountId']}"
    assert terminal.run("accounts", "add", "hostaway", "--config-file", str(file), "-c", number).exit_code == 0
    text = json.dumps(hostaway)
    assert terminal.run("accounts", "add", "hostaway", "--config-file", "-", stdin=text).exit_code == 0
    assert len(terminal.json("accounts", "list")) == 2


def test_a_person_is_asked_for_what_is_missing_and_secrets_stay_hidden(terminal: Any, hostaway: dict[str, Any]) -> None:
    typed = f"{hostaway['accountId']}\n{hostaway['apiKey']}\nAsked for\n"
    result = terminal.run("accounts", "add", "hostaway", stdin=typed, answers=True)
    assert result.exit_code == 0, result.output
    assert hostaway["apiKey"] not in result.output
    assert [each["name"] for each in terminal.json("accounts", "list")] == ["Asked for"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "Unknown provider"),
        (["hostaway"], "accountId, apiKey"),
        (["hostaway", "-c", "accountId=1"], "Missing for API_KEY: apiKey"),
        (["hostaway", "--auth-type", "access-token"], "Missing for ACCESS_TOKEN: accessToken"),
        (["hostaway", "--auth-type", "OAUTH"], "Choose one of API_KEY, ACCESS_TOKEN"),
        (["hostaway", "--auth-type", "magic"], "not an auth type"),
        (["hostaway", "-c", "s3cret-without-a-key"], "key=value"),
        (
            ["hostaway", "-c", "accountId=x", "-c", "apiKey=s3cret", "-c", "colour=red"],
            "accountId: It must be the number",
        ),
        (["hostaway", "-c", "accountId=x", "-c", "apiKey=s3cret", "-c", "colour=red"], "colour: "),
        (["hostaway", "--config-file", "/no/such/file"], "cannot be read"),
        (["hostaway", "-c", "accountId=1", "-c", "apiKey=s3cret", "--name", " "], "name: It is empty."),
    ],
)
def test_wrong_input_is_explained(terminal: Any, arguments: list[str], said: str) -> None:
    result = terminal.run("accounts", "add", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "s3cret" not in result.output


@pytest.mark.parametrize("content", ["", "[1]", "{", "[" * 100_000])
def test_a_config_file_that_holds_no_object_is_refused(terminal: Any, content: str) -> None:
    result = terminal.run("accounts", "add", "hostaway", "--config-file", "-", stdin=content)
    assert result.exit_code == 2
    assert "JSON" in result.stderr


@pytest.mark.parametrize("command", [["test", "acc_none"], ["remove", "acc_none", "--yes"]])
def test_an_unknown_account_is_bad_input(terminal: Any, command: list[str]) -> None:
    result = terminal.run("accounts", *command)
    assert result.exit_code == 2
    assert "There is no such account" in result.stderr


def test_removing_needs_a_yes(terminal: Any, hostaway: dict[str, Any]) -> None:
    account = terminal.json("accounts", "add", "hostaway", *pairs(hostaway))
    assert terminal.run("accounts", "remove", account["id"]).exit_code == 2
    assert terminal.run("accounts", "remove", account["id"], stdin="n\n", answers=True).exit_code == 1
    assert len(terminal.json("accounts", "list")) == 1
    assert terminal.run("accounts", "remove", account["id"], stdin="y\n", answers=True).exit_code == 0
    assert terminal.json("accounts", "list") == []


def test_a_failing_test_tells_refusal_and_outage_apart(
    terminal: Any, hostaway: dict[str, Any], replace_network: Any
) -> None:
    account = terminal.json("accounts", "add", "hostaway", *pairs(hostaway))
    for status, code in ((401, 1), (503, 3)):
        replace_network(httpx.MockTransport(lambda _, status=status: httpx.Response(status, json={})))
        result = terminal.run("accounts", "test", account["id"], "--json")
        assert result.exit_code == code, result.output
        assert json.loads(result.stdout)["ok"] is False
        assert terminal.run("accounts", "test", account["id"]).exit_code == code


def test_a_lost_key_file_is_said_plainly_and_nothing_is_overwritten(
    terminal: Any, hostaway: dict[str, Any], data_dir: Path
) -> None:
    terminal.json("accounts", "add", "hostaway", *pairs(hostaway))
    key_file = data_dir / "secret.key"
    kept = key_file.read_text()
    key_file.unlink()
    result = terminal.run("accounts", "list")
    assert result.exit_code == 4
    assert "cannot be opened" in result.stderr
    assert not key_file.exists()
    key_file.write_text(kept)
    assert len(terminal.json("accounts", "list")) == 1
