"""The analytics of every option of a chain at once, for the scan: what the feed did not say is computed here.

All arrays are float64 and broadcast to one shape; NaN is how an array says absent. Per share of one option:
delta in shares, gamma per 1.00 of spot, theta per calendar day, vega per volatility point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.pricing import black_scholes
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, Array
from engine.pricing.implied_volatility import implied_volatility


@dataclass(frozen=True, slots=True)
class LegAnalytics:
    """One array per measure, a row per option.

    `iv` as a decimal; `p_itm` the risk-neutral chance to end in the money at that iv; `expected_payoff` at the
    at-the-money volatility of the expiry, not discounted.
    """

    iv: Array
    delta: Array
    gamma: Array
    theta: Array
    vega: Array
    p_itm: Array
    expected_payoff: Array


def leg_analytics(
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend: ArrayLike,
    sign: ArrayLike,
    bid: ArrayLike,
    ask: ArrayLike,
    iv: ArrayLike,
    atm_iv: ArrayLike,
    *,
    delta: ArrayLike | None = None,
    gamma: ArrayLike | None = None,
    theta: ArrayLike | None = None,
    vega: ArrayLike | None = None,
) -> LegAnalytics:
    """Measures of every option; the feed's numbers are kept where present, else computed from the iv.

    An iv that is not above zero is absent and solved from the mid; it stays NaN where the quote is not two-sided
    and uncrossed or no iv exists, and so do the measures that need it. `delta`, `gamma`, `theta` (per day) and
    `vega` (per point) are the feed's, if any.
    """
    args = tuple(np.asarray(a, dtype=np.float64) for a in (spot, strike, years, rate, dividend, sign, bid, ask, iv))
    s, k, t, r, q, w, b, a, given = np.broadcast_arrays(*args)
    known = given > 0
    volatility = np.where(known, given, np.nan)
    asked = ~known
    if asked.any():
        volatility[asked] = implied_volatility(
            mid_price(b[asked], a[asked]), s[asked], k[asked], t[asked], r[asked], q[asked], w[asked]
        )
    own = black_scholes.greeks(spot, strike, years, rate, dividend, volatility, sign)
    return LegAnalytics(
        iv=volatility,
        delta=_first_known(delta, own.delta),
        gamma=_first_known(gamma, own.gamma),
        theta=_first_known(theta, own.theta * THETA_PER_DAY),
        vega=_first_known(vega, own.vega * VEGA_PER_POINT),
        p_itm=own.p_itm,
        expected_payoff=np.broadcast_to(
            black_scholes.expected_payoff(spot, strike, years, rate, dividend, atm_iv, sign), volatility.shape
        ),
    )


def mid_price(bid: ArrayLike, ask: ArrayLike) -> Array:
    """Mean of bid and ask; NaN where the quote is one-sided or crossed (bid < 0, ask <= 0, bid > ask)."""
    b, a = np.asarray(bid, dtype=np.float64), np.asarray(ask, dtype=np.float64)
    return np.where((b >= 0) & (a > 0) & (b <= a), 0.5 * (b + a), np.nan)


def atm_volatility(spot: float, strikes: ArrayLike, ivs: ArrayLike, years: float, rate: float, dividend: float) -> float:
    """Volatility at the forward of one expiry, a decimal; NaN where the known strikes do not bracket it.

    `strikes` and `ivs` hold one entry per option, calls and puts in any order:

    1. Entries whose iv is NaN, infinite or not above zero are left out.
    2. The volatility of a strike is the plain mean of its entries: of call and put where both are known.
    3. forward F = spot x exp((rate - dividend) x years). K1 is the greatest strike <= F, K2 the smallest >= F,
       among the strikes left.
    4. iv(K1) + (iv(K2) - iv(K1)) x (F - K1) / (K2 - K1); iv(K1) where K1 = K2.
    """
    k, v = np.asarray(strikes, dtype=np.float64).ravel(), np.asarray(ivs, dtype=np.float64).ravel()
    known = np.isfinite(v) & (v > 0) & np.isfinite(k)
    forward = spot * math.exp((rate - dividend) * years)
    below, above = k[known & (k <= forward)], k[known & (k >= forward)]
    if below.size == 0 or above.size == 0:
        return math.nan
    k1, k2 = float(below.max()), float(above.min())
    v1, v2 = (float(v[known & (k == strike)].mean()) for strike in (k1, k2))
    return v1 if k1 == k2 else v1 + (v2 - v1) * (forward - k1) / (k2 - k1)


def _first_known(given: ArrayLike | None, own: Array) -> Array:
    if given is None:
        return own
    feed = np.asarray(given, dtype=np.float64)
    return np.where(np.isfinite(feed), feed, own)
