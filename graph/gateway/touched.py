"""What a change at a PMS makes outdated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What of one account was changed, or may have been. Ids are the PMS's own.

    ``listings`` and ``reservations`` are records that were made, changed or removed. ``nights_of`` are listings whose
    nights are taken, freed, priced or ruled otherwise than before: with it, which reservations they have is in doubt,
    for an id may be missing after a failure, and with some PMSs a block is a reservation. ``rates_of`` are those whose
    nights were priced or ruled otherwise and neither taken nor freed. ``parts_of`` are those whose fees, taxes,
    agreements or settings changed. ``everything`` stands for all that is kept of the account, where more is not known.
    """

    listings: frozenset[str] = frozenset()
    reservations: frozenset[str] = frozenset()
    nights_of: frozenset[str] = frozenset()
    rates_of: frozenset[str] = frozenset()
    parts_of: frozenset[str] = frozenset()
    policies: bool = False
    everything: bool = False
