"""Chances and means at expiry under a lognormal share price.

All of it is risk-neutral when `rate` is the interest rate: the market's price of chance, neither a forecast nor
the chance to reach a price before expiry. `years` is ACT/365, rates continuous decimals, volatility a decimal
per root year; a chance is NaN where one of them is no number or the volatility is below zero. Where one number
for the volatility is too little, pass a function of the price level instead, such as `smile(strikes,
volatilities)`: each breakeven then has the volatility that the market pays there.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from scipy.special import log_ndtr, ndtr

from engine.pricing import black_scholes
from engine.pricing.payoff import PayoffLeg, profile

Volatility = float | Callable[[float], float]


@dataclass(frozen=True, slots=True)
class ExpectedValue:
    """Mean profit per share: `at_expiry` not discounted, `present` with the payoff discounted to today."""

    at_expiry: float
    present: float


def probability_below(level: float, spot: float, years: float, rate: float, dividend: float, volatility: float) -> float:
    """Chance that the share ends strictly below `level`."""
    if _is_unknown(level, spot, years, rate, dividend, volatility):
        return math.nan
    if level <= 0:
        return 0.0
    if level == math.inf or spot <= 0:
        return 1.0  # a worthless share stays worthless
    deviation = volatility * math.sqrt(max(years, 0.0))
    forward = spot * math.exp((rate - dividend) * max(years, 0.0))
    if deviation == 0:
        return 1.0 if forward < level else 0.0
    return float(ndtr((math.log(level) - math.log(forward)) / deviation + 0.5 * deviation))


def probability_of_profit(
    legs: Sequence[PayoffLeg],
    net: float,
    spot: float,
    years: float,
    rate: float,
    dividend: float,
    volatility: Volatility,
) -> float:
    """Chance that the profit at expiry is above zero; give `net` after fees for the profit that counts.

    A stretch where the profit is exactly zero is not profit.
    """
    intervals = profile(legs, net).profit_intervals
    total = math.fsum(_between(a, b, spot, years, rate, dividend, volatility) for a, b in intervals)
    return total if math.isnan(total) else min(1.0, max(0.0, total))


def probability_of_at_least(
    threshold: float,
    legs: Sequence[PayoffLeg],
    net: float,
    spot: float,
    years: float,
    rate: float,
    dividend: float,
    volatility: Volatility,
) -> float:
    """Chance that the profit at expiry is `threshold` per share or more.

    The complement of losing more than that, which the mirrored legs earn; so a flat stretch at exactly the
    threshold counts. It is not the chance to reach the threshold at some time before expiry.
    """
    mirrored = [PayoffLeg(-leg.sign, leg.ratio, leg.put_call, leg.strike) for leg in legs]
    return 1.0 - probability_of_profit(mirrored, threshold - net, spot, years, rate, dividend, volatility)


def probability_below_with_skew(
    level: float, spot: float, years: float, rate: float, dividend: float, volatility: float, slope: float
) -> float:
    """Chance to end below `level` that agrees with option prices along a smile.

    `volatility` is that of the option struck at `level`, `slope` its change per 1.00 of strike. Under a put
    skew (slope < 0) it lies below the flat number. A smile steep enough to be arbitraged is held to 0 and 1.
    Source: Breeden and Litzenberger: e^(rT) times the put price's slope in strike = N(-d2) + e^(rT) vega slope.
    """
    flat = probability_below(level, spot, years, rate, dividend, volatility)
    if math.isnan(flat) or level <= 0 or math.isinf(level):
        return flat
    vega = float(black_scholes.greeks(spot, level, years, rate, dividend, volatility, -1).vega)
    return min(1.0, max(0.0, flat + math.exp(rate * max(years, 0.0)) * vega * slope))


def probability_below_by_vertical(credit: float, width: float, years: float, rate: float) -> float:
    """Chance to end below the middle of a put vertical, read from its own price: e^(rT) credit / width.

    `credit` is what the vertical costs to own, per share. Source: a narrow vertical is a digital option.
    Raises ValueError for a width that is not above zero.
    """
    if not width > 0:
        raise ValueError(f"width is {width}: a vertical's strikes differ")
    return min(1.0, max(0.0, math.exp(rate * years) * credit / width))


def probability_of_touch(barrier: float, spot: float, years: float, rate: float, dividend: float, volatility: float) -> float:
    """Chance that the share trades at `barrier` at any time until expiry, watched continuously.

    Source: first passage of a Brownian motion with drift mu = r - q - sigma^2/2, by reflection.
    """
    if _is_unknown(barrier, spot, years, rate, dividend, volatility):
        return math.nan
    if barrier == spot:
        return 1.0
    if barrier <= 0 or spot <= 0 or years <= 0:
        return 0.0
    distance = math.log(barrier / spot)
    if volatility == 0:
        path = (rate - dividend) * years
        return 1.0 if distance * path > 0 and abs(path) >= abs(distance) else 0.0
    mu = rate - dividend - 0.5 * volatility * volatility
    deviation = volatility * math.sqrt(years)
    side = 1.0 if distance > 0 else -1.0
    ends_beyond = float(ndtr(side * (mu * years - distance) / deviation))
    # Adding logarithms first: for a tiny volatility the factor overflows while the tail it meets vanishes.
    tail = float(log_ndtr(side * (-distance - mu * years) / deviation))
    returns = math.exp(min(0.0, 2 * mu * distance / (volatility * volatility) + tail))
    return min(1.0, ends_beyond + returns)


def expected_value(
    legs: Sequence[PayoffLeg],
    net: float,
    spot: float,
    years: float,
    rate: float,
    dividend: float,
    volatility: Volatility,
    expected_return: float | None = None,
) -> ExpectedValue:
    """Mean profit per share of holding the legs to expiry; a volatility function is read at each strike.

    `expected_return` is a view: what the share is thought to earn per year, dividends included, in place of
    the interest rate in its drift. Without it, with one volatility and `net` at the model's price, `present`
    is zero.
    """
    growth = (rate if expected_return is None else expected_return) - dividend
    payoff = math.fsum(leg.sign * leg.ratio * _mean_payoff(leg, spot, years, growth, _at(volatility, leg.strike)) for leg in legs)
    return ExpectedValue(net + payoff, net + math.exp(-rate * max(years, 0.0)) * payoff)


def smile(strikes: Sequence[float], volatilities: Sequence[float]) -> Callable[[float], float]:
    """Volatility as a function of the price level: straight between strikes, level beyond them.

    Points that are not numbers above zero are left out. Raises ValueError when none is left.
    """
    points = sorted(
        ((k, v) for k, v in zip(strikes, volatilities, strict=True) if math.isfinite(k) and math.isfinite(v) and v > 0),
        key=itemgetter(0),
    )
    if not points:
        raise ValueError("no strike has a volatility above zero")
    k, v = [strike for strike, _ in points], [volatility for _, volatility in points]

    def at(level: float) -> float:
        above = bisect_right(k, level)
        if not 0 < above < len(k):
            return v[min(above, len(v) - 1)]
        return v[above - 1] + (v[above] - v[above - 1]) / (k[above] - k[above - 1]) * (level - k[above - 1])

    return at


def _is_unknown(level: float, spot: float, years: float, rate: float, dividend: float, volatility: float) -> bool:
    """Whether one of them is no number: then there is no chance to tell, and a comparison would make one up."""
    return volatility < 0 or any(math.isnan(value) for value in (level, spot, years, rate, dividend, volatility))


def _between(low: float, high: float, spot: float, years: float, rate: float, dividend: float, volatility: Volatility) -> float:
    below_high = 1.0 if high == math.inf else _below(high, spot, years, rate, dividend, volatility)
    if low <= 0:
        return below_high
    if math.isnan(below_high):
        return math.nan
    if _at(volatility, low) * max(years, 0.0) == 0:
        # All chance sits on the forward: at the lower end itself there is no profit yet.
        forward = spot * math.exp((rate - dividend) * max(years, 0.0))
        return 1.0 if low < forward < high else 0.0
    between = below_high - _below(low, spot, years, rate, dividend, volatility)
    return between if math.isnan(between) else max(0.0, between)


def _below(level: float, spot: float, years: float, rate: float, dividend: float, volatility: Volatility) -> float:
    return probability_below(level, spot, years, rate, dividend, _at(volatility, level))


def _at(volatility: Volatility, level: float) -> float:
    return volatility(level) if callable(volatility) else volatility


def _mean_payoff(leg: PayoffLeg, spot: float, years: float, growth: float, volatility: float) -> float:
    w = 1 if leg.put_call == "C" else -1
    return float(black_scholes.expected_payoff(spot, leg.strike, years, growth, 0.0, volatility, w))
