"""An order in full, with its timeline."""

from engine.api.models.orders import Order, OrderDetail
from engine.console.text import EMPTY, Line, Tone, facts, line, row
from engine.words import clock, dollars, number

SIGNS = {
    "filled": "✓",
    "working": "●",
    "sent": "●",
    "partly_filled": "◐",
    "unknown": "?",
    "rejected": "✗",
    "denied": "✗",
    "canceled": "–",
    "expired": "–",
    "declined": "–",
}
"""A sign for each state, so that it is told without colour."""
_TONES: dict[str, Tone] = {"✓": "up", "✗": "down", "?": "warn", "–": "stale"}


def state_words(one: Order) -> str:
    """Where it stands, with its sign, and at which net it filled."""
    filled = f" {one.net_filled:.2f}" if one.net_filled is not None else ""
    return f"{SIGNS.get(one.state, '○')} {one.state.replace('_', ' ')}{filled}"


def state_tone(value: object) -> Tone:
    """The colour of a state by its sign."""
    return _TONES.get(str(value)[:1], "info")


def order_lines(one: Order, told: OrderDetail | None) -> list[Line]:
    """`told` has the timeline, once the engine has told it."""
    state = state_words(one)
    lines: list[Line] = [
        line(f"{one.purpose} {one.quantity} × {one.spread}", "strong"),
        row((state, state_tone(state)), (f"   {one.order_ref}", "stale")),
        facts(("limit", number(one.limit)), ("worst", number(one.worst))),
        facts(("mid", number(one.net_now)), ("natural", number(one.natural_now))),
        facts(("filled", f"{one.filled}/{one.quantity}"), ("commission", dollars(one.commission_usd, 2))),
        line(one.reason, "stale"),
    ]
    if one.asked_by:
        lines.append(facts(("asked by", one.asked_by)))
    if one.approved_by:
        lines.append(facts(("approved by", one.approved_by)))
    if one.why:
        lines.append(line(one.why, "warn"))
    if told is not None:
        lines += [EMPTY, line("timeline", "strong")]
        if not told.timeline_is_whole:
            lines.append(line("  what was before the engine's start is in the history", "stale"))
        lines += [row((f"  {clock(step.at)}  ", "stale"), (step.text, "")) for step in told.timeline]
    return lines
