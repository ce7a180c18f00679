"""How many records an operation may ask for, counted before it runs."""

from collections.abc import Mapping
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
    VariableNode,
)

DEFAULT_FIRST = 50
"""What a list that has ``first`` gives when it is left out."""

MAX_LEVELS = 100
"""Nesting at which the count gives up: far above any depth that is allowed, far below Python's own bound."""

_PAGED = {"accounts", "listings", "reservations"}
_LISTS = {"calendars": "listingIds", "priceDetails": "inputs", "nodes": "ids"}


class CostCount:
    """Counts the records that an operation can ask for at most: each list multiplies what is asked of its records.

    ``bound`` ends the count as soon as it is passed, so that counting itself stays cheap.
    """

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any] | None, bound: int) -> None:
        self._variables = variables or {}
        self._bound = bound
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._of_fragment: dict[str, int] = {}
        self._level = 0

    def of_costliest(self) -> int:
        """The count of the costliest operation in the document, or something above the bound."""
        return max((self._selections(operation.selection_set) for operation in self._operations), default=0)

    def _selections(self, selections: SelectionSetNode | None) -> int:
        self._level += 1
        try:
            return self._bound + 1 if self._level > MAX_LEVELS else self._sum(selections)
        finally:
            self._level -= 1

    def _sum(self, selections: SelectionSetNode | None) -> int:
        count = 0
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    count += self._field(node)
                case InlineFragmentNode():
                    count += self._selections(node.selection_set)
                case FragmentSpreadNode():
                    count += self._fragment(node.name.value)
            if count > self._bound:
                return self._bound + 1
        return count

    def _fragment(self, name: str) -> int:
        # Kept, since spreads that spread spreads would otherwise be walked exponentially often.
        if name not in self._of_fragment:
            self._of_fragment[name] = 0
            fragment = self._fragments.get(name)
            self._of_fragment[name] = self._selections(fragment.selection_set) if fragment else 0
        return self._of_fragment[name]

    def _field(self, node: FieldNode) -> int:
        if node.selection_set is None:
            return 0
        below = self._selections(node.selection_set)
        return self._size(node) * (1 + below) if self._is_list(node) else below

    def _is_list(self, node: FieldNode) -> bool:
        if node.name.value in _PAGED:
            return True
        # Connections have a field ``nodes`` too, without ids: its records are counted already.
        argument = _LISTS.get(node.name.value)
        return any(each.name.value == argument for each in node.arguments or ())

    def _size(self, node: FieldNode) -> int:
        name = node.name.value
        argument = "first" if name in _PAGED else _LISTS[name]
        given = next((each.value for each in node.arguments or () if each.name.value == argument), None)
        if isinstance(given, VariableNode):
            value = self._variables.get(given.name.value)
            return max(value if isinstance(value, int) else len(value) if isinstance(value, list) else DEFAULT_FIRST, 1)
        if isinstance(given, IntValueNode):
            return max(int(given.value[:9]), 1)
        return len(given.values) if isinstance(given, ListValueNode) else DEFAULT_FIRST
