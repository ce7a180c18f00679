"""The records of an inbox: rows of deliveries one behind the other, each with its length and its checksum.

A process can die, or the power fail, in the middle of a record: nobody was told that such a one is kept.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

Row = dict[str, Any]
"""A delivery's columns by name."""

_HEAD = struct.Struct("<III")
"""The checksum of what follows, and the lengths of its two parts: the columns as JSON, and the body."""

_BODY = "body"
_INSTANTS = ("received_at", "due_at")
_LEFT_OUT = frozenset({_BODY, "holder", "lease_until"})
"""Whoever stores it later claims it anew."""


def pack(row: Mapping[str, Any]) -> bytes:
    """The record of a row. Raises ``TypeError`` where a text cannot be written as JSON."""
    columns = orjson.dumps({name: value for name, value in row.items() if name not in _LEFT_OUT})
    body = row[_BODY]
    lengths = _HEAD.pack(0, len(columns), len(body))[4:]
    return b"".join(
        (zlib.crc32(body, zlib.crc32(columns, zlib.crc32(lengths))).to_bytes(4, "little"), lengths, columns, body)
    )


def unpack(records: bytes) -> Iterator[Row]:
    """The rows of records, up to the first that is not whole."""
    at = 0
    while len(records) - at >= _HEAD.size:
        checksum, columns, body = _HEAD.unpack_from(records, at)
        start, end = at + _HEAD.size, at + _HEAD.size + columns + body
        if end > len(records) or zlib.crc32(memoryview(records)[at + 4 : end]) != checksum:
            return
        row: Row = orjson.loads(records[start : start + columns])
        row |= {name: datetime.fromisoformat(row[name]) for name in _INSTANTS}
        yield row | {_BODY: records[start + columns : end], "holder": None, "lease_until": None}
        at = end
