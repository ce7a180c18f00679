"""A short way for plain values: most of an answer is attributes of objects that are there already.

GraphQL's executor makes a path, a resolve-info and several type checks for every single value. Where a field is read
from its object alone, and so is everything selected below it, the answer can be had without them. Whatever is not as
expected (a null where none may be, a value that does not fit its type) goes the long way, which words the error.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_specified_scalar_type,
)
from graphql.execution.collect_fields import collect_fields
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from graph.schema.context import Context
from graph.schema.telling import Data

Read = Callable[[Any], Any]
F = TypeVar("F", bound=Callable[..., Any])

_PLAIN = "staygraph.plain"

SLICE = 200
"""Elements of a long list that are completed before other operations have their turn."""


_AS_IS: dict[str, type] = {"String": str, "ID": str, "Boolean": bool}
"""GraphQL's own types whose values of this very type are written as they are."""


class NotPlain(Exception):
    """A value needs the executor's own way."""


def pure(resolver: F) -> F:
    """Mark a resolver that needs nothing but its object: neither arguments nor context, and no waiting."""
    resolver.pure = True  # type: ignore[attr-defined]  # the mark
    return resolver


def mark_plain_fields(schema: strawberry.Schema) -> None:
    """Note, on each field that is read from its object alone, how it is read."""
    for kind in schema._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                read = _read_of(field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF))
                if read is not None and not field.args:
                    field.extensions[_PLAIN] = read


def _read_of(declared: object) -> Read | None:
    if not isinstance(declared, StrawberryField):
        return None
    if declared.is_basic_field:
        return attrgetter(declared.python_name)
    resolver: Any = declared.base_resolver.wrapped_func if declared.base_resolver else None
    return resolver if getattr(resolver, "pure", False) else None


class _Elements(NamedTuple):
    """A field that is a list: how it is read, and how each element is completed."""

    read: Read
    complete: Read

    def many(self, source: Any) -> Sequence[Any] | None:
        """The elements if they are too many to be completed at once."""
        values = self.read(source)
        return values if isinstance(values, Sequence) and len(values) > SLICE else None


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with the short way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reads: dict[int, tuple[Any, Read | None, _Elements | None]] = {}
        self._turn = asyncio.Lock()
        # The executors of a subscription's events are copies of one another: they share this.
        self._roots: dict[GraphQLObjectType, Any] = {}
        if self.operation.operation is OperationType.SUBSCRIPTION:
            self.context_value.data = self._event_data()

    def _event_data(self) -> Data | None:
        """How the data of a subscription's event is made without the executor; None where it cannot be."""
        root = self.schema.subscription_type
        if root is None:
            return None
        fields, deferred, _ = collect_fields(
            self.schema, self.fragments, self.variable_values, root, self.operation, self.hide_suggestions
        )
        if deferred or len(fields) != 1:
            return None
        ((name, details),) = fields.items()
        field = self.schema.get_field(root, details[0].node.name.value)
        complete = None if field is None else self._completion(field.type, details)
        return None if complete is None else lambda event: {name: complete(event)}

    def execute_operation(self, serially: bool | None = None) -> Any:
        """As usual; what operations that answer the same make of one event is made once."""
        context: Context = self.context_value
        if self.operation.operation is not OperationType.SUBSCRIPTION or context.told is None:
            return super().execute_operation(serially)
        results = context.told.results
        if context.shared_as in results:
            return ExecutionResult(results[context.shared_as], None)
        result = super().execute_operation(serially)
        return self._kept(context, result) if isawaitable(result) else _keep(context, result)

    async def _kept(self, context: Context, result: Awaitable[Any]) -> Any:
        return _keep(context, await result)

    def execute_root_grouped_field_set(
        self, root_type: GraphQLObjectType, root_value: Any, grouped_field_set: Any, serially: bool, context: Any
    ) -> Any:
        """As usual, but of the fields as the first event of a subscription had them.

        They are the same for every event, and what is found out about them is kept by their identity: collected anew
        it would be found out anew, and kept once more, for every event.
        """
        fields = self._roots.setdefault(root_type, grouped_field_set)
        return super().execute_root_grouped_field_set(root_type, root_value, fields, serially, context)

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Any, position_context: Any
    ) -> Any:
        # Known by identity, as the executor knows its own sub-selections; the list is kept, so no other gets its id.
        known = self._reads.get(id(field_details_list))
        if known is None:
            plan = self._plan(parent_type, field_details_list)
            elements = None if plan is None else self._elements(parent_type, field_details_list)
            known = self._reads[id(field_details_list)] = (field_details_list, plan, elements)
        _, plan, elements = known

        if plan is not None:
            try:
                if elements is not None and (values := elements.many(source)) is not None:
                    way = (parent_type, source, field_details_list, path, position_context)
                    return self._in_slices(values, elements.complete, way)
                return plan(source)
            except Exception:  # noqa: BLE001, S110  # the long way meets the same fault and words it
                pass
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    async def _in_slices(self, values: Sequence[Any], complete: Read, way: tuple[Any, ...]) -> Any:
        """A long list, some elements at a time; of all long lists of an operation one slice before others' turn.

        ``way`` is what the long way is given, should it be needed.
        """
        done: list[Any] = []
        try:
            for start in range(0, len(values), SLICE):
                async with self._turn:
                    done += [complete(value) for value in values[start : start + SLICE]]
                    await asyncio.sleep(0)
        except Exception:  # noqa: BLE001  # as above
            result = super().execute_field(*way)
            return await result if isawaitable(result) else result
        return done

    def _elements(self, parent_type: GraphQLObjectType, field_details_list: Any) -> "_Elements | None":
        """How to read and complete the elements of a field that is a list of objects."""
        field = self.schema.get_field(parent_type, field_details_list[0].node.name.value)
        if field is None:
            return None
        kind = field.type.of_type if is_non_null_type(field.type) else field.type
        if not is_list_type(kind):
            return None
        complete = self._completion(kind.of_type, field_details_list)
        return None if complete is None else _Elements(field.extensions[_PLAIN], complete)

    def _plan(self, parent_type: GraphQLObjectType, field_details_list: Any) -> Read | None:
        """How to answer a field and everything below it; None if any of it needs more than its object."""
        name = field_details_list[0].node.name.value
        if name == "__typename":
            return lambda _: parent_type.name
        field: GraphQLField | None = self.schema.get_field(parent_type, name)
        read: Read | None = field.extensions.get(_PLAIN) if field else None
        if field is None or read is None:
            return None
        complete = self._completion(field.type, field_details_list)
        return None if complete is None else lambda source: complete(read(source))

    def _completion(self, kind: GraphQLOutputType, field_details_list: Any) -> Read | None:
        if is_non_null_type(kind):
            if is_leaf_type(kind.of_type):
                return _leaf(kind.of_type, _refused)
            complete = self._completion(kind.of_type, field_details_list)
            return None if complete is None else _present(complete)
        if is_leaf_type(kind):
            return _leaf(kind, _allowed)
        if is_list_type(kind):
            each = self._completion(kind.of_type, field_details_list)
            return None if each is None else _or_null(lambda values: [each(value) for value in values])
        if is_object_type(kind):
            return self._object(kind, field_details_list)
        return None

    def _object(self, kind: GraphQLObjectType, field_details_list: Any) -> Read | None:
        fields, deferred, _ = self.collect_subfields(kind, field_details_list)
        plans = {name: self._plan(kind, details) for name, details in fields.items()}
        ready = [(name, plan) for name, plan in plans.items() if plan is not None]
        if deferred or len(ready) < len(plans):
            return None
        return _or_null(lambda value: {name: plan(value) for name, plan in ready})


def _keep(context: Context, result: Any) -> Any:
    """Note what became of an event, for others; what failed may do better for them."""
    if context.told is not None and not result.errors and not context.partial_failures:
        context.told.results[context.shared_as] = result.data
    return result


def _refused(_: None) -> None:
    raise NotPlain


def _allowed(_: None) -> None:
    return None


def _leaf(kind: GraphQLLeafType, missing: Read) -> Read:
    """How a value is written. Most are written as they are, or are a word of an enum: those take the shortest way.

    ``missing`` is asked what None stands for.
    """
    coerce = kind.coerce_output_value
    asis = _AS_IS.get(kind.name) if is_specified_scalar_type(kind) else None
    enum: Any = kind.wrapped_cls if isinstance(kind, CustomGraphQLEnumType) else None
    words: dict[Any, str] = {member: coerce(member) for member in enum} if enum else {}

    def run(value: Any) -> Any:
        if value is None:
            return missing(value)
        exactly = type(value)
        if exactly is asis:
            return value
        if exactly is enum:
            return words[value]
        completed = coerce(value)
        if completed is None or isinstance(value, BaseException):
            raise NotPlain
        return completed

    return run


def _or_null(complete: Read) -> Read:
    return lambda value: None if value is None else complete(value)


def _present(complete: Read) -> Read:
    """Like ``complete``, but a missing result is not plain. An exception given as a value raises, too."""

    def run(value: Any) -> Any:
        completed = complete(value)
        if completed is None or isinstance(value, BaseException):
            raise NotPlain
        return completed

    return run
