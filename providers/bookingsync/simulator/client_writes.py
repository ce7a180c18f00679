"""Writing clients and sources (documentation, Clients and Sources)."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.bookingsync.simulator import ids
from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.bodies import Values, sent_record
from providers.bookingsync.simulator.booking_writes import SCOPES
from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.retrieval import API
from providers.bookingsync.simulator.units import FIRST_ACCOUNT
from providers.bookingsync.simulator.view import Fixed, Record
from providers.bookingsync.simulator.writing import Writer, created, path_id, updated, writer

CLIENT_SCOPES = ("clients_write",)
LONGEST = {
    "fullname": 150,
    "firstname": 150,
    "lastname": 150,
    "company": 150,
    "vat_number": 50,
    "passport": 50,
    "notes": 5000,
    "preferred_locale": 10,
}
ADDRESS = {"label": 50, "address1": 100, "address2": 100, "city": 100, "state": 100, "zip": 15, "country_code": 2}
ARRAYS = {
    "addresses": (ADDRESS, ("label",)),
    "emails": ({"label": 50, "email": 255}, ("label", "email")),
    "phones": ({"label": 50, "number": 50}, ("label", "number")),
}
EMPTY: Record = {**dict.fromkeys(LONGEST), "company": "", "vat_number": "", "firstname": "", "lastname": ""}
LONGEST_SOURCE = 50


@dataclass(frozen=True, slots=True)
class ClientWrites:
    """The writes of clients and sources. Neither can be deleted."""

    access: Access

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/clients", self.create, methods=["POST"]),
            Route(f"{API}/clients/{{id}}", self.update, methods=["PUT"]),
            Route(f"{API}/sources", self.create_source, methods=["POST"]),
            Route(f"{API}/sources/{{id}}", self.update_source, methods=["PUT"]),
        ]

    async def create(self, request: Request) -> Response:
        by = writer(self.access, request, *CLIENT_SCOPES)
        values = Values(await sent_record(request, "clients"))
        ident = by.estate.new_id(ids.CLIENTS)
        record: Record = {
            "links": {"account": FIRST_ACCOUNT + by.estate.account},
            "id": ident,
            **EMPTY,
            **{name: [] for name in ARRAYS},
            "forget_me_at": None,
            "processing_restricted_at": None,
            "created_at": instant(by.view.now),
        }
        return created(self.access, by, "clients", _written_client(record, values, by))

    async def update(self, request: Request) -> Response:
        by = writer(self.access, request, *CLIENT_SCOPES)
        record = by.item("clients", path_id(request)).record(by.view)
        values = Values(await sent_record(request, "clients"))
        return updated(self.access, by, "clients", _written_client(record, values, by))

    async def create_source(self, request: Request) -> Response:
        by = writer(self.access, request, *SCOPES)
        values = Values(await sent_record(request, "sources"))
        ident = by.estate.new_id(ids.SOURCES)
        record: Record = {
            "links": {"account": FIRST_ACCOUNT + by.estate.account},
            "id": ident,
            "position": len(by.estate.items("sources")) + 1,
            "internal": False,
            "created_at": instant(by.view.now),
        }
        return created(self.access, by, "sources", _written_source(record, values, by))

    async def update_source(self, request: Request) -> Response:
        by = writer(self.access, request, *SCOPES)
        record = by.item("sources", path_id(request)).record(by.view)
        values = Values(await sent_record(request, "sources"))
        return updated(self.access, by, "sources", _written_source(record, values, by))


def _written_client(record: Record, values: Values, by: Writer) -> Record:
    """The record with what was sent; an array that was sent replaces the whole one."""
    for name, most in LONGEST.items():
        if name in values:
            record[name] = values.text(name, most)
    if "fullname" not in values and ("firstname" in values or "lastname" in values):
        record["fullname"] = " ".join(part for part in (record["firstname"], record["lastname"]) if part)
    if not record["fullname"]:
        raise Refused(422, "can't be blank", field="fullname")
    for name, (attributes, needed) in ARRAYS.items():
        if name in values:
            record[name] = [
                _element(Values(each), attributes, needed, record, at) for at, each in _counted(values, name)
            ]
    record["updated_at"] = instant(by.view.now)
    by.estate.put("clients", Fixed(record["id"], None, by.view.now, record))
    if by.view.readings.bookings_change_with_clients:
        by.estate.touch_bookings_of(record["id"], by.view.now)
    return record


def _counted(values: Values, name: str) -> Any:
    return enumerate(values.objects(name))


def _element(values: Values, attributes: dict[str, int], needed: tuple[str, ...], client: Record, at: int) -> Record:
    for name in needed:
        values.text(name, least=1)
    sent = {name: values.text(name, most) for name, most in attributes.items()}
    return {**sent, "client_id": client["id"], "primary": at == 0, "canceled_at": None}


def _written_source(record: Record, values: Values, by: Writer) -> Record:
    record["name"] = values.text("name", LONGEST_SOURCE, least=1)
    record["updated_at"] = instant(by.view.now)
    by.estate.put("sources", Fixed(record["id"], None, by.view.now, record))
    return record
