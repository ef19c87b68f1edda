"""European option prices and greeks for whole arrays at once, under Black, Scholes and Merton.

Arguments are scalars or arrays and broadcast: `spot` and `strike` in currency per share, `years` ACT/365 to
settlement, `rate` and `dividend` continuous decimals per year, `volatility` a decimal per root year, `sign` +1
for a call and -1 for a put. An expired option is worth its intrinsic value, an option without volatility its
discounted forward intrinsic value; finite inputs never give NaN. NaN in gives NaN out, so that an absent quote
stays absent; a negative volatility is no volatility and gives NaN.

Source: Hull, Options, Futures, and Other Derivatives, the Black-Scholes-Merton model with a dividend yield.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

VEGA_PER_POINT = 1 / 100
"""Turns vega per 1.00 of volatility into vega per volatility point."""
THETA_PER_DAY = 1 / 365
"""Turns theta per year into theta per calendar day."""

_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True)
class Greeks:
    """Value and sensitivities of one option, per share: arrays of the broadcast shape.

    delta in shares, gamma in delta per 1.00 of spot, vega per 1.00 of volatility, theta per year, rho per 1.00
    of rate, p_itm the risk-neutral chance to end in the money.
    """

    price: Array
    delta: Array
    gamma: Array
    vega: Array
    theta: Array
    rho: Array
    p_itm: Array


def price(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    volatility: ArrayLike,
    sign: ArrayLike,
) -> Array:
    """Value of one option per share, never below zero."""
    with np.errstate(all="ignore"):
        t = _Terms(spot, strike, years, rate, dividend, volatility)
        w = _array(sign)
        return _value(w, t.spot_pv, t.strike_pv, ndtr(w * t.d1), ndtr(w * t.d2))


def greeks(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    volatility: ArrayLike,
    sign: ArrayLike,
) -> Greeks:
    """Value and sensitivities of one option per share.

    At expiry or without volatility, gamma, vega and the decay part of theta are zero: the kink at the strike
    has no finite gamma, and zero is the number that cannot be taken for one.
    """
    with np.errstate(all="ignore"):
        t = _Terms(spot, strike, years, rate, dividend, volatility)
        w = _array(sign)
        in_1, in_2 = ndtr(w * t.d1), ndtr(w * t.d2)
        alive = (t.deviation > 0) & (t.spot > 0)
        density = _INV_SQRT_2PI * np.exp(-0.5 * t.d1 * t.d1)
        unknown = np.isnan(t.deviation) | np.isnan(t.d1)
        hedge = np.where(alive, t.spot_pv * density, np.where(unknown, np.nan, 0.0))
        root_years = np.sqrt(t.years)
        carry = w * (_array(dividend) * t.spot_pv * in_1 - _array(rate) * t.strike_pv * in_2)
        return Greeks(
            price=_value(w, t.spot_pv, t.strike_pv, in_1, in_2),
            delta=w * t.spot_discount * in_1,
            gamma=_quotient(hedge, t.spot * t.spot * t.deviation),
            vega=hedge * root_years,
            theta=carry - _quotient(hedge * _array(volatility), 2 * root_years),
            rho=w * t.years * t.strike_pv * in_2,
            p_itm=np.asarray(in_2, dtype=np.float64),
        )


def expected_payoff(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    volatility: ArrayLike,
    sign: ArrayLike,
) -> Array:
    """Mean payoff at expiry per share, not discounted, when the spot drifts at rate less dividend.

    For a view instead of the risk-neutral mean, give the expected return of the share as `rate`.
    """
    with np.errstate(all="ignore"):
        t = _Terms(spot, strike, years, rate, dividend, volatility)
        w = _array(sign)
        return _value(w, t.forward, t.strike, ndtr(w * t.d1), ndtr(w * t.d2))


def dividend_rho(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    volatility: ArrayLike,
    sign: ArrayLike,
) -> Array:
    """Change of value per 1.00 of dividend yield, per share: negative for a call, positive for a put."""
    with np.errstate(all="ignore"):
        t = _Terms(spot, strike, years, rate, dividend, volatility)
        w = _array(sign)
        return np.asarray(-w * t.years * t.spot_pv * ndtr(w * t.d1), dtype=np.float64)


def d1_d2(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    volatility: ArrayLike,
) -> tuple[Array, Array]:
    """The two standardised distances of the forward from the strike; infinite where nothing is left to chance."""
    with np.errstate(all="ignore"):
        t = _Terms(spot, strike, years, rate, dividend, volatility)
        return np.asarray(t.d1), np.asarray(t.d2)


class _Terms:
    """What every formula above needs, computed once."""

    __slots__ = ("d1", "d2", "deviation", "forward", "spot", "spot_discount", "spot_pv", "strike", "strike_pv", "years")

    def __init__(
        self,
        spot: ArrayLike,
        strike: ArrayLike,
        years: ArrayLike,
        rate: ArrayLike,
        dividend: ArrayLike,
        volatility: ArrayLike,
    ) -> None:
        self.spot, self.strike = _array(spot), _array(strike)
        self.years = np.maximum(_array(years), 0.0)
        r, q, sigma = _array(rate), _array(dividend), _array(volatility)
        self.spot_discount = np.exp(-q * self.years)
        self.spot_pv = self.spot * self.spot_discount
        self.strike_pv = self.strike * np.exp(-r * self.years)
        self.forward = self.spot * np.exp((r - q) * self.years)
        self.deviation = np.where(sigma < 0, np.nan, sigma) * np.sqrt(self.years)
        # At the money the quotient below is 0/0; the limit of the distance is zero there.
        moneyness = np.log(self.forward / self.strike)
        moneyness = np.where((self.forward == self.strike) | (moneyness == 0), 0.0, moneyness)
        distance = np.where(moneyness == 0, 0.0, moneyness / self.deviation)
        self.d1 = distance + 0.5 * self.deviation
        self.d2 = distance - 0.5 * self.deviation


def _value(w: Array, asset: Array, cash: Array, in_1: Array, in_2: Array) -> Array:
    return np.asarray(np.maximum(w * (asset * in_1 - cash * in_2), 0.0), dtype=np.float64)


def _array(value: ArrayLike) -> Array:
    return np.asarray(value, dtype=np.float64)


def _quotient(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator, and zero where the denominator is zero: only where the numerator is zero too."""
    return np.asarray(np.where(denominator == 0, 0.0, numerator / denominator), dtype=np.float64)
