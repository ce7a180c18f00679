"""A database with all steps taken, copied instead of made anew for each test that does not ask how it is made."""

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from graph.settings import Settings
from graph.storage.database import Database

NAME = "staygraph.db"


def copy_database(folder: Path) -> None:
    """Put an empty, current SQLite database into a data folder that has none."""
    target = folder / NAME
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(_template(), target)


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="staygraph-template-"))
    # In a thread with a loop of its own: whoever asks runs in one already.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(_make(folder))).result()
    return folder / NAME


async def _make(folder: Path) -> None:
    database = Database(Settings(data_dir=folder).database)
    try:
        await database.migrate()
    finally:
        await database.aclose()
