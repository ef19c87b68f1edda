"""Spreads of every structure under a person's own view of a price, the best expected value for what can be lost first.

Under the view an option has another worth than at the market. That worth takes the place of the market's in the chain, and the
search that trades does the rest: the same SQL, over every combination that meets, with `expected_value / max_loss` as its rank.
What it finds at mid is ranked once more at natural, where every leg pays the ask or hits the bid: what only pays at prices
that nobody may give is no idea.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from engine.decide.entry.expected import COLUMNS, PRICED_FROM, Columns, worths
from engine.decide.entry.find import Finder
from engine.decide.rows import ChainRows, numbers
from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.candidate import Candidate
from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot
from engine.domain.session import trading_day, years_between
from engine.pricing.curve import Curve, CurveLeg
from engine.pricing.view import View
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy
from engine.strategy.spreads.structure import OfTwoExpiries
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.values.meaning import Amount
from engine.strategy.values.view import SaidView

NEAR_EXPIRIES = 2
"""Expiries at or behind the view's day whose options are sold, or all of them where nothing is bought for later."""
FAR_AFTER, FAR_UNTIL = 7, 70
"""Days behind these in which what is bought for later expires."""
_WIDEST = 0.03
"""Of the price: the widest spread that is searched."""
_ASKED = 60
"""The best of each structure at mid, which are ranked at natural."""
_TIGHT = 0.0006
"""Of the price: the widest quote of a spread of two expiries, whose width is no measure for it."""
_LEVELS = 4001
"""Parts into which the view is cut to count the chance of a profit: a fortieth of a percent each."""


@dataclass(frozen=True, slots=True)
class Idea:
    """A spread, and what becomes of one of it where the view is right; amounts in USD."""

    candidate: Candidate
    """`expected_value` and `score` are those of the view at mid, all else is the market's."""
    pop: float | None
    """Chance of a profit after fees, opened at mid, when its first leg expires; under the view."""

    @property
    def value(self) -> float:
        """Expected value under the view after fees, opened at natural."""
        return (self.candidate.expected_value or 0.0) - self._given_away

    @property
    def loss(self) -> float:
        """The most that can be lost, opened at natural, fees included."""
        return self.candidate.max_loss + self._given_away + self.candidate.fees

    @property
    def score(self) -> float:
        """Value for each dollar that can be lost."""
        return self.value / self.loss

    @property
    def _given_away(self) -> float:
        return (self.candidate.net - self.candidate.natural) * self.candidate.spread.multiplier


@dataclass(frozen=True, slots=True)
class Searched:
    """One structure, as it was searched."""

    title: str
    """`put calendar`."""
    ideas: tuple[Idea, ...]
    """Best first by their score; none where nothing pays under the view."""


def seen(chain: ChainSnapshot, underlying: str, view: View) -> ChainSnapshot:
    """The chain in which each option of the underlying is worth what the view expects it to pay."""
    rows = _rows_of(chain, underlying)
    worth = numbers(chain, "worth").copy()
    worth[rows] = worths(view, {name: numbers(chain, name)[rows] for name in PRICED_FROM})
    at = CHAIN_SCHEMA.get_field_index("worth")
    return replace(chain, table=chain.table.set_column(at, CHAIN_SCHEMA.field(at), pa.array(worth)))


def columns_of(chain: ChainSnapshot, underlying: str) -> Columns:
    """What the market says of an underlying. Raises ValueError where the chain does not have it."""
    rows = _rows_of(chain, underlying)
    return {name: numbers(chain, name)[rows] for name in COLUMNS}


def searches(said: SaidView, chain: ChainSnapshot, now: datetime) -> Iterator[tuple[str, Strategy]]:
    """A search of every structure for the expiries that the view is about. Raises ValueError where there is none."""
    rows = _rows_of(chain, said.underlying)
    near, far = _days(chain, rows, (said.by - trading_day(now)).days, said.by)
    price = float(numbers(chain, "spot")[rows][0])
    step = _step(chain, rows, price)
    most = max(2 * step, step * round(_WIDEST * price / step))
    width, wide = f"${step:g}-${most:g}", f"${step:g}-${2 * most:g}"
    sold = f"expiry: {near[0]}-{near[1]} days" if near[0] < near[1] else f"expiry: {near[0]} days"
    tight = f"quote_width <= ${_TIGHT * price:.2f}"
    later = None if far is None else f"expiry: {{near: {near[0]}-{near[1]} days, far: {far[0]}-{far[1]} days}}"
    for kind, keys in ((one, keys) for one in STRUCTURES.values() for keys in one.widest):
        is_later, structure = issubclass(kind, OfTwoExpiries), kind.name()
        expiry = later if is_later else sold
        if expiry is None:
            continue
        right = next((key.removeprefix("right: ") for key in keys if key.startswith("right: ")), "")
        title = f"{right} {structure.replace('_', ' ')}".strip()
        lines = [expiry, *(key.format(width=width, wide=wide) for key in keys)]
        rules = [tight] if is_later else ["quote_width <= 20% of width", "return_on_risk <= 1500%"]
        text = _FILE.format(
            underlying=said.underlying, structure=structure, keys="\n  ".join(lines), rules="\n    - ".join(rules), keep=_ASKED
        )
        parsed = parse_strategy(text, f"{structure}.yaml")
        assert parsed.value is not None, f"{title}: {parsed.problems}"
        yield title, parsed.value


def best(
    finder: Finder, strategy: Strategy, title: str, rows: ChainRows, view: View, now: datetime, calendar: Calendar = WEEKDAYS
) -> Searched:
    """The best of one structure; `rows` are those of the chain that was `seen` through the view."""
    found = finder.scan(strategy, rows, list(strategy.universe), now)
    ideas = [Idea(one, chance(one, view, now, calendar)) for one in found if not _is_another(one)]
    return Searched(title, tuple(sorted((one for one in ideas if one.value > 0), key=lambda one: -one.score)))


def chance(candidate: Candidate, view: View, now: datetime, calendar: Calendar = WEEKDAYS) -> float | None:
    """Chance of a profit after fees when the first leg expires; None where what lives on has no volatility.

    What lives on is valued at its own volatility, without interest until it expires.
    """
    spread = candidate.spread
    until = [years_between(now, calendar.settles_at(leg.contract.rule, leg.contract.expiry)) for leg in spread.legs]
    first, forward = min(until), candidate.forward
    volatilities = [quote.iv for quote in candidate.quotes]
    lives_on = [iv for iv, years in zip(volatilities, until, strict=True) if years > first]
    if forward is None or any(iv is None for iv in lives_on):
        return None
    legs = tuple(
        CurveLeg(leg.sign, leg.ratio, leg.contract.put_call, float(leg.contract.strike), years, iv)
        for leg, years, iv in zip(spread.legs, until, volatilities, strict=True)
    )
    at_first = view.at(first, forward, next((iv for iv in volatilities if iv is not None), 0.0))
    made = Curve(legs, candidate.net - candidate.fees / spread.multiplier).at_expiry(at_first.levels(_LEVELS))
    return float(np.mean(made > 0))


def fitting_account(candidate: Candidate, account: Account, usd: Callable[[Amount], Decimal]) -> int:
    """How many of the spread the limits of an account let through; `usd` gives what an amount of them is in dollars."""
    risk, counts = account.risk, account.counts
    most = min(counts.contracts_per_order, counts.contracts_per_trade)
    return fitting(candidate, [usd(risk.per_trade), usd(risk.hard_cap)], usd(risk.width), most)


def fitting(candidate: Candidate, limits: Sequence[Decimal], width_limit: Decimal | None, most: int) -> int:
    """How many of the spread fit: its loss and fees within each of the limits, its width within its own, at most so many."""
    spread = candidate.spread
    loss = Decimal(repr(round(candidate.max_loss + candidate.fees, 2)))
    counts = [most, *(int(limit / loss) for limit in limits if loss > 0)]
    if width_limit is not None and candidate.width > 0:
        counts.append(int(width_limit / (Decimal(repr(candidate.width)) * spread.multiplier)))
    return max(0, min(counts))


def _is_another(candidate: Candidate) -> bool:
    """Whether it is found under another name too: a broken wing whose wings are equal is a butterfly."""
    strikes = sorted(leg.contract.strike for leg in candidate.spread.legs)
    return candidate.spread.structure == "broken_wing" and strikes[1] - strikes[0] == strikes[2] - strikes[1]


def _rows_of(chain: ChainSnapshot, underlying: str) -> np.ndarray:
    if underlying not in chain.underlyings:
        raise ValueError(f"this chain has no {underlying}; it has {', '.join(chain.underlyings) or 'nothing that trades'}")
    rows = np.flatnonzero(numbers(chain, "underlying_id") == chain.underlyings.index(underlying))
    if not rows.size:
        raise ValueError(f"this chain has no option on {underlying} that trades")
    return rows


def _days(chain: ChainSnapshot, rows: np.ndarray, wanted: int, by: date) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """Days to the expiries that the view is about, and to those of what is bought for later."""
    days, bid, ask = (numbers(chain, name)[rows] for name in ("dte", "bid", "ask"))
    quoted = np.unique(days[np.isfinite(bid) & np.isfinite(ask)]).tolist()
    at_or_after = [int(day) for day in quoted if day >= wanted]
    if not at_or_after:
        last = f"; the last one that is quoted has {quoted[-1]:g} days" if quoted else ""
        raise ValueError(f"no expiry is quoted on or behind {by:%d %b %Y}, {wanted} days ahead{last}: say an earlier day")
    near = at_or_after[:NEAR_EXPIRIES]
    far = [day for day in at_or_after if near[-1] + FAR_AFTER <= day <= near[-1] + FAR_UNTIL]
    return (near[0], near[-1]), ((far[0], far[-1]) if far else None)


def _step(chain: ChainSnapshot, rows: np.ndarray, price: float) -> float:
    """How far apart strikes lie around the money: what most neighbours there are apart."""
    strikes = np.unique(numbers(chain, "strike")[rows])
    around = strikes[np.argsort(np.abs(strikes - price))[:21]]
    apart, counts = np.unique(np.round(np.diff(np.sort(around)), 4), return_counts=True)
    return float(apart[np.argmax(counts)]) if apart.size else 1.0


_FILE = """\
schema: 1
name: idea
universe: [{underlying}]
filters:
  - quote_width <= 40% of mid or quote_width <= $0.40
spread:
  type: {structure}
  {keys}
  rules:
    - expected_value > $0
    - {rules}
  rank: expected_value / max_loss
  keep: {keep}
sizing:
  risk: $1,000,000
exits:
  - dte <= 0
"""
