"""A refusal on its way to becoming an answer."""


class Refused(Exception):
    """The call is refused with ``status``; ``field`` is the parameter at fault, if it is one."""

    def __init__(self, status: int, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.field = field


class Unauthorized(Exception):
    """The token is missing, unknown or expired: ``reason`` as ``WWW-Authenticate`` tells it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
