"""A strategy in full: whether its file is in force, what stops it, its funnel, what changed."""

from engine.api.models.strategies import GroupUse, Strategy
from engine.console.table.columns import gain_or_loss
from engine.console.text import EMPTY, Line, facts, line, row
from engine.console.texts.why import CONDITION, funnel_lines
from engine.words import clock, dollars, moved

SENDS_NOTHING = frozenset({"record", "shadow"})
"""Rungs of the ladder on which openings are noted and never sent."""


def state_of(one: Strategy) -> str:
    """In a word, with a sign."""
    if one.problems:
        return "✗ not in force"
    if one.pause is not None:
        return f"⚠ paused by {one.pause.by}"
    if not one.enabled:
        return "– off"
    return "⚠ stopped" if one.stopped else "● searching"


def _of_the_ladder(one: Strategy) -> list[Line]:
    """Where it stands, what moved it there, and what it has shown where nothing is sent."""
    if one.rung is None:
        return []
    shown = one.ladder
    lines = [facts(("rung", one.rung, "info"), ("file", f"mode: {one.mode}"))]
    if shown.lowered is not None:
        lines.append(line(f"⚠ moved down {shown.lowered}; `spreads resume --strategy {one.name}` lets it up", "warn"))
    if shown.noted or one.rung in SENDS_NOTHING:
        lines.append(
            facts(
                ("noted", f"{shown.noted} on {shown.noted_days} {'day' if shown.noted_days == 1 else 'days'}"),
                ("supposed open", str(shown.supposed_open)),
                ("seen to close", str(shown.supposed_closed)),
            )
        )
    return lines


def _group(used: GroupUse) -> Line:
    """The limits that it shares, and what of them is used."""
    if used.obstacle is not None:
        return line(f"⚠ group {used.name}: {used.obstacle}", "warn")
    found = [("group", used.name), ("open", _of(str(used.open), used.open_at_most))]
    found.append(("today", _of(str(used.today), used.today_at_most)))
    most = None if used.risk_at_most_usd is None else dollars(used.risk_at_most_usd)
    return facts(*found, ("can lose", _of(dollars(used.risk_usd), most)))


def _of(used: str, most: object) -> str:
    return used if most is None else f"{used} of {most}"


def strategy_lines(one: Strategy, width: int = CONDITION) -> list[Line]:
    """Everything about it; the file itself stays in the trader's editor."""
    valid = row(("✗ the file as it is now is not in force", "fault")) if one.problems else line("✓ the file is in force", "up")
    lines: list[Line] = [
        row((one.name, "strong"), (f"   {one.structure} on {', '.join(one.universe)}   {one.approval}", "")),
        line(one.about, "stale"),
        row((f"{one.file}  {one.digest}   ", "stale"), *valid),
    ]
    lines += _of_the_ladder(one)
    shares = (("variant", one.variant), ("takes", ", ".join(one.takes)))
    if any(value for _, value in shares):
        lines.append(facts(*((name, value) for name, value in shares if value)))
    if one.group is not None:
        lines.append(_group(one.group))
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
