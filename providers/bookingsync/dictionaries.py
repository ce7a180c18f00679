"""Words that BookingSync's documentation (section Enums) fixes for all accounts: no call brings them."""

from providers.model import DictionaryEntry, DictionaryKind
from providers.vocabulary import property_type

RENTAL_TYPES = (
    "apartment",
    "bastide",
    "boat",
    "bungalow",
    "bed-and-breakfast",
    "cabin",
    "castle",
    "cave",
    "chalet",
    "condominium",
    "cottage",
    "dormitory",
    "earth-house",
    "farmhouse",
    "gite",
    "holiday-home",
    "house",
    "hut",
    "igloo",
    "island",
    "lighthouse",
    "loft",
    "longere",
    "manor",
    "mas",
    "mill",
    "plane",
    "private-room",
    "private-room-in-apartment",
    "private-room-in-house",
    "recreational-vehicle",
    "studio",
    "tent",
    "tipi",
    "townhouse",
    "train",
    "treehouse",
    "villa",
    "yurt",
)
LOCALES = (
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "fi",
    "fr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "lt",
    "lv",
    "mk",
    "nb",
    "nl",
    "pl",
    "pt",
    "ro",
    "rs",
    "ru",
    "sk",
    "sv",
    "uk",
    "zh",
    "zh-TW",
)
CURRENCIES = (
    "AED",
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "CZK",
    "DKK",
    "EUR",
    "GBP",
    "HUF",
    "IDR",
    "INR",
    "JPY",
    "MYR",
    "NZD",
    "PLN",
    "RUB",
    "THB",
    "UAH",
    "USD",
)

# Locales that are no ISO 639-1 code of their language: "rs" is a country's, "zh-TW" names a script's region too.
_LANGUAGE_OF = {"rs": "sr", "zh-TW": "zh"}

KINDS = frozenset(
    {
        DictionaryKind.AMENITIES,
        DictionaryKind.CURRENCIES,
        DictionaryKind.LANGUAGES,
        DictionaryKind.PROPERTY_TYPES,
    }
)


def fixed_entries(kind: DictionaryKind) -> list[DictionaryEntry] | None:
    """The words of a kind; None for a kind that BookingSync does not fix."""
    if kind is DictionaryKind.CURRENCIES:
        return [DictionaryEntry(provider_id=code, name=code, kind=code) for code in CURRENCIES]
    if kind is DictionaryKind.LANGUAGES:
        return [DictionaryEntry(provider_id=each, name=each, kind=_LANGUAGE_OF.get(each, each)) for each in LOCALES]
    if kind is DictionaryKind.PROPERTY_TYPES:
        return [DictionaryEntry(provider_id=each, name=each, kind=property_type(each)) for each in RENTAL_TYPES]
    return None
