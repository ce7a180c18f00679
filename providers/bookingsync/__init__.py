"""BookingSync, sold as Smily: API v3, read side."""

from providers.bookingsync.plugin import BookingsyncPlugin

PLUGIN = BookingsyncPlugin()

__all__ = ["PLUGIN"]
