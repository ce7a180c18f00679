"""The schema, put together."""

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxTokensLimiter
from strawberry.printer import print_schema
from strawberry.schema.types.base_scalars import DecimalDefinition
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from graph.schema.account import Account
from graph.schema.guards import OperationChoice, OperationGuard, SizeLimits, size_guard
from graph.schema.listing import Listing
from graph.schema.mutation import Mutation
from graph.schema.parsing import CheckedCache, DocumentCache
from graph.schema.plain import PlainExecutor, mark_plain_fields
from graph.schema.query import Query
from graph.schema.reservation import Reservation
from graph.schema.subscription import Subscription
from providers.errors import ErrorCode

CACHED_DOCUMENTS = 500

# Strawberry's own writes 0.0000001 as 1E-7, which clients that expect digits stumble over.
_PLAIN_DECIMAL = replace(DecimalDefinition, serialize=lambda value: format(value, "f"))


class GatewaySchema(strawberry.Schema):
    """A schema that leaves the log to ``graph.schema.errors``: Strawberry's own lines hold tracebacks and values."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return

    async def execute(self, *args: Any, **more: Any) -> ExecutionResult:
        """As usual, but for subscriptions: they go on, so one answer to them would be none."""
        more["allowed_operation_types"] = (OperationType.QUERY, OperationType.MUTATION)
        return await super().execute(*args, **more)


@lru_cache(maxsize=8)
def build_schema(*, max_tokens: int = 5000, limits: SizeLimits = SizeLimits()) -> strawberry.Schema:  # noqa: B008  # frozen
    """The schema with its limits, the same one for the same limits: making it takes a tenth of a second."""
    extensions: list[Any] = [
        OperationGuard,
        OperationChoice,
        lambda: MaxTokensLimiter(max_tokens),
        # Around the parser's cache, whose documents it sizes.
        size_guard(limits),
        lambda: DocumentCache(maxsize=CACHED_DOCUMENTS),
        lambda: CheckedCache(maxsize=CACHED_DOCUMENTS),
    ]
    schema = GatewaySchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Account, Listing, Reservation, ErrorCode],
        extensions=extensions,
        execution_context_class=PlainExecutor,
        scalar_overrides={Decimal: _PLAIN_DECIMAL},
    )
    mark_plain_fields(schema)
    return schema


def schema_text() -> str:
    """The schema in its definition language, as ``schema.graphql`` holds it."""
    return print_schema(build_schema()) + "\n"
