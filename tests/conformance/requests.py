"""Questions to ask any PMS, made from what its simulator holds."""

from collections.abc import Mapping

from providers.quality import reads
from providers.quality.connection import Connection
from providers.quality.reads import Read, Sample, a_week, unknown_id
from providers.queries import Days, QuoteRequest
from tests.conformance.known import Known

__all__ = ["Read", "a_week", "every_read", "quote_requests", "unknown_id"]


def quote_requests(known: Known, days: Days) -> list[QuoteRequest]:
    """The same stay in every listing."""
    return reads.quote_requests(known.listings, days)


def every_read(there: Connection, known: Known) -> Mapping[str, Read]:
    """Every method of the client that its capabilities cover, each with a question that has an answer."""
    sample = Sample(listings=known.listings[:2], reservations=known.reservations[:2], today=there.today)
    return reads.every_read(there.client, sample)
