"""The schema, put together."""

from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)
from strawberry.printer import print_schema
from strawberry.types import ExecutionContext

from graph.schema.account import Account
from graph.schema.guards import OperationGuard, cost_guard
from graph.schema.listing import Listing
from graph.schema.plain import PlainExecutor, mark_plain_fields
from graph.schema.query import Query
from graph.schema.reservation import Reservation
from providers.errors import ErrorCode

CACHED_DOCUMENTS = 500


class GatewaySchema(strawberry.Schema):
    """A schema that leaves the log to ``graph.schema.errors``: Strawberry's own lines hold tracebacks and values."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return


def build_schema(
    *, max_depth: int = 15, max_tokens: int = 5000, max_aliases: int = 100, max_cost: int = 200_000
) -> strawberry.Schema:
    """The schema with its limits."""
    # Made once: a limiter makes new rules each time, and the cache of validations knows documents by their rules.
    rules = [*MaxAliasesLimiter(max_aliases).validation_rules, *QueryDepthLimiter(max_depth).validation_rules]
    limits: list[Any] = [
        OperationGuard,
        lambda: MaxTokensLimiter(max_tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
        # Behind the cache, which would overwrite its verdict.
        cost_guard(max_cost),
    ]
    schema = GatewaySchema(
        query=Query,
        types=[Account, Listing, Reservation, ErrorCode],
        extensions=limits,
        execution_context_class=PlainExecutor,
    )
    mark_plain_fields(schema)
    return schema


def schema_text() -> str:
    """The schema in its definition language, as ``schema.graphql`` holds it."""
    return print_schema(build_schema()) + "\n"
