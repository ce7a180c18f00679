"""Blocks of a Hostaway listing: contacts, licence, texts and terms of channels, access, cleaning, custom fields."""

from collections.abc import Sequence
from typing import TypeVar

from providers.hostaway.wire import WireCustomValue, WireListing
from providers.model import (
    Access,
    Channel,
    ChannelLink,
    ChannelMarkup,
    Cleaning,
    Contact,
    CustomFieldValue,
    License,
    ListingText,
    PolicyRef,
)

T = TypeVar("T")


def contact_of(wire: WireListing) -> Contact | None:
    """The owner or manager to turn to."""
    return said(
        Contact(
            first_name=wire.contact_name,
            last_name=wire.contact_sur_name,
            phone=wire.contact_phone1,
            phone2=wire.contact_phone2,
            email=wire.contact_email,
            address=wire.contact_address,
            language=wire.contact_language,
        )
    )


def invoicing_contact_of(wire: WireListing) -> Contact | None:
    return said(
        Contact(
            first_name=wire.invoicing_contact_name,
            last_name=wire.invoicing_contact_sur_name,
            phone=wire.invoicing_contact_phone1,
            phone2=wire.invoicing_contact_phone2,
            email=wire.invoicing_contact_email,
            address=wire.invoicing_contact_address,
            city=wire.invoicing_contact_city,
            postal_code=wire.invoicing_contact_zipcode,
            country=wire.invoicing_contact_country,
            language=wire.invoicing_contact_language,
        )
    )


def license_of(wire: WireListing) -> License | None:
    return said(
        License(
            number=wire.property_license_number,
            type=wire.property_license_type,
            issued_on=wire.property_license_issue_date,
            expires_on=wire.property_license_expiration_date,
        )
    )


def access_of(wire: WireListing) -> Access | None:
    return said(
        Access(
            key_pickup=wire.key_pickup,
            instructions=wire.special_instruction,
            door_code=wire.door_security_code,
            wifi_name=wire.wifi_username,
            wifi_password=wire.wifi_password,
        )
    )


def cleaning_of(wire: WireListing) -> Cleaning | None:
    return said(
        Cleaning(
            status=wire.cleanness_status,
            updated_at=wire.cleanness_status_updated_on,
            instructions=wire.cleaning_instruction,
        )
    )


def texts_of(wire: WireListing) -> list[ListingText] | None:
    """The texts for single channels; None where there are none. Their language is not told."""
    texts = (
        ListingText(
            channel=Channel.AIRBNB,
            name=wire.airbnb_name,
            summary=wire.airbnb_summary,
            space=wire.airbnb_space,
            access=wire.airbnb_access,
            interaction=wire.airbnb_interaction,
            neighborhood=wire.airbnb_neighborhood_overview,
            transit=wire.airbnb_transit,
            notes=wire.airbnb_notes,
        ),
        ListingText(
            channel=Channel.BOOKING_COM,
            name=wire.bookingcom_property_name,
            description=wire.bookingcom_property_description,
        ),
        ListingText(
            channel=Channel.VRBO,
            name=wire.homeaway_property_name,
            headline=wire.homeaway_property_headline,
            description=wire.homeaway_property_description,
        ),
    )
    return [text for text in texts if text != ListingText(channel=text.channel)] or None


def markups_of(wire: WireListing) -> list[ChannelMarkup] | None:
    values = (
        (Channel.PARTNER, wire.partners_listing_markup),
        (Channel.AIRBNB, wire.airbnb_official_listing_markup),
        (Channel.WEBSITE, wire.booking_engine_markup),
        (Channel.VRBO, wire.homeaway_api_markup),
        (Channel.MARRIOTT, wire.marriott_listing_markup),
    )
    return [ChannelMarkup(channel=channel, value=value) for channel, value in values if value is not None] or None


def links_of(wire: WireListing) -> list[ChannelLink] | None:
    urls = (
        (Channel.AIRBNB, wire.airbnb_listing_url),
        (Channel.VRBO, wire.vrbo_listing_url),
        (Channel.GOOGLE, wire.google_vr_listing_url),
    )
    return [ChannelLink(channel=channel, url=url) for channel, url in urls if url] or None


def policy_refs(wire: WireListing) -> list[PolicyRef]:
    """The policies of each channel. The id without a channel's name is read as one of the account's own list.

    The documentation sends readers to that list for it. Of Airbnb's and Marriott's ids both spellings are in use.
    """
    ids = (
        (Channel.DIRECT, wire.cancellation_policy_id),
        (Channel.AIRBNB, wire.airbnb_cancellation_policy_id or wire.air_bnb_cancellation_policy_id),
        (Channel.BOOKING_COM, wire.booking_cancellation_policy_id),
        (Channel.MARRIOTT, wire.marriott_cancellation_policy_id or wire.marriott_bnb_cancellation_policy_id),
        (Channel.VRBO, wire.vrbo_cancellation_policy_id),
    )
    return [PolicyRef(channel=channel, policy_id=policy) for channel, policy in ids if policy and policy != "0"]


def custom_values(sent: Sequence[WireCustomValue] | None) -> list[CustomFieldValue] | None:
    """Values of the business's own fields, of a listing or a reservation; None where they were not sent."""
    if sent is None:
        return None
    return [CustomFieldValue(field_id=each.custom_field_id, value=each.value) for each in sent]


def said(block: T) -> T | None:
    """The block, or None where nothing in it was said."""
    return None if block == type(block)() else block
