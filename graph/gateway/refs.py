"""How objects are named inside the gateway: by connected account and the PMS's own id."""

from typing import NamedTuple


class Ref(NamedTuple):
    """One listing or reservation: the connected account it is read through, and its id in the PMS."""

    account_id: str
    provider_id: str
