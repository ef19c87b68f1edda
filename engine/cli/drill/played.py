"""What one failure came to, as it was seen while it was played."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from engine.cli.drill.failure import Failure
from engine.cli.drill.rival import Rival
from engine.domain.facts.union import Fact
from engine.runtime.control import Control
from engine.sim.simulator import Simulator


@dataclass(slots=True)
class Played:
    """What one failure came to."""

    failure: Failure
    facts: list[tuple[datetime, Fact]] = field(default_factory=list[tuple[datetime, Fact]])
    came_at: datetime | None = None
    """When it came; None where its moment never was."""
    moment: str = ""
    """What was going on when it came."""
    blind_s: float = 0.0
    """Seconds of the session from then on in which nothing could be opened."""
    ended: str = ""
    """Why the engine ended before it was stopped; empty where it did not."""
    control: Control | None = None
    """The engine that stood at the end; None where none did."""
    simulator: Simulator | None = None
    blind: Counter[str] = field(default_factory=Counter[str])
    """Looks at which nothing could be opened, by what was in the way."""
    bare: set[str] = field(default_factory=set[str])
    """Shorts that were held uncovered at one of the looks, and contracts that were held both ways, as words."""
    stopped_by: str | None = None
    """What stood in the way of openings when the drill was over, before everything was closed."""
    to_close: int = 0
    """Positions that were to be closed at the end."""
    answers: list[str] = field(default_factory=list[str])
    """What became of what the absent person asked for, as the engine said."""
    rival: Rival = field(default_factory=Rival)
    """A second engine, where there is one."""
