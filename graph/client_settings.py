"""The settings that bound what clients ask for and keep open."""

from typing import Annotated

from pydantic import Field

MaxConnectionsPerKey = Annotated[
    int,
    Field(ge=1, le=1_000_000, description="WebSockets and streams that one API key or token may have open at a time."),
]

MaxSubscriptionsPerConnection = Annotated[
    int, Field(ge=1, le=10_000, description="Operations that may run over one WebSocket at a time.")
]

MaxWaitingEvents = Annotated[
    int,
    Field(
        ge=1,
        le=100_000,
        description="Events that may wait for one subscriber; one that falls further behind is told to resume.",
    ),
]

ConnectionInitTimeout = Annotated[
    float,
    Field(gt=0, le=86_400, description="Seconds that a WebSocket may take to say with which key it comes."),
]

MaxQueryCost = Annotated[
    int,
    Field(
        ge=100,
        le=100_000_000,
        description="Records a query may ask for at most, counted before it runs: each list multiplies the next.",
    ),
]
