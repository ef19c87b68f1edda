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
    ("weekday", lambda one: f"{one.opened_at:%u %A}"),
    ("closed because", lambda one: one.close_reason or "expired"),
)


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
