"""Why there are as many candidates as there are: how many options and spreads pass each line, and what came nearest
where none passes all.

Two SELECTs of their own, run rarely: the scan itself stays as lean as it can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import cast

from engine.compile.combinations import combinations
from engine.compile.logic import plain
from engine.compile.pairs import QUOTED, conjunction, of_expiries, of_side, side, sound
from engine.compile.priced import Priced
from engine.compile.scanner import Row
from engine.compile.spreads import Numbers, leg_term
from engine.compile.sql import FINITE, Parameters, Query, Term, Writer
from engine.compile.wanted import Wanted, is_placed, placed_columns, places, wanted
from engine.compile.wings import all_condors
from engine.compile.wording import bid_text, expiry, price_text, ranged, rights, side_text, width_text
from engine.domain.facts.searches import FunnelStep
from engine.pricing.fees import IBKR_TIERED
from engine.strategy.expressions.tree import And, Compare, Condition, Expression, Measure, Number
from engine.strategy.model import Strategy
from engine.strategy.spreads.pairs import Side
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.wings import TwoWings
from engine.strategy.units import Unit


@dataclass(frozen=True, slots=True)
class Judged:
    """One condition of the nearest-miss query, and whether its value and bound are among the columns."""

    text: str
    has_values: bool


@dataclass(frozen=True, slots=True)
class FunnelPlan:
    """`counts` returns one row, passed and unknown for each step; `nearest` the spread that fails least, or no row.

    Columns of `nearest`: the row number of each leg, then for each judged condition how far it is missed (0 is passed, NULL is
    unknown), its value and its bound.
    """

    legs: int
    """How many legs a spread has."""

    counts: Query
    steps: tuple[str, ...]
    nearest: Query
    judged: tuple[Judged, ...]


FORWARD_KNOWN = "forward known, from call-put parity or from spot"
FAR = 10.0
"""From so many times the bound on, a miss is told in times and not in percent."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One condition that a spread fails; `by` is the distance as a share of the bound, None where a value is unknown."""

    text: str
    by: float | None
    value: float | None
    bound: float | None

    def __str__(self) -> str:
        if self.by is None:
            return f"{self.text} (unknown)"
        seen = "" if self.value is None or self.bound is None else f"{self.value:.4g} against {self.bound:.4g}, "
        # A quote of an hour ago misses five seconds by so many percent that nobody reads it.
        far = f"off by {self.by:.0f} times the bound" if self.by >= FAR else f"{100 * self.by:.0f}% off"
        return f"{self.text} ({seen}{far})"


def compile_funnel(strategy: Strategy, *, minimum_fee: Decimal = IBKR_TIERED.minimum_per_order) -> FunnelPlan:
    """Both queries of one strategy, over rows of its universe and expiries."""
    counts, steps = _counts(strategy, float(minimum_fee))
    nearest, judged = _nearest(strategy, float(minimum_fee))
    return FunnelPlan(len(strategy.spread.shape.legs), counts, steps, nearest, judged)


def funnel_of(plan: FunnelPlan, row: Row) -> tuple[FunnelStep, ...]:
    """The steps from the one row of `counts`."""
    return tuple(FunnelStep(text, int(row[2 * n]), int(row[2 * n + 1])) for n, text in enumerate(plan.steps))


def misses_of(plan: FunnelPlan, row: Row) -> tuple[Miss, ...]:
    """The conditions that the spread of this row of `nearest` fails, in the order of the file."""
    missed: list[Miss] = []
    for n, judged in enumerate(plan.judged):
        first = plan.legs + 3 * n
        by, value, bound = cast("tuple[float | None, float | None, float | None]", row[first : first + 3])
        if by != 0:
            missed.append(Miss(judged.text, by, value if judged.has_values else None, bound if judged.has_values else None))
    return tuple(missed)


def _counts(strategy: Strategy, minimum_fee: float) -> tuple[Query, tuple[str, ...]]:
    spread, parameters = strategy.spread, Parameters()
    numbers = Numbers.of(strategy, parameters)
    of_spread, of_leg = Writer(numbers.term, parameters), Writer(lambda measure: leg_term(measure.name), parameters)
    rules = [of_spread.answers(rule.expression) for rule in spread.rules]
    score = of_spread.number(spread.rank).sql
    priced = Priced.for_sql([*rules, score], spread, numbers, parameters, minimum_fee)
    quote = f"CASE WHEN bid <= {FINITE} AND ask <= {FINITE} THEN {' AND '.join(QUOTED)} END"
    columns = list(dict.fromkeys([*priced.columns, "forward", "bid", "delta"]))
    forward = f"CASE WHEN forward <= {FINITE} THEN TRUE END"
    legs = ["TRUE", forward, quote, *(of_leg.answers(line.expression) for line in strategy.filters)]
    placed = places(spread, parameters, [f"({leg})" for leg in legs])
    sides = _sides_of(spread, wanted(spread, parameters), parameters, placed)
    asked = {role: f"step_{n}" for n, role in enumerate(sides, len(legs))}
    spreads = ["TRUE", f"({' AND '.join(sound(spread))})", *rules, _known(score)]
    keys, met = combinations(
        "bucket", spread, parameters, priced.columns, lambda role, prefix: [f"{prefix}{asked[role]}"] if role in asked else []
    )
    sql = f"""WITH options AS MATERIALIZED (
  SELECT {", ".join(["row_id", *keys, *columns])},
    {_named([*legs, *sides.values()])}
  FROM chain
  WHERE {conjunction(of_side(spread, parameters), 4)}
),
legs AS MATERIALIZED (
  SELECT *
  FROM options
  WHERE {conjunction((f"step_{n}" for n in range(len(legs))), 4)}
),
{met}{priced.kept([_named(spreads, "rule_")], [])},
option_counts AS (
  SELECT {_counted(len(legs), "step_", aside=len(sides))}
  FROM options
),
spread_counts AS (
  SELECT {_counted(len(spreads), "rule_")}
  FROM priced
)
SELECT *
FROM option_counts
CROSS JOIN spread_counts"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    texts = [
        f"{rights(spread)}, {expiry(spread)}",
        FORWARD_KNOWN,
        "quoted within a minute, not locked or crossed",
        *(line.text for line in strategy.filters),
        *(side_text(spread, role) for role in sides),
    ]
    texts += [
        width_text(spread),
        price_text(spread),
        *(rule.text for rule in spread.rules),
        "rank is known",
    ]
    return Query(sql, parameters.values), tuple(texts)


def _nearest(strategy: Strategy, minimum_fee: float) -> tuple[Query, tuple[Judged, ...]]:
    spread, parameters = strategy.spread, Parameters()
    shape, numbers = spread.shape, Numbers.of(strategy, parameters)
    of_spread, of_leg = Writer(numbers.term, parameters), Writer(lambda measure: leg_term(measure.name), parameters)
    filters = [of_leg.misses_by(line.expression) for line in strategy.filters]
    deltas = _delta_conditions(spread)
    has_bid = " AND ".join(f"{leg.role}_bid > 0" for leg in shape.legs if leg.action == "sell")
    misses = [_worst([f"{role}_miss_{n}" for role in shape.roles]) for n in range(len(filters))]
    misses += [
        f"CASE WHEN {has_bid} THEN 0e0 ELSE 1e0 END",
        *(_of_legs(parameters).misses_by(line.expression) for line in deltas),
        *(of_spread.misses_by(rule.expression) for rule in spread.rules),
    ]
    misses.append(f"CASE WHEN {_known(of_spread.number(spread.rank).sql)} THEN 0e0 END")
    values = [("NULL", "NULL")] * (len(filters) + 1 + len(deltas))
    values += [_sides(rule.expression, of_spread) for rule in spread.rules] + [("NULL", "NULL")]
    fragments = [*misses, *(sql for both in values for sql in both)]
    priced = Priced.for_sql(fragments, spread, numbers, parameters, minimum_fee)
    columns = numbers.leg_columns([*(f"{shape.roles[0]}_{name}" for name in priced.columns), f"{shape.roles[0]}_bid"])
    missed = [f"miss_{n}" for n in range(len(filters))]
    keys, met = combinations("bucket", spread, parameters, [*columns, *missed], _placed_only(spread))
    if isinstance(spread, TwoWings):
        # A side has thousands of wings where no delta and no filter is asked: all their condors are millions.
        of_wing = partial(_missed_of_wing, filters=len(filters), deltas=deltas, writer=_of_legs(parameters))
        met = all_condors("bucket", spread, parameters, [*columns, *missed], _placed_only(spread), missing=of_wing)
    rows = [f"{role}_row_id" for role in shape.roles]
    leg_missed = [f"{role}_{miss}" for miss in missed for role in shape.roles]
    judged = [
        f"{miss} AS missed_{n}, {value} AS value_{n}, {bound} AS bound_{n}"
        for n, (miss, (value, bound)) in enumerate(zip(misses, values, strict=True))
    ]
    failed = " + ".join(f"CASE WHEN missed_{n} = 0 THEN 0 ELSE 1 END" for n in range(len(misses)))
    distance = " + ".join(f"coalesce(missed_{n}, 1e9)" for n in range(len(misses)))
    shown = ", ".join(f"missed_{n}, value_{n}, bound_{n}" for n in range(len(misses)))
    leg_misses = [f"{miss} AS miss_{n}" for n, miss in enumerate(filters)]
    sql = f"""WITH legs AS MATERIALIZED (
  SELECT {", ".join(["row_id", *keys, *columns, *leg_misses, *placed_columns(spread, parameters)])}
  FROM chain
  WHERE {conjunction([*of_side(spread, parameters), *QUOTED], 4)}
),
{met}{priced.kept(judged, [*rows, *leg_missed])}
SELECT {", ".join(rows)}, {shown}
FROM priced
WHERE {conjunction(sound(spread), 2)}
ORDER BY {failed}, {distance}, {", ".join(rows)}
LIMIT 1"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    texts = [Judged(line.text, has_values=False) for line in strategy.filters]
    texts += [
        Judged(bid_text(shape), has_values=False),
        *(Judged(line.text, has_values=False) for line in deltas),
        *(Judged(rule.text, _is_compare(rule.expression)) for rule in spread.rules),
        Judged("rank", has_values=False),
    ]
    return Query(sql, parameters.values), tuple(texts)


def _placed_only(spread: Structure) -> Wanted:
    """What comes nearest to passing is looked for among the legs that stand where they are wanted."""
    return lambda role, prefix: [f"{prefix}stands_{role}"] if is_placed(spread, role) else []


def _missed_of_wing(side_: Side, *, filters: int, deltas: Sequence[Condition], writer: Writer) -> tuple[str, str]:
    """How many conditions a wing of a condor misses by itself, and by how much."""
    misses = [_worst([f"short_{side_}_miss_{n}", f"long_{side_}_miss_{n}"]) for n in range(filters)]
    misses.append(f"CASE WHEN short_{side_}_bid > 0 THEN 0e0 ELSE 1e0 END")
    misses += [writer.misses_by(line.expression) for line in deltas if line.text.partition(":")[0].endswith(f"{side_}_delta")]
    missed = " + ".join(f"CASE WHEN {miss} = 0 THEN 0 ELSE 1 END" for miss in misses)
    return missed, " + ".join(f"coalesce({miss}, 1e9)" for miss in misses)


def _delta_conditions(spread: Structure) -> list[Condition]:
    """The ranges of delta as conditions, so that they can be missed like any other."""
    found: list[Condition] = []
    for role in spread.shape.roles:
        if (bounds := spread.delta_of(role)) is not None:
            low, high = (Number(float(bound), Unit.DELTA) for bound in (bounds.low, bounds.high))
            measure = Measure(f"{role}_delta", "spread")
            found.append(
                Condition(
                    f"{role}_delta: {ranged(bounds.low, bounds.high)}",
                    And((Compare(">=", measure, low), Compare("<=", measure, high))),
                )
            )
    return found


def _of_legs(parameters: Parameters) -> Writer:
    """Writes conditions whose measures are deltas of single legs, without their sign."""
    return Writer(lambda measure: Term(f"(abs({measure.name}))", may_be_absent=True), parameters)


def _sides(expression: Expression, writer: Writer) -> tuple[str, str]:
    """Value and bound of a condition that is one comparison."""
    match plain(expression):
        case Compare(left=left, right=right):
            return writer.number(left).sql, writer.number(right).sql
        case _:
            return "NULL", "NULL"


def _is_compare(expression: Expression) -> bool:
    return isinstance(plain(expression), Compare)


def _worst(misses: Sequence[str]) -> str:
    known = " AND ".join(f"{miss} IS NOT NULL" for miss in misses)
    return f"CASE WHEN {known} THEN greatest({', '.join(misses)}) END"


def _known(score: str) -> str:
    return f"CASE WHEN {score} BETWEEN -{FINITE} AND {FINITE} THEN TRUE END"


def _named(answers: Sequence[str], prefix: str = "step_") -> str:
    return ",\n    ".join(f"{answer} AS {prefix}{n}" for n, answer in enumerate(answers))


def _counted(count: int, prefix: str, *, aside: int = 0) -> str:
    """Passed and unknown of each step among the rows that passed every step before; the steps `aside` stand side by side behind
    those: the same options may be sold and bought."""
    parts: list[str] = []
    for n in range(count + aside):
        before = "".join(f"{prefix}{m} AND " for m in range(min(n, count)))
        parts.append(f"count(*) FILTER (WHERE {before}{prefix}{n}), count(*) FILTER (WHERE {before}{prefix}{n} IS NULL)")
    return ",\n    ".join(parts)


def _sides_of(spread: Structure, asked: Wanted, parameters: Parameters, placed: Mapping[str, str]) -> dict[str, str]:
    """Answers of an option to what the leg of each role is asked, where something is asked of it; `placed` are those of legs that
    are chosen among several.
    """
    rights = {leg.put_call for leg in spread.shape.legs}
    found: dict[str, str] = {}
    for leg in spread.shape.legs:
        conditions, is_then = asked(leg.role, ""), ""
        if isinstance(spread, OfTwoExpiries):
            is_then = of_expiries(spread, parameters)[spread.shape.is_later(leg.role)]
        elif not conditions:
            continue
        # Without a bid nothing is sold, whether the delta is known or not.
        no_bid = f"WHEN NOT {conditions[0]} THEN FALSE " if leg.action == "sell" else ""
        bounds = conditions[leg.action == "sell" :]
        answers = [f"({is_then})"] if is_then else []
        if leg.role in placed:
            stands, asks_delta = placed[leg.role], spread.delta_of(leg.role) is not None
            answers.append(f"CASE {no_bid}WHEN delta <= {FINITE} THEN {stands} END" if asks_delta else stands)
        elif bounds:
            answers.append(f"CASE {no_bid}WHEN delta <= {FINITE} THEN {bounds[0]} END")
        elif conditions:
            answers.append(f"({conditions[0]})")
        if len(rights) > 1:
            answers.insert(0, f"put_call = {side(leg.put_call)}")
        found[leg.role] = answers[0] if len(answers) == 1 else f"({' AND '.join(answers)})"
    return found
