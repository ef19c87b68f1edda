"""A strategy's entry scan as one SELECT over the chain.

legs      options that may become a leg: side, days, quote, the strategy's filters; the chain is read once, here
pairs     legs meet as the structure's shape says: of the same group at the wanted distance, of the other side
priced    the numbers that rules and rank need, each once, the score last
the rest  the rules, then the best by score; equal scores by the row numbers of the legs, so that the order is
          total; scores are equal that differ in the eleventh decimal only
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.compile.combinations import combinations
from engine.compile.logic import plain, with_quantiles
from engine.compile.pairs import QUOTED, Meeting, conjunction, of_side, sound
from engine.compile.priced import Priced
from engine.compile.spreads import Numbers, leg_term
from engine.compile.sql import FINITE, Parameters, Query, Writer
from engine.compile.wanted import wanted
from engine.pricing.fees import IBKR_TIERED
from engine.strategy.expressions.tree import Expression
from engine.strategy.model import Strategy


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """The scan of one strategy. Rows, best first: the row number of each leg in the chain, as the shape lists them; the score."""

    query: Query
    several: bool
    """Keeps the best of each underlying; else the rows handed over are of one underlying."""
    meeting: Meeting


def compile_entry(
    strategy: Strategy,
    *,
    several: bool = False,
    meeting: Meeting = "bucket",
    minimum_fee: Decimal = IBKR_TIERED.minimum_per_order,
) -> EntryPlan:
    """The scan of a strategy over rows of the chain that belong to its universe.

    A strategy whose expiry is `next monthly` must be handed only the rows of that expiry; a range of days is asked
    for in SQL. `minimum_fee` is the least commission of one order, USD.
    """
    spread, parameters = strategy.spread, Parameters()
    numbers = Numbers.of(strategy, parameters)
    of_spread, of_leg = Writer(numbers.term, parameters), Writer(lambda measure: leg_term(measure.name), parameters)
    rules = [of_spread.passes(_asked(rule.expression, numbers)) for rule in spread.rules]
    score = of_spread.number(spread.rank).sql
    priced = Priced.for_sql([*rules, score], spread, numbers, parameters, float(minimum_fee))
    legs = [*of_side(spread, parameters), *QUOTED, *(of_leg.passes(line.expression) for line in strategy.filters)]
    keys, met = combinations(meeting, spread, parameters, priced.columns, wanted(spread, parameters), several=several)
    rows = [f"{role}_row_id" for role in spread.shape.roles]
    asked, scored = [*sound(spread), *rules, f"score <= {FINITE}"], [f"{score} AS score"]
    if not priced.is_heavy():
        steps = priced.inlined(scored)
    else:
        early = [line for line in asked[:-1] if not numbers.is_heavy(line)]
        early += [f"{score} <= {FINITE}"] * (not numbers.is_heavy(score))
        asked = [line for line in asked if line not in early]
        steps = priced.sieved(early, asked, scored, [*rows, *["underlying_id"] * several])
    sql = f"""WITH legs AS MATERIALIZED (
  SELECT {", ".join(["row_id", *["underlying_id"] * several, *keys, *priced.columns])}
  FROM chain
  WHERE {conjunction(legs, 4)}
),
{met}{steps}
SELECT {", ".join(rows)}, score
FROM priced
WHERE {conjunction(asked, 2)}
{_best(rows, several=several, kept=parameters.named("keep", spread.keep))}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return EntryPlan(Query(sql, parameters.values), several, meeting)


def _asked(rule: Expression, numbers: Numbers) -> Expression:
    """The rule in plain form; a chance of profit of one breakeven is asked by its quantile."""
    return with_quantiles(plain(rule)) if "pop_z" in numbers.steps else plain(rule)


def _best(rows: Sequence[str], *, several: bool, kept: str) -> str:
    order = f"round(score, 10) DESC, {', '.join(rows)}"
    if not several:
        return f"ORDER BY {order}\nLIMIT {kept}"
    return f"QUALIFY row_number() OVER (PARTITION BY underlying_id ORDER BY {order}) <= {kept}\nORDER BY {order}"
