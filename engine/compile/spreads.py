"""What can be computed of a vertical from the columns of its two legs: short_… of the one sold, long_… of the one bought.

Each number stands once, as SQL over columns and over numbers declared before it. The compiler takes those a strategy
needs, level by level, so that none is computed twice. All per share unless it says USD; credit > 0, debit < 0.

    net                    middle of the short leg's quote less the middle of the long leg's
    max_profit, max_loss   100 x net and 100 x (width - net) for a credit, 100 x (width + net) and -100 x net for a debit; USD,
                           fees apart
    fees                   twice the commission of an order for one spread: the legs' fees, at least the minimum of an
                           order, and the exchange's fees of the legs on top; USD
    kept                   net - fees / 100
    breakeven              short strike + w x net for a credit, long strike - w x net for a debit; w = +1 for calls, -1
                           for puts
    breakeven_after_fees   the same with `kept`
    breakeven_iv           straight line in strike through the two legs' iv, at breakeven_after_fees
    pop                    chance to end on the profitable side of breakeven_after_fees, 0 where fees eat all profit:
                           N(z), z = ±(ln(B / forward) + iv²/2 x years) / (iv x sqrt(years)) at breakeven_iv, + where
                           the profit lies below B
    expected_value         100 x (net + worth of the long leg - that of the short leg) - fees; USD
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from engine.compile.logic import NEVER
from engine.compile.normal import normal_cdf
from engine.compile.sql import EQUAL, FINITE, Parameters, Term
from engine.domain.chain import CHAIN_COLUMNS
from engine.strategy.expressions.tree import Measure, Number, views_in
from engine.strategy.measures import declaration
from engine.strategy.model import Strategy
from engine.strategy.spreads import Vertical

MULTIPLIER: Final = 100
"""Options of any other multiplier are adjusted contracts and never become a leg."""

VIEWS: Final = ("view_1", "view_2", "view_3")
"""Columns of the scan's relation for volatilities of the market that a strategy takes its views at; more are refused."""

_WORD = re.compile(r"\b[a-z_]\w*\b")
_OF_A_LEG = re.compile(r"(?:short|long)_(\w+)")
_MAY_BE_ABSENT = {column.name: column.may_be_absent for column in CHAIN_COLUMNS} | {
    "quote_age": True,
    "days_to_ex_dividend": True,
    **dict.fromkeys(VIEWS, True),
}
_NEVER_ZERO = frozenset({"width", "max_profit", "max_loss", "fees"})
"""Above zero in every spread whose price makes sense."""
_KNOWN_OF_LEGS = frozenset({"bid", "ask", "fee", "exchange_fee"})
"""Every leg has these: an option that lacks one is not eligible."""


def leg_term(name: str) -> Term:
    """A leg measure over the chain relation."""
    sql = declaration(name, "leg").sql
    absent = any(_MAY_BE_ABSENT.get(word, False) and word not in _KNOWN_OF_LEGS for word in _words(sql))
    return Term(_closed(sql), absent, is_exact=sql.isidentifier())


def views_of(strategy: Strategy) -> tuple[Number | Measure, ...]:
    """The views that the rules and the rank of a strategy take an expected value at, in that order."""
    spread = strategy.spread
    return views_in(*(rule.expression for rule in spread.rules), spread.rank)


def market_views_of(strategy: Strategy) -> tuple[Measure, ...]:
    """Those of them that the market says: the n-th is column `view_n` of the scan's relation."""
    return tuple(view for view in views_of(strategy) if isinstance(view, Measure))


def strategy_terms(strategy: Strategy, parameters: Parameters) -> Mapping[str, str]:
    """`spread_terms`, and the expected value at each view: of Black's price of both legs at its one volatility."""
    terms = dict(spread_terms(strategy.spread))
    w, of_market = 1 if strategy.spread.put_call == "C" else -1, market_views_of(strategy)
    for n, view in enumerate(views_of(strategy), 1):
        column = (
            f"short_{VIEWS[of_market.index(view)]}" if isinstance(view, Measure) else parameters.named(f"view_{n}", view.value)
        )
        terms[f"at{n}_vol"] = column
        known = f"at{n}_vol > 0 AND at{n}_vol <= {FINITE} AND short_years > 0"
        terms[f"at{n}_deviation"] = f"CASE WHEN {known} THEN at{n}_vol * sqrt(short_years) END"
        for leg in ("short", "long"):
            name = f"at{n}_{leg}"
            terms[f"{name}_d"] = f"ln({leg}_forward / {leg}_strike) / at{n}_deviation"
            terms[f"{name}_z1"] = f"{w} * ({name}_d + at{n}_deviation / 2)"
            terms[f"{name}_z2"] = f"{w} * ({name}_d - at{n}_deviation / 2)"
            terms[f"{name}_n1"], terms[f"{name}_n2"] = normal_cdf(f"{name}_z1"), normal_cdf(f"{name}_z2")
            terms[name] = f"{w} * {leg}_discount * ({leg}_forward * {name}_n1 - {leg}_strike * {name}_n2)"
        terms[view_name(n)] = f"{MULTIPLIER} * (net + at{n}_long - at{n}_short) - fees"
    return terms


def view_name(n: int) -> str:
    """The number that is the expected value at the n-th view, counted from 1."""
    return f"expected_value_at{n}"


def spread_terms(spread: Vertical) -> Mapping[str, str]:
    """SQL of every number above for this structure, in an order in which each uses only earlier ones."""
    w = 1 if spread.put_call == "C" else -1
    plus, minus = ("+", "-") if w > 0 else ("-", "+")
    anchor, sign = ("short_strike", plus) if spread.is_credit else ("long_strike", minus)
    # A bull profits above its breakeven, a bear below it; the short strike lies above exactly for bulls.
    profits_above = spread.short_is_higher
    half_variance, distance = "breakeven_iv * breakeven_iv / 2 * short_years", "ln(breakeven_after_fees / short_forward)"
    toward = f"-({distance} + {half_variance})" if profits_above else f"{distance} + {half_variance}"
    return {
        "width": "short_strike - long_strike" if spread.short_is_higher else "long_strike - short_strike",
        "net": "((short_bid + short_ask) - (long_bid + long_ask)) / 2",
        "short_multiplier": str(MULTIPLIER),
        "fees": "2 * (greatest(short_fee + long_fee, $minimum_fee) + short_exchange_fee + long_exchange_fee)",
        "max_profit": f"{MULTIPLIER} * net" if spread.is_credit else f"{MULTIPLIER} * (width + net)",
        "max_loss": f"{MULTIPLIER} * (width - net)" if spread.is_credit else f"-{MULTIPLIER} * net",
        "kept": f"net - fees / {MULTIPLIER}",
        "breakeven": f"{anchor} {sign} net",
        "breakeven_after_fees": f"{anchor} {sign} kept",
        "breakeven_distance": "(short_spot - breakeven) / short_spot"
        if profits_above
        else "(breakeven - short_spot) / short_spot",
        # The straight line from strike to strike: the breakeven lies kept / width of the way from the anchor to the other leg.
        "breakeven_iv": f"{'short_iv' if spread.is_credit else 'long_iv'} + (long_iv - short_iv) * kept / width",
        "pop_z": (
            f"CASE WHEN {'kept' if spread.is_credit else 'width + kept'} > {EQUAL}"
            f" THEN ({toward}) / (breakeven_iv * sqrt(short_years)) "
            f"WHEN short_iv + long_iv + short_forward <= {FINITE} THEN -{NEVER!r} END"
        ),
        "pop": f"CASE WHEN pop_z <= {FINITE} THEN {normal_cdf('pop_z')} END",
        "touch_log": "ln(short_strike / short_spot)",
        "touch_drift": "ln(short_forward / short_spot) - short_iv * short_iv / 2 * short_years",
        "touch_side": "CASE WHEN short_strike > short_spot THEN 1e0 ELSE -1e0 END",
        "touch_z1": "touch_side * (touch_drift - touch_log) / (short_iv * sqrt(short_years))",
        "touch_z2": "touch_side * (-touch_log - touch_drift) / (short_iv * sqrt(short_years))",
        "p_touch": (
            f"CASE WHEN short_iv > 0 AND short_iv + short_spot <= {FINITE} AND short_years > 0 "
            f"THEN least(1e0, {normal_cdf('touch_z1')} "
            f"+ exp(2 * touch_drift * touch_log / (short_iv * short_iv * short_years)) * {normal_cdf('touch_z2')}) END"
        ),
        "expected_value": f"{MULTIPLIER} * (net + long_worth - short_worth) - fees",
    }


def spread_term(measure: Measure, terms: Mapping[str, str], views: Sequence[Number | Measure] = ()) -> Term:
    """A spread measure, or one of the numbers above, over pairs whose needed numbers are columns."""
    name = measure.name if measure.at is None else view_name(1 + views.index(measure.at))
    sql = name if name in terms else declaration(name, "spread").sql
    return Term(_closed(sql), _may_be_absent(sql, terms), may_be_zero=sql not in _NEVER_ZERO)


def levels(wanted: Iterable[str], terms: Mapping[str, str]) -> list[list[str]]:
    """The numbers that the wanted SQL needs, in levels: each level uses only columns of the legs and earlier levels."""
    depth: dict[str, int] = {}

    def visit(sql: str) -> int:
        deepest = 0
        for word in _words(sql):
            if word in terms:
                if word not in depth:
                    depth[word] = 1 + visit(terms[word])
                deepest = max(deepest, depth[word])
        return deepest

    for sql in wanted:
        visit(sql)
    return [[name for name in terms if depth.get(name) == level] for level in range(1, 1 + max(depth.values(), default=0))]


def leg_columns(fragments: Iterable[str]) -> list[str]:
    """Columns of the chain that these fragments use of either leg, in the chain's order."""
    used = {_column_of_leg(word) for sql in fragments for word in _words(sql)} - {"multiplier"}
    return [name for name in _MAY_BE_ABSENT if name in used]


def _may_be_absent(sql: str, terms: Mapping[str, str]) -> bool:
    for word in _words(sql):
        if word in terms:
            if word not in {"pop", "p_touch"} and not _may_be_absent(terms[word], terms):
                continue
            return True
        column = _column_of_leg(word)
        if column not in _KNOWN_OF_LEGS and _MAY_BE_ABSENT.get(column, False):
            return True
    return False


def _column_of_leg(word: str) -> str:
    """The chain's column behind a word like short_bid; empty for every other word."""
    found = _OF_A_LEG.fullmatch(word)
    return found[1] if found else ""


def _closed(sql: str) -> str:
    return sql if sql.isidentifier() else f"({sql})"


def _words(sql: str) -> list[str]:
    return _WORD.findall(sql)
