"""Enums whose members carry the text that clients read in the schema."""

from enum import StrEnum


class Described(StrEnum):
    """An enum of which each member is declared as ``NAME = "NAME", "what it means"``.

    The text becomes the description of the value in the GraphQL schema, so meaning is written down once.
    """

    description: str

    def __new__(cls, value: str, description: str) -> "Described":
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member
