"""The messages of the protocol graphql-transport-ws, read strictly: what does not fit closes the socket.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

from graph.web.operations import MalformedOperation, OperationRequest, operation_request

PROTOCOL = "graphql-transport-ws"

MAX_ID = 200
MAX_REASON = 123
"""Bytes that the reason of a close may have (RFC 6455, section 5.5)."""


class Close(IntEnum):
    """Why a socket is closed: the protocol's codes, and those of RFC 6455 for what it leaves out."""

    TOO_LARGE = 1009
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429


class Closing(Exception):  # an outcome, not a fault
    """The socket has to be closed, with this code and reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        # Cut between characters, not within one.
        self.reason = reason.encode("utf-8", "replace")[:MAX_REASON].decode("utf-8", "ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """``connection_init``: the client wants to be let in."""

    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """``ping``: the client wants to hear that we are there."""

    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """``pong``: the client is there."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """``subscribe``: an operation to run, of whatever kind."""

    id: str
    request: OperationRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """``complete``: the client wants no more of an operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def read_message(text: str) -> Message:
    """The message in a text frame. Raises ``Closing``.

    The parser refuses deep nesting, numbers beyond all measure and lone surrogates, so nothing behind it meets them.
    """
    try:
        sent = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise _bad("The message is not JSON.") from None
    if not isinstance(sent, dict):
        raise _bad("The message is not a JSON object.")
    match sent.get("type"):
        case "connection_init":
            return Init(_payload(sent) or {})
        case "ping":
            return Ping(_payload(sent))
        case "pong":
            _payload(sent)
            return Pong()
        case "subscribe":
            return Subscribe(_id(sent), _request(sent))
        case "complete":
            return Complete(_id(sent))
    raise _bad("The message has no type that this protocol knows.")


def connection_ack() -> str:
    return '{"type":"connection_ack"}'


def pong(payload: dict[str, Any] | None) -> str:
    """The answer to a ping; it carries what the ping carried."""
    return '{"type":"pong"}' if payload is None else orjson.dumps({"type": "pong", "payload": payload}).decode()


def next_message(id_: str, payload: str) -> str:
    """One answer of an operation; ``id_`` and ``payload`` are JSON."""
    return f'{{"id":{id_},"type":"next","payload":{payload}}}'


def error_message(id_: str, errors: str) -> str:
    """The errors that end an operation; ``id_`` and ``errors`` are JSON."""
    return f'{{"id":{id_},"type":"error","payload":{errors}}}'


def complete_message(id_: str) -> str:
    """An operation is over; ``id_`` is JSON."""
    return f'{{"id":{id_},"type":"complete"}}'


def _payload(sent: dict[str, Any]) -> dict[str, Any] | None:
    payload = sent.get("payload")
    if not isinstance(payload, dict | None):
        raise _bad(f"The payload of {sent['type']} is not an object.")
    return payload


def _id(sent: dict[str, Any]) -> str:
    id_ = sent.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID:
        raise _bad(f"The id of {sent['type']} is not a text of 1 to {MAX_ID} characters.")
    return id_


def _request(sent: dict[str, Any]) -> OperationRequest:
    try:
        return operation_request(sent.get("payload"))
    except MalformedOperation as error:
        raise _bad(f"subscribe: {error}") from None


def _bad(reason: str) -> Closing:
    return Closing(Close.BAD_REQUEST, reason)
