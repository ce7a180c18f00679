"""Telling a subscriber of an event without waiting: most answers need nothing but the event itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError

from graph.events.subscribers import Told

Data = Callable[[Any], Any]
"""The data of an answer, made of what the field of a subscription gave. Raises where the executor is needed."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How the text of an answer that was made already is sent.

    ``at_once`` sends it if nothing has to be waited for, and returns False if something has.
    """

    send: Callable[[str], Awaitable[None]]
    at_once: Callable[[str], bool]


def written(data: Any, errors: Sequence[GraphQLError] = ()) -> str:
    """An answer as it is sent."""
    told = {"errors": [error.formatted for error in errors]} if errors else {}
    return orjson.dumps({"data": data, **told}).decode()


def text_at_once(told: Told, shared_as: str, data: Data | None, show: Callable[[], Any]) -> str | None:
    """The answer to an event for operations of this name: made before, or made now of its own values alone.

    None where the executor has to make it: ``data`` is None, or meets what only the executor can word.
    """
    text = told.texts.get(shared_as)
    if text is None and data is not None:
        try:
            text = told.texts[shared_as] = written(data(show()))
        except Exception:  # noqa: BLE001  # the executor meets the same fault and words it
            return None
    return text
