"""What can be computed of a spread from the columns of its legs, named by their roles: short_bid, short_put_iv, body_delta.

Each number stands once, as SQL over columns and over numbers declared before it. The compiler takes those a strategy
needs, level by level, so that none is computed twice. All per share unless it says USD; credit > 0, debit < 0.

    net                    middle of the quotes of what is sold less that of what is bought (`folds.py`, as are fees and greeks)
    width                  distance between the least and the most it is worth at expiry (`payoffs.py`)
    max_profit, max_loss   100 x (the most it is worth + net) and -100 x (the least + net); USD, fees apart
    fees                   twice the commission of an order for one spread: the legs' fees, at least the minimum of an
                           order, and the exchange's fees of the legs on top; USD
    kept                   net - fees / 100
    breakeven              of a vertical: short strike + w x net for a credit, long strike - w x net for a debit; w = +1 for
                           calls, -1 for puts
    breakeven_after_fees   the same with `kept`
    breakeven_iv           straight line in strike through the two legs' iv, at breakeven_after_fees
    pop                    chance to end on the profitable side of breakeven_after_fees, 0 where fees eat all profit:
                           N(z), z = ±(ln(B / forward) + iv²/2 x years) / (iv x sqrt(years)) at breakeven_iv, + where
                           the profit lies below B
    expected_value         100 x (net + worth of what is bought - that of what is sold) - fees; USD; at a view of the price
                           with the worth that each option has under it, a column of the chain
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.compile import folds, payoffs, revalued
from engine.compile.normal import needs_normal, normal_cdf, size_of
from engine.compile.sql import FINITE, Parameters, Term
from engine.domain.chain import CHAIN_COLUMNS
from engine.domain.structure import Shape
from engine.strategy.expressions.tree import Measure, NamedView, View, measures_in, views_in
from engine.strategy.measures.index import declaration
from engine.strategy.model import Strategy
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import Vertical

MULTIPLIER: Final = 100
"""Options of any other multiplier are adjusted contracts and never become a leg."""

VIEWS: Final = ("view_1", "view_2", "view_3")
"""Columns of the scan's relation for numbers of the market: what a strategy takes its views at, and what its rules and its rank
hold spreads against. More are refused."""

WORTHS: Final = ("worth_1", "worth_2", "worth_3")
"""Columns of the scan's relation for what each option is worth under the views of a price that rules and rank name."""

_WORD = re.compile(r"\b[a-z_]\w*\b")
_MAY_BE_ABSENT = {column.name: column.may_be_absent for column in CHAIN_COLUMNS} | {
    "quote_age": True,
    "days_to_ex_dividend": True,
    **dict.fromkeys((*VIEWS, *WORTHS), True),
    "is_american": False,
}
_NEVER_ZERO = frozenset({"width", "max_profit", "max_loss", "fees"})
"""Above zero in every spread whose price makes sense."""
_KNOWN_OF_LEGS = frozenset({"bid", "ask", "fee", "exchange_fee"})
"""Every leg has these: an option that lacks one is not eligible."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What can be computed of the legs of one strategy's structure."""

    shape: Shape
    steps: Mapping[str, str]
    """SQL by name, in an order in which each uses only earlier ones; a step becomes a column."""
    measures: Mapping[str, str]
    """SQL of the measures that are no step."""
    views: tuple[View, ...]
    """What expected values are taken at: the n-th, counted from 1, is the step `view_name(n)`."""
    market: tuple[Measure, ...] = ()
    """What stands in the columns of views, in their order."""

    @staticmethod
    def of(strategy: Strategy, parameters: Parameters) -> Numbers:
        shape, views = strategy.spread.shape, views_of(strategy)
        steps = {**_steps(strategy.spread), **_views(shape, views, parameters)}
        return Numbers(shape, steps, folds.measures(shape), views, market_views_of(strategy))

    def term(self, measure: Measure) -> Term:
        """A spread measure, or one of the steps, over spreads whose needed steps are columns."""
        if measure.relation == "market":
            return Term(f"{self.shape.legs[0].role}_{VIEWS[self.market.index(measure)]}", may_be_absent=True)
        name = measure.name if measure.at is None else view_name(1 + self.views.index(measure.at))
        sql = name if name in self.steps else self.measures[name]
        return Term(_closed(sql), self._may_be_absent(sql), may_be_zero=sql not in _NEVER_ZERO)

    def levels(self, wanted: Iterable[str], known: Collection[str] = ()) -> list[list[str]]:
        """The steps that the wanted SQL needs, in levels: each level uses only columns of the legs, earlier levels, and what
        is `known` to be a column already."""
        depth: dict[str, int] = dict.fromkeys(known, 0)

        def visit(sql: str) -> int:
            deepest = 0
            for word in words(sql):
                if word in self.steps:
                    if word not in depth:
                        depth[word] = 1 + visit(self.steps[word])
                    deepest = max(deepest, depth[word])
            return deepest

        for sql in wanted:
            visit(sql)
        deepest = max(depth.values(), default=0)
        return [[name for name in self.steps if depth.get(name) == level] for level in range(1, 1 + deepest)]

    def is_heavy(self, sql: str) -> bool:
        """Whether a normal distribution is needed for it, in it or in a step that it uses."""
        return needs_normal(sql) or any(self.is_heavy(self.steps[word]) for word in words(sql) if word in self.steps)

    def leg_columns(self, fragments: Iterable[str]) -> list[str]:
        """Columns of the chain that these fragments use of any leg, in the chain's order."""
        used = {self._column_of_leg(word) for sql in fragments for word in words(sql)}
        return [name for name in _MAY_BE_ABSENT if name in used]

    def _may_be_absent(self, sql: str) -> bool:
        for word in words(sql):
            if word in self.steps:
                if word not in {"pop", "p_touch"} and not self._may_be_absent(self.steps[word]):
                    continue
                return True
            column = self._column_of_leg(word)
            if column not in _KNOWN_OF_LEGS and _MAY_BE_ABSENT.get(column, False):
                return True
        return False

    def _column_of_leg(self, word: str) -> str:
        """The chain's column behind a word like short_bid; empty for every other word."""
        return next((word[len(role) + 1 :] for role in self.shape.roles if word.startswith(f"{role}_")), "")


def leg_term(name: str) -> Term:
    """A leg measure over the chain relation."""
    sql = declaration(name, "leg").sql
    absent = any(_MAY_BE_ABSENT.get(word, False) and word not in _KNOWN_OF_LEGS for word in words(sql))
    return Term(_closed(sql), absent, is_exact=sql.isidentifier())


def views_of(strategy: Strategy) -> tuple[View, ...]:
    """The views that the rules and the rank of a strategy take an expected value at, in that order."""
    spread = strategy.spread
    return views_in(*(rule.expression for rule in spread.rules), spread.rank)


def market_views_of(strategy: Strategy) -> tuple[Measure, ...]:
    """Those of them that the market says, and the numbers of the market in rules and rank themselves: the n-th is column `view_n`
    of the scan's relation."""
    spread = strategy.spread
    expressions = (*(rule.expression for rule in spread.rules), spread.rank)
    views = [view for view in views_of(strategy) if isinstance(view, Measure)]
    beside = [measure for one in expressions for measure in measures_in(one) if measure.relation == "market"]
    return tuple(dict.fromkeys([*views, *beside]))


def named_views_of(strategy: Strategy) -> tuple[NamedView, ...]:
    """Those of them that are views of a price: what options are worth under the n-th is column `worth_n` of the relation."""
    return tuple(view for view in views_of(strategy) if isinstance(view, NamedView))


def view_name(n: int) -> str:
    """The number that is the expected value at the n-th view, counted from 1."""
    return f"expected_value_at{n}"


def _steps(spread: Structure) -> Mapping[str, str]:
    shape = spread.shape
    match spread:
        case Vertical():
            payoff = payoffs.of_vertical(spread, MULTIPLIER)
        case OfTwoExpiries():
            payoff = revalued.of_two_expiries(shape, MULTIPLIER)
        case _:
            payoff = payoffs.of_shape(shape, MULTIPLIER)
    return {
        **({"width": payoff["width"]} if "width" in payoff else {}),
        "net": folds.net(shape),
        "fees": folds.fees(shape),
        **payoff,
        **folds.touch(shape),
        "expected_value": f"{MULTIPLIER} * (net + {folds.signed(shape, folds.column('worth'))}) - fees",
    }


def _views(shape: Shape, views: Sequence[View], parameters: Parameters) -> Mapping[str, str]:
    """The expected value at each view: of Black's price of every leg at its one volatility, or of what every leg is worth under
    a view of the price."""
    steps: dict[str, str] = {}
    first, of_market = shape.legs[0].role, [view for view in views if isinstance(view, Measure)]
    named = [view for view in views if isinstance(view, NamedView)]
    for n, view in enumerate(views, 1):
        if isinstance(view, NamedView):
            earned = folds.signed(shape, folds.column(WORTHS[named.index(view)]))
            steps[view_name(n)] = f"{MULTIPLIER} * (net + {earned}) - fees"
            continue
        market = isinstance(view, Measure)
        steps[f"at{n}_vol"] = f"{first}_{VIEWS[of_market.index(view)]}" if market else parameters.named(f"view_{n}", view.value)
        steps[f"at{n}_deviation"] = _deviation(n, first)
        later = next((role for role in shape.roles if shape.is_later(role)), None)
        if later is not None:
            steps[f"at{n}_later_deviation"] = _deviation(n, later)
        for leg in shape.legs:
            role, name, w = leg.role, f"at{n}_{leg.role}", 1 if leg.put_call == "C" else -1
            deviation = f"at{n}_later_deviation" if shape.is_later(role) else f"at{n}_deviation"
            steps[f"{name}_d"] = f"ln({role}_forward / {role}_strike) / {deviation}"
            steps[f"{name}_z1"] = f"{w} * ({name}_d + {deviation} / 2)"
            steps[f"{name}_z2"] = f"{w} * ({name}_d - {deviation} / 2)"
            for k in (1, 2):
                steps[f"{name}_size{k}"] = size_of(f"{name}_z{k}")
                steps[f"{name}_n{k}"] = normal_cdf(f"{name}_z{k}", f"{name}_size{k}")
            steps[name] = f"{w} * {role}_discount * ({role}_forward * {name}_n1 - {role}_strike * {name}_n2)"
        earned = folds.signed(shape, _view_cell(n))
        steps[view_name(n)] = f"{MULTIPLIER} * (net + {earned}) - fees"
    return steps


def _deviation(n: int, role: str) -> str:
    known = f"at{n}_vol > 0 AND at{n}_vol <= {FINITE} AND {role}_years > 0"
    return f"CASE WHEN {known} THEN at{n}_vol * sqrt({role}_years) END"


def _view_cell(n: int) -> folds.Cell:
    return lambda role: f"at{n}_{role}"


def _closed(sql: str) -> str:
    return sql if sql.isidentifier() else f"({sql})"


def words(sql: str) -> list[str]:
    """Names that stand in a piece of SQL."""
    return _WORD.findall(sql)
