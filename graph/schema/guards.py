"""What every operation passes before it runs: a name and a deadline towards the limits, and a bound on its size."""

from collections.abc import Iterator

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from graph.schema.context import Context
from graph.schema.cost import CostCount
from graph.schema.errors import OPERATION_TOO_LARGE
from providers.upstream.caller import Caller, calling


class OperationGuard(SchemaExtension):
    """Names the operation towards the limits and bounds its time."""

    def on_operation(self) -> Iterator[None]:
        context: Context = self.execution_context.context
        clock = context.gateway.reading.clock
        deadline = clock.monotonic() + context.operation_timeout
        with calling(Caller(key=context.operation.key, deadline=deadline)):
            yield


def cost_guard(max_cost: int) -> type[SchemaExtension]:
    """An extension that refuses operations which ask for more than ``max_cost`` records."""

    class CostGuard(SchemaExtension):
        def on_validate(self) -> Iterator[None]:
            context = self.execution_context
            if context.graphql_document is None or context.pre_execution_errors:
                yield
                return
            count = CostCount(context.graphql_document, context.variables, max_cost)
            if count.of_costliest() > max_cost:
                context.pre_execution_errors = [too_large(f"The operation asks for more than {max_cost} records.")]
            yield

    return CostGuard


def too_large(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": OPERATION_TOO_LARGE})
