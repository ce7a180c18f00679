"""The words that invented businesses are made of: real towns, made-up houses and people."""

from typing import NamedTuple


class PlaceWords(NamedTuple):
    """A town, what a night costs there (in its currency), and how its streets and houses are called."""

    name: str
    state: str
    country: str
    country_code: str
    latitude: float
    longitude: float
    currency: str
    time_zone: str
    postal_code: str
    price_level: int
    tax_percent: str
    streets: tuple[str, ...]
    house_names: tuple[str, ...]


PLACES: tuple[PlaceWords, ...] = (
    PlaceWords(
        *(
            "Bremerhaven",
            "Bremen",
            "Germany",
            "DE",
            53.5396,
            8.5809,
            "EUR",
            "Europe/Berlin",
            "27570",
            95,
            "5",
        ),
        ("Hafenstraße", "Am Alten Vorhafen", "Schifferweg"),
        ("Hafenloft", "Möwennest", "Kapitänshaus", "Haus Süderelbe", "Lütte Koje", "Zum Leuchtturm"),
    ),
    PlaceWords(
        *(
            "Annecy",
            "Haute-Savoie",
            "France",
            "FR",
            45.8992,
            6.1294,
            "EUR",
            "Europe/Paris",
            "74000",
            140,
            "4.5",
        ),
        ("Rue Sainte-Claire", "Quai de l'Île", "Avenue d'Albigny"),
        (
            "Chalet des Alpages",
            "La Maison du Lac",
            "Le Nid d'Été",
            "Villa Églantine",
            "Côté Canal",
            "Les Noisetiers",
        ),
    ),
    PlaceWords(
        "Porto",
        "Porto",
        "Portugal",
        "PT",
        41.1496,
        -8.6109,
        "EUR",
        "Europe/Lisbon",
        "4000-322",
        105,
        "6",
        ("Rua das Flores", "Rua de São João", "Travessa do Ouro"),
        ("Casa do Rio", "Solar da Ribeira", "Água-furtada Azul", "Casa das Camélias", "Varanda do Douro"),
    ),
    PlaceWords(
        "Cefalù",
        "Sicilia",
        "Italy",
        "IT",
        38.0394,
        14.0228,
        "EUR",
        "Europe/Rome",
        "90015",
        120,
        "3",
        ("Via Vittorio Emanuele", "Lungomare Giardina", "Vicolo dei Saraceni"),
        ("Casa della Scogliera", "Terrazza sul Mare", "Villa Zagara", "Il Dammuso", "La Città Vecchia"),
    ),
    PlaceWords(
        "Ronda",
        "Andalucía",
        "Spain",
        "ES",
        36.7462,
        -5.1612,
        "EUR",
        "Europe/Madrid",
        "29400",
        90,
        "10",
        ("Calle Armiñán", "Paseo de los Ingleses", "Calle Virgen de la Paz"),
        ("Casa del Tajo", "Cortijo El Señorío", "La Niña Blanca", "Molino de Abajo", "El Balcón"),
    ),
    PlaceWords(
        *(
            "Brighton",
            "East Sussex",
            "United Kingdom",
            "GB",
            50.8225,
            -0.1372,
            "GBP",
            "Europe/London",
            "BN1 1NH",
        ),
        130,
        "0",
        ("Regency Square", "Ship Street", "Madeira Drive"),
        ("Lanes Mews", "Pebble Cottage", "Regency View", "The Old Bakery", "Pier House"),
    ),
    PlaceWords(
        "Tromsø",
        "Troms",
        "Norway",
        "NO",
        69.6496,
        18.956,
        "NOK",
        "Europe/Oslo",
        "9008",
        1450,
        "12",
        ("Storgata", "Sjøgata", "Fjellveien"),
        ("Nordlyshytta", "Rorbu Håkøya", "Fjellstua", "Sjøbua", "Polarnatt"),
    ),
    PlaceWords(
        *(
            "Zakopane",
            "Małopolskie",
            "Poland",
            "PL",
            49.2992,
            19.9496,
            "PLN",
            "Europe/Warsaw",
            "34-500",
            420,
            "8",
        ),
        ("ulica Krupówki", "ulica Kościeliska", "ulica Strążyska"),
        ("Górska Chata", "Dom pod Giewontem", "Źródełko", "Willa Jaśmin", "Leśna Przystań"),
    ),
    PlaceWords(
        *(
            "Ναύπλιο",
            "Αργολίδα",
            "Greece",
            "GR",
            37.5673,
            22.8016,
            "EUR",
            "Europe/Athens",
            "211 00",
            85,
            "13",
        ),
        ("Σταϊκοπούλου", "Βασιλέως Κωνσταντίνου"),
        ("Το Σπίτι της Θάλασσας", "Αρχοντικό Παλαμήδι", "Μπουκαμβίλια", "Villa Arvanitia"),  # noqa: RUF001 (Greek)
    ),
    PlaceWords(
        "Hakuba",
        "Nagano",
        "Japan",
        "JP",
        36.6982,
        137.8619,
        "JPY",
        "Asia/Tokyo",
        "399-9301",
        18500,
        "10",
        ("Wadano no Mori", "Echoland-dori", "Happo"),
        ("白馬の森の家", "Yuki no Yado", "山小屋ひだまり", "Happo Lodge", "Komorebi Chalet"),
    ),
    PlaceWords(
        *(
            "Asheville",
            "North Carolina",
            "United States",
            "US",
            35.5951,
            -82.5515,
            "USD",
            "America/New_York",
            "28801",
        ),
        175,
        "13",
        ("Haywood Road", "Merrimon Avenue", "Town Mountain Road"),
        ("Blue Ridge Cabin", "Mountain Laurel Cottage", "French Broad Bungalow", "Bear Creek Lodge"),
    ),
    PlaceWords(
        "Bend",
        "Oregon",
        "United States",
        "US",
        44.0582,
        -121.3153,
        "USD",
        "America/Los_Angeles",
        "97703",
        190,
        "10.4",
        ("NW Galveston Avenue", "SW Century Drive", "NW Drake Road"),
        ("Deschutes River House", "Juniper Ridge", "Sagebrush Studio", "Tumalo A-Frame"),
    ),
    PlaceWords(
        *(
            "Hội An",
            "Quảng Nam",
            "Vietnam",
            "VN",
            15.8801,
            108.338,
            "USD",
            "Asia/Ho_Chi_Minh",
            "560000",
            60,
            "8",
        ),
        ("Đường Trần Phú", "Đường Cửa Đại"),
        ("Nhà Đèn Lồng", "Villa Sông Hoài", "Ngôi Nhà Tre", "An Bàng Beach House"),
    ),
)


class PersonWords(NamedTuple):
    """A name, its form in plain letters for an e-mail address, and where its bearer lives."""

    first_name: str
    last_name: str
    plain: str
    country_code: str
    city: str
    locale: str
    dialling_code: str


PEOPLE: tuple[PersonWords, ...] = (
    PersonWords("Ada", "Byron", "ada.byron", "GB", "London", "en", "+44"),
    PersonWords("Jürgen", "Weiß", "juergen.weiss", "DE", "München", "de", "+49"),
    PersonWords("Zoë", "van der Meer", "zoe.vandermeer", "NL", "Utrecht", "nl", "+31"),
    PersonWords("François", "Lefèvre", "francois.lefevre", "FR", "Besançon", "fr", "+33"),
    PersonWords("Inês", "Gonçalves", "ines.goncalves", "PT", "Évora", "pt", "+351"),
    PersonWords("Łukasz", "Wójcik", "lukasz.wojcik", "PL", "Łódź", "pl", "+48"),
    PersonWords("Αλέξανδρος", "Παπαδόπουλος", "alexandros.papadopoulos", "GR", "Θεσσαλονίκη", "el", "+30"),
    PersonWords("美咲", "佐藤", "misaki.sato", "JP", "札幌市", "ja", "+81"),
    PersonWords("Ольга", "Ткаченко", "olha.tkachenko", "UA", "Львів", "uk", "+380"),
    PersonWords("Siobhán", "O'Brien", "siobhan.obrien", "IE", "Gaillimh", "en", "+353"),
    PersonWords("Nguyễn", "Thị Mai", "nguyen.mai", "VN", "Đà Nẵng", "vi", "+84"),
    PersonWords("Håkon", "Sørensen", "hakon.sorensen", "NO", "Bodø", "nb", "+47"),
    PersonWords("Núria", "Puig i Ferrer", "nuria.puig", "ES", "Girona", "ca", "+34"),
    PersonWords("Chiara", "D'Angelò", "chiara.dangelo", "IT", "Forlì", "it", "+39"),
    PersonWords("Kwame", "Mensah", "kwame.mensah", "GH", "Kumasi", "en", "+233"),
    PersonWords("Priya", "Raghunathan", "priya.raghunathan", "IN", "Chennai", "en", "+91"),
    PersonWords("Mia", "Johnson", "mia.johnson", "US", "Portland", "en", "+1"),
    PersonWords("Tomáš", "Dvořák", "tomas.dvorak", "CZ", "Plzeň", "cs", "+420"),
    PersonWords("يوسف", "الحداد", "youssef.haddad", "MA", "Rabat", "ar", "+212"),
    PersonWords("Ana-María", "Muñoz Peña", "anamaria.munoz", "MX", "Mérida", "es", "+52"),
    PersonWords("Şebnem", "Yıldız", "sebnem.yildiz", "TR", "İzmir", "tr", "+90"),  # noqa: RUF001 (Turkish)
    PersonWords("李", "伟", "li.wei", "CN", "成都", "zh", "+86"),
    PersonWords("Oliver", "Brown", "oliver.brown", "AU", "Hobart", "en", "+61"),
    PersonWords("Noah", "Müller", "noah.mueller", "CH", "Zürich", "de", "+41"),
)

BUSINESS_NAMES: tuple[str, ...] = (
    "Sand & Stern Ferienhäuser",
    "Maisons du Lac",
    "Blue Door Stays",
    "Casas com Alma",
    "Fjord og Fjell Utleie",
    "Old Town Keys",
    "Σπίτια του Ήλιου",
    "Komorebi Rentals",
)

KINDS: tuple[str, ...] = ("apartment", "house", "villa", "cabin", "studio", "chalet", "cottage", "loft")

AMENITIES: tuple[str, ...] = (
    "wifi",
    "kitchen",
    "washer",
    "dryer",
    "dishwasher",
    "air_conditioning",
    "heating",
    "parking",
    "pool",
    "hot_tub",
    "fireplace",
    "balcony",
    "garden",
    "elevator",
    "tv",
    "crib",
    "pets_allowed",
    "barbecue",
    "sea_view",
    "workspace",
)

HEADLINES: tuple[str, ...] = (
    "Quiet rooms a short walk from the old town",
    "Light, space and a view to wake up to",
    "A family place with everything at hand",
    "Small, bright and close to the water",
    "Restored with care, heated in winter",
    "For long evenings outside",
)

SENTENCES: tuple[str, ...] = (
    "The kitchen has all you need to cook for everybody.",
    "Bakery and market are five minutes away on foot.",
    "Mornings are sunny on the terrace; evenings are cool.",
    "Bring shoes for the paths that begin behind the house.",
    "The beds are made when you arrive.",
    "There is a desk with fast internet for those who must work.",
    "Bicycles are in the shed, first come, first served.",
    "Café, crêperie & bar «Chez Zoé» is just around the corner - très bon!",
)

NOTES: tuple[str, ...] = (
    "We arrive late, around 22:00.",
    "Could we have a crib, please?",
    "Celebrating an anniversary 🎉",
    "Peut-on garer deux voitures ?",
    "Reist mit Hund (klein).",
    "Allergic to feathers - synthetic pillows would help.",
)
