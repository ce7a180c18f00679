"""How failures of a change are told: as refusals of its input, or of the moment."""

import re
from dataclasses import replace

from graph.changes.cost import Calls
from graph.rejections import Rejected, Rejection, RejectionCode
from providers.changes import ChangeRefused, ProblemKind
from providers.errors import ErrorCode, ProviderError

UNCERTAIN_MESSAGE = (
    "The PMS did not say whether it did this. Look before you repeat it; a create is repeated with the same "
    "idempotencyKey."
)

PARTLY_MESSAGE = "The rest was not made, or not for certain: look before you repeat it."

_KINDS = {kind: RejectionCode[kind.name] for kind in ProblemKind}
_CODES = {
    ErrorCode.RATE_LIMITED: RejectionCode.UNAVAILABLE,
    ErrorCode.UPSTREAM_UNAVAILABLE: RejectionCode.UNAVAILABLE,
    ErrorCode.UPSTREAM_TIMEOUT: RejectionCode.UNAVAILABLE,
    ErrorCode.UPSTREAM_INVALID: RejectionCode.UNAVAILABLE,
    ErrorCode.NOT_FOUND: RejectionCode.NOT_FOUND,
    ErrorCode.NOT_SUPPORTED: RejectionCode.NOT_SUPPORTED,
    ErrorCode.ACCOUNT_PAUSED: RejectionCode.CONFLICT,
    ErrorCode.ACCOUNT_NOT_AUTHORIZED: RejectionCode.CONFLICT,
}
_CAPITAL = re.compile(r"_([a-z])")


def is_uncertain(error: ProviderError, calls: Calls) -> bool:
    """Whether the PMS may have made the change although this came back, after ``calls``.

    Where it was only asked to tell something, nothing was changed, whatever it answered.
    """
    return error.was_sent or (error.code is ErrorCode.UPSTREAM_INVALID and calls.changes > 0)


def refusal_of(
    error: ChangeRefused | ProviderError, calls: Calls | None = None, *, under: tuple[str, ...] = ()
) -> Rejected:
    """A failure of a change in clients' words, after ``calls``; without them it was of a read, or in a dry run.

    ``under`` is the path of the plugin's input within the client's.
    """
    if isinstance(error, ChangeRefused):
        return Rejected(
            *(
                Rejection(
                    field=(*under, *map(_camel, each.field)) if each.field else (),
                    code=_KINDS[each.kind],
                    message=each.message,
                    allowed=each.allowed,
                )
                for each in error.problems
            )
        )
    if calls is not None and is_uncertain(error, calls):
        advice = PARTLY_MESSAGE if error.partly else UNCERTAIN_MESSAGE
        return Rejected(Rejection(field=(), code=RejectionCode.UNCERTAIN, message=f"{error.message} {advice}"))
    code = _CODES.get(error.code, RejectionCode.REFUSED)
    return Rejected(Rejection(field=(), code=code, message=error.message))


def placed_where_missing(refusal: Rejected, field: str | None) -> Rejected:
    """``refusal`` with what is missing told of ``field``, where it names none itself."""
    if field is None:
        return refusal
    return Rejected(
        *(
            replace(each, field=(field,)) if each.code is RejectionCode.NOT_FOUND and not each.field else each
            for each in refusal.rejections
        )
    )


def _camel(part: str | int) -> str:
    return _CAPITAL.sub(lambda match: match.group(1).upper(), str(part))
