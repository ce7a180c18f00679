"""Cursors that say one number: a place in a list that grows at its end."""

from graph.gateway.cursors import CursorError, Cursors
from graph.gateway.marks import HeldMark
from graph.schema.paging import on_cursor


def write_place(cursors: Cursors, name: str, place: int) -> str:
    """A cursor for a place in the list called ``name``, good for no other."""
    return cursors.write(name, {"": HeldMark(str(place))})


def read_place(cursors: Cursors, name: str, cursor: str) -> int:
    """What ``write_place`` wrote. Raises ``BadInput``."""
    with on_cursor():
        mark = cursors.read(name, cursor).get("")
        if not isinstance(mark, HeldMark) or not mark.id.isdecimal():
            raise CursorError("is the cursor of another list")
        return int(mark.id)
