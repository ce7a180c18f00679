"""From a PMS's own words to those of the unified model: amenities, kinds of building, channels.

A word is known or it is not: only whole names are compared, without case, accents, spaces and punctuation. "Pool
table" is no pool and "No smoking" allows nothing, so parts of names prove nothing. Plugins keep the PMS's own word
beside what is found here.
"""

import unicodedata
from collections.abc import Mapping
from typing import TypeVar

from providers.model import AmenityKind, Channel, PropertyType

W = TypeVar("W")

# Words as people write them, parted by commas. English, and the keys and local words that PMSs use.
_AMENITIES: Mapping[AmenityKind, str] = {
    AmenityKind.INTERNET: """internet, wifi, wireless, wireless internet, internet access, free internet, free wifi,
        high speed internet, high speed wifi, fast wifi, ethernet connection, wired internet, broadband,
        internet connection, pocket wifi""",
    AmenityKind.KITCHEN: """kitchen, full kitchen, kitchenette, fully equipped kitchen, equipped kitchen,
        private kitchen, shared kitchen, open kitchen, outdoor kitchen""",
    AmenityKind.AIR_CONDITIONING: """air conditioning, air conditioner, aircon, ac, central air conditioning,
        portable air conditioning""",
    AmenityKind.HEATING: """heating, central heating, heater, radiators, underfloor heating, portable heaters,
        electric heating, gas heating""",
    AmenityKind.FIREPLACE: """fireplace, indoor fireplace, gas fireplace, wood fireplace, wood stove,
        wood burning stove, pellet stove, fireplace stove""",
    AmenityKind.WASHER: "washer, washing machine, clothes washer, free washer, laundry machine, washer dryer",
    AmenityKind.DRYER: "dryer, tumble dryer, clothes dryer, free dryer, tumble drier",
    AmenityKind.DISHWASHER: "dishwasher",
    AmenityKind.MICROWAVE: "microwave, microwave oven",
    AmenityKind.OVEN: """oven, stove, cooker, gas stove, electric stove, gas oven, electric oven, stove oven,
        oven stove, hob, cooktop, cooking hob, induction hob, hot plates""",
    AmenityKind.REFRIGERATOR: "refrigerator, fridge, freezer, fridge freezer, mini fridge, deep freezer",
    AmenityKind.COFFEE_MAKER: """coffee maker, coffee machine, kettle, electric kettle, coffee, espresso machine,
        nespresso machine, coffee tea maker, tea and coffee maker, hot water kettle""",
    AmenityKind.TV: """tv, television, cable tv, cable television, satellite tv, satellite television, smart tv,
        flat screen tv, cable satellite tv, hdtv""",
    AmenityKind.POOL: """pool, swimming pool, private pool, shared pool, communal pool, indoor pool, outdoor pool,
        heated pool, kids pool, children pool, private swimming pool, shared swimming pool, indoor swimming pool,
        outdoor swimming pool, heated swimming pool, communal swimming pool, infinity pool, rooftop pool,
        above ground pool""",
    AmenityKind.HOT_TUB: "hot tub, jacuzzi, whirlpool, spa bath, private hot tub, shared hot tub, outdoor hot tub",
    AmenityKind.SAUNA: "sauna, steam room, private sauna, shared sauna, hammam, infrared sauna, turkish bath",
    AmenityKind.GYM: "gym, fitness room, fitness center, fitness centre, gymnasium, exercise room, private gym",
    AmenityKind.PARKING: """parking, free parking, free parking on premises, free parking on street, street parking,
        free street parking, paid parking, paid parking on premises, paid parking off premises, private parking,
        parking space, parking available, parking on premises, parking garage, garage, carport, covered parking,
        on site parking, indoor parking, outdoor parking, free private parking, parking spaces, parking place,
        residential parking""",
    AmenityKind.EV_CHARGER: """ev charger, electric car charger, electric vehicle charger, ev charging,
        electric vehicle charging station, ev car charger, electric car charging, electric car charging station""",
    AmenityKind.ELEVATOR: "elevator, lift, elevator in building, elevator access, lift access",
    AmenityKind.WHEELCHAIR_ACCESS: """wheelchair accessible, wheelchair access, accessible by wheelchair,
        handicap accessible, disabled access, wheelchair friendly""",
    AmenityKind.GARDEN: """garden, backyard, yard, garden or backyard, private garden, shared garden, fenced garden,
        fenced yard, lawn, garden backyard, fully fenced garden, private yard, enclosed garden, lawn garden""",
    AmenityKind.TERRACE: """terrace, patio, deck, covered terrace, private terrace, roof terrace, rooftop terrace,
        shared terrace, patio or balcony, deck patio, patio deck, sun terrace, veranda, porch, lanai, sun deck""",
    AmenityKind.BALCONY: "balcony, private balcony, balconies, loggia",
    AmenityKind.BARBECUE: """barbecue, bbq, grill, bbq grill, bbq area, barbecue grill, barbecue area, outdoor grill,
        charcoal grill, gas grill, barbecue utensils, electric grill, shared bbq, private bbq, gas barbecue""",
    AmenityKind.BEACH: """beach, beach access, beachfront, private beach, waterfront, near beach, beach nearby,
        shared beach access, private beach access, ocean front, oceanfront, lakefront, near ocean, lake access""",
    AmenityKind.SEA_VIEW: "sea view, ocean view, lake view, water view, beach view, sea views, bay view",
    AmenityKind.PETS_ALLOWED: "pets allowed, pets welcome, pet friendly, dogs allowed, pets considered, dogs welcome",
    AmenityKind.SMOKING_ALLOWED: "smoking allowed, smoking permitted, smokers welcome, suitable for smokers",
    AmenityKind.CHILDREN_WELCOME: """children welcome, suitable for children, suitable for infants, family friendly,
        kid friendly, family kid friendly, child friendly, kids welcome, children allowed, infants welcome,
        suitable for families, suitable for toddlers""",
    AmenityKind.CRIB: """crib, cot, baby crib, baby cot, baby bed, travel crib, travel cot, cots on request,
        pack n play travel crib, pack and play, pack n play, infant bed, cot available""",
    AmenityKind.HIGH_CHAIR: "high chair, highchair, baby high chair, baby chair",
    AmenityKind.LINEN: """linen, bed linen, bed sheets, bed linens, linens, linens provided, linen provided, bedding,
        sheets, bed linen provided""",
    AmenityKind.TOWELS: """towels, bath towels, beach towels, towels provided, hand towels, pool towels, towel,
        bathroom towels, kitchen towels, pool beach towels""",
    AmenityKind.IRON: "iron, iron and board, iron board, iron and ironing board, ironing facilities, clothes iron",
    AmenityKind.HAIR_DRYER: "hair dryer, hair drier",
    AmenityKind.WORKSPACE: """workspace, work space, laptop friendly workspace, dedicated workspace, desk, work desk,
        laptop friendly, office, desk workspace, writing desk, office desk, home office""",
    AmenityKind.BREAKFAST: "breakfast, breakfast included, continental breakfast, breakfast available, free breakfast",
    AmenityKind.SMOKE_DETECTOR: "smoke detector, smoke alarm, smoke sensor, smoke detectors",
    AmenityKind.CARBON_MONOXIDE_DETECTOR: """carbon monoxide detector, carbon monoxide alarm, co detector,
        carbon monoxide sensor, carbon monoxide detectors""",
    AmenityKind.FIRST_AID_KIT: "first aid kit, first aid, first aid box",
    AmenityKind.FIRE_EXTINGUISHER: "fire extinguisher, fire extinguishers",
    AmenityKind.SAFE: "safe, safe box, safe deposit box, strongbox, room safe, safety box",
}

_PROPERTY_TYPES: Mapping[PropertyType, str] = {
    PropertyType.APARTMENT: """apartment, flat, condominium, condo, loft, penthouse, serviced apartment, duplex,
        maisonette, condominium condo, apartment flat, rental unit, vacation apartment, holiday apartment,
        private apartment""",
    PropertyType.HOUSE: """house, townhouse, town house, holiday home, holiday house, vacation home, vacation house,
        home, townhome, row house, detached house, semi detached house, bastide, private house, private home,
        single family home, country house, residential home, tiny house, beach house, casa particular, riad, ryokan,
        cycladic house, entire house""",
    PropertyType.VILLA: "villa, manor, mansion, estate, manor house, private villa, country estate",
    PropertyType.COTTAGE: "cottage, bungalow, gite, longere, country cottage, holiday cottage",
    PropertyType.CABIN: """cabin, chalet, lodge, hut, log cabin, nature lodge, mountain hut, shepherds hut, ski chalet,
        holiday chalet, eco lodge""",
    PropertyType.STUDIO: "studio, studio apartment, studio flat, bedsit",
    PropertyType.GUEST_HOUSE: """guest house, guest suite, guesthouse, in law, granny flat, pension, homestay,
        home stay, pousada, minsu, annex, annexe""",
    PropertyType.BED_AND_BREAKFAST: "bed and breakfast, b and b, bnb, chambre d hotes",
    PropertyType.ROOM: """room, private room, private room in apartment, private room in house, shared room, bedroom,
        single room, double room""",
    PropertyType.HOTEL: """hotel, aparthotel, apart hotel, apartment hotel, inn, resort, boutique hotel, hotel room,
        hotel suite, heritage hotel, motel, suite, kezhan, condo hotel, holiday park, spa hotel""",
    PropertyType.HOSTEL: "hostel, dormitory, dorm, capsule hotel",
    PropertyType.FARM: """farmhouse, farm house, ranch, farm, farm stay, mas, cortijo, masseria, agriturismo, finca,
        barn""",
    PropertyType.CASTLE: "castle, tower, palace, chateau, fortress",
    PropertyType.BOAT: "boat, houseboat, house boat, yacht, sailboat, barge, canal boat, narrowboat",
    PropertyType.CAMPER: """camper, camper rv, caravan, recreational vehicle, rv, motorhome, camper van, campervan,
        mobile home, motor home, trailer, bus, static caravan""",
    PropertyType.CAMPING: """tent, yurt, tipi, tepee, teepee, campsite, campground, camping, camp site, glamping,
        safari tent, luxury tent""",
    PropertyType.UNIQUE: """treehouse, tree house, igloo, lighthouse, light house, windmill, mill, watermill, cave,
        train, plane, island, private island, earth house, dome house, dome, trullo, dammuso, religious building,
        ice dome, container, shipping container, cave house, hobbit house, ice hotel""",
}

_CHANNELS: Mapping[Channel, str] = {
    Channel.DIRECT: """direct, direct booking, direct bookings, manual, manual booking, phone, telephone, email,
        walk in, owner, host, offline, api""",
    Channel.WEBSITE: "website, web site, own website, own site, booking engine, wordpress, direct website, web",
    Channel.AIRBNB: "airbnb, airbnb official, airbnb com, airbnb ical, airbnb api",
    Channel.BOOKING_COM: "booking com, booking dot com, booking, booking com ical, booking com api",
    Channel.VRBO: """vrbo, vrbo ical, vrbo com, homeaway, home away, homeaway ical, homeaway com, homeaway vrbo,
        vrbo homeaway, abritel, abritel homeaway, fewo direkt, fewo direkt de, stayz, bookabach, homelidays,
        owners direct, toprural, homeaway api, abritel fr, vacation rentals by owner""",
    Channel.EXPEDIA: "expedia, expedia com, hotels com, expedia group, expedia partner central",
    Channel.MARRIOTT: "marriott, marriott homes and villas, homes and villas by marriott, marriott homes villas, hvmi",
    Channel.TRIPADVISOR: """tripadvisor, trip advisor, tripadvisor ical, tripadvisor com, flipkey, holiday lettings,
        niumba, tripadvisor rentals, tripadvisor vacation rentals""",
    Channel.GOOGLE: "google, google vr, google vacation rentals, google hotels, google ads, google travel",
    Channel.GDS: "gds, amadeus, sabre, travelport, global distribution system",
    Channel.PARTNER: "partner, partners",
    Channel.ICAL: "ical, custom ical, icalendar, ics, ical feed, ical import, ics feed",
}


def amenity_kind(text: str | None) -> AmenityKind | None:
    """The amenity that a PMS's name or key for it means; ``OTHER`` for unknown ones, None for no text."""
    return _found(text, _AMENITY_OF, AmenityKind.OTHER)


def property_type(text: str | None) -> PropertyType | None:
    """The kind of building that a PMS's word means; ``OTHER`` for unknown ones, None for no text."""
    return _found(text, _PROPERTY_TYPE_OF, PropertyType.OTHER)


def channel(text: str | None) -> Channel | None:
    """The channel that a PMS's name for it means; ``OTHER`` for unknown ones, None for no text."""
    return _found(text, _CHANNEL_OF, Channel.OTHER)


def _found(text: str | None, words: Mapping[str, W], other: W) -> W | None:
    if text is None or not text.strip():
        return None
    return words.get(_key(text), other)


def _key(text: str) -> str:
    """What is left of a name: letters and digits, without case and accents; "&" reads "and"."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    return "".join(filter(str.isalnum, plain))


def _index(words: Mapping[W, str]) -> dict[str, W]:
    return {_key(name): word for word, names in words.items() for name in names.split(",")}


_AMENITY_OF = _index(_AMENITIES)
_PROPERTY_TYPE_OF = _index(_PROPERTY_TYPES)
_CHANNEL_OF = _index(_CHANNELS)
