"""Why there are as many candidates as there are: how many options and spreads pass each line, and what came nearest
where none passes all.

Two SELECTs of their own, run rarely: the scan itself stays as lean as it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from engine.compile.logic import plain
from engine.compile.pairs import QUOTED, Priced, conjunction, key, long_conditions, of_side, pairs, short_conditions, sound
from engine.compile.scanner import Row
from engine.compile.spreads import leg_columns, leg_term, spread_term, strategy_terms, views_of
from engine.compile.sql import FINITE, Parameters, Query, Writer
from engine.domain.facts import FunnelStep
from engine.pricing.fees import IBKR_TIERED
from engine.strategy.expressions.tree import And, Compare, Condition, Expression, Measure, Number
from engine.strategy.model import Strategy
from engine.strategy.spreads import Vertical
from engine.strategy.units import Unit
from engine.strategy.values.meaning import DayRange


@dataclass(frozen=True, slots=True)
class Judged:
    """One condition of the nearest-miss query, and whether its value and bound are among the columns."""

    text: str
    has_values: bool


@dataclass(frozen=True, slots=True)
class FunnelPlan:
    """`counts` returns one row, passed and unknown for each step; `nearest` the spread that fails least, or no row.

    Columns of `nearest`: short_row_id, long_row_id, then for each judged condition how far it is missed (0 is passed, NULL is
    unknown), its value and its bound.
    """

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
    return FunnelPlan(counts, steps, nearest, judged)


def funnel_of(plan: FunnelPlan, row: Row) -> tuple[FunnelStep, ...]:
    """The steps from the one row of `counts`."""
    return tuple(FunnelStep(text, int(row[2 * n]), int(row[2 * n + 1])) for n, text in enumerate(plan.steps))


def misses_of(plan: FunnelPlan, row: Row) -> tuple[Miss, ...]:
    """The conditions that the spread of this row of `nearest` fails, in the order of the file."""
    missed: list[Miss] = []
    for n, judged in enumerate(plan.judged):
        by, value, bound = cast("tuple[float | None, float | None, float | None]", row[2 + 3 * n : 5 + 3 * n])
        if by != 0:
            missed.append(Miss(judged.text, by, value if judged.has_values else None, bound if judged.has_values else None))
    return tuple(missed)


def _counts(strategy: Strategy, minimum_fee: float) -> tuple[Query, tuple[str, ...]]:
    spread, parameters = strategy.spread, Parameters()
    terms, views = strategy_terms(strategy, parameters), views_of(strategy)
    of_spread = Writer(lambda measure: spread_term(measure, terms, views), parameters)
    of_leg = Writer(lambda measure: leg_term(measure.name), parameters)
    rules = [of_spread.answers(rule.expression) for rule in spread.rules]
    score = of_spread.number(spread.rank).sql
    priced = Priced.for_sql([*rules, score], spread, terms, parameters, minimum_fee)
    quote = f"CASE WHEN bid <= {FINITE} AND ask <= {FINITE} THEN {' AND '.join(QUOTED)} END"
    columns = list(dict.fromkeys([*priced.columns, "forward", "bid", "delta"]))
    forward = f"CASE WHEN forward <= {FINITE} THEN TRUE END"
    legs = ["TRUE", forward, quote, *(of_leg.answers(line.expression) for line in strategy.filters)]
    sides = [_of_short(spread, parameters), *_of_long(spread, parameters)]
    short, long = f"step_{len(legs)}", f"step_{len(legs) + 1}"
    spreads = ["TRUE", f"({' AND '.join(sound(spread))})", *rules, _known(score)]
    long_ones = [f"long.{long}"] if spread.long_delta else []
    met = pairs("bucket", spread, parameters, priced.columns, [short], long_ones)
    sql = f"""WITH options AS MATERIALIZED (
  SELECT {", ".join(["row_id", key("bucket", spread, parameters), *columns])},
    {_named([*legs, *sides])}
  FROM chain
  WHERE {conjunction(of_side(spread, parameters), 4)}
),
legs AS MATERIALIZED (
  SELECT *
  FROM options
  WHERE {conjunction((f"step_{n}" for n in range(len(legs))), 4)}
),
{met}{priced.steps([_named(spreads, "rule_")], fenced=True)},
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
    side = f"{'puts' if spread.put_call == 'P' else 'calls'}, {_expiry(spread)}"
    texts = [
        side,
        FORWARD_KNOWN,
        "quoted on both sides, neither locked nor crossed",
        *(line.text for line in strategy.filters),
        *_side_texts(spread),
    ]
    texts += [
        _width_text(spread),
        "price at mid above 0 and below the width",
        *(rule.text for rule in spread.rules),
        "rank is known",
    ]
    return Query(sql, parameters.values), tuple(texts)


def _nearest(strategy: Strategy, minimum_fee: float) -> tuple[Query, tuple[Judged, ...]]:
    spread, parameters = strategy.spread, Parameters()
    terms, views = strategy_terms(strategy, parameters), views_of(strategy)
    of_spread = Writer(lambda measure: spread_term(measure, terms, views), parameters)
    of_leg = Writer(lambda measure: leg_term(measure.name), parameters)
    filters = [of_leg.misses_by(line.expression) for line in strategy.filters]
    rules = [*_delta_conditions(spread), *spread.rules]
    misses = [_worse(f"short_miss_{n}", f"long_miss_{n}") for n in range(len(filters))]
    misses += ["CASE WHEN short_bid > 0 THEN 0e0 ELSE 1e0 END", *(of_spread.misses_by(rule.expression) for rule in rules)]
    misses.append(f"CASE WHEN {_known(of_spread.number(spread.rank).sql)} THEN 0e0 END")
    values = [("NULL", "NULL")] * (len(filters) + 1) + [_sides(rule.expression, of_spread) for rule in rules] + [("NULL", "NULL")]
    fragments = [*misses, *(sql for both in values for sql in both)]
    priced = Priced.for_sql(fragments, spread, terms, parameters, minimum_fee)
    columns = leg_columns([*(f"short_{name}" for name in priced.columns), "short_bid"])
    missed = [f"miss_{n}" for n in range(len(filters))]
    met = pairs("bucket", spread, parameters, [*columns, *missed], [], [])
    judged = [
        f"{miss} AS missed_{n}, {value} AS value_{n}, {bound} AS bound_{n}"
        for n, (miss, (value, bound)) in enumerate(zip(misses, values, strict=True))
    ]
    failed = " + ".join(f"CASE WHEN missed_{n} = 0 THEN 0 ELSE 1 END" for n in range(len(misses)))
    distance = " + ".join(f"coalesce(missed_{n}, 1e9)" for n in range(len(misses)))
    shown = ", ".join(f"missed_{n}, value_{n}, bound_{n}" for n in range(len(misses)))
    leg_misses = [f"{miss} AS miss_{n}" for n, miss in enumerate(filters)]
    sql = f"""WITH legs AS MATERIALIZED (
  SELECT {", ".join(["row_id", key("bucket", spread, parameters), *columns, *leg_misses])}
  FROM chain
  WHERE {conjunction([*of_side(spread, parameters), *QUOTED], 4)}
),
{met}{priced.steps(judged, fenced=True)}
SELECT short_row_id, long_row_id, {shown}
FROM priced
WHERE {conjunction(sound(spread), 2)}
ORDER BY {failed}, {distance}, short_row_id, long_row_id
LIMIT 1"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    texts = [Judged(line.text, has_values=False) for line in strategy.filters]
    texts += [
        Judged("the short leg has a bid", has_values=False),
        *(Judged(rule.text, _is_compare(rule.expression)) for rule in rules),
        Judged("rank", has_values=False),
    ]
    return Query(sql, parameters.values), tuple(texts)


def _delta_conditions(spread: Vertical) -> list[Condition]:
    """The ranges of delta as conditions, so that they can be missed like any other."""
    found: list[Condition] = []
    for name, bounds in (("short_delta", spread.short_delta), ("long_delta", spread.long_delta)):
        if bounds is not None:
            low, high = (Number(float(bound), Unit.DELTA) for bound in (bounds.low, bounds.high))
            measure = Measure(name, "spread")
            found.append(
                Condition(
                    f"{name}: {_range(bounds.low, bounds.high)}", And((Compare(">=", measure, low), Compare("<=", measure, high)))
                )
            )
    return found


def _sides(expression: Expression, writer: Writer) -> tuple[str, str]:
    """Value and bound of a condition that is one comparison."""
    match plain(expression):
        case Compare(left=left, right=right):
            return writer.number(left).sql, writer.number(right).sql
        case _:
            return "NULL", "NULL"


def _is_compare(expression: Expression) -> bool:
    return isinstance(plain(expression), Compare)


def _worse(a: str, b: str) -> str:
    return f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN greatest({a}, {b}) END"


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


def _of_short(spread: Vertical, parameters: Parameters) -> str:
    """Without a bid nothing is sold, whether the delta is known or not."""
    has_bid, *delta = short_conditions(spread, parameters)
    return f"CASE WHEN NOT {has_bid} THEN FALSE WHEN delta <= {FINITE} THEN {delta[0]} END" if delta else f"({has_bid})"


def _of_long(spread: Vertical, parameters: Parameters) -> list[str]:
    return [f"CASE WHEN delta <= {FINITE} THEN {delta} END" for delta in long_conditions(spread, parameters, "delta")]


def _expiry(spread: Vertical) -> str:
    match spread.expiry:
        case DayRange(min_days=low, max_days=high):
            return f"{_range(low, high)} {'day' if high == 1 else 'days'}"
        case _:
            return "next monthly"


def _side_texts(spread: Vertical) -> list[str]:
    short, long = spread.short_delta, spread.long_delta
    texts = ["short leg has a bid" + (f" and a delta of {_range(short.low, short.high)}" if short else "")]
    return texts + ([f"long leg has a delta of {_range(long.low, long.high)}"] if long else [])


def _width_text(spread: Vertical) -> str:
    return f"spreads {_range(f'${spread.width.low}', f'${spread.width.high}')} wide"


def _range(low: object, high: object) -> str:
    return f"{low}" if low == high else f"{low}-{high}"
