"""Every collection of the API that can be read: who may, how it pages, which links its records have."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from providers.bookingsync.simulator.booking_filters import (
    OPTIONS,
    bookings_canceled_since,
    listed_bookings,
    single_booking,
)
from providers.bookingsync.simulator.estate import Estate
from providers.bookingsync.simulator.formats import id_list
from providers.bookingsync.simulator.view import Grant, Item, View

TARGETS = {
    "account": "accounts",
    "amenity": "amenities",
    "availability": "availabilities",
    "bathrooms": "bathrooms",
    "bedrooms": "bedrooms",
    "booking": "bookings",
    "booking_comments": "booking_comments",
    "bookings": "bookings",
    "bookings_fees": "bookings_fees",
    "bookings_payments": "bookings_payments",
    "bookings_tags": "bookings_tags",
    "bookings_taxes": "bookings_taxes",
    "change_over": "change_overs",
    "client": "clients",
    "destination": "destinations",
    "fee": "fees",
    "living_rooms": "living_rooms",
    "nightly_rate_map": "nightly_rate_maps",
    "payment": "payments",
    "payments": "payments",
    "photos": "photos",
    "rates": "rates",
    "rates_rules": "rates_rules",
    "rates_table": "rates_tables",
    "rental": "rentals",
    "rental_agreement": "rental_agreements",
    "rental_cancelation_policy": "rental_cancelation_policies",
    "rental_cancelation_policy_items": "rental_cancelation_policy_items",
    "rentals_amenities": "rentals_amenities",
    "rentals_fee": "rentals_fees",
    "rentals_fees": "rentals_fees",
    "rentals": "rentals",
    "rentals_tags": "rentals_tags",
    "reviews": "reviews",
    "source": "sources",
    "special_offers": "special_offers",
    "tax": "taxes",
}
"""The collection that a link of a name leads to. Not all of them are served here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A collection. Holders of any of ``scopes`` may read it, everybody if there are none.

    ``templates`` and ``meta``: whether the envelope has top-level links and ``meta``. ``full_scope``: without it the
    collection is empty. ``listed``, ``single`` and ``removed`` choose the items of one account for a list, an id and
    ``meta.deleted_ids``.
    """

    name: str
    links: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    full_scope: str = "public"
    page_size: int = 100
    templates: bool = True
    meta: bool = True
    options: frozenset[str] = frozenset()
    listed: Callable[[Estate, View], Iterable[Item]] | None = None
    single: Callable[[Estate, View, int], Item | None] | None = None
    removed: Callable[[Estate, View, datetime], list[int]] | None = None

    def readable(self, grant: Grant) -> bool:
        """Whether the scopes of a token suffice."""
        return not self.scopes or any(grant.holds(scope) for scope in self.scopes)

    def items(self, estate: Estate, view: View) -> Iterable[Item]:
        """The items of a list, before ``updated_since``."""
        if not view.grant.holds(self.full_scope):
            return ()
        found = self.listed(estate, view) if self.listed else estate.items(self.name).values()
        return (item for item in found if shown(item, view))

    def item(self, estate: Estate, view: View, ident: int) -> Item | None:
        """The item with an id, if it may be seen."""
        if not view.grant.holds(self.full_scope):
            return None
        found = self.single(estate, view, ident) if self.single else estate.items(self.name).get(ident)
        return found if found is not None and shown(found, view) else None

    def removed_since(self, estate: Estate, view: View, since: datetime) -> list[int]:
        """The ids of items that are gone since a time, that time included."""
        if self.removed is not None:
            return self.removed(estate, view, since)
        return [ident for ident, at in estate.deleted(self.name).items() if at >= since]


def shown(item: Item, view: View) -> bool:
    """Client credentials see published rentals only, and what belongs to them."""
    return view.grant.account is not None or item.unit is None or item.unit.published


def _of_rentals(estate: Estate, view: View) -> Iterable[Item]:
    """The rates of the rentals that ``rental_id`` names."""
    found = estate.items("rates").values()
    if not view.options.get("rental_id"):
        return found
    wanted = set(id_list(view.options["rental_id"]))
    return [item for item in found if item.unit is not None and item.unit.id in wanted]


BOOKING_SCOPES = ("bookings_read", "bookings_write_owned")
RENTAL_LINKS = (
    "account",
    "availability",
    "change_over",
    "destination",
    "rates_table",
    "rental_agreement",
    "rental_cancelation_policy",
    "nightly_rate_map",
    "photos",
    "reviews",
    "special_offers",
    "rates",
    "rentals_amenities",
    "rentals_fees",
    "bathrooms",
    "bedrooms",
    "living_rooms",
    "rentals_tags",
)
BOOKING_LINKS = (
    "account",
    "rental",
    "client",
    "source",
    "booking_comments",
    "bookings_fees",
    "bookings_taxes",
    "bookings_payments",
    "payments",
    "bookings_tags",
)

RESOURCES = {
    resource.name: resource
    for resource in (
        Resource(name="accounts", templates=False),
        Resource(name="amenities", templates=False),
        Resource(
            name="availabilities",
            links=("rental",),
            meta=False,
            options=frozenset({"from", "include_tentative", "boolean", "priced_only"}),
        ),
        Resource(name="bathrooms", links=("rental",)),
        Resource(name="bedrooms", links=("rental",)),
        Resource(
            name="bookings",
            links=BOOKING_LINKS,
            options=OPTIONS,
            listed=listed_bookings,
            single=single_booking,
            removed=bookings_canceled_since,
        ),
        Resource(
            name="bookings_fees",
            links=("account", "booking", "fee", "rentals_fee", "bookings_taxes"),
            scopes=BOOKING_SCOPES,
            full_scope="bookings_read",
        ),
        Resource(
            name="bookings_taxes",
            links=("account", "booking", "tax"),
            scopes=BOOKING_SCOPES,
            full_scope="bookings_read",
        ),
        Resource(
            name="booking_comments", links=("account", "booking"), scopes=BOOKING_SCOPES, full_scope="bookings_read"
        ),
        Resource(
            name="bookings_payments", links=("account", "booking", "payment", "rental"), scopes=("payments_read",)
        ),
        Resource(name="bookings_tags", links=("account",), scopes=("bookings_read",)),
        Resource(name="change_overs", links=("rental",), meta=False),
        Resource(name="clients", links=("account",), scopes=("clients_read",)),
        Resource(name="fees", links=("account",), meta=False),
        Resource(name="fees_taxes", links=("fee", "tax")),
        Resource(name="living_rooms", links=("rental",)),
        Resource(name="nightly_rate_maps", links=("rental",), scopes=("rates_read",), meta=False),
        Resource(
            name="payments",
            links=("account", "bookings", "bookings_payments"),
            scopes=("payments_read",),
            meta=False,
        ),
        Resource(name="photos", links=("rental",)),
        Resource(name="rates", links=("rental",), options=frozenset({"rental_id"}), listed=_of_rentals),
        Resource(name="rates_rules", links=("rates_table",), scopes=("rates_read",)),
        Resource(name="rates_tables", links=("rates_rules", "rentals"), scopes=("rates_read",)),
        Resource(name="rental_agreements", templates=False),
        Resource(
            name="rental_cancelation_policies",
            links=("rental", "rental_cancelation_policy_items"),
            meta=False,
        ),
        Resource(name="rental_cancelation_policy_items", links=("rental_cancelation_policy",)),
        Resource(name="rentals", links=RENTAL_LINKS, page_size=50),
        Resource(name="rentals_amenities", links=("amenity", "rental")),
        Resource(name="rentals_fees", links=("rental", "fee")),
        Resource(name="rentals_tags", links=("account",), scopes=("rentals_read",)),
        Resource(name="rentals_taxes", links=("rental", "tax")),
        Resource(name="sources", links=("account",), scopes=BOOKING_SCOPES, meta=False),
        Resource(name="special_offers", links=("rental",)),
        Resource(name="tax_rules", templates=False),
        Resource(name="taxes", links=("account",), meta=False),
    )
}
