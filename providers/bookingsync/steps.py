"""Changes that take several calls: what was done is told where a later one fails."""

from collections.abc import Awaitable
from typing import TypeVar

from providers.bookingsync.sending import Names, refused_by_field
from providers.changes import ChangeRefused, ProblemKind, refused
from providers.errors import ProviderError, UpstreamRefused

T = TypeVar("T")


class Steps:
    """The calls of one change, in order."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._done: list[str] = []

    async def take(self, what: str, call: Awaitable[T]) -> T:
        """The outcome of a call that makes ``what``. Raises ``ChangeRefused`` where it is refused and the first.

        Later failures are ``ProviderError``s that say what was made already.
        """
        try:
            outcome = await call
        except ChangeRefused as error:
            if self._done:
                raise self._partly(UpstreamRefused(str(error))) from None
            raise
        except ProviderError as error:
            if self._done:
                raise self._partly(error) from None
            if isinstance(error, UpstreamRefused):
                raise refused_by_field(error, self._names) from None
            raise
        self._done.append(what)
        return outcome

    def _partly(self, error: ProviderError) -> ProviderError:
        """The failure with what was done. Something was changed, whatever became of the last call."""
        said = error.message if error.message.endswith((".", "!", "?")) else f"{error.message}."
        return type(error)(
            f"{said} Made already: {', '.join(self._done)}.",
            retry_after=error.retry_after,
            upstream_status=error.upstream_status,
            was_sent=True,
            partly=True,
        )


def locked_by_others() -> ChangeRefused:
    """The refusal of a change to what another application keeps for itself."""
    said = "Another application has locked this booking: it can be changed there only."
    return refused(ProblemKind.CONFLICT, said)
