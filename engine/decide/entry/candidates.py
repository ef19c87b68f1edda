"""Rows that a scan kept become candidates: every shown number from the pricing package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

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


def candidate(strategy: Strategy, cells: Cells, row: Row, rank: int, views: Views) -> Candidate:
    """The candidate of one row (short_row_id, long_row_id, score) of a scan of this chain."""
    chain, short_row_id, long_row_id, score = cells.chain, int(row[0]), int(row[1]), float(row[2])
    short, long = _Option(cells, short_row_id), _Option(cells, long_row_id)
    spread = spread_of(strategy, chain, short_row_id, long_row_id)
    net = short.mid - long.mid
    multiplier = spread.multiplier
    legs = [PayoffLeg(leg.sign, 1, leg.contract.put_call, float(leg.contract.strike)) for leg in spread.legs]
    at_expiry = profile(legs, net)
    max_profit, max_loss = at_expiry.max_profit, at_expiry.max_loss
    assert max_profit is not None, "calls are bought and sold in equal number"
    assert max_loss is not None, "calls are bought and sold in equal number"
    brokers = max(short["fee"] + long["fee"], float(IBKR_TIERED.minimum_per_order))
    fees = 2 * (brokers + short["exchange_fee"] + long["exchange_fee"])
    return Candidate(
        strategy=strategy.name,
        spread=spread,
        quotes=(short.quote(), long.quote()),
        net=net,
        natural=short["bid"] - long["ask"],
        width=float(spread.width),
        max_profit=max_profit * multiplier,
        max_loss=max_loss * multiplier,
        fees=fees,
        breakevens=at_expiry.breakevens,
        pop=_pop(legs, net - fees / multiplier, short, long),
        expected_value=_known((net + long["worth"] - short["worth"]) * multiplier - fees),
        return_on_risk=at_expiry.return_on_risk,
        delta=_known(long["delta"] - short["delta"]),
        gamma=_known(long["gamma"] - short["gamma"]),
        theta=_known(long["theta"] - short["theta"]),
        vega=_known(long["vega"] - short["vega"]),
        score=score,
        rank=rank,
        forward=_known(short["forward"]),
        forward_from=FORWARD_FROM.get(int(short["forward_from"])),
        spot=_known(short["spot"]),
        age_s=_age(chain, short, long),
        views=tuple(
            View(
                written(view),
                _known(seen[int(short["underlying_id"])]),
                _at(legs, net, fees / multiplier, short, seen[int(short["underlying_id"])]),
            )
            for view, seen in views.items()
        ),
    )


def spread_of(strategy: Strategy, chain: ChainSnapshot, short_row_id: int, long_row_id: int) -> Spread:
    """The spread of two rows of the chain, the leg that is sold first."""
    return Spread(strategy.spread.type, (Leg(chain.contracts[short_row_id], "sell"), Leg(chain.contracts[long_row_id], "buy")))


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


def _pop(legs: list[PayoffLeg], net_after_fees: float, short: _Option, long: _Option) -> float | None:
    """None where an iv, the forward or the time to expiry is not known."""
    ivs, forward, years = (short["iv"], long["iv"]), short["forward"], short["years"]
    if not (all(math.isfinite(iv) and iv > 0 for iv in ivs) and math.isfinite(forward) and forward > 0 and years > 0):
        return None
    volatility = smile([leg.strike for leg in legs], ivs)
    return probability_of_profit(legs, net_after_fees, forward, years, 0.0, 0.0, volatility)


def _at(legs: list[PayoffLeg], net: float, fees: float, option: _Option, volatility: float) -> float | None:
    """Expected value of one spread in USD where every leg has this volatility; None where it or the forward is unknown."""
    forward, years, discount = option["forward"], option["years"], option["discount"]
    if not (volatility > 0 and math.isfinite(volatility) and forward > 0 and math.isfinite(forward) and years > 0):
        return None
    rate = -math.log(discount) / years
    # Priced off the forward, which drifts nowhere: the yield is the rate.
    return (expected_value(legs, net, forward, years, rate, rate, volatility).present - fees) * MULTIPLIER


def _age(chain: ChainSnapshot, *options: _Option) -> float | None:
    """Seconds since the oldest quote was told that a number of the legs comes from."""
    told = [at for option in options for at in (option["quoted_at"], option["priced_at"]) if math.isfinite(at)]
    return chain.as_of.timestamp() - min(told) if told else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
