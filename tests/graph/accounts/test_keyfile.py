"""The key file: made once, readable by its owner only, never replaced."""

import asyncio
import base64
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from graph.accounts.keyfile import KeyFileWatch, insert_key, open_vault, put_first, read_keys
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


def test_processes_that_start_at_once_make_one_file(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from graph.accounts.keyfile import open_vault\n"
        "from graph.settings import Settings\n"
        "settings = Settings(data_dir=Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "made = []\n"
        "vault = open_vault(settings, made=made.append)\n"
        "print(len(made), vault.first.hex())\n"
    )
    processes = [
        subprocess.Popen(  # noqa: S603  # our own interpreter and program
            [sys.executable, "-c", program, str(tmp_path / "new")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0].split() for process in processes]
    assert sorted(made for made, _ in said) == ["0", "0", "1"]
    assert len({key for _, key in said}) == 1


def test_a_new_key_opens_first_and_seals_later_and_the_file_stays_private(tmp_path: Path) -> None:
    path = Settings(data_dir=tmp_path).key_file
    open_vault(Settings(data_dir=tmp_path), made=lambda _: None)
    (old,) = read_keys(path)
    first, new = insert_key(path)
    assert (first, read_keys(path)) == (old, [old, new])
    assert put_first(path, new) == read_keys(path) == [new, old]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_behind_a_link_is_changed_where_it_is(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "key"
    real.parent.mkdir()
    real.write_text(base64.urlsafe_b64encode(b"o" * 32).decode() + "\n")
    link = tmp_path / "secret.key"
    link.symlink_to(real)
    insert_key(link)
    assert link.is_symlink()
    assert len(read_keys(real)) == 2


def test_a_change_that_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)
    open_vault(settings, made=lambda _: None)
    before = settings.key_file.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(VaultError, match="No space left"):
        insert_key(settings.key_file)
    assert settings.key_file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [settings.key_file]


async def test_a_running_gateway_takes_a_changed_file_by_itself(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    vault = open_vault(settings, made=lambda _: None)
    watch = KeyFileWatch(vault, settings.key_file, seconds=0)
    watch.start()
    keys = await asyncio.to_thread(insert_key, settings.key_file)
    async with asyncio.timeout(20):
        while vault.keys != tuple(keys):  # noqa: ASYNC110  # the file is what changes
            await asyncio.sleep(0)
    await watch.aclose()


@pytest.mark.parametrize("content", [None, "no key at all", base64.urlsafe_b64encode(b"x" * 32).decode()])
async def test_a_file_without_the_key_in_use_is_left_alone_and_told_of_once(
    tmp_path: Path, content: str | None
) -> None:
    settings = Settings(data_dir=tmp_path)
    vault = open_vault(settings, made=lambda _: None)
    keys = vault.keys
    watch = KeyFileWatch(vault, settings.key_file)
    await watch.look()
    settings.key_file.unlink()
    if content is not None:
        settings.key_file.write_text(content)
        settings.key_file.chmod(0o600)
    with capture_logs() as logs:
        await watch.look()
        await watch.look()
    assert len(logs) == 1
    assert vault.keys == keys
    assert content is None or content not in str(logs)
