"""Options that several commands share."""

from enum import StrEnum
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON instead.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same data.")]
Latency = Annotated[
    float, typer.Option("--latency", min=0.0, max=60.0, help="Seconds that each simulated answer takes.")
]


class Limits(StrEnum):
    """Whether simulated PMSs limit calls."""

    DOCUMENTED = "documented"
    OFF = "off"


SimulatedLimits = Annotated[
    Limits, typer.Option("--limits", help="Rate limits of the simulated PMSs: as they document them, or none.")
]
