"""Global ids: opaque to clients, self-contained for us."""

import base64
import binascii
from typing import NamedTuple

import strawberry

from graph.gateway.refs import Ref
from graph.schema.arguments import BadInput

ACCOUNT = "Account"
LISTING = "Listing"
RESERVATION = "Reservation"

_LETTERS = {"a": ACCOUNT, "l": LISTING, "r": RESERVATION}
_LETTER_OF = {kind: letter for letter, kind in _LETTERS.items()}
_MAX_LENGTH = 512


class GlobalId(NamedTuple):
    """What a global id says: the kind of object, the connected account, and the PMS's own id (empty for accounts)."""

    kind: str
    account_id: str
    provider_id: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(self.account_id, self.provider_id)

    def text(self) -> strawberry.ID:
        """The id as clients see it."""
        raw = f"{_LETTER_OF[self.kind]}:{self.account_id}:{self.provider_id}"
        return strawberry.ID(base64.urlsafe_b64encode(raw.encode()).decode().rstrip("="))


def parse(text: str, argument: str, *kinds: str) -> GlobalId:
    """The id in ``text``. Raises ``BadInput`` naming ``argument`` where it is none, or not of one of ``kinds``."""
    found = _decode(text)
    allowed = kinds or tuple(_LETTER_OF)
    if found is None or found.kind not in allowed:
        wanted = " or ".join(allowed)
        article = "an" if wanted.startswith(ACCOUNT) else "a"
        problem = "is not an id of this server" if found is None else f"is the id of a different type, {found.kind}"
        raise BadInput(argument, problem, allowed=f"the id of {article} {wanted}, as another query gave it")
    return found


def _decode(text: str) -> GlobalId | None:
    try:
        if len(text) > _MAX_LENGTH:
            return None
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        if "\x00" in raw:
            # PostgreSQL knows no such text, not even to find nothing by it.
            return None
        letter, account_id, provider_id = raw.split(":", 2)
        return GlobalId(_LETTERS[letter], account_id, provider_id)
    except (binascii.Error, ValueError, KeyError):
        return None
