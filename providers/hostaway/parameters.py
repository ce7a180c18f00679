"""Single query parameters as Hostaway takes them."""

from providers.hostaway.paging import Query


def given(name: str, value: str | None) -> Query:
    """The parameter, left out where there is no value."""
    return () if value is None else ((name, value),)


def flag(name: str, value: bool | None) -> Query:
    """A yes or no as 1 or 0 (Hostaway documentation, Booleans), left out where there is no value."""
    return () if value is None else ((name, str(int(value))),)
