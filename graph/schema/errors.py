"""Errors as clients see them: a stable code, what was wrong where, and nothing that should not be shown."""

import math
import re
from collections.abc import Iterable
from typing import Any

import structlog
from graphql import GraphQLError

from graph.events.subscribers import SUBSCRIBER_TOO_SLOW
from graph.logs import place_of
from graph.schema import ids
from graph.schema.arguments import BadInput
from graph.storage.failures import StorageUnavailable
from providers.errors import ProviderError

log = structlog.get_logger(__name__)

BAD_INPUT = "BAD_INPUT"
"""An argument is not acceptable; ``argument`` names it, ``allowed`` says what is."""

INVALID_OPERATION = "INVALID_OPERATION"
"""The document or its variables do not fit the schema."""

OPERATION_TOO_LARGE = "OPERATION_TOO_LARGE"
"""The document is deeper, longer or costlier than this server allows."""

UNAUTHENTICATED = "UNAUTHENTICATED"
"""No API key or token, or one that is not valid."""

FORBIDDEN = "FORBIDDEN"
"""The API key or token lacks the permission or scope that a field needs, or names a tenant it may not act for."""

TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
"""The API key or token has as many open connections as it may."""

TOO_MANY_SUBSCRIPTIONS = "TOO_MANY_SUBSCRIPTIONS"
"""The connection runs as many operations as it may."""

CURSOR_TOO_OLD = "CURSOR_TOO_OLD"
"""Events behind a cursor are no longer kept."""

SERVER_STOPPING = "SERVER_STOPPING"
"""The server is being stopped; subscriptions resume behind ``cursor``."""

STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
"""The database cannot be used at the moment."""

INTERNAL = "INTERNAL"
"""A fault of StayGraph itself; its log has the details."""

CODES = {
    BAD_INPUT: "An argument is not acceptable: `argument` names it, `allowed` says what is.",
    INVALID_OPERATION: "The document or its variables do not fit the schema.",
    OPERATION_TOO_LARGE: "The document is deeper, longer or costlier than this server allows.",
    UNAUTHENTICATED: "No API key or token was sent, or it is not valid.",
    FORBIDDEN: "The API key or token lacks the permission or scope that this needs, or may not act for this tenant.",
    TOO_MANY_CONNECTIONS: "The API key or token has as many open connections as it may.",
    TOO_MANY_SUBSCRIPTIONS: "The WebSocket runs as many operations as it may.",
    SUBSCRIBER_TOO_SLOW: "Events came faster than the subscriber took them: subscribe again after `cursor`.",
    SERVER_STOPPING: "The server is being stopped: subscribe again after `cursor`.",
    CURSOR_TOO_OLD: "Events behind this cursor are no longer kept: `oldest` is the cursor to read on from.",
    STORAGE_UNAVAILABLE: "StayGraph's database cannot be used at the moment; try again in a while.",
    INTERNAL: "A fault of StayGraph itself; the server's log has the details.",
}


class Forbidden(Exception):
    """The viewer lacks a permission or a scope. The message says which, and how to get a key that has it."""


# The parser tells what it refuses in words only; a test holds each of these.
_TOO_LARGE = re.compile(r"more than \d+ tokens|nested too deeply")


# What was given, where the library repeats it: the value itself, a whole object, a word of the document.
_FOUND = re.compile(r",? found: .*", re.DOTALL)
_REPRESENTED = re.compile(r"(cannot represent [^:]*): .*", re.DOTALL)
_WORD = re.compile(r"\b(String|BlockString|Int|Float) ['\"].*['\"]", re.DOTALL)
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){8,}")


def without_values(message: str) -> str:
    """The library's words about a value that does not fit, without the value: it may be a guest's, or a card's."""
    for pattern, instead in ((_FOUND, "."), (_REPRESENTED, r"\1."), (_WORD, r"\1"), (_LONG_NUMBER, "…")):
        message = pattern.sub(instead, message)
    return message


def present(error: GraphQLError) -> GraphQLError:
    """``error`` as it may be shown. Faults of our own are logged by type and place, and hidden."""
    if error.extensions and "code" in error.extensions:
        return error
    original = error.original_error
    match original:
        case ProviderError():
            return _copy(error, original.message, provider_extensions(original))
        case BadInput():
            return _copy(error, str(original), bad_input_extensions(original))
        case Forbidden() | StorageUnavailable():
            code = FORBIDDEN if isinstance(original, Forbidden) else STORAGE_UNAVAILABLE
            return _copy(error, str(original), {"code": code})
        case None | GraphQLError() if error.path is None or error.message.startswith("Argument "):
            code = OPERATION_TOO_LARGE if _TOO_LARGE.search(error.message) else INVALID_OPERATION
            return _copy(error, without_values(error.message), {"code": code})
    # The place and the kind of the fault, not its text or values: those may hold what no log should.
    log.error(
        "resolver failed", path=error.path, error=type(original or error).__name__, place=place_of(original or error)
    )
    return _copy(error, "Something went wrong inside StayGraph.", {"code": INTERNAL})


def partial(path: Iterable[str | int], error: ProviderError) -> GraphQLError:
    """The failure of one source of an answer that is otherwise there."""
    return GraphQLError(error.message, path=list(path), extensions=provider_extensions(error))


def provider_extensions(error: ProviderError) -> dict[str, Any]:
    """What a client may know of an upstream failure."""
    extensions: dict[str, Any] = {"code": error.code.value}
    if error.provider:
        extensions["provider"] = error.provider
    if error.account_id:
        extensions["account"] = ids.GlobalId(ids.ACCOUNT, error.account_id).text()
    if error.retry_after is not None:
        extensions["retryAfter"] = math.ceil(error.retry_after)
    if error.upstream_status is not None:
        extensions["upstreamStatus"] = error.upstream_status
    return extensions


def bad_input_extensions(error: BadInput) -> dict[str, Any]:
    return {"code": BAD_INPUT, "argument": error.argument, "allowed": error.allowed}


def _copy(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(error.extensions or {}), **extensions},
    )
