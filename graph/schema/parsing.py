"""Documents are parsed and validated once and kept, but for those that hold a card: nothing of it is kept anywhere."""

import re
from collections.abc import Iterator

from strawberry.extensions import ParserCache, ValidationCache

_BETWEEN = r"(?:[\s,\ufeff]|#[^\n\r]*)*"
# A card, or its number, that is given by something else than a variable.
_CARD = re.compile(rf"\b(?:card|number){_BETWEEN}:{_BETWEEN}(?!\$)(?![\s,#\ufeff])")


def may_hold_card(document: str | None) -> bool:
    """Whether a document itself, and not only its variables, may hold a card."""
    return document is not None and _CARD.search(document) is not None


class DocumentCache(ParserCache):
    """Keeps parsed documents."""

    def on_parse(self) -> Iterator[None]:
        if may_hold_card(self.execution_context.query):
            yield
        else:
            yield from super().on_parse()


class CheckedCache(ValidationCache):
    """Keeps which documents are valid."""

    def on_validate(self) -> Iterator[None]:
        if may_hold_card(self.execution_context.query):
            yield
        else:
            yield from super().on_validate()
