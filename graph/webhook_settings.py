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

EventDays = Annotated[int, Field(ge=1, le=3650, description="Days that reservation events are kept.")]
EventReorderSeconds = Annotated[
    float,
    Field(
        ge=0,
        le=600,
        description="Seconds that a webhook waits for those about earlier changes of the same reservation; what comes "
        "later than that is told as part of the newer change.",
    ),
]
EventPolling = Annotated[
    bool,
    Field(
        description="Look now and then for changes of reservations that no webhook told of.",
        json_schema_extra={"allowed": "true or false"},
    ),
]
