"""``staygraph settings``, ``providers`` and ``schema``, the help texts, and how wrong settings are reported."""

import base64
from pathlib import Path
from typing import Any

import pytest

from graph.settings import PROVIDER_FIELDS, Settings, variable_name
from providers import catalogue


def test_settings_lists_every_setting_with_its_value_and_origin(
    terminal: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "staygraph.env"
    file.write_text("STAYGRAPH_CALL_TIMEOUT=3\n")
    monkeypatch.setenv("STAYGRAPH_CONFIG", str(file))
    monkeypatch.setenv("STAYGRAPH_PORT", "8123")
    rows = {row["variable"]: row for row in terminal.json("settings")}
    names = {variable_name(field) for field in Settings.model_fields if field not in PROVIDER_FIELDS}
    for code in catalogue.plugins():
        names |= {f"STAYGRAPH_{code}_URL", f"STAYGRAPH_{code}_LIMITS"}
    assert rows.keys() == names | {"STAYGRAPH_CONFIG"}
    assert (rows["STAYGRAPH_PORT"]["value"], rows["STAYGRAPH_PORT"]["origin"]) == ("8123", "environment")
    assert (rows["STAYGRAPH_CALL_TIMEOUT"]["value"], rows["STAYGRAPH_CALL_TIMEOUT"]["origin"]) == ("3.0", str(file))
    assert rows["STAYGRAPH_HOST"]["origin"] == "default"
    assert all(row["meaning"] and row["allowed"] for row in rows.values())
    table = terminal.run("settings").stdout
    assert all(name in table for name in rows)


def test_settings_masks_secrets(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    monkeypatch.setenv("STAYGRAPH_SECRET_KEYS", key)
    rows = {row["variable"]: row for row in terminal.json("settings")}
    assert rows["STAYGRAPH_SECRET_KEYS"]["value"] == "********"
    assert key not in terminal.run("settings").output


def test_settings_shows_a_database_without_its_password(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://gate:hunter2@db.test/stay?password=hunter3"
    monkeypatch.setenv("STAYGRAPH_DATABASE_URL", url)
    rows = {row["variable"]: row for row in terminal.json("settings")}
    assert rows["STAYGRAPH_DATABASE_URL"]["value"] == "postgresql+asyncpg://gate:***@db.test/stay"
    assert "hunter" not in terminal.run("settings").output


def test_a_provider_override_shows_up(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYGRAPH_HOSTAWAY_URL", "http://127.0.0.1:9001/")
    monkeypatch.setenv("STAYGRAPH_HOSTAWAY_LIMITS", "2026-08")
    rows = {row["variable"]: row for row in terminal.json("settings")}
    assert rows["STAYGRAPH_HOSTAWAY_URL"]["value"] == "http://127.0.0.1:9001"
    hostaway = next(each for each in terminal.json("providers") if each["code"] == "HOSTAWAY")
    assert hostaway["url"] == "http://127.0.0.1:9001"
    assert hostaway["limitProfile"] == "2026-08"
    assert {limit["calls"] for limit in hostaway["limits"]} >= {200, 400}


def test_wrong_settings_are_all_named_by_every_command(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYGRAPH_PORT", "eighty")
    monkeypatch.setenv("STAYGRAPH_BOOKINGSYNC_LIMITS", "none")
    for command in (["settings"], ["providers"], ["keys", "list"], ["accounts", "list"], ["serve"]):
        result = terminal.run(*command)
        assert result.exit_code == 2, command
        assert "STAYGRAPH_PORT=eighty" in result.stderr
        assert "STAYGRAPH_BOOKINGSYNC_LIMITS=none" in result.stderr
        assert "Traceback" not in result.output


def test_an_unknown_variable_is_warned_about_on_standard_error(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYGRAPH_PROT", "1")
    result = terminal.run("settings", "--json")
    assert result.exit_code == 0
    assert "did you mean STAYGRAPH_PORT?" in result.stderr
    assert "STAYGRAPH_PROT" not in result.stdout


def test_providers_says_what_each_can_do(terminal: Any) -> None:
    providers = {each["code"]: each for each in terminal.json("providers")}
    assert providers.keys() == catalogue.plugins().keys()
    assert providers["HOSTAWAY"]["limitProfiles"] == ["seed", "2026-08", "off"]
    assert {"type", "description", "fields"} == providers["BOOKINGSYNC"]["authTypes"][0].keys()
    table = terminal.run("providers").stdout
    assert "15 calls / 10 s per ip" in table
    assert "accessToken, accountId?" in table
    assert "RESERVATIONS" in table


def test_schema_prints_what_check_accepts(terminal: Any, tmp_path: Path) -> None:
    printed = terminal.run("schema")
    assert printed.exit_code == 0
    assert "type Query" in printed.stdout
    file = tmp_path / "schema.graphql"
    file.write_text(printed.stdout)
    same = terminal.run("schema", "--check", str(file))
    assert (same.exit_code, same.stdout) == (0, "")
    file.write_text(printed.stdout.replace("type Query", "type Question"))
    drifted = terminal.run("schema", "--check", str(file))
    assert drifted.exit_code == 1
    assert "-type Question" in drifted.stdout
    assert "+type Query" in drifted.stdout
    assert str(file) in drifted.stderr


def test_checking_a_schema_file_that_is_not_there_is_bad_input(terminal: Any, tmp_path: Path) -> None:
    result = terminal.run("schema", "--check", str(tmp_path / "none.graphql"))
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


COMMANDS = [
    ["demo"],
    ["serve"],
    ["sandbox"],
    ["providers"],
    *(["providers", each] for each in ("check", "fields")),
    ["schema"],
    ["settings"],
    *(["accounts", each] for each in ("add", "list", "test", "remove")),
    *(["keys", each] for each in ("create", "list", "revoke")),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(terminal: Any, command: list[str]) -> None:
    result = terminal.run(*command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"staygraph {' '.join(command)}" in " ".join(result.stdout.split())


def test_the_main_help_names_every_command_and_the_exit_codes(terminal: Any) -> None:
    shown = " ".join(terminal.run("--help").stdout.split())
    assert all(command[0] in shown for command in COMMANDS)
    for code in range(5):
        assert f"{code} " in shown.split("Exit codes:")[1]
    assert terminal.run("--version").stdout.startswith("staygraph ")
