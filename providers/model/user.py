"""People who work in the PMS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from annotated_doc import Doc


@dataclass(slots=True, kw_only=True)
class ProviderUser:
    """A person with access to the business's PMS. Never a secret of theirs."""

    provider_id: Annotated[str, Doc("The user's id in the PMS.")]
    first_name: Annotated[str | None, Doc("First name.")] = None
    last_name: Annotated[str | None, Doc("Last name.")] = None
    email: Annotated[str | None, Doc("E-mail address.")] = None
    phone: Annotated[str | None, Doc("Phone number.")] = None
    title: Annotated[str | None, Doc("Title or role, in the business's own words.")] = None
    group: Annotated[str | None, Doc("Name of the group of users.")] = None
    time_zone: Annotated[str | None, Doc("Time zone, in the PMS's own words.")] = None
    is_admin: Annotated[bool | None, Doc("True if every listing and setting is open to the user.")] = None
    is_disabled: Annotated[bool | None, Doc("True if the user may not sign in.")] = None
    sees_new_listings: Annotated[bool | None, Doc("True if new listings are open to the user by themselves.")] = None
    permissions: Annotated[
        list[str] | None, Doc("What the user may do, in the PMS's own words, for example readReservation.")
    ] = None
    listing_ids: Annotated[
        list[str] | None, Doc("Ids, in the PMS, of the listings the user may see; null if the PMS does not tell.")
    ] = None
    last_login_at: Annotated[datetime | None, Doc("When the user last signed in, UTC.")] = None
    raw: Mapping[str, Any] | None = None
