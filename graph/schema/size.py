"""How large an operation is, found before anything else looks at it: records asked for, depth, aliases.

Strawberry's own limiters walk a fragment once for each of its spreads; thirty fragments that each spread the next one
twice would keep them busy for ever. Here every fragment is walked once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

DEFAULT_FIRST = 50
"""What a list that has ``first`` gives when it is left out."""

MAX_LEVELS = 150
"""Selections and fragments within each other; beyond it an operation counts as that deep and is not looked into."""

_PAGED = {
    *("accounts", "availableListings", "importableListings", "listings"),
    *("receivedWebhooks", "reservationEvents", "reservations"),
}
_LISTS = {
    "calendars": "listingIds",
    "priceDetails": "inputs",
    "nodes": "ids",
    "updateCalendars": "inputs",
    "duplicateAgreement": "toListingIds",
}
_UNBOUNDED = {
    "fees": 10,
    "taxes": 10,
    "units": 10,
    "agreements": 1,
    "cancellationPolicies": 10,
    "customFields": 10,
    "users": 50,
    "providerAccounts": 100,
    "dictionary": 500,
}
"""Lists that nothing in the operation bounds, and how long they are taken to be."""

_CALENDARS = {"calendar", "calendars"}


@dataclass(frozen=True, slots=True)
class Size:
    """Records that may be asked for at most, levels of nesting, and aliases."""

    records: int = 0
    depth: int = 0
    aliases: int = 0

    def beside(self, other: "Size") -> "Size":
        return Size(self.records + other.records, max(self.depth, other.depth), self.aliases + other.aliases)


class Sizing:
    """Finds the size of the operations in a document: each list multiplies what is asked of its records."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any] | None) -> None:
        self._variables = variables or {}
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._of_fragment: dict[str, Size] = {}
        self._level = 0

    def of_largest(self) -> Size:
        """The largest records, depth and aliases that any operation of the document has."""
        sizes = [self._selections(operation.selection_set) for operation in self._operations]
        return Size(
            max((size.records for size in sizes), default=0),
            max((size.depth for size in sizes), default=0),
            max((size.aliases for size in sizes), default=0),
        )

    def _selections(self, selections: SelectionSetNode | None) -> Size:
        self._level += 1
        try:
            return Size(depth=MAX_LEVELS) if self._level > MAX_LEVELS else self._sum(selections)
        finally:
            self._level -= 1

    def _sum(self, selections: SelectionSetNode | None) -> Size:
        size = Size()
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    size = size.beside(self._field(node))
                case InlineFragmentNode():
                    size = size.beside(self._selections(node.selection_set))
                case FragmentSpreadNode():
                    size = size.beside(self._fragment(node.name.value))
        return size

    def _fragment(self, name: str) -> Size:
        if name not in self._of_fragment:
            self._of_fragment[name] = Size()  # for a fragment that spreads itself, which validation refuses
            fragment = self._fragments.get(name)
            self._of_fragment[name] = self._selections(fragment.selection_set) if fragment else Size()
        return self._of_fragment[name]

    def _field(self, node: FieldNode) -> Size:
        below = self._selections(node.selection_set)
        inner = below.records * self._stretches(node) if node.name.value in _CALENDARS else below.records
        records = self._length(node) * (1 + inner) if self._is_list(node) else inner
        # Introspection nests deeply by nature; its types are few and ours.
        depth = 0 if node.name.value.startswith("__") else below.depth + 1
        return Size(records, depth, below.aliases + (node.alias is not None))

    def _is_list(self, node: FieldNode) -> bool:
        if node.name.value in _PAGED or node.name.value in _UNBOUNDED:
            return True
        # Connections have a field ``nodes`` too, without ids: its records are counted already.
        argument = _LISTS.get(node.name.value)
        return any(each.name.value == argument for each in node.arguments or ())

    def _length(self, node: FieldNode) -> int:
        name = node.name.value
        if name in _UNBOUNDED:
            return _UNBOUNDED[name]
        given = _argument(node, "first" if name in _PAGED else _LISTS[name])
        if isinstance(given, VariableNode):
            value = self._variables.get(given.name.value)
            return max(value if isinstance(value, int) else len(value) if isinstance(value, list) else DEFAULT_FIRST, 1)
        if isinstance(given, IntValueNode):
            return max(int(given.value[:9]), 1)
        return len(given.values) if isinstance(given, ListValueNode) else DEFAULT_FIRST

    def _stretches(self, node: FieldNode) -> int:
        """How many times a calendar's days exceed what a list of reservations counts as: each night may have some."""
        start, end = (self._day(_argument(node, name)) for name in ("from", "to"))
        days = (end - start).days if start and end else DEFAULT_FIRST
        return max(-(-days // DEFAULT_FIRST), 1)

    def _day(self, given: ValueNode | None) -> date | None:
        text = given.value if isinstance(given, StringValueNode) else None
        if isinstance(given, VariableNode):
            text = self._variables.get(given.name.value)
        try:
            return date.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            return None  # refused later, in better words


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((each.value for each in node.arguments or () if each.name.value == name), None)
