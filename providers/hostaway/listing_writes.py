"""Listings of Hostaway made, changed, removed, given pictures and sent to a channel."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from providers.changes import (
    ChangeRefused,
    ImageDraft,
    ListingChange,
    ListingDraft,
    Problem,
    ProblemKind,
    Written,
    given,
    or_none,
)
from providers.hostaway.change_checks import Checks
from providers.hostaway.echoes import not_taken, shows_all
from providers.hostaway.listing_bodies import SECRETS, Body, custom_values, merged_custom_values, plain_body
from providers.hostaway.listing_images import kept_gallery, needs_those_there, new_images, whole_gallery
from providers.hostaway.property_types import property_type_id
from providers.hostaway.reading import LISTINGS
from providers.hostaway.writer import ARCHIVED, NOT_THERE, REFUSALS, WritingClient, is_archived, known_id, nothing_named
from providers.model import Channel, DictionaryKind, Listing
from providers.queries import ListingQuery
from providers.upstream.calls import Call

_WHOLE = (("includeResources", "1"),)
_SKEW = timedelta(minutes=5)
"""How far Hostaway's clock may be behind ours."""

_LATER = "Hostaway fetches the pictures by itself: they appear within some minutes."
_EXPORTING = "Hostaway sends the listing to Airbnb by itself, which takes 5 to 10 minutes."
_REFERENCE = "Hostaway keeps no reference of a program: without an internalName of yours it holds one of StayGraph's."


class ListingWrites(WritingClient):
    """One call a change. A read comes before it where an array has to be completed: arrays are replaced as a whole.

    Answers do not show the whole listing (what ``includeResources`` and ``attachObjects`` bring is not promised
    there), so ``Written.record`` is None: the listing has to be read.
    """

    async def create_listing(self, draft: ListingDraft) -> Written[Listing]:
        """One call, and one for the dictionary where a kind of building is named.

        The reference goes where ``find_listing`` looks for it, unless the client named that property itself.
        """
        checks = Checks()
        body = plain_body(draft, checks)
        if "name" not in given(draft):
            checks.wrong(ProblemKind.REQUIRED, "A listing needs a name.", ("name",))
        warnings = []
        if "internal_name" not in given(draft):
            body["internalListingName"] = draft.reference
            warnings.append(_REFERENCE)
        body |= _new_arrays(draft, checks)
        checks.done()
        body |= await self._kind_of_building(draft)

        async def unmade() -> bool:
            return await self.find_listing(draft, self._now()) is None

        call = Call(method="POST", path=LISTINGS, json=body, safe=False, secrets=SECRETS, unmade=unmade)
        answer = await self._writer.send(call)
        record = self._writer.record(answer)
        return Written(id=self._writer.id_in(record), warnings=[*warnings, *not_taken(body, record)])

    async def find_listing(self, draft: ListingDraft, since: datetime) -> Listing | None:
        """Pages of everything, until one has it.

        Hostaway has no field for a program's reference and does not tell when a listing was made. Where the client
        left ``internalListingName`` free it holds the reference; else both names must be as sent, and the latest
        activity, which is told by the day in some versions, not before ``since``; the newest id wins.
        """
        found: Listing | None = None
        position: str | None = None
        while True:
            page = await self.listing_page(ListingQuery(), position)
            for each in page.items:
                if _is_made_of(each, draft, since) and (
                    found is None or int(each.provider_id) > int(found.provider_id)
                ):
                    found = each
            position = page.next
            if position is None:
                return found

    async def update_listing(self, id_: str, change: ListingChange) -> Written[Listing]:
        """One call; one more each for pictures that stay or custom fields, and for a kind of building."""
        listing_id = known_id(id_, "listing")
        checks = Checks()
        body = plain_body(change, checks)
        told = given(change)
        values = custom_values(tuple(told.get("custom_fields", ())), checks)
        images: Sequence[ImageDraft] | None = told.get("images")
        if images is not None and not needs_those_there(images):
            body["listingImages"] = whole_gallery(images, [], checks)
        checks.done()
        body |= await self._kind_of_building(change)
        if values or (images is not None and "listingImages" not in body):
            body |= await self._completed_arrays(listing_id, images, values, body)
        if not body:
            raise nothing_named()
        return await self._put(listing_id, body)

    async def delete_listing(self, id_: str) -> None:
        """One call. After a refusal, or without an answer, the list tells whether the listing is gone."""
        listing_id = known_id(id_, "listing")
        call = Call(method="DELETE", path=f"{LISTINGS}/{listing_id}", safe=False)
        await self._writer.gone(call, lambda: self._is_listed(listing_id))

    async def add_images(self, listing_id: str, images: Sequence[ImageDraft]) -> Written[Listing]:
        """One call. Where the API is too old for it, the pictures are sent with those that are there: two more."""
        known_id(listing_id, "listing")
        checks = Checks()
        bodies = new_images(images, checks)
        if not bodies:
            checks.wrong(ProblemKind.REQUIRED, "Name at least one picture.", ("images",))
        checks.done()
        path = f"{LISTINGS}/{listing_id}/images"
        call = Call(method="POST", path=path, json={"images": bodies}, safe=False)
        try:
            await self._writer.attempt(call)
        except REFUSALS as error:
            if error.upstream_status not in NOT_THERE:
                raise await self._writer.refusal(error, call, listing_id) from None
            record = await self._changeable(listing_id)
            return await self._put(listing_id, {"listingImages": [*kept_gallery(record.get("listingImages")), *bodies]})
        return Written(id=listing_id, warnings=[_LATER])

    async def export_listing(self, listing_id: str, channel: Channel) -> Written[None]:
        """One call. Airbnb is the only channel that listings can be sent to."""
        known_id(listing_id, "listing")
        checks = Checks()
        if channel is not Channel.AIRBNB:
            checks.unsupported("export to this channel", ("channel",), allowed=Channel.AIRBNB.value)
        checks.done()
        call = Call(method="POST", path=f"{LISTINGS}/{listing_id}/export/airbnb", safe=False)
        await self._writer.send(call, listing_id=listing_id)
        return Written(id=listing_id, warnings=[_EXPORTING])

    async def _put(self, listing_id: str, body: Body) -> Written[Listing]:
        path = f"{LISTINGS}/{listing_id}"
        call = Call(method="PUT", path=path, json=body, safe=False, secrets=SECRETS)
        try:
            record = await self._writer.made(call, lambda: self._taken(listing_id, body), listing_id=listing_id)
        finally:
            if "currencyCode" in body:
                self._currencies.pop(listing_id, None)
        return Written(id=listing_id, warnings=not_taken(body, record))

    async def _taken(self, listing_id: str, body: Body) -> Mapping[str, Any] | None:
        """The listing, if it shows all that was sent."""
        record, _ = await self._reader.record(LISTINGS, listing_id, _WHOLE)
        return record if shows_all(body, record) else None

    async def _changeable(self, listing_id: str) -> Mapping[str, Any]:
        """The whole listing as it is. Raises ``ChangeRefused`` where it is archived."""
        record, _ = await self._reader.record(LISTINGS, listing_id, _WHOLE)
        if is_archived(record):
            raise ChangeRefused(Problem(kind=ProblemKind.CONFLICT, message=ARCHIVED))
        return record

    async def _completed_arrays(
        self, listing_id: str, images: Sequence[ImageDraft] | None, values: Mapping[int, str], body: Body
    ) -> Body:
        record = await self._changeable(listing_id)
        arrays: Body = {}
        if values:
            arrays["customFieldValues"] = merged_custom_values(record.get("customFieldValues"), values)
        if images is not None and "listingImages" not in body:
            checks = Checks()
            arrays["listingImages"] = whole_gallery(images, record.get("listingImages"), checks)
            checks.done()
        return arrays

    async def _kind_of_building(self, change: ListingChange) -> Body:
        """The id of a kind of building in Hostaway's dictionary: one call where a word has to be looked up."""
        kind, word = or_none(change.property_type), or_none(change.provider_property_type)
        if kind is None and word is None:
            return {}

        async def entries() -> Any:
            return await self.dictionary(DictionaryKind.PROPERTY_TYPES)

        return {"propertyTypeId": await property_type_id(kind, word, entries)}

    async def _is_listed(self, listing_id: str) -> bool:
        position: str | None = None
        while True:
            page = await self.listing_page(ListingQuery(), position)
            if any(each.provider_id == listing_id for each in page.items) or page.odd:
                return True
            position = page.next
            if position is None:
                return False


def _new_arrays(draft: ListingDraft, checks: Checks) -> Body:
    told = given(draft)
    body: Body = {}
    if "images" in told:
        body["listingImages"] = new_images(told["images"], checks)
    values = custom_values(tuple(told.get("custom_fields", ())), checks)
    if values:
        body["customFieldValues"] = merged_custom_values([], values)
    return body


def _is_made_of(listing: Listing, draft: ListingDraft, since: datetime) -> bool:
    internal = given(draft).get("internal_name", draft.reference)
    if listing.internal_name != (internal or None):
        return False
    if "internal_name" not in given(draft):
        return True
    return listing.name == given(draft)["name"] and _is_active_since(listing.updated_at, since)


def _is_active_since(at: datetime | None, since: datetime) -> bool:
    """Whether a time of latest activity allows that the listing was made after ``since``; a mere day reads midnight."""
    if at is None:
        return True
    day_alone = at.time() == datetime.min.time()
    return at >= since - _SKEW or (day_alone and at.date() >= (since - _SKEW).date())
