"""Our registration as an application at a PMS that asks account owners for their consent."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApplication:
    """Used where an account's authConfig names no application of its own. The secret is never shown, never logged."""

    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()
