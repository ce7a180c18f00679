"""What all writes share: who may, what they answer (documentation, Requests and Responses)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.answers import JSON, JSON_API
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.resources import RESOURCES, shown
from providers.bookingsync.simulator.retrieval import API, Retrieval
from providers.bookingsync.simulator.units import Unit
from providers.bookingsync.simulator.view import Item, Record, View

LONGEST_ID = 18


@dataclass(frozen=True, slots=True)
class Writer:
    """A caller that may write, and the account it writes to."""

    view: View
    estate: Estate

    def unit(self, request: Request, name: str = "rental_id") -> Unit:
        """The rental that the path names. Raises ``Refused`` (404)."""
        wanted = path_id(request, name)
        found = next((unit for unit in self.estate.units if unit.id == wanted), None)
        if found is None:
            raise Refused(404, "Not found")
        return found

    def item(self, collection: str, ident: int) -> Item:
        """An item of the account. Raises ``Refused`` (404)."""
        found = self.estate.items(collection).get(ident)
        if found is None or not shown(found, self.view):
            raise Refused(404, "Not found")
        return found


def path_id(request: Request, name: str = "id") -> int:
    """The id that the path holds under ``name``. Raises ``Refused`` (404) for what is none."""
    text = request.path_params[name]
    if not text.isdecimal() or len(text) > LONGEST_ID:
        raise Refused(404, "Not found")
    return int(text)


def writer(access: Access, request: Request, *scopes: str) -> Writer:
    """Who writes. Raises ``Unauthorized``, and ``Refused`` (403) without one of ``scopes``.

    Client credentials have public rights only, so that a writer always has an account of its own.
    """
    view = access.view(request, dict(request.query_params))
    if view.grant.account is None or not any(scope in view.grant.scopes for scope in scopes):
        raise Refused(403, "The token does not have the scope that this needs.")
    (estate,) = access.estates(view.grant)
    return Writer(view, estate)


def created(access: Access, writer: Writer, collection: str, record: Record) -> Response:
    """The answer to a create: the record, and where it is."""
    body = _envelope(access, writer.view, collection, record)
    body.pop("meta", None)
    location = f"{writer.view.base_url}{API}/{collection}/{record['id']}"
    return _json(body, status=writer.view.readings.created_status, headers={"location": location})


def updated(access: Access, writer: Writer, collection: str, record: Record) -> Response:
    """The answer to a change: the record, or nothing."""
    if writer.view.readings.updates_answer_nothing:
        return Response(status_code=204)
    return _json(_envelope(access, writer.view, collection, record))


def flat(record: Record, name: str) -> Response:
    """The answer of the calls that change the fees of a booking: as plain JSON, without envelope."""
    return Response(orjson.dumps({name: [record]}), media_type=JSON)


def removed() -> Response:
    return Response(status_code=204)


def _envelope(access: Access, view: View, collection: str, record: Record) -> dict[str, Any]:
    return {**Retrieval(RESOURCES[collection], access).templates(view), collection: [record]}


def _json(body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status_code=status, headers={**(headers or {}), "content-type": JSON_API})
