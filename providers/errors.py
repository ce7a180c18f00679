"""What can go wrong between StayGraph and a PMS, in one vocabulary of stable codes.

Messages are written for the people who read them: they never hold a secret, a token, a guest's details or a body.
"""

import re

from providers.model.described import Described

# What a PMS's own words may repeat of a call or a record: tokens, e-mail addresses, numbers long enough for phones and
# cards.
_PERSONAL = re.compile(
    r"\b[Bb]earer\s+\S+|[\w.\-/+=]{32,}|[^\s@,;:<>()]+@[^\s@,;:<>()]+|\+?\d(?:[ -]?\d){8,}",
)


class ErrorCode(Described):
    """Stable names of upstream failures; a client may branch on them."""

    RATE_LIMITED = "RATE_LIMITED", "No call to the PMS was possible within the time allowed; see retryAfter."
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE", "The PMS could not be reached or answered with a server error."
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT", "The PMS did not answer in time."
    UPSTREAM_INVALID = "UPSTREAM_INVALID", "The PMS answered with something that is not what its API promises."
    UPSTREAM_REFUSED = "UPSTREAM_REFUSED", "The PMS understood the call and refused it."
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED", "The PMS does not accept the account's credentials."
    PERMISSION_DENIED = "PERMISSION_DENIED", "The credentials are right but do not allow this."
    NOT_FOUND = "NOT_FOUND", "No such object, or none that may be seen."
    NOT_SUPPORTED = "NOT_SUPPORTED", "The PMS has no way to do this."
    ACCOUNT_PAUSED = "ACCOUNT_PAUSED", "The account is paused: nothing is asked of its PMS until it is resumed."
    ACCOUNT_NOT_AUTHORIZED = (
        "ACCOUNT_NOT_AUTHORIZED",
        "The account's owner has not consented in the PMS yet: nothing is asked of it until then.",
    )


class ProviderError(Exception):
    """A failure at or on the way to a PMS.

    ``message`` is safe to show: tokens, addresses and long numbers, which a PMS's own words may repeat, are struck out.
    ``retry_after`` is in seconds from now where it is known. ``upstream_status`` is the
    HTTP status of the PMS's answer, if there was one. ``was_sent`` says that the PMS may have seen the call and did not
    refuse it: a change may have been made. ``partly`` says that some of a change of several calls was made, and
    ``message`` which. ``provider`` and ``account_id`` are filled in by the layer that
    knows them.
    """

    code: ErrorCode

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        account_id: str | None = None,
        retry_after: float | None = None,
        upstream_status: int | None = None,
        was_sent: bool = False,
        partly: bool = False,
    ) -> None:
        self.message = _PERSONAL.sub("…", message)
        super().__init__(self.message)
        self.provider = provider
        self.account_id = account_id
        self.retry_after = retry_after
        self.upstream_status = upstream_status
        self.was_sent = was_sent
        self.partly = partly


class RateLimited(ProviderError):
    code = ErrorCode.RATE_LIMITED


class UpstreamUnavailable(ProviderError):
    code = ErrorCode.UPSTREAM_UNAVAILABLE


class UpstreamTimeout(ProviderError):
    code = ErrorCode.UPSTREAM_TIMEOUT


class UpstreamInvalid(ProviderError):
    code = ErrorCode.UPSTREAM_INVALID


class UpstreamRefused(ProviderError):
    code = ErrorCode.UPSTREAM_REFUSED


class AuthenticationFailed(ProviderError):
    code = ErrorCode.AUTHENTICATION_FAILED


class PermissionDenied(ProviderError):
    code = ErrorCode.PERMISSION_DENIED


class NotFound(ProviderError):
    code = ErrorCode.NOT_FOUND


class NotSupported(ProviderError):
    code = ErrorCode.NOT_SUPPORTED


class AccountPaused(ProviderError):
    code = ErrorCode.ACCOUNT_PAUSED


class AccountNotAuthorized(ProviderError):
    code = ErrorCode.ACCOUNT_NOT_AUTHORIZED
