"""The settings for events of reservations."""

from typing import Annotated

from pydantic import Field

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
