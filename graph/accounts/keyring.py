"""The vault that fits a database: opened only where its keys open what is stored there."""

from collections.abc import Callable
from pathlib import Path

import structlog

from graph.accounts.keyfile import KeyFileWatch, NoKeyFile, open_vault
from graph.accounts.rotation import Counts, counted, stored_heads
from graph.accounts.vault import Vault, VaultError
from graph.settings import Settings, variable_name
from graph.storage.database import Database

log = structlog.get_logger(__name__)


async def fitting_vault(settings: Settings, database: Database, *, made: Callable[[Path], None] | None = None) -> Vault:
    """The vault of the settings, checked against ``database`` before anything new is sealed.

    A key file is made only while nothing is stored that another one was needed for. Raises ``VaultError`` where the
    keys open nothing of what is stored; where they open a part, the rest is logged and does not work.
    """
    heads = await stored_heads(database)
    try:
        vault = open_vault(settings, made=made, may_make=not heads)
    except NoKeyFile:
        raise VaultError(
            f"The stored credentials cannot be opened: the key file {settings.key_file} is not there. Put a copy of it "
            "back. Nothing was changed."
        ) from None
    check_counts(counted(heads, vault), settings)
    return vault


def check_counts(counts: Counts, settings: Settings) -> None:
    """Raises ``VaultError`` where no stored value can be opened."""
    source = f"in {variable_name('secret_keys')}" if settings.secret_keys else f"in the key file {settings.key_file}"
    if counts.unreadable and counts.unreadable == counts.total:
        raise VaultError(
            f"The stored credentials cannot be opened: all {counts.total} sealed values were sealed with other keys "
            f"than those {source}. Put their key back, after the present ones or in place of them. Nothing was changed."
        )
    if counts.unreadable:
        log.warning(
            "some stored credentials cannot be opened; put the key that sealed them back",
            unreadable=counts.unreadable,
            total=counts.total,
        )


def watch_of(settings: Settings, vault: Vault) -> KeyFileWatch | None:
    """Who reads the key file again when it changes; None where the keys are from the settings."""
    return None if settings.secret_keys else KeyFileWatch(vault, settings.key_file)
