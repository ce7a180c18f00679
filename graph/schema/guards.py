"""What every operation passes before it runs: a name and a deadline towards the limits, and a bound on its size."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from graph.schema.context import Context
from graph.schema.errors import OPERATION_TOO_LARGE
from graph.schema.size import Size, Sizing
from providers.upstream.caller import Caller, calling


class OperationGuard(SchemaExtension):
    """Names the operation towards the limits and bounds its time."""

    def on_operation(self) -> Iterator[None]:
        context: Context = self.execution_context.context
        clock = context.gateway.reading.clock
        deadline = clock.monotonic() + context.operation_timeout
        with calling(Caller(key=context.operation.key, deadline=deadline)):
            yield


class OperationChoice(SchemaExtension):
    """Refuses what names no operation of its document, or leaves open which of several it means.

    GraphQL specification, section 6.1, GetOperation. The library would run the first of several, a mutation perhaps.
    """

    def on_parse(self) -> Iterator[None]:
        yield
        context = self.execution_context
        if context.graphql_document is not None:
            # What ``operation_name`` says may be the library's own choice.
            problem = _choice_problem(context.graphql_document, context._provided_operation_name)
            if problem is not None:
                raise GraphQLError(problem)


def _choice_problem(document: DocumentNode, wanted: str | None) -> str | None:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not operations:
        return "The document holds no operation."
    if wanted is None:
        return None if len(operations) == 1 else "The document holds several operations: operationName must name one."
    names = {each.name.value for each in operations if each.name is not None}
    return None if wanted in names else "The document holds no operation of the name that operationName gives."


@dataclass(frozen=True, slots=True)
class SizeLimits:
    """How large an operation may be."""

    records: int = 200_000
    depth: int = 15
    aliases: int = 100


def size_guard(limits: SizeLimits) -> type[SchemaExtension]:
    """An extension that refuses operations beyond ``limits`` before they are validated."""

    class SizeGuard(SchemaExtension):
        def on_parse(self) -> Iterator[None]:
            yield
            context = self.execution_context
            if context.graphql_document is not None:
                size = Sizing(context.graphql_document, context.variables).of_largest()
                if problem := _problem(size, limits):
                    raise too_large(problem)

    return SizeGuard


def _problem(size: Size, limits: SizeLimits) -> str | None:
    if size.depth > limits.depth:
        return f"The operation nests {size.depth} levels deep. Allowed: {limits.depth}."
    if size.aliases > limits.aliases:
        return f"The operation has {min(size.aliases, 1_000_000)} aliases or more. Allowed: {limits.aliases}."
    if size.records > limits.records:
        return f"The operation may ask for more than {limits.records} records. Ask for fewer at once: lower first."
    return None


def too_large(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": OPERATION_TOO_LARGE})
