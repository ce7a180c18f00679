"""The keys of the vault: from the settings, or from a file that is made at first start."""

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog

from graph.accounts.vault import Vault, VaultError
from graph.settings import KEY_BYTES, Settings, decode_key

log = structlog.get_logger(__name__)

_HEADING = (
    "# Keys of StayGraph's vault: the first seals, all open. Keep a copy: without them stored credentials are lost.\n"
)


def open_vault(settings: Settings, *, made: Callable[[Path], None] | None = None) -> Vault:
    """The vault under the keys of the settings, or else of the key file.

    Where there is no key file one is made, readable by its owner only, and ``made`` is called with its path (default:
    a log line). Two processes that start at once end up with the same file. Raises ``VaultError``.
    """
    if settings.secret_keys:
        return Vault([decode_key(key.get_secret_value()) for key in settings.secret_keys])
    path = settings.key_file
    try:
        if not path.exists() and _make(path):
            (made or _report)(path)
        return Vault(_read(path))
    except OSError as error:
        raise VaultError(f"The key file {path} cannot be used: {error.strerror}.") from None


def _make(path: Path) -> bool:
    """Write a new key file whole or not at all. False if another process was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    key = base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{_HEADING}{key}\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a file that is already there.
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _read(path: Path) -> list[bytes]:
    if path.stat().st_mode & 0o077:
        log.warning("the key file can be read by others; chmod 600 it", path=str(path))
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
        keys = [decode_key(line) for line in lines if line and not line.startswith("#")]
    except ValueError:
        raise VaultError(f"The key file {path} is damaged: put back a copy of it.") from None
    if not keys:
        raise VaultError(f"The key file {path} holds no key: put back a copy of it.")
    return keys


def _report(path: Path) -> None:
    log.warning("new key file made; keep a copy of it", path=str(path))
