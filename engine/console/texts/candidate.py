"""A candidate in full: its risk box."""

from engine.api.models.candidates import Candidate
from engine.api.models.status import Status
from engine.console.text import EMPTY, Line, facts, line
from engine.words import ABSENT, age, dollars, number, percent, signed, signed_dollars


def candidate_lines(one: Candidate, status: Status | None = None) -> list[Line]:
    """What it brings, what it risks, its chances, its greeks and what it would tie up; amounts of one spread."""
    net = one.net if one.net_now is None else one.net_now
    kind = "credit" if net >= 0 else "debit"
    evens = ", ".join(number(level) for level in one.breakevens) or ABSENT
    lines: list[Line] = [
        line(one.spread, "strong"),
        facts((kind, f"{abs(net):.2f}", "strong"), ("natural", number(one.natural_now)), ("quotes", age(one.quotes_age_s))),
        facts(("max", f"+${one.max_profit:,.0f}", "up"), ("", f"−${one.max_loss:,.0f}", "down"), ("fees", dollars(one.fees, 2))),
        facts(("RoR", percent(one.return_on_risk)), ("PoP", percent(one.pop)), ("EV", signed_dollars(one.expected_value))),
        facts(("breakevens", evens), ("underlying", number(one.spot))),
        *_tied_up(one, status),
        facts(("Δ", signed(one.delta, 3)), ("Γ", signed(one.gamma, 5))),
        facts(("Θ", signed(one.theta, 3)), ("V", signed(one.vega, 3)), ("", "a share", "stale")),
        facts(("rank", f"{one.rank} of {one.strategy}"), ("score", number(one.score))),
    ]
    lines += [
        line(f"at {at.at} ({percent(at.volatility, 1)}): EV {signed_dollars(at.expected_value)}", "stale") for at in one.views
    ]
    lines += [line(f"at {at.points:+d} points: max {dollars(at.max_profit)}, PoP {percent(at.pop)}", "stale") for at in one.band]
    if one.held:
        lines.append(line("this same spread is open or on its way", "warn"))
    if one.quotes_obstacle:
        lines.append(line(f"⚠ {one.quotes_obstacle}", "warn"))
    return [*lines, EMPTY, line("margin by our formula, alone; the broker's preview decides, once it is proposed", "stale")]


def _tied_up(one: Candidate, status: Status | None) -> list[Line]:
    """Margin now and after, and what is taken of the buying power; what is not known is a dash."""
    now = after = None
    if status is not None and status.net_liquidation is not None and status.available_funds is not None:
        now = status.net_liquidation - status.available_funds
        after = now + one.initial_margin_usd if one.initial_margin_usd is not None else None
    power = status.buying_power if status is not None else None
    return [
        facts(("margin", f"{dollars(now)} → {dollars(after)}"), ("", signed_dollars(one.initial_margin_usd), "stale")),
        facts(("buying power", f"{signed_dollars(one.buying_power_change_usd)} of {dollars(power)}")),
    ]
