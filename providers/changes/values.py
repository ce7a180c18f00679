"""Small inputs that several writes share."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFieldChange:
    """The value of one of the business's own fields."""

    field_id: Annotated[str, Doc("The field's id in the PMS: see customFields.")]
    value: Annotated[str | None, Doc("Its value; null empties it.")]
