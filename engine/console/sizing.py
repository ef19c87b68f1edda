"""How many of a spread fit into a sum that may be lost, and what so many come to: pure arithmetic over what the engine tells."""

import re
from dataclasses import dataclass
from math import floor

import numpy as np

from engine.api.models.candidates import Candidate
from engine.api.models.status import Status
from engine.console.charts.payoff import Risk
from engine.console.table.columns import gain_or_loss
from engine.console.text import EMPTY, Line, facts, line
from engine.domain.errors import UserError
from engine.words import dollars, number, percent, signed, signed_dollars

AMOUNT = re.compile(r"(?P<dollar>\$?)(?P<value>\d[\d,]*(?:\.\d+)?)(?P<percent>%?)")
WAYS = "3 spreads: 3   may lose $5,000: $5,000   2% of the account: 2%   and at a price of the underlying: at 5900"
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Size:
    """What was asked."""

    count: int
    at: float | None
    """Price of the underlying that is looked at; None for none."""


def size_of(text: str, one: Candidate, status: Status | None) -> Size:
    """`3`, `$5,000`, `2%`, each with `at 5900` behind it or that alone. Raises UserError for what is none."""
    head, _, level = text.partition("at ") if "at " in text else (text, "", "")
    at = _level(level) if level.strip() else None
    if not head.strip():
        return Size(1, at)
    found = AMOUNT.fullmatch(head.strip())
    if found is None:
        raise UserError(f"{head.strip()!r} is no size. {WAYS}")
    value = float(found["value"].replace(",", ""))
    if not found["dollar"] and not found["percent"]:
        if value != int(value) or not 1 <= value <= MOST:
            raise UserError(f"{head.strip()}: whole spreads are wanted, 1 to {MOST:,}; a sum has its $")
        return Size(int(value), at)
    if found["percent"]:
        if status is None or status.net_liquidation is None:
            raise UserError("the account's value is not known now; name a sum, $5,000")
        value = value / 100 * status.net_liquidation
    each = one.max_loss + one.fees
    if each <= 0:
        raise UserError("this spread has no loss to be sized by")
    count = min(MOST, floor(value / each))
    if count < 1:
        raise UserError(f"one spread can lose {dollars(each, 2)} with fees: {dollars(value)} is not enough for it")
    return Size(count, at)


def size_lines(size: Size, one: Candidate, risk: Risk, status: Status | None) -> list[Line]:
    """What so many come to: loss, gain, margin, greeks, and what is left of the account's limit on all losses together."""
    count, shares = size.count, size.count * one.multiplier
    worth = status.net_liquidation if status is not None else None
    fees = one.fees * count
    lost, won = one.max_loss * count + fees, one.max_profit * count - fees
    margin = None if one.initial_margin_usd is None else one.initial_margin_usd * count
    power = None if one.buying_power_change_usd is None else one.buying_power_change_usd * count
    lines: list[Line] = [
        line(f"{count:,} × {one.spread}", "strong"),
        facts(("most lost", f"−{dollars(lost)}", "down"), ("", _share(lost, worth), "stale"), ("fees", dollars(fees, 2))),
        facts(("most won", signed_dollars(won), "up"), ("", _share(won, worth), "stale")),
        facts(("breakevens", ", ".join(number(level) for level in one.breakevens) or "–"), ("underlying", number(one.spot))),
        facts(("margin", signed_dollars(margin)), ("", _share(margin, worth), "stale"), ("buying power", signed_dollars(power))),
        facts(
            ("Δ", f"{signed(_times(one.delta, shares), 1)} shares"),
            ("Θ", f"{signed(_times(one.theta, shares), 1)} $ a day"),
            ("V", f"{signed(_times(one.vega, shares), 1)} $ a point"),
        ),
    ]
    total = next((limit for limit in status.limits if limit.limit == "total"), None) if status is not None else None
    if total is not None and total.loss_usd is not None and total.limit_usd:
        after = total.loss_usd + lost
        tone = "warn" if after > total.limit_usd else ""
        told = f"{dollars(total.loss_usd)} → {dollars(after)} of {dollars(total.limit_usd)}"
        lines.append(facts(("all maximum losses", told, tone), ("", percent(after / total.limit_usd), tone)))
    if size.at is not None:
        lines += [EMPTY, *_at(size.at, risk)]
    return lines


def _at(level: float, risk: Risk) -> list[Line]:
    """What it makes where the underlying stands there: now and at the first expiry, fees apart."""
    levels, curve = np.array([level]), risk.curve
    later = float(curve.at_expiry(levels)[0]) * risk.scale if curve.is_known_at_expiry else None
    today = float(curve.after(0.0, levels)[0]) * risk.scale if curve.is_known_before else None
    return [
        facts(
            (f"at {number(level)}: now", signed_dollars(today), gain_or_loss(today)),
            ("at the first expiry", signed_dollars(later), gain_or_loss(later)),
            ("", "fees apart", "stale"),
        )
    ]


def _level(text: str) -> float:
    try:
        level = float(text.strip().replace(",", ""))
    except ValueError:
        level = 0.0
    if not 0 < level < 1e9:
        raise UserError(f"at {text.strip()}: a price of the underlying is wanted, at 5900")
    return level


def _share(value: float | None, worth: float | None) -> str:
    return f"{percent(value / worth, 2)} of the account" if value is not None and worth else ""


def _times(value: float | None, shares: int) -> float | None:
    return None if value is None else value * shares
