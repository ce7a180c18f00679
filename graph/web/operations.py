"""Running operations, whatever they came over: their form, their context, and what they answer."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from sys import intern
from typing import Any

import orjson
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from graph.access.loaders import LoaderRegistry
from graph.accounts.keys import Viewer
from graph.events.lifetime import Lifetime
from graph.gateway.operation import Operation
from graph.schema.context import Context
from graph.schema.errors import present
from graph.schema.telling import Repeat, written
from graph.services import Services


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """An operation as a client sent it, of the right form; nothing else about it was checked."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


class MalformedOperation(ValueError):
    """What was sent is no operation. The message says why."""


def operation_request(sent: object) -> OperationRequest:
    """What the parameters of a GraphQL request ask for. Raises ``MalformedOperation``."""
    if not isinstance(sent, dict):
        raise MalformedOperation("The operation is not a JSON object.")
    query = sent.get("query")
    if not isinstance(query, str) or not query.strip():
        raise MalformedOperation("query is missing or not a text.")
    for key in ("variables", "extensions"):
        if not isinstance(sent.get(key), dict | None):
            raise MalformedOperation(f"{key} is not an object.")
    name = sent.get("operationName")
    if not isinstance(name, str | None):
        raise MalformedOperation("operationName is not a text.")
    return OperationRequest(query, sent.get("variables") or {}, name)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of an operation: the JSON of its data and errors.

    ``refused`` are the errors as JSON where there is no data and none follows: the operation could not begin, or its
    stream broke off.
    """

    text: str
    refused: str | None = None


class Operations:
    """Runs operations of clients that were let in."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def context(self, viewer: Viewer, lifetime: Lifetime | None = None) -> Context:
        """The context of a new operation. Without a ``lifetime`` nothing can be subscribed to."""
        services = self._services
        operation = Operation(viewer=viewer, started_at=services.clock.now())
        return Context(
            operation=operation,
            gateway=services.gateway,
            administration=services.administration,
            cursors=services.cursors,
            upstream=services.upstream,
            operation_timeout=services.settings.operation_timeout,
            registry=LoaderRegistry(services.gateway, operation),
            subscribers=services.subscribers,
            lifetime=lifetime,
        )

    async def answers(
        self, viewer: Viewer, lifetime: Lifetime, request: OperationRequest, repeat: Repeat | None = None
    ) -> AsyncGenerator[Answer, None]:
        """What the operation answers: once for a query or mutation, for ever for a subscription.

        With ``repeat``, texts that were made already, or can be made without waiting, do not come this way: they are
        handed to it, in their turn.
        """
        context = self.context(viewer, lifetime)
        context.repeat = repeat
        context.shared_as = _shared_as(viewer, request)
        try:
            # What another process changed must not be answered from before.
            await self._services.change_marks.hear()
            results = await self._services.schema.stream(
                request.query,
                variable_values=request.variables,
                context_value=context,
                operation_name=request.operation_name,
            )
            async with aclosing(results):
                async for result in results:
                    assert isinstance(result, ExecutionResult)  # noqa: S101  # without @defer there is nothing else
                    yield answer(context, result)
        except Exception as error:  # noqa: BLE001 - what extensions raise comes this way; of our own faults the log tells
            located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            yield answer(context, ExecutionResult(data=None, errors=[located]))


def shown_errors(context: Context, result: ExecutionResult) -> list[GraphQLError]:
    """The errors of a result as clients may see them, and those of sources that failed in part."""
    return [*(present(error) for error in result.errors or []), *context.partial_failures]


def answer(context: Context, result: ExecutionResult) -> Answer:
    """A result as it is sent. What is sent to many is made once."""
    told, name = context.told, context.shared_as
    if told is not None:
        # Not only when this client has it: it may take its time. Nobody goes on before this function is left.
        told.end(name)
    shared = told is not None and result.data is not None and told.results.get(name) is result.data
    if told is not None and shared and name in told.texts:
        return Answer(told.texts[name])
    errors = shown_errors(context, result)
    text = written(result.data, errors)
    if told is not None and shared:
        told.texts[name] = text
    # An error of a field has a path; without one nothing was answered at all.
    failed = result.data is None and errors and not any(error.path for error in result.errors or ())
    return Answer(text, orjson.dumps([error.formatted for error in errors]).decode() if failed else None)


def _shared_as(viewer: Viewer, request: OperationRequest) -> str:
    """Operations of equal names answer the same of one event."""
    rights = [viewer.tenant_id, viewer.permission, sorted(viewer.scopes)]
    sent = [rights, request.query, request.variables, request.operation_name]
    # Interned: it is looked up for every event of every subscriber.
    return intern(orjson.dumps(sent).decode())
