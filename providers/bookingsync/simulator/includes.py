"""Sideloading: ``include=`` adds the records that links name (documentation, Including associations)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.readings import IncludeStyle, UnknownStyle
from providers.bookingsync.simulator.refusals import Refused
from providers.bookingsync.simulator.resources import RESOURCES, TARGETS, Resource
from providers.bookingsync.simulator.view import Record, View

STATUS = {UnknownStyle.BAD_REQUEST: 400, UnknownStyle.FORBIDDEN: 403, UnknownStyle.UNPROCESSABLE: 422}


@dataclass(frozen=True, slots=True)
class Sideload:
    """One association of a resource that the call asks for."""

    name: str
    target: Resource


def sideloads(resource: Resource, view: View) -> list[Sideload]:
    """The associations that are asked for and may be had. Raises ``Refused`` where the readings say so."""
    if view.readings.include is IncludeStyle.IGNORED:
        return []
    found = []
    for name in dict.fromkeys(filter(None, view.options.get("include", "").split(","))):
        target = TARGETS.get(name) if name in resource.links else None
        if target is None or target not in RESOURCES:
            refuse_unknown(view.readings.unknown_include, f"{name} is not an association")
        elif not RESOURCES[target].readable(view.grant):
            refuse_unknown(view.readings.include_beyond_scope, f"{name} needs a further scope")
        else:
            found.append(Sideload(name, RESOURCES[target]))
    return found


def refuse_unknown(style: UnknownStyle, text: str) -> None:
    """Raise ``Refused`` unless ``style`` is to ignore."""
    if style is not UnknownStyle.IGNORED:
        raise Refused(STATUS[style], text)


def sideload(
    records: Sequence[tuple[Estate, Record]], links: Sequence[Record], wanted: Sequence[Sideload], view: View
) -> Record:
    """Add what is wanted: into the records themselves, or returned as further keys of the envelope.

    ``links`` are the links of the records, which may have lost them to ``fields``.
    """
    plain = replace(view, options={})
    beside: dict[str, dict[int, Record]] = {}
    for (estate, record), ids in zip(records, links, strict=True):
        for each in wanted:
            if each.name not in ids:
                continue
            named = ids[each.name]
            items = estate.items(each.target.name)
            present = [ident for ident in _several(named) if ident in items]
            rendered = {ident: items[ident].record(plain) for ident in present}
            if view.readings.include is IncludeStyle.NESTED:
                many = list(rendered.values())
                record[each.name] = many if isinstance(named, list) else next(iter(many), None)
            else:
                beside.setdefault(each.target.name, {}).update(rendered)
    lists = {name: list(found.values()) for name, found in beside.items()}
    return {"linked": lists} if lists and view.readings.include is IncludeStyle.LINKED else lists


def _several(named: object) -> Iterable[int]:
    if isinstance(named, list):
        return named
    return [named] if isinstance(named, int) else []
