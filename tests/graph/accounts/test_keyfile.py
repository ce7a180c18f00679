"""The key file: made once, readable by its owner only, never replaced."""

import base64
import stat
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from graph.accounts.keyfile import open_vault
from graph.accounts.vault import Vault, VaultError
from graph.settings import Settings


def test_first_start_makes_a_key_file_for_the_owner_only_and_tells_where(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    made: list[Path] = []
    first = open_vault(settings, made=made.append)
    assert made == [tmp_path / "new" / "secret.key"]
    assert stat.S_IMODE(made[0].stat().st_mode) == 0o600
    assert list(made[0].parent.iterdir()) == made
    again = open_vault(settings, made=made.append)
    assert len(made) == 1
    assert again.open(first.seal(b"x", context="c"), context="c") == b"x"


def test_two_folders_have_different_keys(tmp_path: Path) -> None:
    vaults = [open_vault(Settings(data_dir=tmp_path / name), made=lambda _: None) for name in "ab"]
    assert vaults[0].derive("x") != vaults[1].derive("x")


def test_starters_at_once_end_up_with_the_same_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    gate = threading.Barrier(8)
    derived: list[bytes] = []
    made: list[Path] = []

    def start() -> None:
        gate.wait()
        derived.append(open_vault(settings, made=made.append).derive("x"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(derived) == 8
    assert len(set(derived)) == 1
    assert len(made) == 1


def test_keys_of_the_settings_win_and_no_file_is_made(tmp_path: Path) -> None:
    key = base64.urlsafe_b64encode(b"s" * 32).decode()
    vault = open_vault(Settings(data_dir=tmp_path, secret_keys=[SecretStr(key)]))
    assert vault.derive("x") == Vault([b"s" * 32]).derive("x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_several_keys_seals_with_the_first(tmp_path: Path) -> None:
    lines = ["# rotated in March", *(base64.urlsafe_b64encode(key * 32).decode() for key in (b"n", b"o")), ""]
    (tmp_path / "secret.key").write_text("\n".join(lines))
    vault = open_vault(Settings(data_dir=tmp_path))
    assert vault.open(Vault([b"o" * 32]).seal(b"x", context="c"), context="c") == b"x"
    assert vault.derive("x") == Vault([b"n" * 32]).derive("x")


@pytest.mark.parametrize("content", ["", "# only a comment\n", "tooshort\n", "ä" * 44, "!" * 44])
def test_a_damaged_key_file_is_named_and_left_alone(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret.key"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(VaultError, match=r"secret\.key"):
        open_vault(Settings(data_dir=tmp_path))
    assert file.read_text(encoding="utf-8") == content


def test_a_key_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match="cannot be used"):
        open_vault(Settings(data_dir=tmp_path / "file" / "inside"))
