"""What the account of every simulator holds, read once for each plugin."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from providers.capabilities import Capability
from providers.catalogue import plugin as plugin_by_code
from providers.contract import capabilities
from providers.model import Listing, Reservation
from tests.conformance.connection import all_listings, all_reservations, connected
from tests.virtual_time import run_virtually


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The unfiltered data of one simulated account. Simulators are seeded: each new one holds the same.

    What a plugin has no capability for is empty.
    """

    listings: list[Listing]
    reservations: list[Reservation]
    today: date


@cache
def known_of(code: str) -> Known:
    async def read() -> Known:
        plugin = plugin_by_code(code)
        can = capabilities(plugin.client_class)
        async with connected(plugin) as there:
            return Known(
                listings=await all_listings(there) if Capability.LISTINGS in can else [],
                reservations=await all_reservations(there) if Capability.RESERVATIONS in can else [],
                today=there.today,
            )

    return run_virtually(read())
