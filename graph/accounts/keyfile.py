"""The keys of the vault: from the settings, or from a file that is made at first start."""

import asyncio
import base64
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from graph.accounts.vault import Vault, VaultError
from graph.settings import KEY_BYTES, Settings, decode_key

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""How often a running gateway looks whether the key file was changed."""

_HEADING = (
    "# Keys of StayGraph's vault: the first seals, all open. Keep a copy: without them stored credentials are lost.\n"
)


class NoKeyFile(VaultError):
    """There is no key file."""


def open_vault(settings: Settings, *, made: Callable[[Path], None] | None = None, may_make: bool = True) -> Vault:
    """The vault under the keys of the settings, or else of the key file.

    Where there is no key file one is made, readable by its owner only, and ``made`` is called with its path (default:
    a log line). Two processes that start at once end up with the same file. Raises ``VaultError``; ``NoKeyFile`` where
    there is none and none may be made.
    """
    if settings.secret_keys:
        return Vault([decode_key(key.get_secret_value()) for key in settings.secret_keys])
    path = settings.key_file
    try:
        if not path.exists():
            if not may_make:
                raise NoKeyFile(f"The key file {path} is not there.")
            if _make(path):
                (made or _report)(path)
        return Vault(read_keys(path))
    except OSError as error:
        raise _unusable(path, error) from None


def read_keys(path: Path) -> list[bytes]:
    """The keys of a key file, the one that seals first. Raises ``VaultError`` or ``OSError``."""
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


def insert_key(path: Path) -> list[bytes]:
    """Put a new key behind the first one of a key file: it opens, but does not seal yet. The keys there are then.

    Raises ``VaultError``.
    """
    return _rewrite(path, lambda keys: [keys[0], secrets.token_bytes(KEY_BYTES), *keys[1:]])


def put_first(path: Path, first: bytes) -> list[bytes]:
    """Make ``first`` the key that seals, before all others of a key file. The keys there are then.

    Raises ``VaultError``.
    """
    return _rewrite(path, lambda keys: [first, *(key for key in keys if key != first)])


class KeyFileWatch:
    """Has a running gateway's vault use the keys of the key file as they change.

    A file that cannot be read, or that lacks the key in use so far, is left alone: that needs a restart, which checks
    whether its keys fit what is stored.
    """

    def __init__(self, vault: Vault, path: Path, *, seconds: float = LOOK_SECONDS) -> None:
        self._vault = vault
        self._path = path
        self._seconds = seconds
        self._seen: tuple[int, ...] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from time to time until ``aclose``."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Read the file if it was changed."""
        try:
            keys = await asyncio.to_thread(self._changed_keys)
        except (OSError, VaultError) as error:
            log.warning("the key file cannot be read; its keys stay in use", reason=_reason(error))
            return
        if keys is None:
            return
        if self._vault.first not in keys:
            log.warning("the key file lacks the key in use; restart to use others", path=str(self._path))
            return
        self._vault.use(keys)

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._seconds)

    def _changed_keys(self) -> list[bytes] | None:
        try:
            found = self._path.stat()
        except OSError:
            if self._seen == ():
                return None
            self._seen = ()
            raise
        seen = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return None
        self._seen = seen
        return read_keys(self._path)


def _make(path: Path) -> bool:
    """Write a new key file whole or not at all. False if another process was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft(path, [secrets.token_bytes(KEY_BYTES)])
    try:
        # A link, unlike a rename, never replaces a file that is already there.
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    _keep_name(path)
    return True


def _rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> list[bytes]:
    """Replace a key file whole or not at all; its owner stays, and nobody else may read it."""
    # Where the file is a link, what it leads to is replaced.
    path = path.resolve()
    try:
        keys = change(read_keys(path))
        draft = _draft(path, keys)
        try:
            present = path.stat()
            if (present.st_uid, present.st_gid) != (os.geteuid(), os.getegid()):
                # The gateway may run as somebody else than the operator.
                os.chown(draft, present.st_uid, present.st_gid)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _keep_name(path)
    except OSError as error:
        raise _unusable(path, error) from None
    return keys


def _draft(path: Path, keys: Sequence[bytes]) -> Path:
    """A file beside ``path`` with all that shall be in it, on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    lines = [base64.urlsafe_b64encode(key).decode() for key in keys]
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(_HEADING + "\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _keep_name(path: Path) -> None:
    """A new name is on the disk once its folder is."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(path: Path, error: OSError) -> VaultError:
    return VaultError(f"The key file {path} cannot be used: {error.strerror}.")


def _reason(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, OSError) else str(error)


def _report(path: Path) -> None:
    log.warning("new key file made; keep a copy of it", path=str(path))
