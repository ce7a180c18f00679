"""The catalogue of amenities, the same for all accounts."""

from datetime import UTC, datetime

from providers.bookingsync.simulator.formats import instant
from providers.bookingsync.simulator.ids import AMENITIES
from providers.bookingsync.simulator.view import Fixed

CATALOGUED_AT = datetime(2014, 3, 18, 9, 0, tzinfo=UTC)

KEYS = (
    "internet",
    "kitchen",
    "washing_machine",
    "tumble_dryer",
    "dishwasher",
    "air_conditioning",
    "heating",
    "parking",
    "swimming_pool",
    "hot_tub",
    "fireplace",
    "balcony",
    "garden",
    "elevator",
    "television",
    "cot",
    "pets_welcome",
    "barbecue",
    "sea_view",
    "desk",
    "alarm_clock",
    "baby_bath",
    "baby_gate",
    "bath_towels",
    "beach_access",
    "beach_towels",
    "bed_linen",
    "bicycles",
    "board_games",
    "boat_mooring",
    "bread_maker",
    "cable_television",
    "ceiling_fan",
    "central_heating",
    "changing_table",
    "cinema_room",
    "cleaning_service",
    "coffee_maker",
    "concierge",
    "cooker",
    "cots_on_request",
    "covered_terrace",
    "deck_chairs",
    "dvd_player",
    "electric_car_charger",
    "espresso_machine",
    "extra_beds",
    "fenced_garden",
    "fire_extinguisher",
    "first_aid_kit",
    "fishing",
    "freezer",
    "fridge",
    "games_console",
    "garage",
    "garden_furniture",
    "gas_stove",
    "golf_nearby",
    "grill",
    "gym",
    "hair_dryer",
    "hammock",
    "hangers",
    "hifi",
    "high_chair",
    "horse_riding",
    "ice_maker",
    "indoor_pool",
    "ironing_board",
    "jetty",
    "juicer",
    "kayaks",
    "kettle",
    "kids_pool",
    "lake_view",
    "library",
    "lift_access",
    "linen_chest",
    "long_drive",
    "luggage_storage",
    "massage_chair",
    "microwave",
    "minibar",
    "mosquito_nets",
    "mountain_view",
    "oven",
    "outdoor_shower",
    "patio",
    "piano",
    "ping_pong",
    "pool_fence",
    "private_beach",
    "private_entrance",
    "raclette_set",
    "radiators",
    "radio",
    "reception",
    "river_view",
    "rooftop",
    "safe",
    "sauna",
    "shutters",
    "ski_in_ski_out",
    "ski_locker",
    "smoke_detector",
    "smoking_allowed",
    "soundproofing",
    "steam_room",
    "table_football",
    "telephone",
    "tennis_court",
    "toaster",
    "trampoline",
    "veranda",
    "wheelchair_access",
    "wine_cellar",
    "wood_stove",
)

KEY_OF = {
    "wifi": "internet",
    "washer": "washing_machine",
    "dryer": "tumble_dryer",
    "pool": "swimming_pool",
    "tv": "television",
    "crib": "cot",
    "pets_allowed": "pets_welcome",
    "workspace": "desk",
}
"""BookingSync's key for a word of the neutral portfolio, where it is another."""

ID_OF = {key: AMENITIES + number for number, key in enumerate(KEYS, start=1)}


def amenity_id(word: str) -> int:
    """The id of an amenity of the portfolio."""
    return ID_OF[KEY_OF.get(word, word)]


def catalogue() -> list[Fixed]:
    """All amenities."""
    return [
        Fixed(
            ident,
            None,
            CATALOGUED_AT,
            {
                "id": ident,
                "key": key,
                "title": {"en": key.replace("_", " ").capitalize()},
                "created_at": instant(CATALOGUED_AT),
                "updated_at": instant(CATALOGUED_AT),
            },
        )
        for key, ident in ID_OF.items()
    ]
