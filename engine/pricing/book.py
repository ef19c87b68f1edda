"""Greeks of a position in dollars, each leg with its own volatility and its own time to expiry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT, greeks
from engine.pricing.payoff import PutCall


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """One leg of a position: sign +1 long, -1 short; years ACT/365 to settlement; volatility decimal."""

    sign: int
    ratio: int
    put_call: PutCall
    strike: float
    years: float
    volatility: float


@dataclass(frozen=True, slots=True)
class PositionGreeks:
    """What the whole position gains, signed.

    delta_shares in shares of the underlying, delta_dollars = that x spot, gamma_shares in shares per 1.00 of spot,
    gamma_dollars_1pct = change of delta_dollars for +1% of spot, vega_dollars per volatility point,
    theta_dollars per calendar day.
    """

    delta_shares: float
    delta_dollars: float
    gamma_shares: float
    gamma_dollars_1pct: float
    vega_dollars: float
    theta_dollars: float


def position_greeks(
    legs: Sequence[OpenLeg], spot: float, rate: float, dividend: float, quantity: int, multiplier: int
) -> PositionGreeks:
    """Greeks of `quantity` spreads with these legs. No legs have no greeks: all zero."""
    strike, years, volatility = (np.array([getattr(leg, a) for leg in legs]) for a in ("strike", "years", "volatility"))
    w = np.array([1.0 if leg.put_call == "C" else -1.0 for leg in legs])
    g = greeks(spot, strike, years, rate, dividend, volatility, w)
    held = np.array([leg.sign * leg.ratio for leg in legs], dtype=np.float64) * quantity * multiplier
    delta, gamma = float(held @ g.delta), float(held @ g.gamma)
    return PositionGreeks(
        delta_shares=delta,
        delta_dollars=delta * spot,
        gamma_shares=gamma,
        gamma_dollars_1pct=gamma * spot * spot / 100,
        vega_dollars=float(held @ g.vega) * VEGA_PER_POINT,
        theta_dollars=float(held @ g.theta) * THETA_PER_DAY,
    )


def beta_weighted_delta(delta_shares: float, beta: float, spot: float, index_price: float) -> float:
    """Shares of the index that move the account as much as `delta_shares` of the underlying.

    Raises ValueError for an index price not above zero.
    """
    if not index_price > 0:
        raise ValueError(f"index price is {index_price}: it must be above zero")
    return delta_shares * beta * spot / index_price


def beta_dollar_delta(delta_shares: float, beta: float, spot: float) -> float:
    """Dollar delta in terms of the index: delta_shares x spot x beta."""
    return delta_shares * spot * beta


def vega_in_30_days(vega_dollars: float, days: float) -> float:
    """Vega scaled by sqrt(30 / days to expiry), so that vegas of different expiries may be added; zero at expiry.

    Short volatilities move more than long ones; the square root is the usual rule of thumb.
    """
    return vega_dollars * math.sqrt(30 / days) if days > 0 else 0.0
