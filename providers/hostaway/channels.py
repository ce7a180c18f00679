"""Hostaway's channels: a fixed table of its documentation, for there is no call that lists them."""

from collections.abc import Mapping

from providers import vocabulary
from providers.hostaway.wire import WireReservation
from providers.model import Channel

# Hostaway documentation, Channels; 2001 is the old Airbnb channel that its samples still show.
CHANNEL_NAMES: Mapping[str, str] = {
    "2000": "direct",
    "2001": "airbnb",
    "2002": "homeaway",
    "2005": "bookingcom",
    "2007": "expedia",
    "2009": "homeawayical",
    "2010": "vrboical",
    "2013": "bookingengine",
    "2015": "customIcal",
    "2016": "tripadvisorical",
    "2017": "wordpress",
    "2018": "airbnbOfficial",
    "2019": "marriott",
    "2020": "partner",
    "2021": "gds",
    "2022": "google",
}

_CHANNELS = {number: vocabulary.channel(name) for number, name in CHANNEL_NAMES.items()}


def channel_of(wire: WireReservation) -> Channel | None:
    """Where a reservation came from: by the channel's number where the table has it, else by its name."""
    found = _CHANNELS.get(wire.channel_id or "") or vocabulary.channel(wire.channel_name)
    return Channel.OTHER if found is None and wire.channel_id else found


def only_id(channels: frozenset[Channel]) -> str | None:
    """The number of the one Hostaway channel that holds all of ``channels``; None where there are more, or none.

    ``channelId`` takes one value. ``OTHER`` and what has several numbers cannot be asked for.
    """
    ids = [number for number, name in CHANNEL_NAMES.items() if vocabulary.channel(name) in channels]
    return ids[0] if len(ids) == 1 and len(channels) == 1 else None
