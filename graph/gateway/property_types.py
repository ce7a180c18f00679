"""Kinds of building: some PMSs name them by ids of their dictionary, which then says which ids a filter means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graph.accounts.accounts import ConnectedAccount
from graph.gateway.dictionaries import Dictionaries, DictionaryOf, has_dictionary
from graph.gateway.held_values import Words
from graph.gateway.operation import Operation
from providers.errors import ProviderError
from providers.model import DictionaryEntry, DictionaryKind, ListingField, PropertyType
from providers.queries import ListingQuery


@dataclass(frozen=True, slots=True)
class Worded:
    """A query in the words of each account's PMS, by account id; and why an account's dictionary could not be read."""

    queries: Mapping[str, ListingQuery]
    failures: Mapping[str, ProviderError]


async def worded(
    dictionaries: Dictionaries,
    operation: Operation,
    accounts: Sequence[ConnectedAccount],
    query: ListingQuery,
    max_age: int | None,
) -> Worded:
    """The query for each account. Costs a call where kinds are filtered by and the dictionary is not held."""
    queries = {account.id: query for account in accounts}
    if query.property_types is None:
        return Worded(queries, {})
    asked = {
        account.id: DictionaryOf(account.id, DictionaryKind.PROPERTY_TYPES)
        for account in accounts
        if has_dictionary(account, DictionaryKind.PROPERTY_TYPES) and ListingField.TYPE not in account.fields_off
    }
    outcomes = await dictionaries.read(operation, list(asked.values()), max_age)
    failures: dict[str, ProviderError] = {}
    for id_, wanted in asked.items():
        outcome = outcomes[wanted]
        if isinstance(outcome, ProviderError):
            failures[id_] = outcome
        else:
            queries[id_] = replace(query, property_type_ids=_ids(outcome.value, query.property_types))
    return Worded(queries, failures)


def _ids(words: Words, kinds: frozenset[PropertyType]) -> frozenset[str]:
    return frozenset(entry.provider_id for entry in words.entries if kind_of(entry) in kinds)


def kind_of(entry: DictionaryEntry) -> PropertyType:
    """StayGraph's word for an entry of a dictionary of kinds of building: ``OTHER`` where there is none."""
    return PropertyType.__members__.get(entry.kind or "", PropertyType.OTHER)
