"""What a combination costs by the quotes of its legs, and whether those quotes may decide anything.

Net amounts are per share, credit > 0. Natural is the worst immediate price (pay asks, hit bids), best the
opposite; buying the combination as listed costs -natural and its bid is -best. This synthetic market is the one
exchanges use for complex orders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

QuoteStatus = Literal["ok", "no_quote", "zero_bid", "crossed", "locked"]
ComboStatus = Literal["ok", "one_sided", "zero_bid_short", "crossed", "locked", "too_wide"]


@dataclass(frozen=True, slots=True)
class LegQuote:
    """The quote of one leg per share; None where the feed has none. Sign +1 is bought, -1 is sold."""

    sign: int
    ratio: int
    bid: float | None
    ask: float | None


@dataclass(frozen=True, slots=True)
class ComboQuote:
    """The synthetic market of a combination, per share, credit > 0; None where a leg lacks a side.

    `half_width` is what crossing from mid to natural costs. `width_fraction` is the whole width over the
    absolute mid, None where the mid is zero.
    """

    mid: float | None
    natural: float | None
    best: float | None
    half_width: float | None
    width_fraction: float | None
    status: ComboStatus

    @property
    def ask(self) -> float | None:
        """Signed price at which the combination as listed can be bought at once."""
        return None if self.natural is None else -self.natural

    @property
    def bid(self) -> float | None:
        """Signed price at which the combination as listed can be sold at once."""
        return None if self.best is None else -self.best


def quote_status(bid: float | None, ask: float | None) -> QuoteStatus:
    """What one option's quote is good for; -1, NaN, None and an ask of zero are no quote."""
    if bid is None or ask is None or not _two_sided(bid, ask):
        return "no_quote"
    if bid > ask:
        return "crossed"
    if bid == 0:
        return "zero_bid"
    return "locked" if bid == ask else "ok"


def combo_quote(legs: Sequence[LegQuote], max_width_fraction: float) -> ComboQuote:
    """The market of the combination and the first thing that is wrong with it.

    In this order: a leg without two sides, a sold leg without a bid, a crossed leg, a locked leg, a width above
    `max_width_fraction` of the absolute mid. A bought leg without a bid is allowed.
    """
    sides = [_sides(leg) for leg in legs]
    known = [side for side in sides if side is not None]
    if not legs or len(known) < len(sides):
        return ComboQuote(None, None, None, None, None, "one_sided")
    natural = _zeroed(-math.fsum(leg.sign * leg.ratio * pay for leg, (pay, _) in zip(legs, known, strict=True)))
    best = _zeroed(-math.fsum(leg.sign * leg.ratio * take for leg, (_, take) in zip(legs, known, strict=True)))
    mid = _zeroed(0.5 * (natural + best))
    width = best - natural
    fraction = width / abs(mid) if mid else None
    return ComboQuote(mid, natural, best, 0.5 * width, fraction, _combo_status(legs, width, fraction, max_width_fraction))


def leg_width_fraction(bid: float, ask: float) -> float | None:
    """Width of one quote over its mid; None where the mid is not above zero."""
    mid = 0.5 * (bid + ask)
    return (ask - bid) / mid if mid > 0 else None


def _sides(leg: LegQuote) -> tuple[float, float] | None:
    """(worst price, best price) of the leg for its direction."""
    if leg.bid is None or leg.ask is None or not _two_sided(leg.bid, leg.ask):
        return None
    return (leg.ask, leg.bid) if leg.sign > 0 else (leg.bid, leg.ask)


def _two_sided(bid: float, ask: float) -> bool:
    return math.isfinite(bid) and math.isfinite(ask) and bid >= 0 and ask > 0


def _combo_status(legs: Sequence[LegQuote], width: float, fraction: float | None, limit: float) -> ComboStatus:
    statuses = [quote_status(leg.bid, leg.ask) for leg in legs]
    if any(status == "zero_bid" and leg.sign < 0 for leg, status in zip(legs, statuses, strict=True)):
        return "zero_bid_short"
    if "crossed" in statuses:
        return "crossed"
    if "locked" in statuses:
        return "locked"
    too_wide = width > 0 if fraction is None else fraction > limit
    return "too_wide" if too_wide else "ok"


def _zeroed(value: float) -> float:
    """Zero for a remainder that only binary rounding left, so that a width is never divided by it."""
    return 0.0 if abs(value) < 1e-12 else value
