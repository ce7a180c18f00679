"""FIELDS.md of a plugin: what becomes of every documented field, as found by probing."""

import re
from collections.abc import Iterator, Sequence

from providers.contract import Plugin
from providers.quality.documented import documented_objects
from providers.quality.probing import Probed, ProbedObject, probing

FILE = "FIELDS.md"
_UNREAD = "**not read**"


async def probed_objects(plugin: Plugin) -> list[ProbedObject]:
    """Every documented object of a plugin, probed. To be run in virtual time. Raises ``FileProblem``."""
    documented = documented_objects(plugin)
    async with probing(plugin) as prober:
        return [await prober.probe(each) for each in documented]


def unaccounted(objects: Sequence[ProbedObject]) -> list[str]:
    """Documented fields that nothing is made of and no reason is given for; and reasons that are out of date."""
    return list(_unaccounted(objects))


def _unaccounted(objects: Sequence[ProbedObject]) -> Iterator[str]:
    for each in objects:
        excused, name = each.documented.unread, each.documented.name
        for field in each.fields:
            if not field.is_read and not field.in_raw and field.name not in excused:
                yield f"{name}.{field.name} is not read"
            if field.becomes and field.name in excused:
                yield f"{name}.{field.name} is read, although {excused[field.name]!r} says why not"
        for missing in excused.keys() - {field.name for field in each.fields}:
            yield f"{name}.{missing} is excused but not documented"


def field_page(plugin: Plugin, objects: Sequence[ProbedObject]) -> str:
    """The page, in Markdown. It ends with a line break."""
    return "\n".join(_lines(plugin, objects))


def _lines(plugin: Plugin, objects: Sequence[ProbedObject]) -> Iterator[str]:
    manifest = plugin.manifest
    yield f"# Fields of {manifest.name}"
    yield ""
    yield f"What becomes of every field that [{manifest.name} documents]({manifest.docs_url})."
    yield "This page is generated: each field was changed in the answers of the simulator, and beside it stands what"
    yield "changed in StayGraph's records. `raw` means that the record's `raw` has the field as it was sent, and that"
    yield "nothing else has it."
    yield ""
    yield "```sh"
    yield f"staygraph providers fields {manifest.code}"
    yield "```"
    for each in objects:
        yield from _section(each)
    yield ""


def _section(probed: ProbedObject) -> Iterator[str]:
    documented = probed.documented
    yield ""
    yield f"## {documented.name}"
    yield ""
    read = f"Read by `{documented.read}`" if probed.types else f"Would be read by `{documented.read}`"
    types = f" as {' or '.join(f'`{name}`' for name in probed.types)}" if probed.types else ""
    yield f"{read}{types}. Source: {documented.source}."
    yield ""
    yield "| Documented | Becomes |"
    yield "| --- | --- |"
    for field in probed.fields:
        yield f"| `{field.name}` | {_told(field, documented.unread.get(field.name))} |"


def _told(field: Probed, reason: str | None) -> str:
    if field.becomes:
        return ", ".join(f"`{_camel(path)}`" for path in field.becomes)
    if field.decides:
        return "which records there are"
    if field.in_raw:
        return "`raw`"
    return f"not read: {reason}" if reason else _UNREAD


def _camel(path: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), path)
