"""Guests that are written: BookingSync's clients, with lists of addresses, e-mail addresses and phone numbers."""

from collections.abc import Mapping
from typing import Any

from providers.changes import GuestChange, ProblemKind, given, refused

_TEXTS = {
    "name": "fullname",
    "first_name": "firstname",
    "last_name": "lastname",
    "company": "company",
    "locale": "preferred_locale",
    "notes": "notes",
}
_ADDRESS = {
    "address": "address1",
    "postal_code": "zip",
    "city": "city",
    "state": "state",
    "country": "country_code",
}
GUEST_NAMES = {
    **{theirs: ("guest", ours) for ours, theirs in _TEXTS.items()},
    "emails": ("guest", "email"),
    "phones": ("guest", "phone"),
    "addresses": ("guest", "address"),
}
"""BookingSync's attributes of a client in the model's words."""

_WRITTEN = {
    "emails": ("label", "email"),
    "phones": ("label", "number"),
    "addresses": ("label", "address1", "address2", "city", "state", "zip", "country_code"),
}


def new_client(guest: GuestChange) -> dict[str, Any] | None:
    """The client of a guest; None where nothing is known of them. Raises ``ChangeRefused`` without a name."""
    body = changed_client(guest, {})
    if not any(body.values()):
        return None
    if not body.get("fullname") and not body.get("firstname") and not body.get("lastname"):
        raise refused(ProblemKind.REQUIRED, "BookingSync keeps no guest without a name.", "guest", "name")
    return {name: value for name, value in body.items() if value}


def changed_client(guest: GuestChange, present: Mapping[str, Any]) -> dict[str, Any]:
    """What to write into the client that is ``present`` now.

    A list that is sent replaces the whole list (BookingSync documentation, Clients), so that all its elements are sent
    again; the first one is the default, and the one that changes.
    """
    values = given(guest)
    body: dict[str, Any] = {theirs: values[ours] or "" for ours, theirs in _TEXTS.items() if ours in values}
    if "fullname" in body:
        # Either the one or the other two are written.
        if (body.get("firstname") and body.get("lastname")) or not body["fullname"]:
            del body["fullname"]
        else:
            body.pop("firstname", None)
            body.pop("lastname", None)
    for name, element in (("email", "email"), ("phone", "number")):
        if name in values:
            label = "default" if name == "email" else "phone"
            body[f"{name}s"] = _replaced(present, f"{name}s", {element: values[name]}, label, needed=element)
    address = {theirs: values[ours] or "" for ours, theirs in _ADDRESS.items() if ours in values}
    if address:
        body["addresses"] = _replaced(present, "addresses", address, "default")
    return body


def _replaced(
    present: Mapping[str, Any], name: str, change: Mapping[str, Any], label: str, needed: str | None = None
) -> list[dict[str, Any]]:
    """The list with its default element changed; without it where what it ``needed`` is empty."""
    sent = present.get(name)
    elements = [each for each in sent if isinstance(each, Mapping)] if isinstance(sent, list) else []
    kept = [_writable(each, name) for each in elements if each.get("canceled_at") is None]
    others = kept[1:]
    changed: dict[str, Any] = {**(kept[0] if kept else {"label": label}), **change}
    if not any(value for attribute, value in changed.items() if attribute != "label"):
        return others
    return others if needed is not None and not changed.get(needed) else [changed, *others]


def _writable(element: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {attribute: element[attribute] for attribute in _WRITTEN[name] if element.get(attribute) is not None}
