"""What an operation asks for below a field, so that nothing is read for values that nobody wants.

Strawberry's own list of selected fields repeats a fragment for each of its spreads; fragments that each spread the
next one twice would make it grow without end. Here every fragment is looked into once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    return bool(_at(info, path))


def response_keys(info: Info, *path: str) -> set[str]:
    """The names under which the answer gives the field at the end of ``path``: aliases ask for it several times."""
    return {node.alias.value if node.alias else node.name.value for node in _at(info, path)}


def _at(info: Info, path: Sequence[str]) -> list[FieldNode]:
    """The nodes of the field at the end of ``path``."""
    level: list[FieldNode] = list(info._raw_info.field_nodes)
    for name in path:
        level = [node for node in _fields(info, [each.selection_set for each in level]) if node.name.value == name]
    return level


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
