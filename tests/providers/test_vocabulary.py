"""The words of PMSs in StayGraph's vocabulary."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import vocabulary
from providers.model import AmenityKind, Channel, Described, PropertyType
from providers.vocabulary import amenity_kind, channel, property_type

# Rental types of BookingSync's documentation, enums.
RENTAL_TYPES = {
    PropertyType.APARTMENT: "apartment condominium loft",
    PropertyType.HOUSE: "bastide holiday-home house townhouse",
    PropertyType.VILLA: "manor villa",
    PropertyType.COTTAGE: "bungalow cottage gite longere",
    PropertyType.CABIN: "cabin chalet hut",
    PropertyType.STUDIO: "studio",
    PropertyType.BED_AND_BREAKFAST: "bed-and-breakfast",
    PropertyType.ROOM: "private-room private-room-in-apartment private-room-in-house",
    PropertyType.HOSTEL: "dormitory",
    PropertyType.FARM: "farmhouse mas",
    PropertyType.CASTLE: "castle",
    PropertyType.BOAT: "boat",
    PropertyType.CAMPER: "recreational-vehicle",
    PropertyType.CAMPING: "tent tipi yurt",
    PropertyType.UNIQUE: "cave earth-house igloo island lighthouse mill plane train treehouse",
}

# Channels of Hostaway's documentation: its fixed table, and the old name of Airbnb that samples still show.
HOSTAWAY_CHANNELS = {
    "direct": Channel.DIRECT,
    "airbnb": Channel.AIRBNB,
    "homeaway": Channel.VRBO,
    "bookingcom": Channel.BOOKING_COM,
    "expedia": Channel.EXPEDIA,
    "homeawayical": Channel.VRBO,
    "vrboical": Channel.VRBO,
    "bookingengine": Channel.WEBSITE,
    "customIcal": Channel.ICAL,
    "tripadvisorical": Channel.TRIPADVISOR,
    "wordpress": Channel.WEBSITE,
    "airbnbOfficial": Channel.AIRBNB,
    "marriott": Channel.MARRIOTT,
    "partner": Channel.PARTNER,
    "gds": Channel.GDS,
    "google": Channel.GOOGLE,
}


@pytest.mark.parametrize("kind", RENTAL_TYPES)
def test_every_documented_rental_type_has_its_kind(kind: PropertyType) -> None:
    assert {property_type(word) for word in RENTAL_TYPES[kind].split()} == {kind}


@pytest.mark.parametrize("name", HOSTAWAY_CHANNELS)
def test_every_documented_channel_has_its_word(name: str) -> None:
    assert channel(name) is HOSTAWAY_CHANNELS[name]


@pytest.mark.parametrize(
    "text", ["Swimming pool", "swimming_pool", "SWIMMING-POOL", "swimmingPool", " swimming  pool ", "Swimmíng pool"]
)
def test_case_spaces_punctuation_and_accents_do_not_matter(text: str) -> None:
    assert amenity_kind(text) is AmenityKind.POOL


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("internet", AmenityKind.INTERNET),
        ("Wi-Fi", AmenityKind.INTERNET),
        ("washing_machine", AmenityKind.WASHER),
        ("Hair Dryer", AmenityKind.HAIR_DRYER),
        ("tumble_dryer", AmenityKind.DRYER),
        ("Family/kid friendly", AmenityKind.CHILDREN_WELCOME),
        ("cot", AmenityKind.CRIB),
    ],
)
def test_amenities_are_known_by_name_and_key(text: str, kind: AmenityKind) -> None:
    assert amenity_kind(text) is kind


def test_an_ampersand_reads_as_and() -> None:
    assert property_type("Bed & Breakfast") is PropertyType.BED_AND_BREAKFAST


@pytest.mark.parametrize("text", ["No smoking", "Smoking not allowed", "Pool table", "Deck chairs", "pool fence", "??"])
def test_a_known_word_inside_a_name_proves_nothing(text: str) -> None:
    assert amenity_kind(text) is AmenityKind.OTHER


@pytest.mark.parametrize("word", [amenity_kind, property_type, channel])
def test_nothing_said_is_nothing_known(word: Callable[[str | None], object]) -> None:
    assert word(None) is None
    assert word(" \t") is None


@pytest.mark.parametrize("words", [vocabulary._AMENITIES, vocabulary._PROPERTY_TYPES, vocabulary._CHANNELS])
def test_no_name_has_two_meanings(words: Mapping[str, str]) -> None:
    meanings = [{vocabulary._key(name) for name in names.split(",")} for names in words.values()]
    assert sum(map(len, meanings)) == len(set().union(*meanings))
    assert "" not in set().union(*meanings)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (vocabulary._AMENITIES, AmenityKind),
        (vocabulary._PROPERTY_TYPES, PropertyType),
        (vocabulary._CHANNELS, Channel),
    ],
)
def test_every_word_but_other_is_the_meaning_of_some_name(words: Mapping[str, str], word: type[Described]) -> None:
    assert set(words) == {each for each in word if each.value != "OTHER"}


@given(st.text())
def test_any_text_has_a_meaning_or_says_nothing(text: str) -> None:
    assert (channel(text) is None) == (not text.strip())
