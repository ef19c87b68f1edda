"""Rows that a scan kept become candidates: every shown number from the pricing package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from engine.compile.scanner import Row
from engine.compile.spreads import MULTIPLIER
from engine.decide.rows import numbers
from engine.domain.candidate import Candidate, LegQuote, View
from engine.domain.chain import FORWARD_FROM, ChainSnapshot
from engine.domain.spread import Leg, Spread
from engine.pricing.fees import IBKR_TIERED
from engine.pricing.payoff import PayoffLeg, profile
from engine.pricing.probability import expected_value, probability_of_profit, smile
from engine.strategy.explain import written
from engine.strategy.expressions.tree import Measure, Number
from engine.strategy.model import Strategy

Views = Mapping[Number | Measure, Sequence[float]]
"""The volatility of each view of a strategy, one number an underlying of the chain; NaN where it is unknown."""


class Cells:
    """The numbers of one chain by column, each column looked up once; NaN where one is absent. Read it while the chain stands."""

    __slots__ = ("_columns", "chain")

    def __init__(self, chain: ChainSnapshot) -> None:
        self.chain = chain
        self._columns: dict[str, np.ndarray] = {}

    def __getitem__(self, column: str) -> np.ndarray:
        found = self._columns.get(column)
        if found is None:
            found = self._columns[column] = numbers(self.chain, column)
        return found


def candidate(strategy: Strategy, cells: Cells, row: Row, rank: int, views: Views) -> Candidate | None:
    """The candidate of one row (the row number of each leg, then the score) of a scan of this chain; None for a payoff that is a
    bad quote."""
    chain, row_ids = cells.chain, [int(number) for number in row[:-1]]
    spread = spread_of(strategy, chain, row_ids)
    legs = [_Leg(leg, _Option(cells, row_id)) for leg, row_id in zip(spread.legs, row_ids, strict=True)]
    net, multiplier, first = -_signed(legs, "mid"), spread.multiplier, legs[0].option
    payoffs = [PayoffLeg(leg.sign, leg.ratio, leg.contract.put_call, float(leg.contract.strike)) for leg in spread.legs]
    at_expiry = profile(payoffs, net)
    max_profit, max_loss = at_expiry.max_profit, at_expiry.max_loss
    if at_expiry.status != "ok" or max_profit is None or max_loss is None:
        return None
    fees = _fees(legs)
    of_underlying = int(first["underlying_id"])
    return Candidate(
        strategy=strategy.name,
        spread=spread,
        quotes=tuple(leg.option.quote() for leg in legs),
        net=net,
        natural=_natural(legs),
        width=float(spread.width),
        max_profit=max_profit * multiplier,
        max_loss=max_loss * multiplier,
        fees=fees,
        breakevens=at_expiry.breakevens,
        pop=_pop(payoffs, net - fees / multiplier, legs),
        expected_value=_known((net + _signed(legs, "worth")) * multiplier - fees),
        return_on_risk=at_expiry.return_on_risk,
        delta=_known(_signed(legs, "delta")),
        gamma=_known(_signed(legs, "gamma")),
        theta=_known(_signed(legs, "theta")),
        vega=_known(_signed(legs, "vega")),
        score=float(row[-1]),
        rank=rank,
        forward=_known(first["forward"]),
        forward_from=FORWARD_FROM.get(int(first["forward_from"])),
        spot=_known(first["spot"]),
        age_s=_age(chain, legs),
        views=tuple(
            View(
                written(view),
                _known(seen[of_underlying]),
                _at(payoffs, net, fees / multiplier, first, seen[of_underlying]),
            )
            for view, seen in views.items()
        ),
    )


def spread_of(strategy: Strategy, chain: ChainSnapshot, row_ids: Sequence[int]) -> Spread:
    """The spread of these rows of the chain, one a leg in the order of the structure's shape."""
    shape = strategy.spread.shape
    legs = (Leg(chain.contracts[row], leg.action, leg.ratio) for leg, row in zip(shape.legs, row_ids, strict=True))
    return Spread(strategy.spread.type, tuple(legs))


class _Option:
    """One row of the chain; a number that is absent is NaN here and becomes None on the way out."""

    __slots__ = ("_cells", "_row")

    def __init__(self, cells: Cells, row: int) -> None:
        self._cells = cells
        self._row = row

    def __getitem__(self, column: str) -> float:
        return self._cells[column].item(self._row)

    @property
    def mid(self) -> float:
        return (self["bid"] + self["ask"]) / 2

    def quote(self) -> LegQuote:
        return LegQuote(_known(self["bid"]), _known(self["ask"]), _known(self["delta"]), _known(self["iv"]))


@dataclass(frozen=True, slots=True)
class _Leg:
    """A leg and the row of the chain that it is."""

    leg: Leg
    option: _Option


def _signed(legs: Sequence[_Leg], column: str) -> float:
    """What is bought less what is sold, each times its ratio; NaN where a leg lacks the number."""
    return sum(one.leg.sign * one.leg.ratio * (one.option.mid if column == "mid" else one.option[column]) for one in legs)


def _natural(legs: Sequence[_Leg]) -> float:
    """USD per share where every leg that is bought pays the ask and every other hits the bid."""
    return -sum(one.leg.sign * one.leg.ratio * one.option["ask" if one.leg.sign > 0 else "bid"] for one in legs)


def _fees(legs: Sequence[_Leg]) -> float:
    """USD to open and to close one spread."""
    brokers = sum(one.leg.ratio * one.option["fee"] for one in legs)
    exchanges = sum(one.leg.ratio * one.option["exchange_fee"] for one in legs)
    return 2 * (max(brokers, float(IBKR_TIERED.minimum_per_order)) + exchanges)


def _pop(payoffs: list[PayoffLeg], net_after_fees: float, legs: Sequence[_Leg]) -> float | None:
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


def _at(legs: list[PayoffLeg], net: float, fees: float, option: _Option, volatility: float) -> float | None:
    """Expected value of one spread in USD where every leg has this volatility; None where it or the forward is unknown."""
    forward, years, discount = option["forward"], option["years"], option["discount"]
    if not (volatility > 0 and math.isfinite(volatility) and forward > 0 and math.isfinite(forward) and years > 0):
        return None
    rate = -math.log(discount) / years
    # Priced off the forward, which drifts nowhere: the yield is the rate.
    return (expected_value(legs, net, forward, years, rate, rate, volatility).present - fees) * MULTIPLIER


def _age(chain: ChainSnapshot, legs: Sequence[_Leg]) -> float | None:
    """Seconds since the oldest quote was told that a number of the legs comes from."""
    told = [at for one in legs for at in (one.option["quoted_at"], one.option["priced_at"]) if math.isfinite(at)]
    return chain.as_of.timestamp() - min(told) if told else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
