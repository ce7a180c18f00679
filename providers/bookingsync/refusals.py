"""BookingSync's own words for a refusal, from any of the forms they come in."""

from collections.abc import Iterator
from typing import Any

from providers.errors import UpstreamInvalid
from providers.upstream.calls import Answer

_LONGEST = 300
_MOST_TEXTS = 20
_DEEPEST = 4
_LABELS = ("title", "detail", "message", "error_description", "code")


def words(answer: Answer) -> str | None:
    """The texts of an error body on one line of at most 300 characters; None where there are none.

    Understood: ``{"error": "text"}`` with or without ``error_description``,
    ``{"errors": {"field": ["text"]}}``, lists of texts or of objects under ``errors``, and ``message``. Other
    bodies (empty, HTML) give no words.
    """
    try:
        body = answer.json()
    except UpstreamInvalid:
        return None
    if not isinstance(body, dict):
        return None
    found = list(dict.fromkeys(text for text in _texts_of(body) if text))[:_MOST_TEXTS]
    return "; ".join(found)[:_LONGEST] or None


def _texts_of(body: dict[str, Any]) -> Iterator[str]:
    for name in ("error", "error_description", "message"):
        yield from _texts(body.get(name))
    yield from _texts(body.get("errors"))


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield _one_line(value)
    elif depth == _DEEPEST:
        return
    elif isinstance(value, list):
        for each in value:
            yield from _described(each) if isinstance(each, dict) else _texts(each, depth + 1)
    elif isinstance(value, dict):
        for name, texts in value.items():
            for text in _texts(texts, depth + 1):
                yield f"{_one_line(name)} {text}"


def _described(error: dict[str, Any]) -> Iterator[str]:
    text = next((text for label in _LABELS if isinstance(text := error.get(label), str) and text.strip()), None)
    if text is None:
        return
    field = error.get("field")
    yield f"{_one_line(field)} {_one_line(text)}" if isinstance(field, str) else _one_line(text)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text[:_LONGEST]).split())
