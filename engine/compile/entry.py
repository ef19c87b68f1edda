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
from textwrap import indent
from typing import Final

from engine.compile.bounds import Bounds
from engine.compile.combinations import combinations
from engine.compile.lists import fetched
from engine.compile.logic import plain, with_quantiles
from engine.compile.pairs import QUOTED, Meeting, conjunction, of_side, sound
from engine.compile.priced import Priced
from engine.compile.spreads import Numbers, leg_term
from engine.compile.sql import FINITE, Parameters, Query, Writer
from engine.compile.wanted import placed_columns, wanted
from engine.compile.wings import BEST_CONDORS, BEST_WINGS, OF_CHANCE, REACHED_SCORE, best_condors, keys
from engine.pricing.fees import IBKR_TIERED
from engine.strategy.expressions.tree import Expression
from engine.strategy.model import Strategy
from engine.strategy.spreads.flies import BrokenWing
from engine.strategy.spreads.structure import OfTwoExpiries
from engine.strategy.spreads.wings import IronCondor, TwoWings

MANY: Final = (OfTwoExpiries, BrokenWing)
"""Structures of which tens of thousands meet: to ask fewer what is dear takes no longer than to rank them first."""
BEST_RANKED: Final = (64, 512)
"""Combinations of which the dear numbers are computed first where the rank does not need them: where only a price that makes
sense is asked, as nearly all of them have, and where a rule is asked."""


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """The scan of one strategy. Rows, best first: the row number of each leg in the chain, as the shape lists them; the score."""

    query: Query
    several: bool
    """Keeps the best of each underlying; else the rows handed over are of one underlying."""
    meeting: Meeting


@dataclass(frozen=True, slots=True)
class BoundedPlan:
    """The same rows in two steps, over the chain of one underlying: of condors by what their wings allow (`wings.py` has how), of
    others where the rank is cheap and a rule or the soundness of the price is dear.

    The latter are ranked first, all of them, and only the best are asked what is dear. Where enough of these pass, no other can
    stand before them.
    """

    first: Query
    """The rows of the best, and behind the score the best that is possible among what was left out: NULL where nothing can be
    better. One row of NULL before it where nothing was found."""
    rest: Query
    """All rows that may reach the score of the relation `reached`, or all there are."""


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
    scan = _Scan(strategy, float(minimum_fee))
    found_by, met = combinations(
        meeting, strategy.spread, scan.parameters, scan.priced.columns, wanted(strategy.spread, scan.parameters), several=several
    )
    steps, asked = scan.judged(several=several)
    best = best_of(scan.rows, several=several, kept=scan.kept)
    sql = f"""{scan.legs(found_by, several=several)},
{met}{steps}
SELECT {", ".join(scan.rows)}, score
FROM priced
WHERE {conjunction(asked, 2)}
{best}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return EntryPlan(Query(sql, scan.parameters.values), several, meeting)


def compile_bounded(
    strategy: Strategy,
    *,
    minimum_fee: Decimal = IBKR_TIERED.minimum_per_order,
    best: tuple[int, int] = (BEST_WINGS, BEST_CONDORS),
    ranked: tuple[int, int] = BEST_RANKED,
) -> BoundedPlan | None:
    """The scan in two steps; None where nothing would be saved: few meet, nothing dear is asked, the rank itself is dear, or
    single wings do not bound it.

    `best` is how many wings of condors are joined first, and how many condors of these are priced; `ranked` how many combinations
    of another structure are asked first what is dear.
    """
    spread = strategy.spread
    if not isinstance(spread, IronCondor):
        first = _ranked(strategy, float(minimum_fee), ranked)
        return BoundedPlan(first, compile_entry(strategy, minimum_fee=minimum_fee).query) if first else None
    first, rest = (_bounded(strategy, spread, float(minimum_fee), some) for some in (best, None))
    return BoundedPlan(first, rest) if first and rest else None


def _ranked(strategy: Strategy, minimum_fee: float, most: tuple[int, int]) -> Query | None:
    scan = _Scan(strategy, minimum_fee)
    early = scan.asked_early()
    if early is None:
        return None
    spread, parameters = strategy.spread, scan.parameters
    lean, dear = scan.by_weight(scan.not_in(early))
    ranking, judging = (scan.priced.only_for(lines) for lines in ([*early[:-1], scan.score], scan.not_in(early)))
    found_by, met = combinations("bucket", spread, parameters, ranking.columns, wanted(spread, parameters))
    best = parameters.named("best_rows", most[any(line in scan.rules for line in dear)])
    listed = ", ".join(scan.rows)
    order = f"ORDER BY round(score, 10) DESC, {listed}"
    steps = judging.sieved(lean or ["TRUE"], dear, [], [*scan.rows, "score"])
    sql = f"""{scan.legs(found_by, several=False)},
best AS MATERIALIZED (
  WITH {indent(met, "  ").lstrip()}{indent(ranking.inlined([f"{scan.score} AS score"]), "  ").lstrip()}
  SELECT {listed}, score
  FROM priced
  WHERE {conjunction(early, 4)}
  {order}
  LIMIT {best}
),
{fetched("best", spread.shape.roles, judging.columns)}{steps},
found AS MATERIALIZED (
  SELECT {listed}, score
  FROM priced
  WHERE {conjunction(dear, 4)}
  {order}
  LIMIT {scan.kept}
),
left_out AS (
  SELECT CASE WHEN count(*) >= {best} AND (SELECT count(*) FROM found) < {scan.kept} THEN min(score) END AS possible
  FROM best
)
SELECT {listed}, score, possible
FROM left_out
LEFT JOIN found
  ON TRUE
{order}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return Query(sql, parameters.values)


def _bounded(strategy: Strategy, spread: TwoWings, minimum_fee: float, best: tuple[int, int] | None) -> Query | None:
    scan = _Scan(strategy, minimum_fee)
    bounds = Bounds(scan.parameters, has_equal_widths=spread.has_equal_widths)
    score = bounds.number(spread.rank).high
    if score is None:
        return None
    rules = [*bounds.may_be_sound(), *(bounds.may_pass(plain(rule.expression)) for rule in spread.rules)]
    rules = [line for line in rules if line != "TRUE"]
    bounds.only_for([score, *rules])
    scan.parameters.named("minimum_fee", minimum_fee)
    leg_wanted = wanted(spread, scan.parameters)
    named = scan.parameters.named
    some = (named("best_wings", best[0]), named("best_condors", best[1])) if best else None
    met = best_condors(spread, bounds, score, rules, scan.parameters, scan.priced.columns, leg_wanted, best=some)
    steps, asked = scan.judged(several=False, least_score=None if best else REACHED_SCORE)
    found = f"""SELECT {", ".join(scan.rows)}, score
FROM priced
WHERE {conjunction(asked, 2)}
{best_of(scan.rows, several=False, kept=scan.kept)}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    found_by = [*keys("bucket", spread, scan.parameters), *(OF_CHANCE if bounds.needs_chance else ())]
    sql = f"{scan.legs(found_by, several=False)},\n{met}{steps}"
    if best is None:
        return Query(f"{sql}\n{found}", scan.parameters.values)
    listed = ", ".join(scan.rows)
    sql = f"""{sql},
found AS (
{indent(found, "  ")}
),
left_out AS (
  SELECT greatest(
    (SELECT CASE WHEN count(*) >= $best_wings THEN min(wing_score) END FROM best_wings),
    (SELECT CASE WHEN count(*) >= $best_condors THEN min(condor_score) END FROM best_met)
  ) AS possible
)
SELECT {listed}, score, possible
FROM left_out
LEFT JOIN found
  ON TRUE
ORDER BY round(score, 10) DESC, {listed}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return Query(sql, scan.parameters.values)


class _Scan:
    """What every scan of a strategy has, however its legs meet."""

    def __init__(self, strategy: Strategy, minimum_fee: float) -> None:
        spread, self.parameters = strategy.spread, Parameters()
        self._spread, self._numbers = spread, Numbers.of(strategy, self.parameters)
        of_spread = Writer(self._numbers.term, self.parameters)
        of_leg = Writer(lambda measure: leg_term(measure.name), self.parameters)
        self.rules = [of_spread.passes(asked_of(rule.expression, self._numbers)) for rule in spread.rules]
        self.score = of_spread.number(spread.rank).sql
        self.priced = Priced.for_sql([*self.rules, self.score], spread, self._numbers, self.parameters, minimum_fee)
        self._legs = [*of_side(spread, self.parameters), *QUOTED, *(of_leg.passes(line.expression) for line in strategy.filters)]
        self._placed = placed_columns(spread, self.parameters)
        self.rows = [f"{role}_row_id" for role in spread.shape.roles]

    @property
    def kept(self) -> str:
        """The parameter that says how many rows are wanted."""
        return self.parameters.named("keep", self._spread.keep)

    def legs(self, keys: Sequence[str], *, several: bool) -> str:
        """The options that may become a leg."""
        return f"""WITH legs AS MATERIALIZED (
  SELECT {", ".join(["row_id", *["underlying_id"] * several, *keys, *self.priced.columns, *self._placed])}
  FROM chain
  WHERE {conjunction(self._legs, 4)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers

    def asked_early(self) -> list[str] | None:
        """What is asked of every combination before it is ranked; None where few meet, nothing dear is left to be asked of the
        best, or the rank itself is dear.

        Of two expiries the least worth is a long sum: it waits too, unless rules or rank need it anyway.
        """
        lean, dear = self.by_weight([*sound(self._spread), *self.rules])
        if not isinstance(self._spread, MANY) or not dear or self._numbers.is_heavy(self.score):
            return None
        if isinstance(self._spread, OfTwoExpiries):
            rules = [line for line in lean if line in self.rules]
            needed = self._steps([*rules, self.score])
            lean = [line for line in lean if line in rules or needed >= self._steps([line])]
        return [*lean, f"score <= {FINITE}"]

    def _steps(self, lines: Sequence[str]) -> set[str]:
        return {name for level in self._numbers.levels(lines) for name in level}

    def not_in(self, asked: Sequence[str]) -> list[str]:
        """What else is asked of a combination whose score is known."""
        return [line for line in [*sound(self._spread), *self.rules] if line not in asked]

    def by_weight(self, lines: Sequence[str]) -> tuple[list[str], list[str]]:
        """Those that are cheap, and those that need a normal distribution."""
        is_heavy = self._numbers.is_heavy
        return [line for line in lines if not is_heavy(line)], [line for line in lines if is_heavy(line)]

    def judged(self, *, several: bool, least_score: str | None = None) -> tuple[str, list[str]]:
        """The steps from `pairs` to `priced`, and what is asked of `priced`."""
        score, scored = self.score, [f"{self.score} AS score"]
        asked = [*sound(self._spread), *self.rules, f"score <= {FINITE}"]
        enough = [f"{score} >= {least_score}"] if least_score else []
        if not self.priced.is_heavy():
            return self.priced.inlined(scored), [*asked, *enough]
        is_heavy = self._numbers.is_heavy
        early = [line for line in asked[:-1] if not is_heavy(line)]
        if not is_heavy(score):
            early += [*enough, f"{score} <= {FINITE}"]
        late = [line for line in asked if line not in early]
        return self.priced.sieved(early, late, scored, [*self.rows, *["underlying_id"] * several]), late


def asked_of(rule: Expression, numbers: Numbers) -> Expression:
    """The rule in plain form; a chance of profit of one breakeven is asked by its quantile."""
    return with_quantiles(plain(rule)) if "pop_z" in numbers.steps else plain(rule)


def best_of(rows: Sequence[str], *, several: bool, kept: str) -> str:
    """The end of a scan: its total order, and how many rows of it, of each underlying where there are several."""
    order = f"round(score, 10) DESC, {', '.join(rows)}"
    if not several:
        return f"ORDER BY {order}\nLIMIT {kept}"
    return f"QUALIFY row_number() OVER (PARTITION BY underlying_id ORDER BY {order}) <= {kept}\nORDER BY {order}"
