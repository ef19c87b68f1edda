"""What trading a combination once would bring now, by the quotes of its legs, and whether to believe it.

The one home of that answer: exit rules, the day's result of a strategy, what people are shown, the first limit of a close and its
walk all ask here. Amounts are USD per share of the combination, + received and - paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from engine.domain.clocks import STANDS_FOR, TOLD_WITHIN

DIGITS = 4
"""Quotes have at most four decimals; what is beyond is the noise of binary fractions."""
CHEAP_ASK = Decimal("0.50")
"""USD per share; above it an option without a bid is a quote that lost a side, and not one that is worth next to nothing."""


@dataclass(frozen=True, slots=True)
class QuotedLeg:
    """One leg of a combination and its quote, USD per share; None is absent, and a bid of 0 is no bid."""

    name: str
    """For people."""
    sign: int
    """+1 where the combination owns it, -1 where it owes it: as opened."""
    ratio: int
    bid: float | None
    ask: float | None
    age_s: float | None
    """Seconds since its quote was told."""


@dataclass(frozen=True)
class Mark:
    """Nets of trading the combination once in one direction, and the first reason to wait, if any."""

    mid: Decimal
    natural: Decimal
    """Every leg at its far side: the worst that is certain to trade."""
    best: Decimal
    ages_s: tuple[float, ...]
    """Ages of the leg quotes that a price is taken from."""
    obstacle: str | None
    """Why these quotes decide nothing: crossed, locked, without a bid where one is needed, beyond what it can be worth."""
    unbid: tuple[str, ...] = ()
    """Legs that a close would sell and nobody bids for."""

    @property
    def age_s(self) -> float:
        """Age of the oldest of the leg quotes; 0 where no price is taken from any."""
        return max(self.ages_s, default=0.0)

    @cached_property
    def half_width(self) -> Decimal:
        return (self.best - self.natural) / 2

    def stands(self, within: timedelta = TOLD_WITHIN) -> bool:
        """Whether a close may be decided on these quotes: one was told within so long and none is older than `STANDS_FOR`.

        The broker tells what changes: while one leg is told, data come, and the other is as it was told last. An opening has no
        such need; it asks all legs to be fresh.
        """
        return min(self.ages_s, default=0.0) <= within.total_seconds() and self.age_s <= STANDS_FOR.total_seconds()

    @property
    def is_believed(self) -> bool:
        """Whether an exit may be decided on it."""
        return self.obstacle is None and self.stands()


def opening_mark(legs: Sequence[QuotedLeg]) -> Mark | None:
    """What opening the combination as listed brings; None where a side of a leg is not known.

    Source: synthetic best bid and offer of a combination, domain rule 1.1: buy at the ask, sell at the bid.
    """
    near = far = Decimal(0)
    ages_s, obstacle = list[float](), None
    for leg in legs:
        if leg.bid is None or leg.ask is None or leg.age_s is None:
            return None
        bid, ask = _money(leg.bid), _money(leg.ask)
        buys = leg.sign > 0
        far += leg.ratio * (-ask if buys else bid)
        near += leg.ratio * (-bid if buys else ask)
        ages_s.append(leg.age_s)
        obstacle = obstacle or _bad_quote(leg.name, bid, ask)
        if not buys and bid <= 0:
            obstacle = obstacle or f"{leg.name} has no bid to sell at"
    return Mark((near + far) / 2, far, near, tuple(ages_s), obstacle)


def closing_mark(legs: Sequence[QuotedLeg], floor: Decimal, cap: Decimal) -> Mark | None:
    """What closing the combination brings; None where nobody offers a leg. It can be worth from `floor` to `cap` at expiry.

    A missing bid never makes a profit. A leg that is sold brings nothing where nobody bids, at mid as at natural, and it does not
    matter when that was quoted; one that is bought back costs its ask. Above `CHEAP_ASK` a missing bid is not believed at all.
    Quotes are coarse: a mid just beyond what the combination can be worth counts as that bound, and is believed as long as some
    price between the quotes is possible.
    """
    far = mid = near = Decimal(0)
    ages_s, unbid, obstacle = list[float](), list[str](), None
    for leg in legs:
        if leg.ask is None or leg.age_s is None:
            return None
        bid, ask = _money(leg.bid or 0.0), _money(leg.ask)
        sells, is_unbid = leg.sign > 0, bid <= 0
        middle = (Decimal(0) if sells else ask) if is_unbid else (bid + ask) / 2
        mid += leg.sign * leg.ratio * middle
        far += leg.ratio * (bid if sells else -ask)
        near += leg.ratio * (ask if sells else -bid)
        if sells and is_unbid:
            unbid.append(leg.name)
        else:
            ages_s.append(leg.age_s)
        obstacle = obstacle or _bad_quote(leg.name, bid, ask)
        if is_unbid and ask > CHEAP_ASK:
            obstacle = obstacle or f"{leg.name} has no bid and is offered at {ask}"
    if near < floor:
        obstacle = obstacle or f"closing at {near} is below the {floor} that it is worth at least"
    if far > cap:
        obstacle = obstacle or f"closing at {far} is above the {cap} that it is worth at most"
    return Mark(min(cap, max(floor, mid)), far, near, tuple(ages_s), obstacle, tuple(unbid))


def _bad_quote(name: str, bid: Decimal, ask: Decimal) -> str | None:
    if ask <= 0:
        return f"{name} has no ask"
    if bid > ask:
        return f"{name} is crossed, {bid} over {ask}"
    return f"{name} is locked at {bid}" if bid == ask else None


def _money(price: float) -> Decimal:
    return Decimal(repr(round(price, DIGITS)))
