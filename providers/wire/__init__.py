"""Reading what a PMS really sends: lenient fields, and unreadable records kept apart from the others.

Declare a model of the fields that matter as a ``WireModel``, with ``Lenient…`` types for whatever may be missing
or strange (an odd value becomes None) and ``Strict…`` types where a wrong value spoils the whole record.
``parse_records`` then turns raw records into unified ones, and sets odd ones aside with a reason that holds no
data of theirs; ``parse_in_turns`` lets others have their turn while there are many.
"""

from providers.wire.fields import (
    Identity,
    LenientBool,
    LenientDate,
    LenientDecimal,
    LenientFloat,
    LenientId,
    LenientInstant,
    LenientInt,
    LenientList,
    LenientObject,
    LenientStr,
    StrictDate,
    StrictInt,
    StrictStr,
)
from providers.wire.records import SentRecord, WireModel, parse_in_turns, parse_records, read_records
from providers.wire.values import OddValue

__all__ = [
    "Identity",
    "LenientBool",
    "LenientDate",
    "LenientDecimal",
    "LenientFloat",
    "LenientId",
    "LenientInstant",
    "LenientInt",
    "LenientList",
    "LenientObject",
    "LenientStr",
    "OddValue",
    "SentRecord",
    "StrictDate",
    "StrictInt",
    "StrictStr",
    "WireModel",
    "parse_in_turns",
    "parse_records",
    "read_records",
]
