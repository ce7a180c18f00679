"""``staygraph keys rotate-secrets``: what it counts, what it changes, and when a key may go."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graph.accounts.keyfile import read_keys
from graph.accounts.sealed import delivery_context
from graph.accounts.vault import Vault
from graph.events.inbox import Inbox, left_inboxes
from providers.upstream.clock import SystemClock


@pytest.fixture
def connected(terminal: Any, hostaway: dict[str, Any]) -> str:
    """The id of an account with credentials and a token."""
    config = [f"--config={name}={value}" for name, value in hostaway.items()]
    added = terminal.json("accounts", "add", "hostaway", "--name", "Beach", *config)
    return str(added["id"])


def counts(first: int, older: int, resealed: int | None) -> dict[str, Any]:
    return {
        "resealed": resealed,
        "first": first,
        "older": older,
        "unreadable": 0,
        "olderKeysNeeded": older > 0,
    }


def test_a_new_key_takes_over_and_the_old_one_may_be_dropped(
    terminal: Any, data_dir: Path, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.accounts.rotation.PAUSE_SECONDS", 0.0)
    (old,) = read_keys(data_dir / "secret.key")
    assert terminal.json("keys", "rotate-secrets", "--check") == counts(first=2, older=0, resealed=None)
    assert terminal.json("keys", "rotate-secrets", "--new-key") == counts(first=2, older=0, resealed=2)
    new, other = read_keys(data_dir / "secret.key")
    assert other == old
    (data_dir / "secret.key").write_text(base64.urlsafe_b64encode(new).decode())
    assert terminal.run("accounts", "test", connected).exit_code == 0


def leave_webhook(data_dir: Path, account_id: str) -> None:
    """Leave one in a file, as a gateway does that dies."""
    now = datetime(2027, 5, 1, tzinfo=UTC)
    sealed = Vault(read_keys(data_dir / "secret.key")).seal(
        b"{}", context=delivery_context("default", account_id, "whd_1")
    )
    row = {
        "id": "whd_1", "tenant_id": "default", "account_id": account_id, "delivery_key": None, "event": None,
        "provider_account": None, "body": sealed, "received_at": now, "subject": None, "due_at": now,
    }  # fmt: skip

    async def leave() -> None:
        inbox = Inbox(data_dir / "staygraph.db", SystemClock())
        assert await inbox.keep(row)
        await inbox.aclose()

    asyncio.run(leave())


def test_webhooks_that_a_gateway_left_in_a_file_are_sealed_anew_as_well(
    terminal: Any, data_dir: Path, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.accounts.rotation.PAUSE_SECONDS", 0.0)
    leave_webhook(data_dir, connected)
    assert len(list(data_dir.glob("*-inbox_*"))) == 1
    assert terminal.json("keys", "rotate-secrets", "--check") == counts(first=3, older=0, resealed=None)
    assert terminal.json("keys", "rotate-secrets", "--new-key") == counts(first=3, older=0, resealed=3)
    assert list(data_dir.glob("*-inbox_*")) == []
    # The database has it by now: it is counted once.
    leave_webhook(data_dir, connected)
    assert terminal.json("keys", "rotate-secrets", "--check") == counts(first=3, older=0, resealed=None)


def test_what_was_set_aside_needs_its_key_until_it_is_deleted(
    terminal: Any, data_dir: Path, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.accounts.rotation.PAUSE_SECONDS", 0.0)
    leave_webhook(data_dir, connected)
    for left in left_inboxes(data_dir / "staygraph.db"):
        kept = left.set_aside()
        left.close()
    assert terminal.json("keys", "rotate-secrets", "--new-key") == counts(first=2, older=1, resealed=2)
    for options in (["--check"], ["--check", "--json"]):
        said = terminal.run("keys", "rotate-secrets", *options)
        assert said.exit_code == 1
        assert f"{kept.name} has webhooks" in said.stderr
        assert "may be dropped" not in said.stderr
    kept.unlink()
    said = terminal.run("keys", "rotate-secrets", "--check")
    assert said.exit_code == 0
    assert "may be dropped" in said.stderr


def test_a_key_that_was_put_first_by_hand_is_counted_then_used(terminal: Any, data_dir: Path, connected: str) -> None:
    file = data_dir / "secret.key"
    lines = [base64.urlsafe_b64encode(key).decode() for key in (b"n" * 32, *read_keys(file))]
    file.write_text("\n".join(lines))
    checked = terminal.run("keys", "rotate-secrets", "--check", "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.stdout) == counts(first=0, older=2, resealed=None)
    said = terminal.run("keys", "rotate-secrets")
    assert said.exit_code == 0
    assert "2 of 2 sealed values were sealed anew" in said.stdout
    assert "may be dropped" in said.stderr
    assert not any(line in said.output for line in lines)
    assert terminal.run("keys", "rotate-secrets", "--check").exit_code == 0
    assert terminal.run("accounts", "test", connected).exit_code == 0


def test_new_keys_of_the_settings_are_the_operators_to_make(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYGRAPH_SECRET_KEYS", base64.urlsafe_b64encode(b"k" * 32).decode())
    result = terminal.run("keys", "rotate-secrets", "--new-key")
    assert result.exit_code == 2
    assert "second place" in result.stderr


def test_checking_does_not_go_with_a_new_key(terminal: Any, data_dir: Path) -> None:
    result = terminal.run("keys", "rotate-secrets", "--new-key", "--check")
    assert result.exit_code == 2
    assert not data_dir.exists()


def test_a_ring_that_opens_nothing_is_refused(terminal: Any, data_dir: Path, connected: str) -> None:
    (data_dir / "secret.key").write_text(base64.urlsafe_b64encode(b"x" * 32).decode())
    result = terminal.run("keys", "rotate-secrets", "--new-key")
    assert result.exit_code == 4
    assert "Put their key back" in result.stderr
    assert read_keys(data_dir / "secret.key") == [b"x" * 32]
