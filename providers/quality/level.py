"""The levels of the quality scale, and how a rule's check ends."""

from providers.model.described import Described


class Level(Described):
    """How far a plugin has come. A level needs all rules of its own and of those below."""

    BRONZE = "bronze", "It works: what it reads is right, whole and tested against a simulator."
    SILVER = "silver", "It is safe to run: nothing that a PMS sends or refuses breaks it, and no secret leaves it."
    GOLD = "gold", "It is quick: no read takes more calls than the PMS's API needs, and answers agree with each other."
    PLATINUM = "platinum", "It is complete: every documented field can be read."


class RuleBroken(Exception):
    """The plugin does not keep a rule; the text says what was seen."""


class NotApplicable(Exception):
    """A rule says nothing about this plugin; the text says why."""


class NotCheckable(Exception):
    """A rule cannot be checked here, for example because the tests are not at hand; the text says why."""


def demand(kept: object, otherwise: str) -> None:
    """Raises ``RuleBroken`` unless ``kept``."""
    if not kept:
        raise RuleBroken(otherwise)
