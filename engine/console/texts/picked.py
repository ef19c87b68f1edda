"""What the order of a picked candidate would be, with every gate that stops it."""

from engine.api.models.orders import OrderPreview
from engine.console.text import EMPTY, Line, facts, line
from engine.words import age, dollars, number, signed_dollars


def picked_lines(one: OrderPreview, spread: str) -> list[Line]:
    """Its size, price, risk and margin, and what its gates answer."""
    if one.spread is None:
        return [line(spread, "strong"), line(f"of {one.strategy}", "stale")]
    passed = sum(1 for gate in one.gates if gate.answer == "pass")
    initial, kept = signed_dollars(one.initial_margin_change_usd), signed_dollars(one.maintenance_margin_change_usd)
    lines: list[Line] = [
        line(f"open {one.quantity or '?'} × {one.spread}", "strong"),
        line(f"with the limits and exits of {one.strategy}", "stale"),
        facts(
            ("net now", number(one.net_now), "strong"), ("natural", number(one.natural_now)), ("quotes", age(one.quotes_age_s))
        ),
        facts(("limit", number(one.limit)), ("walks to", number(one.worst))),
        facts(("most lost", dollars(one.max_loss_usd), "down"), ("fees", dollars(one.fees_usd, 2))),
    ]
    if one.preview is not None:
        lines.append(facts(("the broker's preview", one.preview), ("margin", initial), ("kept", kept)))
    if one.preview_text:
        lines.append(line(one.preview_text, "stale"))
    lines.append(line(f"gates: {passed} of {len(one.gates)} pass", "up" if passed == len(one.gates) else "warn"))
    stopping = [gate for gate in one.gates if gate.answer != "pass"]
    return [*lines, EMPTY, *(line(f"⚠ {gate.text}", "warn") for gate in stopping)]
