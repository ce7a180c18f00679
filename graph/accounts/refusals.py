"""Why somebody is not let in. The messages are for whoever knocks, so they tell nothing that a guess could use."""


class NotAuthenticated(Exception):  # an outcome, not a fault
    """Nobody is known by this key or token."""


class NotAllowed(Exception):
    """It is known who asks, but they may not act for the tenant that they name."""
