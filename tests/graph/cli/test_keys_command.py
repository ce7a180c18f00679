"""``staygraph keys``: the secret is shown once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest


def test_a_key_is_made_listed_and_revoked(terminal: Any) -> None:
    made = terminal.json("keys", "create", "--name", "Dashboard")
    assert made["secret"].startswith("sg_")
    (listed,) = terminal.json("keys", "list")
    assert listed["id"] == made["id"]
    assert listed["revokedAt"] is None
    assert made["secret"] not in terminal.run("keys", "list").output
    assert terminal.run("keys", "revoke", made["id"]).exit_code == 0
    (revoked,) = terminal.json("keys", "list")
    assert revoked["revokedAt"] is not None


def test_only_a_key_made_with_raw_has_that_scope(terminal: Any) -> None:
    assert terminal.json("keys", "create")["scopes"] == []
    assert terminal.json("keys", "create", "--raw")["scopes"] == ["RAW"]
    assert [key["scopes"] for key in terminal.json("keys", "list")] == [[], ["RAW"]]
    assert "RAW" in terminal.run("keys", "list").stdout


def test_a_key_can_only_read_and_has_no_end_unless_it_is_said(terminal: Any) -> None:
    made = terminal.json("keys", "create", "--name", "Shop")
    assert (made["permission"], made["scopes"], made["expiresAt"], made["tenantId"]) == ("READ", [], None, "default")


@pytest.mark.parametrize(("given", "seconds"), [("180d", 180 * 86_400), ("12h", 43_200)])
def test_a_key_can_end_after_a_span_of_time(terminal: Any, given: str, seconds: int) -> None:
    made = terminal.json("keys", "create", "--expires", given, "--description", "web shop", "--any-tenant")
    ahead = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC) - timedelta(seconds=seconds)
    assert abs(ahead) < timedelta(minutes=5)
    assert (made["description"], made["scopes"]) == ("web shop", ["ANY_TENANT"])
    (listed,) = terminal.json("keys", "list")
    assert (listed["expiresAt"], listed["status"]) == (made["expiresAt"], "ACTIVE")


def test_a_key_can_end_on_a_day_or_at_an_instant(terminal: Any) -> None:
    day = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    assert terminal.json("keys", "create", "--expires", day)["expiresAt"] == f"{day}T00:00:00+00:00"
    made = terminal.json("keys", "create", "--expires", f"{day}T02:00:00+02:00")
    assert datetime.fromisoformat(made["expiresAt"]) == datetime.fromisoformat(f"{day}T00:00:00+00:00")


def test_standard_output_of_create_is_the_secret_alone(terminal: Any) -> None:
    result = terminal.run("keys", "create")
    assert result.stdout.startswith("sg_")
    assert len(result.stdout.split()) == 1
    assert "not shown again" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["revoke", "key_none"], "There is no key"),
        (["create", "--name", ""], "1 to 200"),
        (["create", "--permission", "OWNER"], "READ, WRITE, ADMIN"),
        (["create", "--expires", "soon"], "180d"),
        (["create", "--expires", "2020-01-01"], "expiresAt: It is 2020-01-01"),
        (["create", "--expires", "99999d"], "3660 days at most"),
        (["create", "--tenant", "ten_none"], "There is no such tenant"),
        (["create", "--description", "x" * 501], "at most 500 characters"),
    ],
)
def test_keys_with_wrong_input_are_explained(terminal: Any, arguments: list[str], said: str) -> None:
    result = terminal.run("keys", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_broken_database_is_named_without_a_traceback(terminal: Any, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "staygraph.db").write_bytes(b"garbage" * 500)
    result = terminal.run("keys", "list")
    assert result.exit_code == 4
    assert "staygraph.db" in result.stderr


def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYGRAPH_DATABASE_URL", "postgresql://gate:hunter2@127.0.0.1:1/stay")
    result = terminal.run("keys", "list")
    assert result.exit_code == 4
    assert "The database stay on 127.0.0.1 cannot be used" in result.stderr
    assert "hunter2" not in result.output
