"""The volatility at which the Black-Scholes-Merton price equals a quoted price, for whole arrays at once.

1. Where the price lies outside the arbitrage bounds, or on the lower one, there is none: NaN in the array, and
   `implied_volatility_refusal` says why.
2. Each price becomes that of the out-of-the-money option at the same strike (put-call parity), in units of
   discount x sqrt(forward x strike), so that one dimensionless equation in s = volatility x sqrt(years) is left.
3. Newton steps on its logarithm below the inflection, on itself above, inside a bracket that shrinks with every
   step; a step that leaves the bracket is replaced by a bisection. It cannot diverge.

Source: Jaeckel, By Implication (2006), for the normalised price and the choice of what Newton works on.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from engine.pricing.black_scholes import Array

Mask = NDArray[np.bool_]

Status = Literal[
    "ok",
    "invalid_price",
    "invalid_spot",
    "invalid_strike",
    "invalid_rate",
    "expired",
    "below_lower_bound",
    "at_lower_bound_zero_vol",
    "above_upper_bound",
]

_REFUSALS: dict[Status, str] = {
    "invalid_price": "the price is not a number of at least zero",
    "invalid_spot": "the spot is not a number above zero",
    "invalid_strike": "the strike is not a number above zero",
    "invalid_rate": "the rate or the dividend yield is not a number",
    "expired": "no time is left until expiry",
    "below_lower_bound": "the price is below the discounted intrinsic value",
    "at_lower_bound_zero_vol": "the price is the discounted intrinsic value, which leaves nothing for volatility",
    "above_upper_bound": "the price is not below what the option can at most be worth",
}

_ROUNDING = 1e-14
"""Time value below this share of spot and strike is the rounding of the subtraction, not information."""
_WIDEST = 40.0
"""Volatility x sqrt(years) at which every price equals its upper bound in double precision."""
_STEPS = 64
"""Bisection alone needs about 60 halvings from the widest bracket to double precision; Newton needs 4 to 8."""
_EPSILON = float(np.finfo(np.float64).eps)
_INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


def implied_volatility(
    price: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    sign: ArrayLike,
    guess: ArrayLike | None = None,
) -> Array:
    """Volatility as a decimal per root year, NaN where none exists.

    Arguments broadcast. `guess` is a warm start, for instance the last quote's answer; NaN in it means none.
    """
    p, s, k, t, r, q, w = (np.asarray(a, dtype=np.float64) for a in (price, spot, strike, years, rate, dividend, sign))
    with np.errstate(all="ignore"):
        spot_pv, strike_pv = s * np.exp(-q * t), k * np.exp(-r * t)
        floor = np.maximum(w * (spot_pv - strike_pv), 0.0)
        time_value = p - floor
        rounding = _ROUNDING * (spot_pv + strike_pv)
        cap = np.where(w > 0, spot_pv, strike_pv)
        solvable = (time_value > np.where(floor > 0, rounding, 0.0)) & (p < cap - rounding) & (t > 0) & (s > 0) & (k > 0)
        beta = time_value / np.sqrt(spot_pv * strike_pv)
        x = -np.abs(np.log(spot_pv / strike_pv))
        start = np.full(beta.shape, np.nan) if guess is None else np.asarray(guess, dtype=np.float64) * np.sqrt(t)
        shape = np.broadcast_shapes(beta.shape, solvable.shape, start.shape)
        chosen = np.broadcast_to(solvable, shape).ravel()
        deviation = np.full(chosen.shape, np.nan)
        picked = [np.broadcast_to(a, shape).ravel()[chosen] for a in (beta, x, start)]
        deviation[chosen] = _solve(*picked)
        return np.asarray(deviation.reshape(shape) / np.sqrt(t), dtype=np.float64)


def implied_volatility_status(
    price: float, spot: float, strike: float, years: float, rate: float, dividend: float, sign: int
) -> Status:
    """ "ok" where an implied volatility exists, else the kind of the reason."""
    if not (math.isfinite(price) and price >= 0):
        return "invalid_price"
    if not (math.isfinite(spot) and spot > 0):
        return "invalid_spot"
    if not (math.isfinite(strike) and strike > 0):
        return "invalid_strike"
    if not (math.isfinite(rate) and math.isfinite(dividend)):
        return "invalid_rate"
    if not years > 0:
        return "expired"
    return _against_bounds(price, spot * math.exp(-dividend * years), strike * math.exp(-rate * years), sign)


def implied_volatility_refusal(
    price: float, spot: float, strike: float, years: float, rate: float, dividend: float, sign: int
) -> str | None:
    """Why there is no implied volatility, as the end of a sentence; None where there is one."""
    return _REFUSALS.get(implied_volatility_status(price, spot, strike, years, rate, dividend, sign))


def _against_bounds(price: float, spot_pv: float, strike_pv: float, sign: int) -> Status:
    rounding = _ROUNDING * (spot_pv + strike_pv)
    floor = max(sign * (spot_pv - strike_pv), 0.0)
    if price >= (spot_pv if sign > 0 else strike_pv) - rounding:
        return "above_upper_bound"
    if price < floor - rounding:
        return "below_lower_bound"
    if price - floor <= (rounding if floor > 0 else 0.0):
        return "at_lower_bound_zero_vol"
    return "ok"


def _solve(beta: Array, x: Array, start: Array) -> Array:
    """s with normalised price beta, for log-moneyness x <= 0; all of one length."""
    inflection = np.sqrt(-2 * x)
    at_inflection = _normalised(x, inflection)
    low, high = np.zeros_like(beta), np.full_like(beta, _WIDEST)
    rising = beta > at_inflection
    low[rising], high[~rising] = inflection[rising], inflection[~rising]
    s = np.where((start > low) & (start < high), start, _first(beta, x, inflection, at_inflection, rising))
    s = np.where((s > low) & (s < high), s, 0.5 * (low + high))
    found = np.empty_like(beta)
    rows = np.arange(beta.size)
    for _ in range(_STEPS):
        error, step, noise = _newton(beta, x, s, rising)
        low, high = np.where(error < 0, s, low), np.where(error < 0, high, s)
        following = s - step
        following = np.where((following > low) & (following < high), following, 0.5 * (low + high))
        # Where the error is lost in the rounding of the price, further steps only wander about in it.
        following = np.where(np.abs(error) <= noise, s, following)
        done = np.abs(following - s) <= 1e-13 * s
        s = following
        found[rows[done]] = s[done]
        if done.all():
            return found
        if done.any():
            left = ~done
            beta, x, s, low, high = (a[left] for a in (beta, x, s, low, high))
            rising, rows = rising[left], rows[left]
    found[rows] = s
    return found


def _newton(beta: Array, x: Array, s: Array, rising: Mask) -> tuple[Array, Array, Array]:
    """Price less target, the Newton step (on the price above the inflection, on 1/log of it below), and what of the price is
    rounding.

    Below, the price dies like exp(-x^2/2s^2): its logarithm's reciprocal is nearly straight in s^2.
    """
    h, half = x / s, 0.5 * s
    grow = np.exp(0.5 * x)
    bought, sold = grow * ndtr(h + half), ndtr(h - half) / grow
    price = bought - sold
    vega = _INV_SQRT_2PI * np.exp(-0.5 * (h * h + half * half))
    error = price - beta
    log_price, log_beta = np.log(price), np.log(beta)
    below = (log_price - log_beta) * log_price * price / (log_beta * vega)
    return error, np.where(rising, error / vega, below), _EPSILON * (bought + sold)


def _first(beta: Array, x: Array, inflection: Array, at_inflection: Array, rising: Mask) -> Array:
    """A first guess on the right side of the inflection.

    Below: the asymptote price ~ exp(-x^2/2s^2), pinned to the inflection's own price. Above: the price's
    distance to its upper bound falls like N(-s/2).
    """
    below = np.sqrt(0.5 * x * x / np.maximum(np.log(at_inflection / beta) + 0.25 * inflection * inflection, 1e-300))
    above = inflection + (beta - at_inflection) / (_INV_SQRT_2PI * np.exp(0.5 * x))
    return np.where(rising, above, below)


def _normalised(x: Array, s: Array) -> Array:
    grow = np.exp(0.5 * x)
    safe = np.where(s > 0, s, 1.0)
    return np.where(s > 0, grow * ndtr(x / safe + 0.5 * s) - ndtr(x / safe - 0.5 * s) / grow, 0.0)
