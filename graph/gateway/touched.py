"""What a change at a PMS makes outdated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What of one account was changed, or may have been. Ids are the PMS's own.

    ``listings`` and ``reservations`` are records that were made, changed or removed. ``nights_of`` are listings whose
    nights are taken, freed, priced or ruled otherwise than before, ``parts_of`` those whose fees, taxes, agreements or
    settings changed.
    """

    listings: frozenset[str] = frozenset()
    reservations: frozenset[str] = frozenset()
    nights_of: frozenset[str] = frozenset()
    parts_of: frozenset[str] = frozenset()
    policies: bool = False
