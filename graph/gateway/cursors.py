"""One opaque cursor over many accounts."""

import base64
import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import orjson

from graph.gateway.marks import Mark, dump, load

_SIGNATURE = 10
_MAX_TEXT = 100_000
_MAX_STATE = 1_000_000


class CursorError(ValueError):
    """The cursor is not one of ours, was changed, or belongs to another query. The message says which."""


class Cursors:
    """Writes and reads cursors, signed so that nobody can make one up.

    A cursor holds the mark of each account that was read, and the fingerprint of the query that it was made for: the
    tenant, the field, the accounts, the filter and the order.
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        """``key`` signs; cursors that were signed with ``older`` keys are still good."""
        self._key = key
        self._older = older

    def write(self, fingerprint: str, marks: Mapping[str, Mark]) -> str:
        state = orjson.dumps([fingerprint, {account: dump(mark) for account, mark in marks.items()}])
        packed = zlib.compress(state, 6)
        return base64.urlsafe_b64encode(_sign(packed, self._key) + packed).decode().rstrip("=")

    def read(self, fingerprint: str, cursor: str) -> dict[str, Mark]:
        """The marks in ``cursor``. Raises ``CursorError``."""
        made_for, marks = self._open(cursor)
        if made_for != fingerprint:
            raise CursorError(
                "belongs to another query: page on with the same filter and order; if an account was added or removed "
                "since, start again"
            )
        return marks

    def _open(self, cursor: str) -> tuple[str, dict[str, Mark]]:
        try:
            if len(cursor) > _MAX_TEXT:
                raise ValueError
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            signature, packed = raw[:_SIGNATURE], raw[_SIGNATURE:]
            if not any(hmac.compare_digest(signature, _sign(packed, key)) for key in (self._key, *self._older)):
                raise ValueError
            made_for, state = orjson.loads(zlib.decompressobj().decompress(packed, _MAX_STATE))
            return made_for, {account: load(mark) for account, mark in state.items()}
        except (ValueError, TypeError, AttributeError, zlib.error):
            raise CursorError("is not a cursor of this server, or was changed on the way") from None


def _sign(packed: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(packed, key=key, digest_size=_SIGNATURE).digest()


def fingerprint(*parts: object) -> str:
    """A short name for a query: equal for equal parts, in every process."""
    return hashlib.blake2b(repr(_plain(parts)).encode(), digest_size=9).hexdigest()


def _plain(part: object) -> object:
    """The part with a text form that does not depend on the order of sets, which differs between processes."""
    if is_dataclass(part) and not isinstance(part, type):
        return [(each.name, _plain(getattr(part, each.name))) for each in fields(part)]
    if isinstance(part, (set, frozenset)):
        return sorted(map(str, part))
    if isinstance(part, (list, tuple)):
        return [_plain(each) for each in part]
    return part
