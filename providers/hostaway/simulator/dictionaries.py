"""Reference data. Hostaway does not document its full lists: the ids here are this simulator's own."""

from providers.simulation.vocabulary import AMENITIES, PLACES

AMENITY_IDS = {name: number for number, name in enumerate(AMENITIES, start=1)}
AMENITY_LABELS = {
    "wifi": "Internet",
    "tv": "Cable TV",
    "air_conditioning": "Air conditioning",
    "hot_tub": "Hot tub",
    "pets_allowed": "Pets allowed",
    "parking": "Free parking",
    "pool": "Swimming pool",
    "crib": "Baby crib",
    "sea_view": "Sea view",
    "workspace": "Laptop friendly workspace",
}

PROPERTY_TYPE_IDS = {
    "apartment": 1,
    "house": 2,
    "villa": 6,
    "cabin": 8,
    "studio": 33,
    "chalet": 11,
    "cottage": 13,
    "loft": 4,
}

BED_TYPES = {1: "Single bed", 2: "Double bed", 3: "Queen size bed", 4: "King size bed", 5: "Sofa bed"}

CURRENCY_NAMES = {
    "EUR": "Euro",
    "GBP": "British Pound",
    "JPY": "Japanese Yen",
    "NOK": "Norwegian Krone",
    "PLN": "Polish Złoty",
    "USD": "US Dollar",
}

LANGUAGES = {
    "ar": "Arabic",
    "ca": "Catalan",
    "cs": "Czech",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "nb": "Norwegian Bokmål",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

COUNTRIES = {place.country_code: place.country for place in PLACES}
TIME_ZONES = tuple(sorted({place.time_zone for place in PLACES}))

CHANNELS = {
    2000: "direct",
    2002: "homeaway",
    2005: "bookingcom",
    2007: "expedia",
    2009: "homeawayical",
    2010: "vrboical",
    2013: "bookingengine",
    2015: "customIcal",
    2016: "tripadvisorical",
    2017: "wordpress",
    2018: "airbnbOfficial",
    2019: "marriott",
    2020: "partner",
    2021: "gds",
    2022: "google",
}
"""Channel ids and names (Hostaway documentation, channels)."""


def amenity_label(name: str) -> str:
    return AMENITY_LABELS.get(name, name.replace("_", " ").capitalize())
