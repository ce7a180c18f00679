"""The plugin whose quality is checked, and what its simulator holds."""

from dataclasses import dataclass, field
from pathlib import Path

from providers.capabilities import Capability
from providers.contract import Plugin, capabilities
from providers.errors import ProviderError
from providers.quality.bounds import CallBounds
from providers.quality.connection import all_listings, all_reservations, connected
from providers.quality.folder import folder_of
from providers.quality.level import NotApplicable, RuleBroken
from providers.quality.reads import Sample


@dataclass(slots=True, kw_only=True)
class Subject:
    """One plugin under check. ``sample`` is read from a new simulator at first use; later ones hold the same."""

    plugin: Plugin
    bounds: CallBounds
    _sample: Sample | None = field(default=None, init=False)

    @property
    def folder(self) -> Path:
        return folder_of(self.plugin)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return capabilities(self.plugin.client_class)

    def needs(self, *capabilities: Capability) -> None:
        """Raises ``NotApplicable`` unless the plugin has all of these."""
        missing = [each for each in capabilities if each not in self.capabilities]
        if missing:
            raise NotApplicable(f"the plugin has no capability {', '.join(missing)}")

    async def sample(self) -> Sample:
        """All listings and reservations of the simulated account. Empty where the plugin cannot list them."""
        if self._sample is None:
            self._sample = await self._read_sample()
        return self._sample

    async def _read_sample(self) -> Sample:
        try:
            async with connected(self.plugin) as there:
                return Sample(
                    listings=await all_listings(there) if Capability.LISTINGS in self.capabilities else [],
                    reservations=await all_reservations(there) if Capability.RESERVATIONS in self.capabilities else [],
                    today=there.today,
                )
        except ProviderError as error:
            raise RuleBroken(f"the simulated account cannot be read: {error.code}") from None
