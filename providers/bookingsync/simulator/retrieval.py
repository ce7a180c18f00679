"""Reading a collection or some of its records (documentation, Requests and Responses)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from providers.bookingsync.simulator.access import Access
from providers.bookingsync.simulator.answers import answer
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.formats import id_list, time_option
from providers.bookingsync.simulator.includes import refuse_unknown, sideload, sideloads
from providers.bookingsync.simulator.paging import Paging, paging
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.resources import TARGETS, Resource
from providers.bookingsync.simulator.view import Item, Record, View

API = "/api/v3"
GENERIC_OPTIONS = frozenset({"page", "per_page", "fields", "include", "updated_since"})

Found = Sequence[tuple[Estate, Item]]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """``GET /<resource>`` and ``GET /<resource>/<ids>``."""

    resource: Resource
    access: Access

    async def list(self, request: Request) -> Response:
        """A page of the collection."""
        view = self._admitted(request)
        estates = self.access.estates(view.grant)
        found = {item.id: (estate, item) for estate in estates for item in self.resource.items(estate, view)}
        return self._answer(request, view, list(found.values()))

    async def pick(self, request: Request) -> Response:
        """The records of a comma list of ids. 404 where none is left."""
        view = self._admitted(request)
        wanted = list(dict.fromkeys(id_list(request.path_params["ids"])))
        found = [
            (estate, item)
            for ident in wanted
            for estate in self.access.estates(view.grant)
            if (item := self.resource.item(estate, view, ident)) is not None
        ]
        missing = len({item.id for _, item in found}) < len(wanted)
        if not found or (missing and not view.readings.unknown_ids_left_out):
            raise Refused(404, "Not found")
        return self._answer(request, view, found)

    def _admitted(self, request: Request) -> View:
        view = self.access.view(request, dict(request.query_params))
        if not self.resource.readable(view.grant):
            raise Refused(403, "The token does not have the scope that this needs.")
        for name in view.options.keys() - GENERIC_OPTIONS - self.resource.options:
            refuse_unknown(view.readings.unknown_parameters, f"{name} is not a parameter")
        return view

    def _answer(self, request: Request, view: View, found: Found) -> Response:
        since = time_option(view.options, "updated_since")
        if since is not None:
            found = [(estate, item) for estate, item in found if _changed(item, since, view)]
        page = paging(
            view.options,
            url=f"{view.base_url}{request.url.path}",
            total=len(found),
            most=self.resource.page_size,
            readings=view.readings,
        )
        body = {**self.templates(view), **self._records(view, page.cut(found))}
        meta = self._meta(view, page, since)
        if meta is not None:
            body["meta"] = meta
        return answer(request, body, page.headers() if view.readings.paging_in_headers else {})

    def _records(self, view: View, found: Found) -> Record:
        wanted = sideloads(self.resource, view)
        whole = [(estate, item.record(view)) for estate, item in found]
        links = [record.get("links", {}) for _, record in whole]
        shown = [(estate, _with_fields(record, view)) for estate, record in whole]
        beside = sideload(shown, links, wanted, view) if wanted else {}
        return {self.resource.name: [record for _, record in shown], **beside}

    def templates(self, view: View) -> Mapping[str, Record]:
        """The templates of URLs that the top of an envelope holds."""
        if not self.resource.templates:
            return {}
        name = self.resource.name
        return {
            "links": {
                f"{name}.{link}": f"{view.base_url}{API}/{TARGETS[link]}/{{{name}.{link}}}"
                for link in self.resource.links
            }
        }

    def _meta(self, view: View, page: Paging, since: datetime | None) -> Record | None:
        readings = view.readings
        asked = since is not None and readings.meta_with_updated_since
        if not (self.resource.meta or readings.meta_everywhere or asked):
            return None
        meta: Record = page.meta() if readings.paging_in_meta else {}
        if since is not None:
            meta["deleted_ids"] = self._deleted(view, since)
        return meta

    def _deleted(self, view: View, since: datetime) -> Sequence[int]:
        if self.resource.name == "accounts":
            return self.access.hidden_accounts(view.grant)
        estates = self.access.estates(view.grant)
        return [ident for each in estates for ident in self.resource.removed_since(each, view, since)]


def _changed(item: Item, since: datetime, view: View) -> bool:
    at = item.changed_at(view.now).replace(microsecond=0)
    return at >= since if view.readings.updated_since_inclusive else at > since


def _with_fields(record: Record, view: View) -> Record:
    """The attributes that ``fields`` names, or all."""
    names = set(filter(None, view.options.get("fields", "").split(",")))
    if not names:
        return record
    if view.readings.fields_keep_links:
        names.add("links")
    return {name: value for name, value in record.items() if name in names}
