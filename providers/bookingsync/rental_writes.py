"""Making, changing and removing rentals, and their pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from providers.bookingsync.booking_filters import updated_since_option
from providers.bookingsync.envelope import all_records, linked_ids, record_id
from providers.bookingsync.manifest import RENTALS_PER_PAGE
from providers.bookingsync.ownership import Ownership
from providers.bookingsync.rental_bodies import RENTAL_NAMES, needs_locale, rental_body
from providers.bookingsync.resources import Resources, is_id
from providers.bookingsync.sending import RENTALS_WRITE, Sender, refused_by_field
from providers.bookingsync.steps import Steps
from providers.bookingsync.wire import Account
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
from providers.errors import NotFound, ProviderError, UpstreamRefused
from providers.model import Listing
from providers.wire import read_records

_CLOCKS_APART = timedelta(minutes=5)
_MOST_PAGES = 200
_LONGEST_CAPTION = 80


class RentalWrites:
    """The rentals of one account, written."""

    def __init__(self, resources: Resources, sender: Sender, ownership: Ownership) -> None:
        self._resources = resources
        self._sender = sender
        self._ownership = ownership
        self._known_locale: str | None = None

    async def create(self, draft: ListingDraft) -> Written[Listing]:
        """Make a rental, unpublished, with our reference in its ``notes``, which only the business sees.

        One call, one for each picture, and one for the account's language where texts need it. A picture that is
        refused is a warning: the rental is there.
        """
        images = or_none(draft.images) or ()
        _check_images(images, new=True)
        locale = await self.locale(needed=needs_locale(draft))
        body = {**rental_body(draft, locale), "notes": draft.reference}
        try:
            made = await self._sender.create("rentals", "rentals", body, scopes=RENTALS_WRITE)
        except UpstreamRefused as error:
            raise refused_by_field(error, RENTAL_NAMES) from None
        warnings = []
        for number, image in enumerate(images, 1):
            try:
                await self._add_image(made.id, image, locale)
            except ProviderError as error:
                warnings.append(f"Picture {number} was not added: {error.message}")
        return Written(id=made.id, warnings=warnings)

    async def find(self, draft: ListingDraft, since: datetime) -> str | None:
        """The id of the rental with our reference in its ``notes``."""
        options = (("per_page", str(RENTALS_PER_PAGE)), *updated_since_option(since - _CLOCKS_APART))
        pages = await self._resources.walk("rentals", options, most=_MOST_PAGES)
        ours, _ = self._ownership.ours(all_records(pages))
        return next((record_id(each) for each in ours if each.get("notes") == draft.reference), None)

    async def update(self, id_: str, change: ListingChange) -> Written[Listing]:
        """Change a rental: one call. Naming its pictures reads it before, and takes one call for each that changes."""
        _check_id(id_)
        images = or_none(change.images)
        _check_images(images or (), new=False)
        locale = await self.locale(needed=needs_locale(change))
        body = rental_body(change, locale)
        present = await self._photo_ids(id_) if images is not None else []
        _check_present(images or (), present)
        steps = Steps(RENTAL_NAMES)
        if body:
            changing = self._sender.change(f"rentals/{id_}", "rentals", body, scopes=RENTALS_WRITE)
            await steps.take("the rental's attributes", changing)
        if images is not None:
            await self._replace_images(id_, images, present, locale, steps)
        return Written(id=id_)

    async def delete(self, id_: str) -> None:
        """Remove a rental. One that is gone already is no failure."""
        if not is_id(id_):
            return
        try:
            await self._sender.remove(f"rentals/{id_}", scopes=RENTALS_WRITE)
        except NotFound:
            return
        except UpstreamRefused as error:
            raise refused_by_field(error, RENTAL_NAMES) from None

    async def add_images(self, id_: str, images: Sequence[ImageDraft]) -> Written[Listing]:
        """Add pictures, one call each."""
        _check_id(id_)
        _check_images(images, new=True)
        needed = any(or_none(each.caption) is not None for each in images)
        locale = await self.locale(needed=needed)
        steps = Steps(RENTAL_NAMES)
        for number, image in enumerate(images, 1):
            await steps.take(f"picture {number}", self._add_image(id_, image, locale))
        return Written(id=id_)

    async def locale(self, *, needed: bool) -> str:
        """The account's main language, read once; English, as good as any, where it is not ``needed``."""
        if self._known_locale is None and needed:
            pages = await self._resources.walk("accounts", (), most=_MOST_PAGES)
            accounts = read_records(Account, all_records(pages))[0]
            chosen = self._ownership.account_id
            own = next((each for each in accounts if chosen is None or each.id == chosen), None)
            self._known_locale = (own.default_locale if own else None) or "en"
        return self._known_locale or "en"

    async def _replace_images(
        self, id_: str, images: Sequence[ImageDraft], present: Sequence[str], locale: str, steps: Steps
    ) -> None:
        """New pictures come before old ones go, so that guests never see none."""
        for number, image in enumerate(images, 1):
            place = image.position if or_none(image.position) is not None else number
            body = _photo(image, locale) | {"position": place}
            photo_id = or_none(image.provider_id)
            if photo_id is None:
                path = f"rentals/{id_}/photos"
                await steps.take(f"picture {number}", self._sender.create(path, "photos", body, scopes=RENTALS_WRITE))
            else:
                path = f"photos/{photo_id}"
                await steps.take(f"picture {number}", self._sender.change(path, "photos", body, scopes=RENTALS_WRITE))
        kept = {or_none(image.provider_id) for image in images}
        for photo_id in present:
            if photo_id not in kept:
                await steps.take("an old picture removed", self._remove_photo(photo_id))

    async def _remove_photo(self, photo_id: str) -> None:
        try:
            await self._sender.remove(f"photos/{photo_id}", scopes=RENTALS_WRITE)
        except NotFound:
            return

    async def _add_image(self, id_: str, image: ImageDraft, locale: str) -> None:
        await self._sender.create(f"rentals/{id_}/photos", "photos", _photo(image, locale), scopes=RENTALS_WRITE)

    async def _photo_ids(self, id_: str) -> list[str]:
        pages = await self._resources.by_ids("rentals", [id_], ())
        record = next((each for each in all_records(pages) if record_id(each) == id_), None)
        if record is None:
            raise NotFound("BookingSync has no such rental.")
        return linked_ids(record, "photos")


def _check_id(id_: str) -> None:
    if not is_id(id_):
        raise NotFound("BookingSync has no such rental.")


def _photo(image: ImageDraft, locale: str) -> dict[str, Any]:
    """A picture as BookingSync takes it: it fetches the address itself."""
    values: Mapping[str, Any] = given(image)
    body: dict[str, Any] = {name: values[name] for name in ("kind", "position") if name in values}
    if or_none(image.provider_id) is None:
        body["remote_photo_url"] = values["url"]
    if "caption" in values:
        body[f"description_{locale}"] = values["caption"] or ""
    return body


def _check_images(images: Sequence[ImageDraft], *, new: bool) -> None:
    problems = []
    for index, image in enumerate(images):
        named, url = or_none(image.provider_id), or_none(image.url)
        if new and named is not None:
            said = "Only a new picture can be added."
            problems.append(
                Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=("images", index, "provider_id"))
            )
        if named is None and url is None:
            said = "A new picture needs its address."
            problems.append(Problem(kind=ProblemKind.REQUIRED, message=said, field=("images", index, "url")))
        if named is not None and url is not None:
            said = "BookingSync changes no picture's address: leave out providerId to add another."
            problems.append(Problem(kind=ProblemKind.NOT_SUPPORTED, message=said, field=("images", index, "url")))
        caption = or_none(image.caption)
        if caption is not None and len(caption) > _LONGEST_CAPTION:
            said = f"It must be 0 to {_LONGEST_CAPTION} characters."
            problems.append(Problem(kind=ProblemKind.OUT_OF_RANGE, message=said, field=("images", index, "caption")))
    if problems:
        raise ChangeRefused(*problems)


def _check_present(images: Sequence[ImageDraft], present: Sequence[str]) -> None:
    said = "This rental has no such picture."
    problems = [
        Problem(kind=ProblemKind.NOT_FOUND, message=said, field=("images", index, "provider_id"))
        for index, image in enumerate(images)
        if (named := or_none(image.provider_id)) is not None and named not in present
    ]
    if problems:
        raise ChangeRefused(*problems)
