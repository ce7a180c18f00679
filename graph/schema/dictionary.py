"""Words behind the ids that records carry: amenities, kinds of building and bed, fields that the business added.

A dictionary is asked for only where a selected value lacks its word. One that fails leaves the word null, and the
answer's errors say so once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import strawberry

from graph.gateway.dictionaries import DictionaryOf, has_dictionary
from graph.gateway.held_values import Words
from graph.gateway.property_types import kind_of
from graph.schema.context import Info
from graph.schema.exposing import documented, exposed, exposes
from graph.schema.plain import pure
from graph.schema.selecting import selects
from providers import model
from providers.capabilities import Capability
from providers.catalogue import plugin
from providers.contract import capabilities
from providers.errors import ProviderError
from providers.model import DictionaryKind


@dataclass(slots=True, kw_only=True)
class DefinedValue(model.CustomFieldValue):
    """The value of a custom field with the field's definition, as far as that was asked for and is known."""

    definition: model.CustomField | None = None


@exposes(model.CustomFieldValue)
class CustomFieldValue(model.CustomFieldValue):
    @strawberry.field(
        description="The field: its name and type; null if the PMS no longer has it, or does not tell.",
        graphql_type=exposed(model.CustomField | None),
    )
    @pure
    def field(self) -> Any:
        # Records outside of listings and reservations have no definitions.
        return getattr(self, "definition", None)


def amenities_field() -> Any:
    """``amenities`` of a listing."""

    def resolve(listing: strawberry.Parent[model.Listing], info: Info) -> Any:
        wanted = [name for name in ("kind", "name") if selects(info, name)]
        given = listing.amenities or ()
        lacking = any(getattr(each, name) is None for each in given for name in wanted)
        return _amenities(listing, info) if lacking else listing.amenities

    return _field(model.Listing, "amenities", resolve)


def property_type_field() -> Any:
    """``propertyType`` of a listing."""

    def resolve(listing: strawberry.Parent[model.Listing], info: Info) -> Any:
        lacking = listing.property_type is None and listing.provider_property_type is not None
        return _property_type(listing, info) if lacking else listing.property_type

    return _field(model.Listing, "property_type", resolve)


def beds_field() -> Any:
    """``bedsByType`` of a listing."""

    def resolve(listing: strawberry.Parent[model.Listing], info: Info) -> Any:
        lacking = _lack_type(listing.beds_by_type) and selects(info, "type")
        return _beds_by_type(listing, info) if lacking else listing.beds_by_type

    return _field(model.Listing, "beds_by_type", resolve)


def rooms_field() -> Any:
    """``rooms`` of a listing."""

    def resolve(listing: strawberry.Parent[model.Listing], info: Info) -> Any:
        lacking = any(_lack_type(room.beds) for room in listing.rooms or ()) and selects(info, "beds", "type")
        return _rooms(listing, info) if lacking else listing.rooms

    return _field(model.Listing, "rooms", resolve)


def custom_fields_field(of: type[model.Listing | model.Reservation]) -> Any:
    """``customFields`` of a listing or a reservation."""

    def resolve(record: strawberry.Parent[Any], info: Info) -> Any:
        wanted = record.custom_fields and selects(info, "field")
        return _custom_fields(record, info) if wanted else record.custom_fields

    return _field(of, "custom_fields", resolve)


def _field(of: type, name: str, resolve: Any) -> Any:
    description, kind = documented(of, name)
    return strawberry.field(resolver=resolve, description=description, graphql_type=kind)


async def _amenities(listing: model.Listing, info: Info) -> Sequence[model.Amenity]:
    given = listing.amenities or []
    words = await _words(info, listing.account_id, DictionaryKind.AMENITIES)
    return [_worded(each, words.by_id.get(each.provider_id)) for each in given] if words else given


def _worded(amenity: model.Amenity, entry: model.DictionaryEntry | None) -> model.Amenity:
    if entry is None:
        return amenity
    kind = amenity.kind or model.AmenityKind.__members__.get(entry.kind or "", model.AmenityKind.OTHER)
    return replace(amenity, kind=kind, name=amenity.name or entry.name)


async def _property_type(listing: model.Listing, info: Info) -> model.PropertyType | None:
    words = await _words(info, listing.account_id, DictionaryKind.PROPERTY_TYPES)
    entry = words.by_id.get(listing.provider_property_type or "") if words else None
    return kind_of(entry) if entry else None


async def _beds_by_type(listing: model.Listing, info: Info) -> Sequence[model.Bed] | None:
    words = await _words(info, listing.account_id, DictionaryKind.BED_TYPES)
    return _typed(listing.beds_by_type, words)


async def _rooms(listing: model.Listing, info: Info) -> Sequence[model.Room]:
    words = await _words(info, listing.account_id, DictionaryKind.BED_TYPES)
    return [replace(room, beds=_typed(room.beds, words)) for room in listing.rooms or ()]


def _lack_type(beds: Sequence[model.Bed] | None) -> bool:
    return any(bed.type is None and bed.type_id is not None for bed in beds or ())


def _typed(beds: list[model.Bed] | None, words: Words | None) -> list[model.Bed] | None:
    if beds is None or words is None:
        return beds
    entries = [words.by_id.get(bed.type_id or "") for bed in beds]
    return [
        bed if bed.type or entry is None else replace(bed, type=entry.name)
        for bed, entry in zip(beds, entries, strict=True)
    ]


async def _words(info: Info, account_id: str, kind: DictionaryKind) -> Words | None:
    """A dictionary; None where the PMS has none, or fails."""
    loaders = info.context.loaders(info)
    account = await loaders.readable_account.load(account_id)
    if account is None or not has_dictionary(account, kind):
        return None
    try:
        return await loaders.dictionary.load(DictionaryOf(account_id, kind))
    except ProviderError as error:
        info.context.report_once(info, ("dictionary", account_id, kind), error)
        return None


async def _custom_fields(record: model.Listing | model.Reservation, info: Info) -> list[DefinedValue]:
    definitions = {each.provider_id: each for each in await _definitions(info, record.account_id)}
    return [
        DefinedValue(field_id=each.field_id, value=each.value, definition=definitions.get(each.field_id))
        for each in record.custom_fields or ()
    ]


async def _definitions(info: Info, account_id: str) -> Sequence[model.CustomField]:
    loaders = info.context.loaders(info)
    account = await loaders.account_by_id.load(account_id)
    if account is None or Capability.CUSTOM_FIELDS not in capabilities(plugin(account.provider).client_class):
        return ()
    try:
        return await loaders.custom_fields.load(account_id)
    except ProviderError as error:
        info.context.report_once(info, ("custom fields", account_id), error)
        return ()
