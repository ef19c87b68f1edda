"""How closed positions have done: equity, drawdown, win rate, profit factor, by whatever groups them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from engine.api.models.positions import Position


@dataclass(frozen=True, slots=True)
class Performance:
    """Of some positions; amounts are USD after fees."""

    count: int
    made: float
    won: int
    profit_factor: float | None
    """What the winners made over what the losers lost; None where nobody lost."""
    average: float | None
    best: float | None
    worst: float | None
    drawdown: float
    """Deepest fall of the running sum from a peak, 0 or less."""


def result(one: Position) -> float | None:
    """What a closed position has made, fees paid; None where it is open or not known."""
    if one.state == "open" or one.realised_usd is None:
        return None
    return one.realised_usd - (one.fees_usd or 0.0)


def closed(positions: Sequence[Position]) -> list[tuple[Position, float]]:
    """Those that are closed with their results, the earliest close first."""
    found = [(one, made) for one in positions if (made := result(one)) is not None]
    return sorted(found, key=lambda pair: (pair[0].closed_at or pair[0].opened_at, pair[0].position))


def equity(results: Sequence[float]) -> list[float]:
    """The running sum, from zero."""
    return [0.0, *accumulate(results)]


def performance(results: Sequence[float]) -> Performance:
    """The numbers of these results in their order."""
    wins, losses = [one for one in results if one > 0], [one for one in results if one < 0]
    line = equity(results)
    peaks = accumulate(line, max)
    return Performance(
        len(results),
        sum(results),
        len(wins),
        sum(wins) / -sum(losses) if losses else None,
        sum(results) / len(results) if results else None,
        max(results, default=None),
        min(results, default=None),
        min((value - peak for value, peak in zip(line, peaks, strict=True)), default=0.0),
    )


def grouped(pairs: Sequence[tuple[Position, float]], by: Callable[[Position], str]) -> dict[str, Performance]:
    """The numbers of each group, by its name."""
    groups: dict[str, list[float]] = {}
    for one, made in pairs:
        groups.setdefault(by(one), []).append(made)
    return {name: performance(groups[name]) for name in sorted(groups)}
