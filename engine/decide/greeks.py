"""Greeks and stress of everything held, for the limits of the account. Amounts are USD; None where a leg has no greeks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.decide.exposure import Holding
from engine.decide.quotes import Rows
from engine.domain.index_classes import trades_itself
from engine.pricing.black_scholes import price


@dataclass(frozen=True, slots=True)
class Line:
    """One leg of one holding as it stands in the chain."""

    contracts: float
    """Signed: contracts times multiplier, owned > 0."""
    level: float
    """What delta is relative to: the spot, or the forward of what does not trade itself."""
    forward: float
    strike: float
    years: float
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
            forward, years, iv, delta, gamma, vega, dte = (float(value or 0.0) for value in values)
            spot = rows.value(contract.con_id, "spot") if trades_itself(contract.underlying) else None
            found.append(
                Line(
                    contracts=float(leg.sign * leg.ratio * holding.quantity * contract.multiplier),
                    level=forward if spot is None else spot,
                    forward=forward,
                    strike=float(contract.strike),
                    years=years,
                    sign=1 if contract.put_call == "C" else -1,
                    iv=iv,
                    delta=delta,
                    gamma=gamma,
                    vega=vega,
                    dte=dte,
                )
            )
    return tuple(found)


_COLUMNS = ("forward", "years", "iv", "delta", "gamma", "vega", "dte")


def delta_one_percent(legs: Sequence[Line]) -> float:
    """Change of value when every underlying rises by 1%, USD. Betas are taken as 1: the lists hold indices and large funds."""
    return sum(leg.contracts * leg.delta * leg.level * 0.01 for leg in legs)


def vega_ten_points(legs: Sequence[Line]) -> float:
    """Change of value when volatility rises by 10 points everywhere, USD; short expiries count more, scaled by sqrt(30 / days).

    Source: vegas of different expiries are comparable only after this scaling; days are at least 1.
    """
    return sum(leg.contracts * leg.vega * 10 * (30 / max(1.0, leg.dte)) ** 0.5 for leg in legs)


def worst_move(legs: Sequence[Line], spots: Sequence[float], volatilities: Sequence[float], rate: float) -> float:
    """Worst change of value over a grid of moves, USD, at most 0: spot × (1 ± s) and volatility × (1 ± v) at once.

    A forward moves as its spot does. Legs are revalued by Black's formula at their own volatility, time standing still.
    """
    if not legs:
        return 0.0
    contracts, forward, strike, years, sign, iv = (
        np.array([getattr(leg, name) for leg in legs]) for name in ("contracts", "forward", "strike", "years", "sign", "iv")
    )
    now = price(forward, strike, years, rate, rate, iv, sign)
    worst = 0.0
    for move in (0.0, *spots, *(-s for s in spots)):
        for change in (0.0, *volatilities, *(-v for v in volatilities)):
            then = price(forward * (1 + move), strike, years, rate, rate, iv * (1 + change), sign)
            worst = min(worst, float(np.sum(contracts * (then - now))))
    return worst
