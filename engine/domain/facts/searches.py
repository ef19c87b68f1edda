"""What was looked at and not done: funnels, candidates, denials."""

from dataclasses import dataclass

from engine.domain.gate import Verdict
from engine.domain.spread import Spread


@dataclass(frozen=True, slots=True)
class Asked:
    """What one line of `when` answered for one underlying, and why."""

    underlying: str
    holds: bool | None
    """None is unknown."""
    values: dict[str, float | None]
    """The measures that the line looked at."""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    condition: str
    passed: int
    """Rows left after this condition and all before it."""
    unknown: int
    """Rows dropped here because the condition had no value to look at."""
    line: str | None = None
    """The line of `when` as the trader wrote it; None of a step that drops options or spreads."""
    asked: tuple[Asked, ...] = ()
    """Of a line of `when`: its answer for each underlying that the lines before it let through."""


@dataclass(frozen=True, slots=True)
class FunnelRecorded:
    strategy: str
    snapshot: str
    steps: tuple[FunnelStep, ...]
    candidates: int
    nearest_miss: str | None = None
    """The spread that failed the fewest conditions, the condition, and by how much."""


@dataclass(frozen=True, slots=True)
class CandidatesRecorded:
    """The best candidates of one snapshot as plain data (`candidate_row`)."""

    strategy: str
    snapshot: str
    candidates: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True)
class EntryDenied:
    """Our own gates said no to an opening; written when it first appears or its reason changes."""

    strategy: str
    snapshot: str
    spread: Spread
    contracts: int
    obstacle: Verdict
    verdicts: tuple[Verdict, ...]
