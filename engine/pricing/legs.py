"""The analytics of every option of a chain at once, for the scan: what the feed says where it can be believed, else our own.

All arrays are float64 and broadcast to one shape; NaN is how an array says absent. Per share of one option: delta in shares,
gamma per 1.00 of the level, theta per calendar day, vega per volatility point. `level` is what delta is relative to: the spot of
what trades itself, the forward of what does not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.pricing import black_scholes
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, Array

AGREES_WITHIN = 3.0
"""Half widths between a quote's middle and the model's price at the feed's volatility: farther off, it is another quote's."""
_LEAST_HALF_WIDTH = 0.005
"""USD per share: half a cent is what prices in cents leave open."""
DELTA_WITHIN = 0.05
"""How far a delta of the feed may lie from that of its volatility, moneyness and side; another model's lies much closer."""
GREEK_WITHIN = 0.5
"""The same for the other greeks, as a share of our own: models differ in conventions, not by a factor."""
_GREEK_NOISE = {"gamma": 1e-4, "theta": 0.01, "vega": 0.01}


@dataclass(frozen=True, slots=True)
class LegAnalytics:
    """One array per measure, a row per option.

    `p_itm` is the risk-neutral chance to end in the money at the option's iv; `worth` what its payoff at expiry is worth today at
    that iv, USD per share.
    """

    delta: Array
    gamma: Array
    theta: Array
    vega: Array
    p_itm: Array
    worth: Array


def leg_analytics(
    level: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    sign: ArrayLike,
    iv: ArrayLike,
    *,
    delta: ArrayLike | None = None,
    gamma: ArrayLike | None = None,
    theta: ArrayLike | None = None,
    vega: ArrayLike | None = None,
) -> LegAnalytics:
    """Measures of every option at its iv and forward; a number of the feed is kept where it fits them.

    `delta`, `gamma`, `theta` (per day) and `vega` (per point) are the feed's, if any: one of the wrong side or size, for whatever
    reason, gives way to our own.
    """
    s, f, t, r = (np.asarray(a, dtype=np.float64) for a in (level, forward, years, rate))
    own = black_scholes.greeks(s, strike, t, r, r - carry_of(s, f, t), iv, sign)
    w = np.asarray(sign, dtype=np.float64)
    return LegAnalytics(
        delta=_delta(delta, own.delta, w),
        gamma=_greek("gamma", gamma, own.gamma),
        theta=_greek("theta", theta, own.theta * THETA_PER_DAY),
        vega=_greek("vega", vega, own.vega * VEGA_PER_POINT),
        p_itm=own.p_itm,
        worth=own.price,
    )


def carry_of(level: ArrayLike, forward: ArrayLike, years: ArrayLike) -> Array:
    """Continuous rate per year at which the level grows into the forward; 0 where no time is left."""
    s, f, t = (np.asarray(a, dtype=np.float64) for a in (level, forward, years))
    with np.errstate(all="ignore"):
        return np.where(t > 0, np.log(f / s) / t, np.where(np.isnan(f / s), np.nan, 0.0))


def quote_agrees(model: ArrayLike, bid: ArrayLike, ask: ArrayLike) -> NDArray[np.bool_]:
    """Whether a model's price can be that of the quote; one without a bid is taken to be bid nothing, one without an ask and one
    that is crossed contradict nothing."""
    p, b, a = (np.asarray(x, dtype=np.float64) for x in (model, bid, ask))
    with np.errstate(all="ignore"):
        low = np.where(b >= 0, b, 0.0)
        half = np.maximum(0.5 * (a - low), _LEAST_HALF_WIDTH)
        is_quoted = (a > 0) & (a >= low)
        # A model that has no price, for want of a forward, cannot be held against a quote.
        return ~is_quoted | np.isnan(p) | (np.abs(p - 0.5 * (low + a)) <= AGREES_WITHIN * half)


def mid_price(bid: ArrayLike, ask: ArrayLike) -> Array:
    """Mean of bid and ask; NaN where the quote is one-sided or crossed (bid < 0, ask <= 0, bid > ask)."""
    b, a = np.asarray(bid, dtype=np.float64), np.asarray(ask, dtype=np.float64)
    return np.where((b >= 0) & (a > 0) & (b <= a), 0.5 * (b + a), np.nan)


def atm_volatility(forward: float, strikes: ArrayLike, ivs: ArrayLike) -> float:
    """Volatility at the forward of one expiry, a decimal; NaN where the known strikes do not bracket it.

    `strikes` and `ivs` hold one entry per option, calls and puts in any order:

    1. Entries whose iv is NaN, infinite or not above zero are left out.
    2. The volatility of a strike is the plain mean of its entries: of call and put where both are known.
    3. K1 is the greatest strike <= forward, K2 the smallest >= forward, among the strikes left.
    4. iv(K1) + (iv(K2) - iv(K1)) x (forward - K1) / (K2 - K1); iv(K1) where K1 = K2.
    """
    k, v = np.asarray(strikes, dtype=np.float64).ravel(), np.asarray(ivs, dtype=np.float64).ravel()
    known = np.isfinite(v) & (v > 0) & np.isfinite(k)
    below, above = k[known & (k <= forward)], k[known & (k >= forward)]
    if below.size == 0 or above.size == 0:
        return math.nan
    k1, k2 = float(below.max()), float(above.min())
    v1, v2 = (float(v[known & (k == strike)].mean()) for strike in (k1, k2))
    return v1 if k1 == k2 else v1 + (v2 - v1) * (forward - k1) / (k2 - k1)


@dataclass(frozen=True, slots=True)
class AtTheMoney:
    """The volatility at the forward of many expiries, one entry an expiry; NaN where the known strikes do not bracket it."""

    volatility: Array
    """A decimal per root year."""
    low: Array
    """The strikes that bracket the forward: no other option has a say."""
    high: Array


def atm_volatilities(forward: Array, expiry: NDArray[np.int64], strike: Array, call_iv: Array, put_iv: Array) -> AtTheMoney:
    """`atm_volatility` of many expiries at once; one forward an expiry, one entry a strike, sorted by expiry and strike."""
    with np.errstate(all="ignore"):
        call, put = (np.where(np.isfinite(iv) & (iv > 0), iv, np.nan) for iv in (call_iv, put_iv))
        both = np.where(np.isnan(call), put, np.where(np.isnan(put), call, 0.5 * (call + put)))
        known = np.flatnonzero(np.isfinite(both))
        of, k, v = expiry[known], strike[known], both[known]
        count = len(forward)
        first = np.searchsorted(of, np.arange(count + 1))
        low = first[:-1] + np.bincount(of, k <= forward[of], count).astype(np.int64) - 1
        high = first[:-1] + np.bincount(of, k < forward[of], count).astype(np.int64)
        brackets = (low >= first[:-1]) & (high < first[1:])
        if not brackets.any():
            return AtTheMoney(*(np.full(count, np.nan) for _ in range(3)))
        low, high = np.where(brackets, low, 0), np.where(brackets, high, 0)
        apart = np.where(high > low, k[high] - k[low], 1.0)
        between = v[low] + (v[high] - v[low]) * (forward - k[low]) / apart
        return AtTheMoney(*(np.where(brackets, values, np.nan) for values in (between, k[low], k[high])))


def _delta(feed: ArrayLike | None, own: Array, sign: Array) -> Array:
    if feed is None:
        return own
    given = np.asarray(feed, dtype=np.float64)
    # Without our own, for want of a forward, only the side can be judged: a call's is not below zero, a put's not above it.
    fits = (sign * given >= 0) & ((np.abs(given - own) <= DELTA_WITHIN) | np.isnan(own))
    return np.where(fits, given, own)


def _greek(name: str, feed: ArrayLike | None, own: Array) -> Array:
    if feed is None:
        return own
    given = np.asarray(feed, dtype=np.float64)
    fits = (np.abs(given - own) <= np.maximum(GREEK_WITHIN * np.abs(own), _GREEK_NOISE[name])) | np.isnan(own)
    return np.where(fits & np.isfinite(given), given, own)
