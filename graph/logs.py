"""Log lines: one shape for ours and those of libraries, for people or as JSON."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any, Literal

import structlog

_QUIET = ("aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "sqlalchemy", "uvicorn.access")
"""Loggers of libraries that say at INFO what nobody needs, or quote addresses with what is in them."""


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
    # Values of local variables may be secrets: tracebacks are printed without them.
    if form == "json":
        plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [structlog.processors.ExceptionRenderer(plain), structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    ]


def place_of(error: BaseException) -> list[str]:
    """Where a fault arose: file, line and function of its last frames. Its text may hold what no log should."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return [f"{Path(frame.filename).stem}:{frame.lineno} {frame.name}" for frame in frames]
