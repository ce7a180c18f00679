"""What providers can do, in words for clients, and the methods of a client that make up each of it."""

from providers.model.described import Described


class Capability(Described):
    """What a provider can do, seen from the schema."""

    ACCOUNT = "ACCOUNT", "Tell about the business account behind the connection."
    LISTINGS = "LISTINGS", "List listings and read them by id."
    RESERVATIONS = "RESERVATIONS", "List reservations and read them by id."
    CALENDAR = "CALENDAR", "Tell which nights are free, at what price, under which rules."
    PRICE_DETAILS = "PRICE_DETAILS", "Quote what a stay costs."
    AVAILABILITY_SEARCH = "AVAILABILITY_SEARCH", "Search for listings that are free for a stay."
    PROVIDER_ACCOUNTS = "PROVIDER_ACCOUNTS", "List every business account that the credentials see."
    USERS = "USERS", "Tell who works in the PMS, and with which listings."
    FEES = "FEES", "Tell the fees of listings."
    TAXES = "TAXES", "Tell the taxes of listings."
    UNITS = "UNITS", "Tell the units of listings that stand for several like places."
    AGREEMENTS = "AGREEMENTS", "Tell the rental agreements of listings."
    PRICING_SETTINGS = "PRICING_SETTINGS", "Tell how prices of listings are made."
    CANCELLATION_POLICIES = "CANCELLATION_POLICIES", "Tell cancellation policies with their steps."
    DICTIONARIES = "DICTIONARIES", "Tell the words that records name by id."
    CUSTOM_FIELDS = "CUSTOM_FIELDS", "Tell the fields that the business added."
    CREATE_RESERVATIONS = "CREATE_RESERVATIONS", "Make reservations."
    UPDATE_RESERVATIONS = "UPDATE_RESERVATIONS", "Change reservations."
    CANCEL_RESERVATIONS = "CANCEL_RESERVATIONS", "Call reservations off."
    DELETE_RESERVATIONS = "DELETE_RESERVATIONS", "Remove reservations for good."
    REPORT_NO_SHOWS = "REPORT_NO_SHOWS", "Report guests who did not come."
    CHANGE_CALENDARS = "CHANGE_CALENDARS", "Change prices, rules and availability of nights."
    CREATE_LISTINGS = "CREATE_LISTINGS", "Make listings."
    UPDATE_LISTINGS = "UPDATE_LISTINGS", "Change listings."
    DELETE_LISTINGS = "DELETE_LISTINGS", "Remove listings."
    ADD_IMAGES = "ADD_IMAGES", "Add pictures to listings."
    EXPORT_LISTINGS = "EXPORT_LISTINGS", "Send listings to channels."
    CHANGE_FEES = "CHANGE_FEES", "Make, change and remove fees of listings."
    CHANGE_TAXES = "CHANGE_TAXES", "Make, change and remove taxes of listings."
    CHANGE_AGREEMENTS = "CHANGE_AGREEMENTS", "Make, change, copy and remove rental agreements."
    CHANGE_PRICING_SETTINGS = "CHANGE_PRICING_SETTINGS", "Change how prices of listings are made."
    CHANGE_CANCELLATION_POLICIES = "CHANGE_CANCELLATION_POLICIES", "Make, change and remove cancellation policies."
    SUBSCRIBE_WEBHOOKS = "SUBSCRIBE_WEBHOOKS", "Be told through its API where to send webhooks."


METHODS = {
    Capability.ACCOUNT: ("account",),
    Capability.LISTINGS: ("listing_page", "listings"),
    Capability.RESERVATIONS: ("reservation_page", "reservations", "reservations_by_listing"),
    Capability.CALENDAR: ("calendars",),
    Capability.PRICE_DETAILS: ("quotes",),
    Capability.AVAILABILITY_SEARCH: ("free_listings",),
    Capability.PROVIDER_ACCOUNTS: ("provider_accounts",),
    Capability.USERS: ("users",),
    Capability.FEES: ("fees",),
    Capability.TAXES: ("taxes",),
    Capability.UNITS: ("units",),
    Capability.AGREEMENTS: ("agreements",),
    Capability.PRICING_SETTINGS: ("pricing_settings",),
    Capability.CANCELLATION_POLICIES: ("cancellation_policies",),
    Capability.DICTIONARIES: ("dictionary",),
    Capability.CUSTOM_FIELDS: ("custom_fields",),
    Capability.CREATE_RESERVATIONS: ("create_reservation", "find_reservation"),
    Capability.UPDATE_RESERVATIONS: ("update_reservation",),
    Capability.CANCEL_RESERVATIONS: ("cancel_reservation",),
    Capability.DELETE_RESERVATIONS: ("delete_reservation",),
    Capability.REPORT_NO_SHOWS: ("report_no_show",),
    Capability.CHANGE_CALENDARS: ("change_calendar",),
    Capability.CREATE_LISTINGS: ("create_listing", "find_listing"),
    Capability.UPDATE_LISTINGS: ("update_listing",),
    Capability.DELETE_LISTINGS: ("delete_listing",),
    Capability.ADD_IMAGES: ("add_images",),
    Capability.EXPORT_LISTINGS: ("export_listing",),
    Capability.CHANGE_FEES: ("create_fee", "update_fee", "delete_fee"),
    Capability.CHANGE_TAXES: ("create_tax", "update_tax", "delete_tax"),
    Capability.CHANGE_AGREEMENTS: (
        "create_agreement",
        "update_agreement",
        "delete_agreement",
        "duplicate_agreement",
    ),
    Capability.CHANGE_PRICING_SETTINGS: ("update_pricing_settings",),
    Capability.CHANGE_CANCELLATION_POLICIES: (
        "create_cancellation_policy",
        "update_cancellation_policy",
        "delete_cancellation_policy",
    ),
    Capability.SUBSCRIBE_WEBHOOKS: ("subscribe_webhooks", "unsubscribe_webhooks"),
}
