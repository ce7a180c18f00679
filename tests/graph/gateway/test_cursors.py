"""Cursors: signed, and good under older keys of the vault."""

import pytest

from graph.gateway.cursors import CursorError, Cursors

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_cursor_outlives_the_change_of_the_key_that_signed_it() -> None:
    cursor = Cursors(OLD).write("query", {})
    assert Cursors(NEW, OLD).read("query", cursor) == {}
    with pytest.raises(CursorError, match="not a cursor of this server"):
        Cursors(NEW).read("query", cursor)


def test_new_cursors_are_signed_with_the_first_key() -> None:
    cursor = Cursors(NEW, OLD).write("query", {})
    assert Cursors(NEW).read("query", cursor) == {}
    with pytest.raises(CursorError):
        Cursors(OLD).read("query", cursor)
