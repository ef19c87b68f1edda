"""Rows that a scan kept become candidates: every shown number from the pricing package."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.compile.scanner import Row
from engine.compile.spreads import MULTIPLIER, views_of
from engine.decide.entry.cells import Cells, ChosenLeg, Option, known
from engine.decide.entry.expected import PRICED_FROM
from engine.decide.entry.outlook import outlook
from engine.decide.rows import numbers
from engine.domain.candidate import Candidate, View
from engine.domain.chain import FORWARD_FROM, ChainSnapshot
from engine.domain.spread import Leg, Spread
from engine.pricing.black_scholes import price
from engine.pricing.fees import IBKR_TIERED
from engine.pricing.view import View as Expected
from engine.strategy.explain import written
from engine.strategy.expressions.tree import Measure, NamedView, Number
from engine.strategy.expressions.tree import View as TakenAt
from engine.strategy.model import Strategy

_DIGITS = 12
"""Of what grows between two expiries: far below a cent of any strike."""


@dataclass(frozen=True, slots=True)
class Views:
    """What a strategy takes expected values at, one entry an underlying of the chain."""

    volatilities: Mapping[Number | Measure, Sequence[float]]
    """NaN where one is unknown."""
    expected: Mapping[NamedView, Sequence[Expected | None]]
    """What is expected of the price; None where that is unknown."""


def candidate(strategy: Strategy, cells: Cells, row: Row, rank: int, views: Views) -> Candidate | None:
    """The candidate of one row (the row number of each leg, then the score) of a scan of this chain; None for a payoff that is a
    bad quote."""
    chain, row_ids = cells.chain, [int(number) for number in row[:-1]]
    spread = spread_of(strategy, chain, row_ids)
    legs = [ChosenLeg(leg, Option(cells, row_id)) for leg, row_id in zip(spread.legs, row_ids, strict=True)]
    net, multiplier, first = -_signed(legs, "mid"), spread.multiplier, legs[0].option
    fees = _fees(legs)
    seen = outlook(spread, legs, net, fees / multiplier)
    if seen is None:
        return None
    of_underlying = int(first["underlying_id"])
    return Candidate(
        strategy=strategy.name,
        spread=spread,
        quotes=tuple(leg.option.quote() for leg in legs),
        net=net,
        natural=_natural(legs),
        width=float(spread.width),
        max_profit=seen.max_profit * multiplier,
        max_loss=seen.max_loss * multiplier,
        fees=fees,
        breakevens=seen.breakevens,
        pop=seen.pop,
        expected_value=known((net + _signed(legs, "worth")) * multiplier - fees),
        return_on_risk=seen.max_profit / seen.max_loss,
        delta=known(_signed(legs, "delta")),
        gamma=known(_signed(legs, "gamma")),
        theta=known(_signed(legs, "theta")),
        vega=known(_signed(legs, "vega")),
        score=float(row[-1]),
        rank=rank,
        forward=known(first["forward"]),
        forward_from=FORWARD_FROM.get(int(first["forward_from"])),
        spot=known(first["spot"]),
        age_s=_age(chain, legs),
        views=tuple(_viewed(view, views, of_underlying, legs, net, fees / multiplier) for view in views_of(strategy)),
        band=seen.band,
    )


def spread_of(strategy: Strategy, chain: ChainSnapshot, row_ids: Sequence[int]) -> Spread:
    """The spread of these rows of the chain, one a leg in the order of the structure's shape."""
    shape = strategy.spread.shape
    legs = tuple(Leg(chain.contracts[row], leg.action, leg.ratio) for leg, row in zip(shape.legs, row_ids, strict=True))
    spread = Spread(strategy.spread.type, legs)
    if spread.is_of_one_expiry:
        return spread
    near, far = (pick(row_ids, key=lambda row: chain.contracts[row].expiry) for pick in (min, max))
    growth, discount = (_onward(chain, name, near, far) for name in ("forward", "discount"))
    return replace(spread, onward_growth=growth, onward_discount=discount)


def _onward(chain: ChainSnapshot, column: str, near: int, far: int) -> Decimal:
    """How many times the number of the near row that of the far one is; 1 where one is unknown."""
    values = numbers(chain, column)
    times = float(values[far] / values[near])
    return Decimal(repr(round(times, _DIGITS))) if math.isfinite(times) and times > 0 else Decimal(1)


def _signed(legs: Sequence[ChosenLeg], column: str) -> float:
    """What is bought less what is sold, each times its ratio; NaN where a leg lacks the number."""
    return sum(one.leg.sign * one.leg.ratio * (one.option.mid if column == "mid" else one.option[column]) for one in legs)


def _natural(legs: Sequence[ChosenLeg]) -> float:
    """USD per share where every leg that is bought pays the ask and every other hits the bid."""
    return -sum(one.leg.sign * one.leg.ratio * one.option["ask" if one.leg.sign > 0 else "bid"] for one in legs)


def _fees(legs: Sequence[ChosenLeg]) -> float:
    """USD to open and to close one spread."""
    brokers = sum(one.leg.ratio * one.option["fee"] for one in legs)
    exchanges = sum(one.leg.ratio * one.option["exchange_fee"] for one in legs)
    return 2 * (max(brokers, float(IBKR_TIERED.minimum_per_order)) + exchanges)


def _at(legs: Sequence[ChosenLeg], net: float, fees: float, volatility: float) -> float | None:
    """Expected value of one spread in USD where every leg has this volatility; None where it or a forward is unknown."""
    worth = 0.0
    for one in legs:
        forward, years, discount = (one.option[name] for name in ("forward", "years", "discount"))
        if not (volatility > 0 and math.isfinite(volatility) and forward > 0 and math.isfinite(forward) and years > 0):
            return None
        rate = -math.log(discount) / years
        w = 1 if one.leg.contract.put_call == "C" else -1
        # Priced off the forward, which drifts nowhere: the yield is the rate.
        value = float(price(forward, float(one.leg.contract.strike), years, rate, rate, volatility, w))
        worth += one.leg.sign * one.leg.ratio * value
    return (net + worth - fees) * MULTIPLIER


def _viewed(view: TakenAt, views: Views, underlying: int, legs: Sequence[ChosenLeg], net: float, fees: float) -> View:
    """The expected value of one spread at a view; `net` and `fees` are per share."""
    if not isinstance(view, NamedView):
        volatility = views.volatilities[view][underlying]
        return View(written(view), known(volatility), _at(legs, net, fees, volatility))
    expected = views.expected[view][underlying]
    if expected is None:
        return View(written(view), None, None)
    worth = sum(one.leg.sign * one.leg.ratio * float(expected.worth(*(one.option[name] for name in PRICED_FROM))) for one in legs)
    volatility = expected.expected.deviation / math.sqrt(expected.years)
    return View(written(view), volatility, known((net + worth - fees) * MULTIPLIER))


def _age(chain: ChainSnapshot, legs: Sequence[ChosenLeg]) -> float | None:
    """Seconds since the oldest quote was told that a number of the legs comes from."""
    told = [at for one in legs for at in (one.option["quoted_at"], one.option["priced_at"]) if math.isfinite(at)]
    return chain.as_of.timestamp() - min(told) if told else None
