"""The envelope of every answer: records under the plural name, links by name, pages told in three ways."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from providers.errors import UpstreamInvalid
from providers.upstream.calls import Answer
from providers.wire.values import OddValue, read_id, read_int

_LINK = re.compile(r"<([^<>]*)>\s*;[^,<]*?\brel\s*=\s*\"?([a-z]+)\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One page of records as it came. ``body`` is shared with other readers: never change it."""

    records: list[Any]
    body: Mapping[str, Any]
    next_page: int | None
    total: int | None
    received_at: datetime
    deleted: list[str] | None
    """``meta.deleted_ids``: what is gone since ``updated_since``; None where the answer does not tell."""


def open_envelope(answer: Answer, resource: str, page: int) -> Envelope:
    """The records that ``answer`` holds under the plural name ``resource``, as page number ``page``.

    Raises ``UpstreamInvalid`` where the body is no envelope of that resource. The main key is always the
    plural of the path, also for one record (BookingSync documentation, API reference, Envelope).
    """
    body = answer.json()
    records = body.get(resource) if isinstance(body, dict) else None
    if isinstance(records, dict):
        records = [records]
    if not isinstance(records, list):
        raise UpstreamInvalid(f"BookingSync's answer holds no list of {resource}.", upstream_status=answer.status)
    meta = body.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return Envelope(
        records=records,
        body=body,
        next_page=_next_page(answer, meta, page, bool(records)),
        total=_count(answer, meta, "X-Total-Count"),
        received_at=answer.received_at,
        deleted=_deleted(meta),
    )


def all_records(pages: Iterable[Envelope]) -> Iterator[Any]:
    """The records of several pages, in order."""
    return (record for page in pages for record in page.records)


def _deleted(meta: Mapping[str, Any]) -> list[str] | None:
    sent = meta.get("deleted_ids")
    return _ids(sent) if isinstance(sent, list) else None


def linked_ids(record: Any, name: str) -> list[str]:
    """The ids that a record's ``links`` hold under ``name``: one, many or none; also of ``{id, type}``."""
    links = record.get("links") if isinstance(record, Mapping) else None
    return _ids(links.get(name)) if isinstance(links, Mapping) else []


def linked_id(record: Any, name: str) -> str | None:
    """The first id that a record's ``links`` hold under ``name``."""
    return next(iter(linked_ids(record, name)), None)


def record_id(record: Any) -> str | None:
    """A record's own id as text; None where it has none that can be read."""
    try:
        return read_id(record.get("id")) if isinstance(record, Mapping) else None
    except OddValue:
        return None


def _ids(value: Any) -> list[str]:
    if isinstance(value, list):
        return [each for item in value if not isinstance(item, list) for each in _ids(item)]
    if isinstance(value, Mapping):
        value = value.get("id")
    try:
        found = read_id(value)
    except OddValue:
        return []
    return [found] if found else []


def _next_page(answer: Answer, meta: Mapping[str, Any], page: int, has_records: bool) -> int | None:
    """The number of the next page: by the Link header, else by its mirror in ``meta``, else by the page
    count.

    Only the number is taken from a link, so that no link can lead to another host or another query. A
    number that does not go forward ends the walk.
    """
    for links in (_header_links(answer), _meta_links(meta)):
        if links is not None:
            return _page_of(links["next"], page) if "next" in links else None
    pages = _count(answer, meta, "X-Total-Pages")
    if pages is not None:
        return page + 1 if page < pages else None
    return page + 1 if has_records else None


def _header_links(answer: Answer) -> dict[str, str] | None:
    found = {rel.lower(): url for url, rel in _LINK.findall(answer.headers.get("link", ""))}
    return found if found.keys() & {"first", "prev", "next", "last"} else None


def _meta_links(meta: Mapping[str, Any]) -> dict[str, str] | None:
    links = meta.get("Link")
    if not isinstance(links, Mapping) or not links:
        return None
    return {rel: url for rel, url in links.items() if isinstance(url, str) and url}


def _page_of(url: str, page: int) -> int | None:
    try:
        numbers = parse_qs(urlsplit(url).query, max_num_fields=100).get("page", [])
        number = read_int(numbers[-1]) if numbers else None
    except ValueError:
        number = None
    if number is None:
        return page + 1
    return number if number > page else None


def _count(answer: Answer, meta: Mapping[str, Any], name: str) -> int | None:
    for value in (answer.headers.get(name.lower()), meta.get(name)):
        try:
            number = read_int(value)
        except OddValue:
            continue
        if number is not None and number >= 0:
            return number
    return None
