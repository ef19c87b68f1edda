"""A strategy in full: whether its file is in force, what stops it, its funnel, what changed."""

from engine.api.models.strategies import Strategy
from engine.console.table.columns import gain_or_loss
from engine.console.text import EMPTY, Line, facts, line, row
from engine.console.texts.why import CONDITION, funnel_lines
from engine.words import clock, moved


def state_of(one: Strategy) -> str:
    """In a word, with a sign."""
    if one.problems:
        return "✗ not in force"
    if one.pause is not None:
        return f"⚠ paused by {one.pause.by}"
    if not one.enabled:
        return "– off"
    return "⚠ stopped" if one.stopped else "● searching"


def strategy_lines(one: Strategy, width: int = CONDITION) -> list[Line]:
    """Everything about it; the file itself stays in the trader's editor."""
    valid = row(("✗ the file as it is now is not in force", "fault")) if one.problems else line("✓ the file is in force", "up")
    lines: list[Line] = [
        row((one.name, "strong"), (f"   {one.structure} on {', '.join(one.universe)}   {one.approval}", "")),
        line(one.about, "stale"),
        row((f"{one.file}  {one.digest}   ", "stale"), *valid),
    ]
    if one.problems:
        lines += [line(text, "fault") for text in one.problems.splitlines()]
    lines += [EMPTY, *(line(f"⚠ {text.removesuffix(f' ({one.name})')}", "warn") for text in one.stopped_by)]
    if one.next_entry is not None:
        lines.append(facts(("opens next at", clock(one.next_entry, seconds=False), "info")))
    lines.append(
        facts(
            ("open", str(one.open)),
            ("working", str(one.working)),
            ("P/L", moved(one.unrealised_usd), gain_or_loss(one.unrealised_usd)),
        )
    )
    lines.append(EMPTY)
    if one.scanned_at is not None:
        lines.append(line(f"looked at {clock(one.scanned_at)}", "stale"))
    lines += funnel_lines(one.funnel, width)
    if one.nearest_miss:
        lines += [EMPTY, row(("nearest miss  ", "strong"), (one.nearest_miss, ""))]
    if one.changed:
        lines += [EMPTY, line("changed lately", "strong")]
        for change in one.changed:
            lines += [
                row((f"  {clock(change.at)} {change.direction}: ", "warn" if change.direction == "loosened" else ""), (text, ""))
                for text in change.changes
            ]
    return lines
