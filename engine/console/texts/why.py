"""Why a strategy trades or does not, as text to read."""

from itertools import pairwise

from engine import words
from engine.api.models.why import FunnelStep, Why
from engine.console.charts.bars import bar
from engine.console.text import EMPTY, Line, Tone, line, row

BAR = 6
CONDITION = 30
"""Characters of a line of the file in a funnel."""


def why_lines(why: Why, width: int = CONDITION) -> list[Line]:
    """What stops it first, then what its market says, its funnel, what came nearest, and what our gates stopped."""
    lines: list[Line] = [
        row(("as of ", "stale"), (words.clock(why.as_of), "stale"), (f"   {why.file or 'its file is gone'}", "stale"))
    ]
    if why.stopped:
        lines += [line("stopped by", "strong"), *(line(f"  {text}", "warn") for text in why.stopped)]
    else:
        lines.append(line("nothing stops it", "up"))
    for refused in why.refused:
        lines.append(line(f"  {refused.file} is not in force: {refused.problem}", "fault"))
    if why.when:
        lines += [EMPTY, line("when", "strong")]
        for asked in why.when:
            tone: Tone = "up" if asked.answer == "yes" else "down" if asked.answer == "no" else "warn"
            values = ", ".join(f"{name} {words.number(value)}" for name, value in asked.values.items())
            lines.append(row((f"  {asked.answer:<8}", tone), (f"{asked.line} ({asked.underlying}: {values})", "")))
    lines += [EMPTY, *funnel_lines(why.funnel, width)]
    if why.nearest_miss:
        lines += [EMPTY, row(("nearest miss  ", "strong"), (why.nearest_miss, ""))]
    if why.denials:
        lines += [EMPTY, line("stopped by our gates", "strong")]
        lines += [row((f"  {one.spread}: ", ""), (one.obstacle, "warn")) for one in why.denials]
    return lines


def funnel_lines(funnel: tuple[FunnelStep, ...], width: int = CONDITION) -> list[Line]:
    """How many were left after each line of the file; the line that dropped most is told."""
    if not funnel:
        return [line("not looked yet", "stale")]
    most = max(step.passed for step in funnel) or 1
    shares = (1 - after.passed / before.passed if before.passed else 0.0 for before, after in pairwise(funnel))
    dropped = [0.0, *shares]
    worst = max(range(len(funnel)), key=lambda at: dropped[at])
    lines: list[Line] = [line("funnel", "strong")]
    for at, step in enumerate(funnel):
        unknown = f"  {step.unknown:,} unknown" if step.unknown else ""
        note = f"  ← −{words.percent(dropped[at])}" if at == worst and dropped[at] > 0 else ""
        lines.append(
            row(
                (f"  {_cut(step.condition, width):<{width}} {step.passed:>7,} ", ""),
                (bar(step.passed / most, BAR), "info"),
                (unknown, "warn"),
                (note, "warn"),
            )
        )
    return lines


def _cut(text: str, width: int) -> str:
    """The text, or its beginning where it is longer."""
    return text if len(text) <= width else text[: width - 1] + "…"
