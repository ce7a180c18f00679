"""Alembic, as ``Database.migrate`` uses it: the steps run on a connection that is open already."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for the steps of this package, on ``connection``."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def is_current(connection: Connection) -> bool:
    """Whether all steps were taken."""
    return frozenset(MigrationContext.configure(connection).get_current_heads()) == _heads()


@cache
def _heads() -> frozenset[str]:
    """The last steps of this package: they do not change while it runs."""
    return frozenset(ScriptDirectory(str(_SCRIPTS)).get_heads())


def upgrade(connection: Connection) -> None:
    """Take the steps that are missing. Raises ``CommandError`` where the database is newer than this version."""
    command.upgrade(alembic_config(connection), "head")
