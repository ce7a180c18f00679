"""Fields of listings that are switched off: emptied before anything is kept, used by no filter and no order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graph.gateway.applied import argument_of, used_filters
from providers.contract import ProviderClient
from providers.model import FieldsOff, Listing, ListingField, trimmed
from providers.queries import AvailabilityQuery, Batch, FreeListing, ListingOrderField, ListingQuery, Page

_FILTERS: Mapping[str, tuple[ListingField, ...]] = {
    "text": (ListingField.NAME, ListingField.INTERNAL_NAME),
    "city": (ListingField.ADDRESS,),
    "country": (ListingField.ADDRESS,),
    "country_code": (ListingField.ADDRESS,),
    "min_guests": (ListingField.MAX_OCCUPANCY,),
    "property_types": (ListingField.TYPE,),
    "provider_property_type": (ListingField.TYPE,),
    "contact_name": (ListingField.CONTACT,),
}
"""What each filter looks at. It finds nothing once all of that is off."""

_ORDERS: Mapping[str, ListingField] = {
    ListingOrderField.NAME: ListingField.NAME,
    ListingOrderField.CONTACT_NAME: ListingField.CONTACT,
}


async def listing_page(client: ProviderClient, query: ListingQuery, position: str | None) -> Page[Listing]:
    """A page of listings without what is off."""
    page = await client.listing_page(query, position)
    return replace(page, items=[_trimmed(each, client) for each in page.items]) if client.fields_off else page


async def listings_by_id(client: ProviderClient, ids: Sequence[str]) -> Batch[Listing]:
    """Listings by id without what is off."""
    batch = await client.listings(ids)
    if not client.fields_off:
        return batch
    return replace(batch, found={id_: _trimmed(each, client) for id_, each in batch.found.items()})


async def free_listings(client: ProviderClient, stay: AvailabilityQuery) -> Page[FreeListing]:
    """What the PMS's search finds, without what is off."""
    page = await client.free_listings(stay)
    if not client.fields_off:
        return page
    return replace(page, items=[_without_details(each, client) for each in page.items])


def unused_filters(query: ListingQuery, off: FieldsOff) -> str | None:
    """Why nothing can fit ``query``, for people: a filter looks only at what is off."""
    blind = [name for name in used_filters(query) if name in _FILTERS and off.issuperset(_FILTERS[name])]
    if not blind:
        return None
    keys = dict.fromkeys(key.value for name in blind for key in _FILTERS[name])
    arguments = " and ".join(argument_of(name) for name in blind)
    return f"The operator switched {' and '.join(keys)} off for this PMS, so nothing fits {arguments}."


def usable_orders(orders: frozenset[str], off: FieldsOff) -> frozenset[str]:
    """Those of a PMS's orders that tell nothing of what is off."""
    return frozenset(order for order in orders if _ORDERS.get(order) not in off) if off else orders


def _trimmed(listing: Listing, client: ProviderClient) -> Listing:
    return trimmed(listing, client.fields_off, client.raw_listing_names)


def _without_details(free: FreeListing, client: ProviderClient) -> FreeListing:
    return free if free.listing is None else replace(free, listing=_trimmed(free.listing, client))
