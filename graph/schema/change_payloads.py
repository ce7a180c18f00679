"""What every change at a PMS answers beside the changed object: what was wrong, what it cost, what it would send."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Generic, TypeVar

import strawberry
import structlog
from strawberry.scalars import JSON

from graph.changes.cost import counting
from graph.changes.failures import UNCERTAIN_MESSAGE
from graph.changes.ledger import MAX_KEY
from graph.changes.writing import Done
from graph.gateway.refs import Ref
from graph.logs import place_of
from graph.rejections import Rejected, RejectionCode, rejected
from graph.schema import ids
from graph.schema.arguments import BadInput
from graph.schema.context import Info
from graph.schema.rate_limit import RateLimit, rate_limits
from graph.schema.raw import plain_json
from graph.schema.user_errors import UserError, user_errors
from providers.changes import Written
from providers.upstream import dry_run

log = structlog.get_logger(__name__)

T = TypeVar("T")

DryRun = Annotated[
    bool,
    strawberry.argument(
        description="True changes nothing: the answer says, in planned, which calls would be made. Reads that this "
        "needs are made."
    ),
]

KEY_MEANING = (
    f"Your own name for this create, 1 to {MAX_KEY} printable characters. Sent again with the same key, after whatever "
    "failure, nothing is made twice: the answer is what was made the first time. The same key with another input is "
    "refused (CONFLICT). A definite refusal frees the key. It is remembered for 30 days, unless the server's "
    "creation_days says otherwise."
)
IdempotencyKey = Annotated[str | None, strawberry.argument(description=KEY_MEANING)]


@strawberry.type(description="What a change cost at the PMS.")
class ChangeCost:
    account_ids: strawberry.Private[Sequence[str]]
    calls: int = strawberry.field(
        description="Calls that were sent to make it, reads and repeated calls included. Reads of the fields that you "
        "select of what was changed are not among them."
    )

    @strawberry.field(
        description="The limits of the accounts that were changed, as they are now: what is left, and when the next "
        "call is possible."
    )
    async def rate_limits(self, info: Info) -> list[RateLimit]:
        known = await info.context.gateway.reading.known_accounts(info.context.operation)
        accounts = [known[id_] for id_ in self.account_ids if id_ in known]
        return await rate_limits(info, accounts) if accounts else []


@strawberry.type(description="A parameter in the address of a call.")
class PlannedParameter:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value; *** where it is a secret.")


@strawberry.type(description="A call to the PMS that a change would make.")
class PlannedCall:
    method: str = strawberry.field(description="The HTTP method, for example PUT.")
    path: str = strawberry.field(description="The path at the PMS's API.")
    query: list[PlannedParameter] = strawberry.field(description="Parameters in the address, in order.")
    body: JSON | None = strawberry.field(
        description="What would be sent, with secrets struck out (***). Decimal numbers are given as text, so that no "
        "digit is lost; they are sent as numbers. Null if nothing would be."
    )


@strawberry.interface(
    description="What every change at a PMS answers beside the changed object. Where there are userErrors, nothing "
    "was changed; but with the code UNCERTAIN it may have been, and a change of many nights may have come half-way, "
    "which the message says."
)
class ChangePayload:
    user_errors: list[UserError] = strawberry.field(description="What was wrong; empty if it was done.")
    warnings: list[str] = strawberry.field(
        description="What the PMS did not take over although it said yes, or what else has to be known; for people."
    )
    cost: ChangeCost = strawberry.field(description="What it cost at the PMS.")
    planned: list[PlannedCall] | None = strawberry.field(
        description="The calls that would be made, in order, where dryRun was asked for; null otherwise. The last one "
        "may be followed by others that hang on the PMS's answer."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried(Generic[T]):
    """What came of a change that was tried: ``done``, or ``refusal``; and the calls it took.

    ``was_asked`` says that the PMS was asked to change something, whatever it said.
    """

    done: Done[T] | None = None
    refusal: Rejected | None = None
    calls: int = 0
    was_asked: bool = False
    account_ids: Sequence[str] = ()

    @property
    def value(self) -> T | None:
        """The outcome; None where nothing was changed."""
        return None if self.done is None else self.done.value

    @property
    def was_made(self) -> bool:
        """Whether the change was made; not so in a dry run."""
        return self.done is not None and self.done.planned is None

    @property
    def may_have_changed(self) -> bool:
        """Whether the PMS made the change, or may have made it."""
        if self.refusal is not None:
            return any(each.code is RejectionCode.UNCERTAIN for each in self.refusal.rejections)
        return self.was_made

    def fields(self) -> dict[str, Any]:
        """The fields of a ``ChangePayload``."""
        written = self.value
        return {
            "user_errors": user_errors(self.refusal) if self.refusal else [],
            "warnings": list(written.warnings) if isinstance(written, Written) else [],
            "cost": ChangeCost(account_ids=self.account_ids, calls=self.calls),
            "planned": planned_calls(self.done.planned) if self.done and self.done.planned is not None else None,
        }


async def carried_out(info: Info, work: Awaitable[Done[T]], *given: str) -> Carried[T]:
    """Make a change, or rehearse it. What the operation reads afterwards is read anew.

    Refusals are answered, not raised. ``given`` are the ids, as clients gave them, of what is changed: they name the
    accounts whose limits the change has to do with.
    """
    refs = [ref_in(each) for each in given]
    account_ids = list(dict.fromkeys(ref.account_id for ref in refs if ref is not None))
    with counting() as calls:
        try:
            done = await work
        except Rejected as refusal:
            info.context.changed()
            asked = calls.changes > 0
            return Carried(refusal=refusal, calls=calls.count, was_asked=asked, account_ids=account_ids)
    info.context.changed()
    return Carried(done=done, calls=calls.count, was_asked=calls.changes > 0, account_ids=account_ids)


async def one_of_several(change: Awaitable[T], failed: Callable[[Carried[Any]], T]) -> T:
    """The answer to one of several changes that were asked for together, whatever happens to it.

    A fault of our own, or of the database, must not hide what became of the others.
    """
    try:
        return await change
    except Exception as error:  # noqa: BLE001 - whatever it is: see above
        # The kind and the place, not the text: that may hold what no log should.
        log.error("one of several changes failed", error=type(error).__name__, place=place_of(error))
        message = f"Something went wrong inside StayGraph. {UNCERTAIN_MESSAGE}"
        return failed(Carried(refusal=rejected("", RejectionCode.UNCERTAIN, message)))


def planned_calls(calls: Sequence[dry_run.PlannedCall]) -> list[PlannedCall]:
    """Calls as clients see them."""
    return [
        PlannedCall(
            method=call.method,
            path=call.path,
            query=[PlannedParameter(name=name, value=value) for name, value in call.query],
            body=plain_json(call.body),
        )
        for call in calls
    ]


def given_ref(text: str, field: str, kind: str) -> Ref:
    """The object of ``kind`` that an id in an input names. Raises ``Rejected`` under ``field`` where it is none."""
    try:
        return ids.parse(text, field, kind).ref
    except BadInput as error:
        article = "an" if kind == ids.ACCOUNT else "a"
        message = f"This is not the id of {article} {kind.lower()}."
        raise rejected(field, RejectionCode.INVALID, message, allowed=error.allowed) from None


def ref_in(text: str, *kinds: str) -> Ref | None:
    """The object that an id names; None where it names none, or another kind."""
    try:
        return ids.parse(text, "id", *kinds).ref
    except BadInput:
        return None


def below(refusal: Rejected, *path: str) -> Rejected:
    """``refusal`` of an input that is at ``path`` within the client's."""
    return Rejected(*(replace(each, field=(*path, *each.field)) for each in refusal.rejections))
