"""Greeks and stress of everything held, for the limits of the account. Amounts are USD; None where a leg has no greeks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.decide.exposure import Holding
from engine.decide.quotes import Rows
from engine.pricing.black_scholes import price


@dataclass(frozen=True, slots=True)
class Line:
    """One leg of one holding as it stands in the chain."""

    contracts: float
    """Signed: contracts times multiplier, owned > 0."""
    spot: float
    strike: float
    years: float
    carry: float
    sign: int
    """+1 call, -1 put."""
    iv: float
    delta: float
    gamma: float
    vega: float
    dte: float


def lines(holdings: Iterable[Holding], rows: Rows) -> tuple[Line, ...] | None:
    """Every leg of the holdings; None where one of them has no greeks now: then nothing is known of the whole."""
    found: list[Line] = []
    for holding in holdings:
        for leg in holding.spread.legs:
            contract = leg.contract
            values = [rows.value(contract.con_id, name) for name in _COLUMNS]
            if any(value is None for value in values):
                return None
            spot, years, carry, iv, delta, gamma, vega, dte = (float(value or 0.0) for value in values)
            found.append(
                Line(
                    contracts=float(leg.sign * leg.ratio * holding.quantity * contract.multiplier),
                    spot=spot,
                    strike=float(contract.strike),
                    years=years,
                    carry=carry,
                    sign=1 if contract.put_call == "C" else -1,
                    iv=iv,
                    delta=delta,
                    gamma=gamma,
                    vega=vega,
                    dte=dte,
                )
            )
    return tuple(found)


_COLUMNS = ("spot", "years", "carry", "iv", "delta", "gamma", "vega", "dte")


def delta_one_percent(legs: Sequence[Line]) -> float:
    """Change of value when every underlying rises by 1%, USD. Betas are taken as 1: the lists hold indices and large funds."""
    return sum(leg.contracts * leg.delta * leg.spot * 0.01 for leg in legs)


def vega_ten_points(legs: Sequence[Line]) -> float:
    """Change of value when volatility rises by 10 points everywhere, USD; short expiries count more, scaled by sqrt(30 / days).

    Source: vegas of different expiries are comparable only after this scaling; days are at least 1.
    """
    return sum(leg.contracts * leg.vega * 10 * (30 / max(1.0, leg.dte)) ** 0.5 for leg in legs)


def worst_move(legs: Sequence[Line], spots: Sequence[float], volatilities: Sequence[float], rate: float) -> float:
    """Worst change of value over a grid of moves, USD, at most 0: spot × (1 ± s) and volatility × (1 ± v) at once.

    Legs are revalued by Black-Scholes-Merton at their own volatility, time standing still.
    """
    if not legs:
        return 0.0
    contracts, spot, strike, years, carry, sign, iv = (
        np.array([getattr(leg, name) for leg in legs]) for name in ("contracts", "spot", "strike", "years", "carry", "sign", "iv")
    )
    dividend = rate - carry
    now = price(spot, strike, years, rate, dividend, iv, sign)
    worst = 0.0
    for move in (0.0, *spots, *(-s for s in spots)):
        for change in (0.0, *volatilities, *(-v for v in volatilities)):
            then = price(spot * (1 + move), strike, years, rate, dividend, iv * (1 + change), sign)
            worst = min(worst, float(np.sum(contracts * (then - now))))
    return worst
