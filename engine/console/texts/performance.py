"""Performance as text: the sums, the equity curve, and tables by strategy, structure, weekday and reason of the close."""

from collections.abc import Callable, Sequence

from engine.api.models.positions import Position
from engine.console.charts.braille import spark
from engine.console.performance import Performance, closed, equity, grouped, performance
from engine.console.table.columns import gain_or_loss
from engine.console.text import EMPTY, Line, facts, line, row
from engine.words import number, percent, signed, signed_dollars

SPARK = 48
GROUPS: tuple[tuple[str, Callable[[Position], str]], ...] = (
    ("strategy", lambda one: one.strategy),
    ("structure", lambda one: one.structure),
    ("days to expiry when opened", lambda one: _days(one.opened_dte)),
    ("delta of what was sold", lambda one: _delta(one.opened_delta)),
    ("weekday", lambda one: f"{one.opened_at:%u %A}"),
    ("closed because", lambda one: one.close_reason or "expired"),
)


DAYS, DELTAS = (0, 7, 21, 45, 60), (0.05, 0.10, 0.15, 0.20, 0.30, 0.50)
"""Ends of the groups by days to expiry and by delta, each within its group."""


def _days(days: int | None) -> str:
    if days is None:
        return "not known"
    below = next((end for end in DAYS if days <= end), None)
    if below is None:
        return f"more than {DAYS[-1]}"
    begin = 0 if below == 0 else DAYS[DAYS.index(below) - 1] + 1
    return f"{begin:>2} to {below}" if below else " 0"


def _delta(delta: float | None) -> str:
    if delta is None:
        return "not known"
    above = next((end for end in DELTAS if delta <= end), None)
    if above is None:
        return f"more than {DELTAS[-1]:.2f}"
    at = DELTAS.index(above)
    return f"{DELTAS[at - 1] if at else 0.0:.2f} to {above:.2f}"


def performance_lines(positions: Sequence[Position]) -> list[Line]:
    """Everything about closed positions."""
    pairs = closed(positions)
    if not pairs:
        return [line("no position is closed yet", "stale")]
    results = [made for _, made in pairs]
    found = performance(results)
    lines: list[Line] = [
        facts(("made", signed_dollars(found.made), gain_or_loss(found.made)), ("positions", str(found.count))),
        facts(("won", percent(found.won / found.count)), ("profit factor", number(found.profit_factor))),
        facts(
            ("average", signed_dollars(found.average)),
            ("best", signed_dollars(found.best)),
            ("worst", signed_dollars(found.worst)),
        ),
        facts(("deepest fall", signed_dollars(found.drawdown), gain_or_loss(found.drawdown))),
        row(("equity ", "stale"), (spark(equity(results), SPARK), "info")),
    ]
    for title, by in GROUPS:
        lines += [
            EMPTY,
            line(f"by {title}: positions, made, won, profit factor", "strong"),
            *(_group(name, one) for name, one in grouped(pairs, by).items()),
        ]
    return lines


def _group(name: str, one: Performance) -> Line:
    return row(
        (f"  {name[:22]:<22} {one.count:>3} ", ""),
        (f"{signed(one.made):>9} ", gain_or_loss(one.made)),
        (f" won {percent(one.won / one.count):>4} ×{number(one.profit_factor)}", "stale"),
    )
