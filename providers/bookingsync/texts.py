"""One text out of several languages."""

from collections.abc import Mapping

PREFERRED = "en"


def best_text(translations: Mapping[str, str]) -> str | None:
    """The English text, else the first that BookingSync lists; None where there is none.

    The account's own language would be the better second choice, but no rental or booking names it.
    """
    return translations.get(PREFERRED) or next(iter(translations.values()), None)
