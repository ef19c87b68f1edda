"""The card of an opening that waits for a person: everything that a yes needs."""

from collections.abc import Iterator

from engine.api.models.approvals import Approval
from engine.console.charts.bars import bar
from engine.console.text import Line, Tone, facts, line, row
from engine.words import ABSENT, age, countdown, dollars, number, percent, signed, signed_dollars

SHORT_S = 60.0
"""Seconds from which on the countdown is yellow."""
WHOLE_S = 600.0
"""Seconds at which the bar of the countdown is full."""
BAR, CENT = 10, 0.005


def card_lines(one: Approval, left_s: float | None) -> list[Line]:
    """`left_s` are the seconds that are left to answer."""
    return [*_price(one, left_s), *_chances(one), _preview(one), *_gates(one)]


def _price(one: Approval, left_s: float | None) -> Iterator[Line]:
    now, asked = one.net_now, one.shown_net
    drift = None if now is None or asked is None else now - asked
    moved = "" if drift is None or abs(drift) < CENT else f"{signed(drift, 2)} since it was asked"
    yield line(f"{'SELL' if (now or 0) >= 0 else 'BUY'} {one.quantity} × {one.spread}", "strong")
    if left_s is not None:
        tone: Tone = "warn" if left_s < SHORT_S else ""
        yield row(("expires in ", "stale"), (f"{countdown(left_s)} ▕{bar(left_s / WHOLE_S, BAR)}▏", tone))
    yield facts(("net now", number(now), "strong"), ("natural", number(one.natural_now)), ("", moved, "warn"))
    yield facts(("limit", number(one.limit)), ("walks to", number(one.worst)), ("quotes", age(one.quotes_age_s)))


def _chances(one: Approval) -> Iterator[Line]:
    yield facts(("most lost", dollars(one.max_loss_usd), "down"), ("fees", dollars(one.fees_usd, 2)), ("", f"({one.fees_by})"))
    found, scale = one.candidate, one.quantity
    if found is None:
        return
    expected = None if found.expected_value is None else found.expected_value * scale
    yield facts(("most won", signed_dollars(found.max_profit * scale), "up"), ("EV", signed_dollars(expected)))
    yield facts(("PoP", percent(found.pop)), ("RoR", percent(found.return_on_risk)))
    yield facts(("breakevens", ", ".join(number(level) for level in found.breakevens) or ABSENT))


def _preview(one: Approval) -> Line:
    """What the broker says to it."""
    if one.preview is None:
        return line("the broker's preview is awaited", "warn")
    if one.preview != "fits":
        return line(f"the broker's preview: {one.preview}. {one.preview_text}", "down")
    initial, kept = signed_dollars(one.initial_margin_change_usd), signed_dollars(one.maintenance_margin_change_usd)
    return facts(("margin", initial), ("kept", kept), ("", "by the broker's preview", "stale"))


def _gates(one: Approval) -> Iterator[Line]:
    if one.asked_because:
        yield line(f"asked because {one.asked_because}", "stale")
    if one.gates_not_passed_now:
        yield line("would not pass now:", "warn")
        for text in one.gates_not_passed_now:
            yield line(f"  ⚠ {text}", "warn")
    elif one.gates_asked_now:
        yield line(f"gates ✓ all {one.gates_asked_now} pass now", "up")
    else:
        yield line("gates are not asked again: no quote, preview or rules to ask them with", "warn")
    if one.quotes_obstacle:
        yield line(f"⚠ {one.quotes_obstacle}", "warn")
