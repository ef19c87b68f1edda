"""A position in full, its next exit, and what closing it would do."""

from engine.api.models.positions import ClosePreview, Exit, ExitDistance, Position, PositionLeg, PositionSide, Rolls
from engine.console.table.columns import gain_or_loss
from engine.console.text import EMPTY, Line, Tone, facts, line, row
from engine.words import age, dollars, moved, number, percent, signed, signed_dollars

YES_OR_NO = "yes or no"
"""The unit of what has no distance."""
SIGNS = {"yes": "●", "no": "○", "unknown": "?"}


def state_of(one: Position) -> str:
    """In a word, with a sign where it wants a look."""
    if one.blocked:
        return "✗ blocked"
    if one.closing:
        return "closing"
    if any(side.breached for side in one.sides):
        return "⚠ tested"
    return "⚠ no mark" if one.mark_obstacle else "ok"


def rolled(rolls: Rolls) -> str:
    """How often, and what it brought: 2×, +$40."""
    return f"{rolls.count}×, {signed_dollars(rolls.net_usd)}"


def next_exit(one: Position) -> str | None:
    """The rule that is nearest to firing: the least way that is left, as a share of its bound."""
    nearest: tuple[float, str] | None = None
    for rule in one.exits:
        if rule.answer == "yes":
            return f"now: {rule.rule}"
        parts = [part for part in rule.distances if part.distance is not None and part.bound and part.unit != YES_OR_NO]
        if not parts:
            continue
        farthest = max(parts, key=_share)
        if nearest is None or _share(farthest) < nearest[0]:
            nearest = (_share(farthest), f"{distance(farthest)} to {rule.rule}")
    return nearest[1] if nearest is not None else None


def _share(part: ExitDistance) -> float:
    return abs((part.distance or 0.0) / (part.bound or 1.0))


def distance(part: ExitDistance) -> str:
    """How far it is, in its unit."""
    return _in_unit(None if part.distance is None else abs(part.distance), part.unit)


def _in_unit(value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    match unit:
        case "$" | "USD" | "dollars":
            return dollars(value)
        case "dollars per share":
            return dollars(value, 2)
        case "%" | "share" | "percent":
            return percent(value)
        case _:
            return f"{value:,.4g} {unit}".strip()


def position_lines(one: Position) -> list[Line]:
    """Result, legs, sides, and every exit with how far it is."""
    tone = gain_or_loss(one.unrealised_usd)
    lines: list[Line] = [
        line(f"{one.spread} ×{one.quantity}", "strong"),
        facts(
            ("P/L", moved(one.unrealised_usd), tone), ("realised", signed(one.realised_usd)), ("fees", dollars(one.fees_usd, 2))
        ),
        facts(("opened at", number(one.opening_net)), ("mark", number(one.mark)), ("natural", number(one.natural))),
        facts(("can lose", dollars(one.max_loss_usd), "down"), ("can make", dollars(one.max_profit_usd), "up")),
        facts(("Δ", signed(one.delta, 1)), ("Γ", signed(one.gamma, 2)), ("Θ", signed(one.theta, 1)), ("V", signed(one.vega, 1))),
    ]
    if len(one.parts) > 1:
        lines += [line(f"also open: {part.quantity} × {part.spread}", "info") for part in one.parts[1:]]
    if one.best_profit_usd is not None:
        lines.append(facts(("best profit so far", signed_dollars(one.best_profit_usd), gain_or_loss(one.best_profit_usd))))
    if one.rolls is not None:
        lines.append(facts(("rolled", rolled(one.rolls)), ("last on", f"{one.rolls.last_on:%d %b}")))
    if one.mark_obstacle:
        lines.append(line(f"⚠ no mark: {one.mark_obstacle}", "warn"))
    if one.ending:
        days = one.ending.sessions
        when = "today" if not days else "in 1 session" if days == 1 else f"in {days} sessions"
        lines.append(line(f"last day {when}: {one.ending.plan}", "warn" if one.ending.guarded_from else "info"))
    if one.blocked:
        lines.append(line(f"✗ an exit is due and cannot act: {one.blocked}", "fault"))
    lines += [EMPTY, line("legs", "strong"), *(_leg(leg) for leg in one.legs), *(_side(side) for side in one.sides)]
    lines += [EMPTY, line("exits", "strong"), *(_exit(rule) for rule in one.exits)]
    if one.resting:
        at = number(one.resting.limit)
        lines.append(line(f"rests at the broker: {one.resting.quantity} at {at}, {one.resting.order_ref}", "info"))
    if one.closing:
        lines.append(line(f"closing: {', '.join(one.closing)}", "info"))
    return lines


def _leg(leg: PositionLeg) -> Line:
    sign = "+" if leg.action == "buy" else "−"
    what = leg.contract if leg.expiry is None or leg.strike is None else f"{leg.expiry:%d %b} {leg.strike:g}{leg.put_call}"
    contract = f"  {sign}{leg.held} {what}"
    quotes = f"  {number(leg.bid)}/{number(leg.ask)} {age(leg.age_s)}"
    return row((contract, ""), (f" at {leg.opening_price:.2f}", "stale"), (quotes, ""), (f" Δ{signed(leg.delta, 2)}", "info"))


def _side(side: PositionSide) -> Line:
    profit = side.profit_usd
    reached = "⚠ the underlying is there" if side.breached else ""
    return facts(
        (f"  {side.side} side", moved(profit), gain_or_loss(profit)), ("short Δ", number(side.short_delta)), ("", reached, "warn")
    )


def _exit(rule: Exit) -> Line:
    tone: Tone = "warn" if rule.answer == "yes" else "fault" if rule.answer == "unknown" else ""
    far = ", ".join(
        f"{part.measure} {number(part.value)}, {distance(part)} to go" for part in rule.distances if part.unit != YES_OR_NO
    )
    looks = f"  {rule.looks} looks" if rule.looks else ""
    return row((f"  {SIGNS[rule.answer]} {rule.rule}: {rule.action}", tone), (f"   {far}{looks}", "stale"))


def close_lines(preview: ClosePreview) -> list[Line]:
    """What a close would do: its orders, its legs, and what it makes."""
    lines: list[Line] = []
    for order in preview.orders:
        lines.append(line(f"{order.quantity} × {order.spread}", "strong"))
        lines.append(facts(("mid", number(order.mid)), ("limit", number(order.limit)), ("walks to", number(order.worst))))
    for leg in preview.legs:
        quotes = f"  {number(leg.bid)} / {number(leg.ask)}"
        lines.append(row((f"  {leg.action} {leg.quantity} {leg.contract}", ""), (quotes, "stale")))
    mid, worst = preview.realises_at_mid_usd, preview.realises_at_worst_usd
    makes = facts(
        ("makes at mid", signed_dollars(mid), gain_or_loss(mid)), ("at worst", signed_dollars(worst), gain_or_loss(worst))
    )
    fees = facts(("fees", dollars(preview.closing_fees_usd, 2)), ("quotes", age(preview.quotes_age_s)))
    return [*lines, EMPTY, makes, fees]
