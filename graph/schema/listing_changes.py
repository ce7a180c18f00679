"""Mutations of many listings at once: each has a result of its own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

import strawberry

from graph.gateway.choosing import Refusals
from graph.gateway.refs import Ref
from graph.rejections import Rejection, RejectionCode
from graph.schema import ids
from graph.schema.arguments import MAX_IDS, BadInput, check_list
from graph.schema.user_errors import UserError, user_error

R = TypeVar("R")

ListingIds = Annotated[
    list[strawberry.ID], strawberry.argument(description=f"The listings' ids, 1 to {MAX_IDS}; each counts once.")
]

ERRORS = "What was wrong with this one; empty if it was done. The others are done all the same."


async def of_each(
    given: Sequence[strawberry.ID],
    change: Callable[[Sequence[Ref]], Awaitable[Refusals]],
    result: Callable[[strawberry.ID, list[UserError]], R],
) -> list[R]:
    """Make a change to listings; one result for each id, in the order given. Raises ``BadInput`` for too many."""
    texts = check_list(given, "ids") or ()
    parsed = {text: _parsed(text) for text in texts}
    refs = {text: each for text, each in parsed.items() if isinstance(each, Ref)}
    refusals = await change(list(refs.values())) if refs else {}
    places: Mapping[str, int] = {text: given.index(text) for text in texts}

    def errors(text: strawberry.ID) -> list[UserError]:
        known = parsed[text]
        refused = refusals.get(known) if isinstance(known, Ref) else known
        return [user_error(replace(refused, field=("ids", str(places[text]))))] if refused else []

    return [result(text, errors(text)) for text in texts]


def _parsed(text: str) -> Ref | Rejection:
    try:
        return ids.parse(text, "ids", ids.LISTING).ref
    except BadInput as error:
        message = "This is not the id of a listing."
        return Rejection(field=(), code=RejectionCode.INVALID, message=message, allowed=error.allowed)
