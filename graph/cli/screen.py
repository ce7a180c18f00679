"""What commands print: results on standard output, all else on standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def _console(*, stderr: bool = False) -> Console:
    # Made anew each time: standard output may have been replaced since.
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def say(text: str, style: str | None = None) -> None:
    """A line of the result. ``text`` is taken as it is: names may hold brackets."""
    _console().print(Text(text), style=style)


def note(text: str) -> None:
    """A remark for people, which a script need not read."""
    _console(stderr=True).print(Text(text), style="dim")


def complain(text: str) -> None:
    """Why something did not work."""
    console = _console(stderr=True)
    console.print(Text.assemble(("error: ", "bold red"), text))


def warn(text: str) -> None:
    """Something that works but looks wrong."""
    _console(stderr=True).print(Text.assemble(("warning: ", "bold yellow"), text))


def show_json(value: Any) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(value, default=str, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings, as wide as they need to be where the output is not a terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 10_000
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def show_pairs(pairs: Iterable[tuple[str, str]], *, indent: str = "  ") -> None:
    """Names and values, aligned."""
    pairs = list(pairs)
    width = max((len(name) for name, _ in pairs), default=0)
    console = _console()
    for name, value in pairs:
        console.print(Text.assemble(indent, (name.ljust(width), "bold"), "  ", value))
