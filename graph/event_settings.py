"""The settings for events of reservations."""

import sys
from typing import Annotated, Protocol

from pydantic import Field
from sqlalchemy.engine import make_url

from graph.setting_sources import PREFIX

EventDays = Annotated[
    int, Field(ge=1, le=3650, description="Days that reservation events are kept, and what became of sending them.")
]
EventReorderSeconds = Annotated[
    float | None,
    Field(
        ge=0,
        le=600,
        description="Seconds that every webhook waits for those about earlier changes of the same reservation; what "
        "comes later than that is told as part of the newer change. Without it, only those wait that do not tell of a "
        "change in the last 2 seconds, for 0.02 seconds.",
    ),
]
EventPolling = Annotated[
    bool,
    Field(
        description="Look now and then for changes of reservations that no webhook told of.",
        json_schema_extra={"allowed": "true or false"},
    ),
]
EventProcess = Annotated[
    bool,
    Field(
        description="Work on what PMSs sent in a process of its own: for hundreds of webhooks a second.",
        json_schema_extra={"allowed": "true or false"},
    ),
]


class _Chosen(Protocol):
    @property
    def event_process(self) -> bool: ...

    @property
    def database(self) -> str: ...


def event_problems(settings: _Chosen) -> list[tuple[str, str, str, str]]:
    """Why there can be no process for events: variable, value, what is wrong, allowed."""
    if not settings.event_process:
        return []
    url = make_url(settings.database)
    wrong = None
    if sys.platform == "win32":
        wrong = "needs another system than Windows"
    elif url.get_backend_name() == "sqlite" and (not url.database or ":memory:" in url.database):
        wrong = "needs a database that two processes can open"
    return [] if wrong is None else [(f"{PREFIX}EVENT_PROCESS", "true", wrong, "false, or a database file or server")]
