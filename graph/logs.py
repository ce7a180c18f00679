"""Log lines: one shape for ours and those of libraries, for people or as JSON."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Literal

import structlog

_QUIET = ("aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "sqlalchemy", "uvicorn.access", "uvicorn.error")
"""Loggers of libraries that say at INFO what nobody needs, or quote addresses with what is in them."""

_FRAMES = 3
_FRAMES_OF_LIBRARIES = 8


def configure_logging(form: Literal["console", "json"], level: str) -> None:
    """Send all log lines of ``level`` and above to standard error: standard output belongs to the commands."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last_steps(form)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # uvicorn's own handlers would print its lines twice.
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


def _last_steps(form: Literal["console", "json"]) -> list[Any]:
    if form == "json":
        return [_by_kind_and_place, structlog.processors.JSONRenderer()]
    return [_by_kind_and_place, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _by_kind_and_place(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """In place of a traceback, the kind of a fault and where it arose: its text may hold what no log should."""
    error = _raised(line.pop("exc_info", None))
    if error is not None:
        # What libraries add in further lines repeats the fault's text.
        line["event"] = str(line.get("event", "")).strip().partition("\n")[0]
        line["error"], line["place"] = type(error).__name__, place_of(error, _FRAMES_OF_LIBRARIES)
    return line


def _raised(info: object) -> BaseException | None:
    found = sys.exc_info() if info is True else info
    error = found[1] if isinstance(found, tuple) else found
    return error if isinstance(error, BaseException) else None


def place_of(error: BaseException, frames: int = _FRAMES) -> list[str]:
    """Where a fault arose: file, line and function of its last frames. Its text may hold what no log should."""
    last = traceback.extract_tb(error.__traceback__)[-frames:]
    return [f"{Path(frame.filename).stem}:{frame.lineno} {frame.name}" for frame in last]
