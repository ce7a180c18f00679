"""Ids of the people who work in a simulated account."""

USER_ID_OFFSET = 5_000_000
"""The user id of an account's administrator is its account id and this."""

CLEANER_ID_OFFSET = 6_000_000
"""The user id of an account's cleaner is its account id and this."""
