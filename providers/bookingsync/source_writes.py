"""The source of a booking: found by its name, and made only where it is missing."""

from providers.bookingsync.envelope import all_records
from providers.bookingsync.manifest import RECORDS_PER_PAGE
from providers.bookingsync.resources import Options, Resources
from providers.bookingsync.sending import BOOKINGS_WRITE, Sender
from providers.bookingsync.wire import Record
from providers.changes import Progress, ReservationChange, ReservationDraft, or_none, refused
from providers.changes.refusals import ProblemKind
from providers.model import Channel
from providers.vocabulary import channel
from providers.wire import LenientBool, LenientStr, read_records

_SOURCES: Options = (("per_page", str(RECORDS_PER_PAGE)), ("fields", "id,name,internal"))
"""Without the links: they name all bookings that ever came from a source."""

_MOST_PAGES = 10
LONGEST_NAME = 50
_NAMES = {
    Channel.WEBSITE: "Website",
    Channel.AIRBNB: "Airbnb",
    Channel.BOOKING_COM: "Booking.com",
    Channel.VRBO: "HomeAway.com",
    Channel.EXPEDIA: "Expedia",
    Channel.MARRIOTT: "Marriott Homes & Villas",
    Channel.TRIPADVISOR: "Tripadvisor",
    Channel.GOOGLE: "Google",
    Channel.GDS: "GDS",
    Channel.PARTNER: "Partner",
    Channel.ICAL: "iCal Import",
    Channel.OTHER: "Other",
}
"""What the source of a channel is called where it has to be made. The names are free text."""


class SourceRecord(Record):
    name: LenientStr = None
    internal: LenientBool = None


class Sources:
    """The sources of one account."""

    def __init__(self, resources: Resources, sender: Sender) -> None:
        self._resources = resources
        self._sender = sender

    async def source_id(self, change: ReservationChange, progress: Progress) -> str | None:
        """The id of the source that ``change`` names by its channel or its own words; None where it names none.

        One call for a hundred sources, and one more where none fits. Raises ``ChangeRefused``.
        """
        of = or_none(change.channel) if isinstance(change, ReservationDraft) else None
        named = (or_none(change.source) or "").strip()
        if len(named) > LONGEST_NAME:
            raise refused(ProblemKind.OUT_OF_RANGE, f"It has at most {LONGEST_NAME} characters.", "source")
        if named and of not in (None, Channel.DIRECT, Channel.OTHER) and channel(named) is not of:
            said = "BookingSync keeps one source of a booking: leave out channel, or source."
            raise refused(ProblemKind.INVALID, said, "source")
        if not named and (of is None or of is Channel.DIRECT):
            return None
        if (made := progress.made("source")) is not None:
            return made
        wanted = named or _NAMES[of or Channel.OTHER]
        found = await self._found(wanted, None if named else of)
        if found is not None:
            return found
        source = await self._sender.create("sources", "sources", {"name": wanted}, scopes=BOOKINGS_WRITE)
        await progress.note("source", source.id)
        return source.id

    async def _found(self, name: str, of: Channel | None) -> str | None:
        """A source of that name, else one whose name means the channel. Internal ones cannot be used."""
        pages = await self._resources.walk("sources", _SOURCES, most=_MOST_PAGES)
        sources = [each for each in read_records(SourceRecord, all_records(pages))[0] if not each.internal]
        same = [each for each in sources if (each.name or "").strip().casefold() == name.casefold()]
        meant = [each for each in sources if of is not None and of is not Channel.OTHER and channel(each.name) is of]
        return next((each.id for each in (*same, *meant)), None)
