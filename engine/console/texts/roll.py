"""What a roll would do: its close, what takes its place, and what both bring together."""

from engine.api.models.rolls import RollPreview
from engine.console.table.columns import gain_or_loss
from engine.console.text import EMPTY, Line, facts, line, row
from engine.words import dollars, number, signed_dollars


def roll_lines(roll: RollPreview) -> list[Line]:
    """The close first, as it is sent first; then what follows it."""
    lines: list[Line] = []
    if roll.closes is not None:
        closes = roll.closes
        lines.append(row(("closes  ", "stale"), (f"{closes.quantity} × {closes.spread}", "strong")))
        lines.append(facts(("  mid", number(closes.mid)), ("limit", number(closes.limit)), ("walks to", number(closes.worst))))
        for leg in roll.closing_legs:
            quotes = f"  {number(leg.bid)} / {number(leg.ask)}"
            lines.append(row((f"  {leg.action} {leg.quantity} {leg.contract}", ""), (quotes, "stale")))
    if roll.opens is not None:
        opens = roll.opens
        lines.append(row(("opens   ", "stale"), (f"{opens.quantity} × {opens.spread}", "strong")))
        lines.append(facts(("  mid", number(opens.mid)), ("limit", number(opens.limit)), ("never below", number(opens.worst))))
        most, fees = dollars(opens.max_loss_usd), dollars(opens.fees_usd, 2)
        lines.append(facts(("  can lose", most, "down"), ("fees", fees), ("", f"passes all {opens.gates} gates", "up")))
    if roll.mid is not None:
        at_mid, certain = roll.brings_at_mid_usd, roll.brings_at_natural_usd
        least = roll.wanted or 0.0
        wanted = (
            "more than nothing" if not least else f"{number(abs(least))} a share {'paid at most' if least < 0 else 'at least'}"
        )
        lines += [
            EMPTY,
            facts(
                ("together at mid", signed_dollars(at_mid), gain_or_loss(at_mid)),
                ("at natural", signed_dollars(certain), gain_or_loss(certain)),
                ("its file wants", wanted),
            ),
        ]
    if roll.at_most is not None:
        lines.append(line(f"rolled {roll.rolled} of at most {roll.at_most} times", "stale"))
    if roll.obstacle is None:
        lines.append(line("The close is sent now. Once it has filled, what takes its place is looked", "stale"))
        lines.append(line("for anew and asks as its file says; else what was closed stays closed.", "stale"))
    return lines
