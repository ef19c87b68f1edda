"""What a candidate may win and lose, where it breaks even and how likely a profit is.

Of one expiry by its payoff. Of two when the first of them ends, what lives longer revalued at its own volatility as it is now;
how the answer hangs on that is shown as a band, five points of volatility lower and higher.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from engine.decide.entry.cells import ChosenLeg
from engine.domain.candidate import Shifted
from engine.domain.spread import Spread
from engine.pricing.payoff import PayoffLeg, profile
from engine.pricing.probability import probability_below, probability_of_profit, smile
from engine.pricing.revalued import Array, Onward, Side, chance_inside, crossings, peak

BAND = (-5, 0, 5)
"""Points of volatility by which what is bought is shifted."""
_LEAST_VOLATILITY = 1e-4
_EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Outlook:
    """USD per share, fees apart but for `pop`."""

    max_profit: float
    max_loss: float
    breakevens: tuple[float, ...]
    pop: float | None
    band: tuple[Shifted, ...] = ()
    """Of two expiries only, by `BAND`."""


def outlook(spread: Spread, legs: Sequence[ChosenLeg], net: float, fees: float) -> Outlook | None:
    """`net` and `fees` are those of one spread per share; None for what is a bad quote: it cannot win, or cannot lose."""
    return _at_one_expiry(legs, net, fees) if spread.is_of_one_expiry else _over_two(spread, legs, net, fees)


def _at_one_expiry(legs: Sequence[ChosenLeg], net: float, fees: float) -> Outlook | None:
    payoffs = [PayoffLeg(one.leg.sign, one.leg.ratio, one.leg.contract.put_call, _strike(one)) for one in legs]
    found = profile(payoffs, net)
    if found.status != "ok" or found.max_profit is None or found.max_loss is None:
        return None
    return Outlook(found.max_profit, found.max_loss, found.breakevens, _pop(payoffs, net - fees, legs))


def _pop(payoffs: list[PayoffLeg], net_after_fees: float, legs: Sequence[ChosenLeg]) -> float | None:
    """None where an iv, the forward or the time to expiry is not known."""
    first = legs[0].option
    forward, years = first["forward"], first["years"]
    by_strike: dict[float, list[float]] = {}
    for payoff, one in zip(payoffs, legs, strict=True):
        by_strike.setdefault(payoff.strike, []).append(one.option["iv"])
    ivs = [iv for some in by_strike.values() for iv in some]
    if not (all(math.isfinite(iv) and iv > 0 for iv in ivs) and math.isfinite(forward) and forward > 0 and years > 0):
        return None
    # A put and a call of one strike have one volatility: where their quotes name two, it lies between.
    volatility = smile(list(by_strike), [fmean(some) for some in by_strike.values()])
    return probability_of_profit(payoffs, net_after_fees, forward, years, 0.0, 0.0, volatility)


def _over_two(spread: Spread, legs: Sequence[ChosenLeg], net: float, fees: float) -> Outlook | None:
    near = [one for one in legs if one.leg.contract.expiry == spread.expiry]
    far = [one for one in legs if one.leg.contract.expiry != spread.expiry]
    first, last = near[0].option, far[0].option
    rule = legs[0].leg.contract.rule
    growth, discount = (_one(last[name] / first[name]) for name in ("forward", "discount"))
    market = Onward(growth, discount, np.array([rule.exercise == "American"]))
    sides = [(_of_right(near, right), _of_right(far, right)) for right in ("P", "C")]
    paired = [(short, long) for short, long in sides if short is not None and long is not None]
    years = last["years"] - first["years"]
    band: list[Shifted] = []
    for points in BAND:
        shifted = [_side(short, long, years, points) for short, long in paired]
        most = float(peak(shifted, market)[0]) + net
        levels = tuple(float(level[0]) for level in crossings(shifted, market, _one(net)) if math.isfinite(level[0]))
        band.append(Shifted(points, most * spread.multiplier, levels, _chance(shifted, market, near, net - fees)))
    now = band[BAND.index(0)]
    most, lost = now.max_profit / spread.multiplier, -(float(spread.floor) + net)
    if not (math.isfinite(most) and most > _EQUAL and lost > _EQUAL):
        return None
    return Outlook(most, lost, now.breakevens, now.pop, tuple(band))


def _of_right(legs: Sequence[ChosenLeg], right: str) -> ChosenLeg | None:
    return next((one for one in legs if one.leg.contract.put_call == right), None)


def _side(short: ChosenLeg, long: ChosenLeg, years: float, points: int) -> Side:
    volatility = max(_LEAST_VOLATILITY, long.option["iv"] + points / 100)
    sign = 1 if short.leg.contract.put_call == "C" else -1
    return Side(sign, _one(_strike(short)), _one(_strike(long)), _one(volatility * math.sqrt(max(years, 0.0))))


def _chance(sides: Sequence[Side], market: Onward, near: Sequence[ChosenLeg], kept: float) -> float | None:
    """The chance to stand, when what is sold expires, where a profit after fees is left."""
    first, ivs = near[0].option, [one.option["iv"] for one in near]
    forward, years, most = first["forward"], first["years"], float(peak(sides, market)[0])
    if not (all(math.isfinite(iv) and iv > 0 for iv in ivs) and forward > 0 and years > 0 and math.isfinite(most)):
        return None
    if most + kept <= _EQUAL:
        return 0.0
    volatility = smile([_strike(one) for one in near], ivs)
    found = crossings(sides, market, _one(kept))
    below = [_one(_below(float(level[0]), forward, years, volatility(float(level[0])))) for level in found]
    return float(chance_inside(found, below)[0])


def _below(level: float, forward: float, years: float, volatility: float) -> float:
    return probability_below(level, forward, years, 0.0, 0.0, volatility) if math.isfinite(level) else math.nan


def _strike(one: ChosenLeg) -> float:
    return float(one.leg.contract.strike)


def _one(value: float) -> Array:
    return np.array([value], dtype=np.float64)
