"""A simulated Hostaway with some accounts."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from providers.contract import SimulatorOptions
from providers.hostaway.simulator.accounts import LISTINGS_OF_AN_ACCOUNT, SimulatedAccount
from providers.hostaway.simulator.app import Api
from providers.hostaway.simulator.limits import Limits
from providers.hostaway.simulator.readings import HostawayReadings
from providers.hostaway.simulator.tokens import Tokens
from providers.manifest import AuthType
from providers.simulation.clock import utc_now
from providers.simulation.simulated import SimulatedPms


class HostawaySimulation:
    """A running simulator: ``app`` is the API, ``accounts`` the data behind it, ``tokens`` those it issued."""

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        today: date,
        now: Callable[[], datetime],
        readings: HostawayReadings,
    ) -> None:
        if not 0 <= options.listings < LISTINGS_OF_AN_ACCOUNT:
            raise ValueError(f"An account has at most {LISTINGS_OF_AN_ACCOUNT - 1} listings.")
        self.readings = readings
        self.accounts = tuple(
            SimulatedAccount(
                index=index,
                seed=options.seed,
                listing_count=options.listings,
                today=today,
                readings=readings,
            )
            for index in range(options.accounts)
        )
        by_id = {account.id: account for account in self.accounts}
        self.tokens = Tokens(by_id, readings, now, options.seed)
        api = Api(by_id, readings, self.tokens, now)
        self.limits = Limits(options.limits, readings, now, api.account_of)
        self._app = api.app(self.limits, options.latency)

    @property
    def app(self) -> SimulatedPms:
        """The ASGI app; it also tells of ``calls`` and takes ``faults``."""
        return self._app

    def credentials(self) -> Sequence[tuple[AuthType, dict[str, Any]]]:
        """One (auth type, authConfig) per account, in order."""
        return [(AuthType.API_KEY, {"accountId": account.id, "apiKey": account.secret}) for account in self.accounts]

    def access_token(self, index: int = 0, *, life: float | None = None) -> str:
        """A token of account number ``index`` that works at once, for ``life`` seconds."""
        return self.tokens.issue(self.accounts[index], settled=True, life=life)


def simulator(
    options: SimulatorOptions,
    *,
    today: date | None = None,
    now: Callable[[], datetime] = utc_now,
    readings: HostawayReadings | None = None,
) -> HostawaySimulation:
    """A simulated Hostaway. Its stays lie around ``today`` (the UTC day of ``now`` if not given).

    ``options.limits`` is ``documented`` or ``seed`` (15 calls per 10 seconds and IP address, 20 per account),
    ``2026-08`` or ``off``. Raises ``ValueError`` for other profiles and too many listings.
    """
    return HostawaySimulation(options, today=today or now().date(), now=now, readings=readings or HostawayReadings())
