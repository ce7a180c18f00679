"""Pictures of listings, as Hostaway takes them (Hostaway documentation, Listing image object, Add images)."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.changes import ImageDraft, ProblemKind, given
from providers.hostaway.change_checks import Checks, Path
from providers.hostaway.listing_bodies import Body
from providers.hostaway.paging import id_of

_KEPT = ("id", "url", "caption", "vrboCaption", "airbnbCaption", "bookingEngineCaption", "sortOrder")


def new_images(images: Sequence[ImageDraft], checks: Checks) -> list[Body]:
    """Pictures to add."""
    found = []
    for index, image in enumerate(images):
        if given(image).get("provider_id") is not None:
            message = "A picture that is there cannot be added: name it in the images of an update."
            checks.wrong(ProblemKind.INVALID, message, ("images", index, "provider_id"))
        found.append(_new(image, ("images", index), checks))
    return found


def whole_gallery(images: Sequence[ImageDraft], there: Any, checks: Checks) -> list[Body]:
    """All pictures of a listing: those that stay with all that they have, and new ones.

    Where none names a place, the order of the list is that of the gallery. Hostaway would reset what is left out.
    """
    known = {id_of(each): each for each in there if isinstance(each, dict)} if isinstance(there, list) else {}
    in_order = not any("position" in given(image) for image in images)
    gallery: list[Body] = []
    for index, image in enumerate(images):
        field: Path = ("images", index)
        id_ = given(image).get("provider_id")
        body = _new(image, field, checks) if id_ is None else _staying(image, known.get(id_), field, checks)
        gallery.append(body | {"sortOrder": index + 1} if in_order else body)
    return gallery


def kept_gallery(there: Any) -> list[Body]:
    """The pictures that are there, to be sent with others."""
    return [_kept(each) for each in there if isinstance(each, dict)] if isinstance(there, list) else []


def needs_those_there(images: Sequence[ImageDraft]) -> bool:
    """Whether some of the pictures are there already, so that the listing must be read."""
    return any(given(image).get("provider_id") is not None for image in images)


def _new(image: ImageDraft, field: Path, checks: Checks) -> Body:
    told = given(image)
    if "url" not in told:
        checks.wrong(ProblemKind.REQUIRED, "A new picture needs its address.", (*field, "url"))
        return {}
    words = {name: value for name, value in _words(image, field, checks).items() if value is not None}
    return {"url": checks.address(told["url"], (*field, "url")), **words}


def _staying(image: ImageDraft, there: Mapping[str, Any] | None, field: Path, checks: Checks) -> Body:
    if there is None:
        checks.wrong(ProblemKind.NOT_FOUND, "The listing has no such picture.", (*field, "provider_id"))
        return {}
    if "url" in given(image):
        checks.wrong(ProblemKind.INVALID, "A picture that is there keeps its address.", (*field, "url"))
    return _kept(there) | _words(image, field, checks)


def _kept(there: Mapping[str, Any]) -> Body:
    return {name: there[name] for name in _KEPT if name in there}


def _words(image: ImageDraft, field: Path, checks: Checks) -> Body:
    told = given(image)
    if told.get("kind") is not None:
        checks.unsupported("kinds of pictures", (*field, "kind"))
    body: Body = {"caption": told["caption"]} if "caption" in told else {}
    if told.get("position") is not None:
        body["sortOrder"] = checks.whole(told["position"], (*field, "position"))
    return body
