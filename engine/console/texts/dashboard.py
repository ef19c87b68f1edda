"""What stands on the dashboard: account, today, what needs a person, greeks, strategies, last events."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from engine.api.models.approvals import Approval
from engine.api.models.orders import Execution, Order
from engine.api.models.positions import Position
from engine.api.models.status import HeldBand, Status, UsedLimit, UsedLimitName
from engine.api.models.strategies import StrategySummary
from engine.console.charts.bars import FULL, NEAR, bar, limit_tone
from engine.console.table.columns import gain_or_loss
from engine.console.text import Line, Tone, facts, line, row
from engine.console.texts.order import state_tone, state_words
from engine.console.texts.position import next_exit, state_of
from engine.words import age, clock, countdown, dollars, moved, number, percent, signed, span

_MOVES: dict[UsedLimitName, str] = {
    "delta": "at ±1%",
    "gamma": "at ±3%",
    "vega": "at ±10 pt",
    "stress": "  worst of the stress",
    "total": "  all at their worst",
}
"""What each limit is about, in a few letters."""
SHOWN_EVENTS = 12
BAR = 10


def account_lines(status: Status) -> list[Line]:
    """What the account is worth and how much of it is free."""
    used = None if status.cushion is None else 1 - status.cushion
    return [
        facts(("net liquidation", number(status.net_liquidation, 0), "strong"), ("", age(status.account_age_s), "stale")),
        facts(("buying power   ", number(status.buying_power, 0))),
        facts(("available      ", number(status.available_funds, 0))),
        row(("margin          ", "stale"), (bar(used or 0.0, BAR), "info"), (f" {percent(used)}", "")),
    ]


def today_lines(status: Status, positions: Sequence[Position]) -> list[Line]:
    """What today has made so far, and the breakers that have tripped."""
    known = [one.unrealised_usd for one in positions if one.unrealised_usd is not None]
    open_pnl = sum(known) if known else None
    lines = [
        facts(("day P/L      ", moved(status.day_pnl), gain_or_loss(status.day_pnl))),
        facts(
            ("open P/L     ", moved(open_pnl), gain_or_loss(open_pnl)), ("", f"{len(known)} of {len(positions)} marked", "stale")
        ),
        facts(("open, working", f"{status.open_positions} positions, {status.working_orders} orders")),
    ]
    tripped = (f"{one.name}: {signed(one.value_usd)} of {signed(one.bound_usd)}" for one in status.breakers)
    return [*lines, *(line(text, "down") for text in tripped)]


def needs_you(status: Status, approvals: Sequence[Approval], positions: Sequence[Position], now: datetime) -> Iterator[Line]:
    """What waits for a person, each with the key that leads there."""
    for one in approvals:
        left = "" if one.expires_at is None else f"  {countdown((one.expires_at - now).total_seconds())}"
        yield row(("3 ", "info"), (f"approve {one.spread}", "warn"), (left, "strong"))
    for held in positions:
        state = state_of(held)
        if state.startswith(("✗", "⚠")):
            yield row(("4 ", "info"), (f"{state} {held.spread}", "warn"))
    for refused in status.refused:
        yield row(("6 ", "info"), (f"{refused.file}: {refused.problem}", "warn"))
    for changed in status.changed:
        if changed.direction == "loosened":
            what = changed.changes[0] if changed.changes else changed.file
            yield row(("6 ", "info"), (f"{changed.strategy or changed.file} loosened: {what}", "warn"))


def greeks_lines(positions: Sequence[Position], limits: Sequence[UsedLimit]) -> list[Line]:
    """Sums over all that is held, each beside the limit of what it may lose; one that is not known makes the sum unknown."""
    of = {one.limit: one for one in limits}
    rows: tuple[tuple[str, str, UsedLimitName | None, list[float | None], int], ...] = (
        ("Δ", "shares", "delta", [one.delta for one in positions], 1),
        ("Γ", "shares a $", "gamma", [one.gamma for one in positions], 2),
        ("Θ", "$ a day", None, [one.theta for one in positions], 1),
        ("V", "$ a point", "vega", [one.vega for one in positions], 1),
    )
    lines: list[Line] = []
    for name, unit, limit, values, digits in rows:
        total = None if any(value is None for value in values) else sum(value for value in values if value is not None)
        tone = gain_or_loss(total) if name == "Θ" else ""
        told = row((f"{name} ", "strong"), (f"{signed(total, digits):>10}", tone), (f" {unit:<11}", "stale"))
        lines.append([*told, *_used(of.get(limit), _MOVES.get(limit, ""))] if limit is not None else told)
    together: tuple[UsedLimitName, ...] = ("stress", "total") if limits else ()
    return [*lines, *([(f"{_MOVES[limit]:<24}", "stale"), *_used(of.get(limit), "")] for limit in together)]


def bands_lines(bands: Sequence[HeldBand]) -> list[Line]:
    """Each band of the account and its groups, with where what is held stands."""
    return [
        row(
            (f"{one.band} {one.group or ''}".strip()[:16].ljust(17), "stale"),
            (one.text if one.value is not None else one.obstacle or "unknown", "" if one.is_within else "warn"),
            (f"  of {one.bound}", "stale"),
            (" ✗" if one.is_within is False else "", "down"),
        )
        for one in bands
    ]


def _used(one: UsedLimit | None, move: str) -> Line:
    """What would be lost beside its limit, and the share of it as a bar."""
    if one is None:
        return []
    if one.used is None:
        return [(f"{move:<9} ", "stale"), (one.obstacle or "no limit", "warn")]
    tone, sign = limit_tone(one.used), "✗" if one.used >= FULL else "⚠" if one.used >= NEAR else " "
    amounts = f"{dollars(one.loss_usd)} of {dollars(one.limit_usd)}"
    return row(
        (f"{move:<9} ", "stale"), (f"{amounts:>20}", ""), (f" {sign}{percent(one.used):>4} ", tone), (bar(one.used, 8), tone)
    )


def strategy_line(one: StrategySummary, at_s: float | None) -> Line:
    """One strategy: whether it searches, what it finds, what it holds."""
    found = "not looked" if one.candidates is None else f"{one.candidates:,} found"
    tone: Tone = "warn" if one.stopped else "up"
    looked = "" if at_s is None else f", {span(at_s)} ago"
    state = (one.stopped or "searching").removesuffix(f" ({one.name})")
    if one.next_entry is not None:
        state = f"next {clock(one.next_entry, seconds=False)}   {state}"
    return row(
        (f"{'○' if one.stopped else '●'} ", tone),
        (f"{one.name:<20} ", "strong"),
        (f"{found}{looked:<10} ", ""),
        (f"open {one.open}  ", ""),
        (state, tone if one.stopped else "stale"),
    )


def event_lines(orders: Sequence[Order], executions: Sequence[Execution]) -> list[Line]:
    """The last that happened, newest first: orders as they are, and executions."""
    found: list[tuple[str, Line]] = []
    for order in orders:
        state = state_words(order)
        why = f"  {order.why}" if order.why else ""
        said = row(
            (f"{clock(order.changed_at)} ", "stale"),
            (f"{state:<22}", state_tone(state)),
            (f"{order.purpose} {order.quantity} × {order.spread}", ""),
            (why, "stale"),
        )
        found.append((order.changed_at.isoformat(), said))
    for one in executions:
        fee = "" if one.commission_usd is None else f"  fee {dollars(one.commission_usd, 2)}"
        said = row(
            (f"{clock(one.executed_at)} ", "stale"),
            (f"  {one.action:<4}", "info"),
            (f" {one.quantity} {one.contract} at {one.price:.2f}", ""),
            (fee, "stale"),
        )
        found.append((one.executed_at.isoformat(), said))
    found.sort(key=lambda event: event[0], reverse=True)
    return [said for _, said in found[:SHOWN_EVENTS]]


def next_exits(positions: Sequence[Position]) -> list[Line]:
    """The next exit of each position."""
    return [row((f"{one.spread[:34]:<34} ", ""), (next_exit(one) or "no rule can be answered", "stale")) for one in positions]
