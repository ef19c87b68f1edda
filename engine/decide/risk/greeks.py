"""What moves of price and volatility take from everything held, for the limits of the account. Amounts are USD.

Every leg is revalued by Black's formula within the life that it has left, time standing still. A greek times a move would be
wrong by orders of magnitude where little life is left: an option with two hours to go cannot lose what one of thirty days could,
and a spread never more than it is worth. Betas are taken as 1: the lists hold indices and large funds.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.decide.quotes import Rows
from engine.decide.risk.exposure import Holding
from engine.domain.contract import Contract
from engine.pricing.black_scholes import Array, price
from engine.pricing.implied_volatility import implied_volatility
from engine.pricing.mark import CHEAP_ASK

NEXT_TO_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """One leg of one holding as it stands in the chain."""

    contracts: float
    """Signed: contracts times multiplier, owned > 0."""
    forward: float
    strike: float
    years: float
    sign: int
    """+1 call, -1 put."""
    iv: float
    dte: float


def lines(holdings: Iterable[Holding], rows: Rows) -> tuple[Line, ...] | None:
    """Every leg of the holdings; None where one of them has no volatility now: then nothing is known of the whole.

    A leg that nobody bids for and that is offered for little has none, and is known all the same: owned, it can lose nothing;
    owed, it is taken at the volatility of its ask, the most that it can be worth.
    """
    found: list[Line] = []
    for holding in holdings:
        for leg, quantity in ((leg, quantity) for spread, quantity in holding.combinations for leg in spread.legs):
            contract = leg.contract
            if contract.is_share:
                spot = rows.value(contract.con_id, "spot")
                if spot is None:
                    return None
                found.append(_share(leg.sign * leg.ratio * quantity, spot))
                continue
            forward, years, dte, iv = (rows.value(contract.con_id, name) for name in ("forward", "years", "dte", "iv"))
            if forward is None or years is None or dte is None:
                return None
            if iv is None:
                ask = worthless_ask(contract, rows)
                if ask is None:
                    return None
                if leg.sign > 0:
                    continue
                iv = volatility_of(ask, contract, forward, years, rows)
            contracts = float(leg.sign * leg.ratio * quantity * contract.multiplier)
            sign = 1 if contract.put_call == "C" else -1
            found.append(Line(contracts, forward, float(contract.strike), years, sign, iv, dte))
    return tuple(found)


def loss_of_move(legs: Sequence[Line], move: float, rate: float) -> float:
    """The more that is lost when every underlying rises, or falls, by this part of its price; at least 0."""
    still = np.zeros(len(legs))
    return max((0.0, *_losses(legs, [(move, still), (-move, still)], rate)))


def loss_of_volatility(legs: Sequence[Line], points: float, rate: float) -> float:
    """The more that is lost when every volatility rises, or falls, by so much (0.10 is ten points); at least 0."""
    shifts = np.full(len(legs), points)
    return max((0.0, *_losses(legs, [(0.0, shifts), (0.0, -shifts)], rate)))


def worst_move(legs: Sequence[Line], spots: Sequence[float], volatilities: Sequence[float], rate: float) -> float:
    """Worst change of value over a grid of moves, USD, at most 0: spot × (1 ± s) and volatility × (1 ± v) at once."""
    ivs = np.array([leg.iv for leg in legs])
    moves = (0.0, *spots, *(-s for s in spots))
    changes = (0.0, *volatilities, *(-v for v in volatilities))
    return -max((0.0, *_losses(legs, [(move, ivs * change) for move in moves for change in changes], rate)))


def _losses(legs: Sequence[Line], moves: Sequence[tuple[float, Array]], rate: float) -> Iterator[float]:
    """What is lost by each of the moves: every forward times (1 + move), every volatility with its shift, none below nothing."""
    if not legs:
        return
    contracts, forward, strike, years, sign, iv = (
        np.array([getattr(leg, name) for leg in legs]) for name in ("contracts", "forward", "strike", "years", "sign", "iv")
    )
    now = price(forward, strike, years, rate, rate, iv, sign)
    factors, shifts = np.array([[1 + move] for move, _ in moves]), np.array([shift for _, shift in moves])
    then = price(forward * factors, strike, years, rate, rate, np.maximum(0.0, iv + shifts), sign)
    yield from np.sum(contracts * (now - then), axis=1).tolist()


def _share(shares: int, spot: float) -> Line:
    """Shares as an option that is exercised for next to nothing at once: worth their price at every price."""
    return Line(float(shares), spot, spot * NEXT_TO_NOTHING, 0.0, 1, 0.0, math.inf)


def worthless_ask(contract: Contract, rows: Rows) -> float | None:
    """The ask of an option that nobody bids for and that is offered for little; None for every other."""
    bid, ask = rows.value(contract.con_id, "bid"), rows.value(contract.con_id, "ask")
    return ask if not bid and ask is not None and 0 < ask <= float(CHEAP_ASK) else None


def volatility_of(ask: float, contract: Contract, forward: float, years: float, rows: Rows) -> float:
    """The volatility that an ask says; none where it leaves nothing for one."""
    discount = rows.value(contract.con_id, "discount") or 1.0
    sign = 1 if contract.put_call == "C" else -1
    found = float(implied_volatility(ask / discount, forward, float(contract.strike), years, 0.0, 0.0, sign))
    return found if np.isfinite(found) else 0.0
