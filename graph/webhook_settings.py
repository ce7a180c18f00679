"""The settings for webhooks that PMSs send."""

from typing import Annotated

from pydantic import Field

MaxWebhookBytes = Annotated[
    int,
    Field(ge=1024, le=16_777_216, description="Bytes a webhook of a PMS may have; larger ones are refused."),
]
WebhookDays = Annotated[int, Field(ge=1, le=3650, description="Days that received webhooks are kept.")]
WebhookAlertEmail = Annotated[
    str | None,
    Field(
        pattern=r"^[^@\s]+@[^@\s]+$",
        max_length=255,
        description="Whom a PMS tells of webhooks that failed, where it can be told. Default: whoever the PMS chooses.",
        json_schema_extra={"allowed": "an e-mail address"},
    ),
]
