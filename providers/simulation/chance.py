"""Repeatable randomness."""

from random import Random


def chance(*parts: object) -> Random:
    """A random generator that the given parts alone decide, in every process and on every machine.

    It is for invented data: nothing made with it is secret.
    """
    return Random("/".join(str(part) for part in parts))  # noqa: S311 (repeatable on purpose)
