"""A strategy's entry scan as one SELECT over the chain.

legs      options that may become a leg: side, days, quote, the strategy's filters; the chain is read once, here
pairs     short legs meet long legs of the same group at the wanted distance
priced    the numbers that rules and rank need, each once, the score last
the rest  the rules, then the best by score; equal scores by short, then long row number, so that the order is total;
          scores are equal that differ in the eleventh decimal only
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.compile.logic import plain, with_quantiles
from engine.compile.pairs import (
    QUOTED,
    Meeting,
    Priced,
    conjunction,
    key,
    long_conditions,
    of_side,
    pairs,
    short_conditions,
    sound,
)
from engine.compile.spreads import leg_term, spread_term, strategy_terms, views_of
from engine.compile.sql import FINITE, Parameters, Query, Writer
from engine.pricing.fees import IBKR_TIERED
from engine.strategy.model import Strategy


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """The scan of one strategy. Rows: short_row_id, long_row_id (row numbers of the legs in the chain), score; best first."""

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
    terms, views = strategy_terms(strategy, parameters), views_of(strategy)
    of_spread = Writer(lambda measure: spread_term(measure, terms, views), parameters)
    of_leg = Writer(lambda measure: leg_term(measure.name), parameters)
    rules = [of_spread.passes(with_quantiles(plain(rule.expression))) for rule in spread.rules]
    score = of_spread.number(spread.rank).sql
    priced = Priced.for_sql([*rules, score], spread, terms, parameters, float(minimum_fee))
    legs = [*of_side(spread, parameters), *QUOTED, *(of_leg.passes(line.expression) for line in strategy.filters)]
    short, long = short_conditions(spread, parameters), long_conditions(spread, parameters)
    underlying = ["underlying_id"] if several else []
    met = pairs(
        meeting, spread, parameters, priced.columns, short, long, ["short.underlying_id AS underlying_id"] if several else []
    )
    sql = f"""WITH legs AS MATERIALIZED (
  SELECT {", ".join(["row_id", *underlying, key(meeting, spread, parameters), *priced.columns])}
  FROM chain
  WHERE {conjunction(legs, 4)}
),
{met}{priced.steps([f"{score} AS score"])}
SELECT short_row_id, long_row_id, score
FROM priced
WHERE {conjunction([*sound(spread), *rules, f"score <= {FINITE}"], 2)}
{_best(several=several, kept=parameters.named("keep", spread.keep))}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return EntryPlan(Query(sql, parameters.values), several, meeting)


def _best(*, several: bool, kept: str) -> str:
    order = "round(score, 10) DESC, short_row_id, long_row_id"
    if not several:
        return f"ORDER BY {order}\nLIMIT {kept}"
    return f"QUALIFY row_number() OVER (PARTITION BY underlying_id ORDER BY {order}) <= {kept}\nORDER BY {order}"
