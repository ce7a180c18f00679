"""Ids of our own objects: opaque to clients, in order of creation to the millisecond."""

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, now: datetime) -> str:
    """``prefix``, an underscore, ten characters of time and ten random ones (50 bits): ``[a-z0-9_]`` only."""
    return f"{prefix}_{_text(int(now.timestamp() * 1000))}{_text(secrets.randbits(50))}"


def _text(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(45, -1, -5))
