"""What an operation asks for below a field, so that nothing is read for values that nobody wants.

Strawberry's own list of selected fields repeats a fragment for each of its spreads; fragments that each spread the
next one twice would make it grow without end. Here every fragment is looked into once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from graph.schema.context import Info


def selects(info: Info, *path: str) -> bool:
    """Whether the operation asks, below this field, for the field at the end of ``path`` (names of the schema)."""
    level: list[SelectionSetNode | None] = [node.selection_set for node in info._raw_info.field_nodes]
    for name in path:
        level = [node.selection_set for node in _fields(info, level) if node.name.value == name]
    return bool(level)


def _fields(info: Info, selections: Iterable[SelectionSetNode | None]) -> Iterator[FieldNode]:
    """The fields of one level, fragments resolved; those that @skip and @include leave out are not there."""
    waiting = [each for each in selections if each is not None]
    seen: set[str] = set()
    while waiting:
        for node in waiting.pop().selections:
            if not _included(node, info.variable_values):
                continue
            match node:
                case FieldNode():
                    yield node
                case InlineFragmentNode():
                    waiting.append(node.selection_set)
                case FragmentSpreadNode() if node.name.value not in seen:
                    seen.add(node.name.value)
                    waiting.append(info._raw_info.fragments[node.name.value].selection_set)


def _included(node: SelectionNode, variables: Mapping[str, Any]) -> bool:
    wanted = {"skip": False, "include": True}
    return all(
        _condition(directive, variables) is wanted[directive.name.value]
        for directive in node.directives or ()
        if directive.name.value in wanted
    )


def _condition(directive: DirectiveNode, variables: Mapping[str, Any]) -> bool:
    """The value of a directive's only argument, ``if``."""
    (argument,) = directive.arguments or ()
    match argument.value:
        case BooleanValueNode(value=value):
            return value
        case VariableNode(name=name):
            return bool(variables.get(name.value))
    return False
