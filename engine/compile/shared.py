"""Many strategies of one vertical over one chain: their pairs are made once, with the loosest numbers of any of them, and each
strategy picks its own.

pairs     legs that pass what all strategies ask of a leg, at the loosest; every pair within the widest width that any of them
          takes, with the lean numbers that any of them needs: one query, whose rows stay as a table while the instant lasts
search    of one strategy over that table: its own filters, deltas, width, rules, rank. The rows are those of its own scan.

Not shared: other structures, monthly expiries, what is chosen among several legs or expiries, and views of the market,
which are columns of one strategy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.compile.entry import asked_of, best_of
from engine.compile.pairs import QUOTED, ROUNDING, Meeting, Partner, bucket, conjunction, pairs, side, sound, underlying
from engine.compile.priced import Priced
from engine.compile.spreads import Numbers, leg_term, market_views_of, views_of, words
from engine.compile.sql import FINITE, Parameters, Query, Writer
from engine.compile.wanted import has_choice
from engine.pricing.fees import IBKR_TIERED
from engine.strategy.expressions.tree import Compare, Condition, Measure, Number
from engine.strategy.model import Strategy
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.values.meaning import DayRange, WidthRange

MOST: Final = 62
"""Strategies that share pairs: each has one bit of a whole number that says whose legs these may be."""


@dataclass(frozen=True, slots=True)
class SharedPlan:
    """One query for the pairs of all; one that picks those of each, over the relation that the first one's rows are.

    Rows of the second: the number of the strategy, then what its own scan would give, in the order of that.
    """

    pairs: Query
    searches: Query


def can_share(strategy: Strategy) -> bool:
    """Whether a strategy may search among pairs that others need too."""
    spread = strategy.spread
    if not isinstance(spread, Vertical) or not isinstance(spread.expiry, DayRange) or spread.expiry.is_monthly:
        return False
    return not has_choice(spread) and not views_of(strategy) and not market_views_of(strategy)


def compile_shared(
    strategies: Sequence[Strategy],
    relation: str,
    *,
    several: bool = False,
    meeting: Meeting = "bucket",
    minimum_fee: Decimal = IBKR_TIERED.minimum_per_order,
) -> SharedPlan:
    """The shared pairs of strategies of one structure and one universe, and the search of each of them.

    `relation` is the name under which the searches find the rows of `pairs`.
    """
    branches = [_Branch(strategy, float(minimum_fee)) for strategy in strategies]
    first = branches[0]
    numbers, shape = first.numbers, first.shape
    lean = [sql for branch in branches for sql in branch.lean]
    known = [name for level in numbers.levels(lean) for name in level]
    rows = [f"{role}_row_id" for role in shape.roles] + ["underlying_id"] * several
    needed = {word for branch in branches for word in branch.needs(known)}
    return SharedPlan(
        _pairs(branches, needed, known, rows, several=several, meeting=meeting),
        _searches([branch.search(relation, n, known, rows, several=several) for n, branch in enumerate(branches)]),
    )


class _Branch:
    """What one strategy asks of the shared pairs."""

    def __init__(self, strategy: Strategy, minimum_fee: float) -> None:
        spread, self.parameters = strategy.spread, Parameters()
        assert isinstance(spread, Vertical)
        self.strategy, self.spread, self.shape, self.minimum_fee = strategy, spread, spread.shape, minimum_fee
        self.numbers = Numbers.of(strategy, self.parameters)
        writer = Writer(self.numbers.term, self.parameters)
        numbered = self.parameters.numbered
        width = spread.width
        of_width = f"width BETWEEN {numbered(float(width.low) - ROUNDING)} AND {numbered(float(width.high) + ROUNDING)}"
        rules = [writer.passes(asked_of(rule.expression, self.numbers)) for rule in spread.rules]
        self.score = writer.number(spread.rank).sql
        self.early = [of_width, *(rule for rule in rules if not self.numbers.is_heavy(rule))]
        self.late = [rule for rule in rules if self.numbers.is_heavy(rule)]
        if not self.numbers.is_heavy(self.score):
            self.early.append(f"{self.score} <= {FINITE}")

    @property
    def lean(self) -> list[str]:
        """SQL whose numbers are made once for all."""
        heavy = [self.numbers.steps[name] for level in self.numbers.levels([*self.late, self.score]) for name in level]
        return [*self.early, *(sql for sql in [self.score, *self.late, *heavy] if not self.numbers.is_heavy(sql))]

    def needs(self, known: Sequence[str]) -> set[str]:
        """Columns of the shared pairs that it uses."""
        rest = [self.numbers.steps[name] for level in self.numbers.levels([*self.late, self.score], known) for name in level]
        return set(words(" ".join([*self.early, *self.late, self.score, *rest])))

    def asks_of_legs(self, of_leg: Writer, parameters: Parameters) -> list[str]:
        """SQL over one option: what either leg must be."""
        days = _days(self.spread)
        low, high = parameters.numbered(days.min_days), parameters.numbered(days.max_days)
        return [f"dte BETWEEN {low} AND {high}", *(of_leg.passes(line.expression) for line in self.strategy.filters)]

    def asks_of_role(self, role: str, parameters: Parameters) -> list[str]:
        """SQL over one option: what the leg of this role must be besides."""
        if not (bounds := self.spread.delta_of(role)):
            return []
        low, high = parameters.numbered(float(bounds.low)), parameters.numbered(float(bounds.high))
        return [f"abs(delta) BETWEEN {low} AND {high}"]

    def search(self, relation: str, number: int, known: Sequence[str], rows: Sequence[str], *, several: bool) -> Query:
        mine = f"(takers & {1 << number}) <> 0"
        priced = Priced(self.numbers, (*self.late, self.score), (), self.numbers.leg_columns(self.needs(known)))
        late = [*self.late, f"score <= {FINITE}"]
        listed = [f"{role}_row_id" for role in self.shape.roles]
        scored = f"{self.score} AS score"
        if priced.is_heavy():
            sieved = priced.sieved([mine, *self.early], late, [scored], rows, source=relation, known=known)
            steps = f"WITH {sieved.removeprefix(',').lstrip()}"
        else:
            steps = f"""WITH priced AS (
  SELECT {", ".join([*rows, scored])}
  FROM {relation}
  WHERE {conjunction([mine, *self.early], 4)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers
        sql = f"""{steps}
SELECT {", ".join(listed)}, score
FROM priced
WHERE {conjunction(late, 2)}
{best_of(listed, several=several, kept=self.parameters.named("keep", self.spread.keep))}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
        if "$minimum_fee" in sql:
            self.parameters.named("minimum_fee", self.minimum_fee)
        return Query(sql, self.parameters.values)


def _searches(searches: Sequence[Query]) -> Query:
    """All of them as one query, each with its number before its columns; their numbers are written out as they are bound."""
    parts = [f"(SELECT {n} AS strategy, * FROM (\n{query.bound()}\n))" for n, query in enumerate(searches)]  # noqa: S608 - bound
    return Query("\nUNION ALL\n".join(parts), {})


def _pairs(
    branches: Sequence[_Branch], needed: set[str], known: Sequence[str], rows: Sequence[str], *, several: bool, meeting: Meeting
) -> Query:
    first, parameters = branches[0], Parameters()
    spread, numbers, shape = first.spread, first.numbers, first.shape
    days, widths = [_days(branch.spread) for branch in branches], [branch.spread.width for branch in branches]
    width = WidthRange(min(one.low for one in widths), max(one.high for one in widths))
    of_leg = Writer(lambda measure: leg_term(measure.name), parameters)
    soonest = parameters.named("dte_low", min(one.min_days for one in days))
    latest = parameters.named("dte_high", max(one.max_days for one in days))
    legs = [
        f"put_call = {parameters.named('put_call', side(spread.put_call))}",
        f"dte BETWEEN {soonest} AND {latest}",
        *QUOTED,
        *(of_leg.passes(line.expression) for line in _loosest([branch.strategy for branch in branches])),
    ]
    makes_sense = sound(spread)
    levels = numbers.levels([*known, *makes_sense])
    steps = [name for level in levels for name in level]
    if "fees" in steps:
        parameters.named("minimum_fee", first.minimum_fee)
    legs_used = numbers.leg_columns([*needed, *(numbers.steps[name] for name in steps), f"{shape.roles[0]}_strike"])
    columns = list(dict.fromkeys([*legs_used, "bid"]))
    key = bucket(meeting, float(width.high), parameters)
    partner = Partner("short", "long", "below" if spread.short_is_higher else "above", width)
    takers = [f"{_takers([branch.asks_of_legs(of_leg, parameters) for branch in branches])} AS takers"]
    takers += [
        f"{_takers([branch.asks_of_role(role, parameters) for branch in branches])} AS {role}_takers" for role in shape.roles
    ]

    def wanted(role: str, prefix: str) -> list[str]:
        return [f"({prefix}takers & {prefix}{role}_takers) > 0", *[f"{prefix}bid > 0"] * (shape.leg(role).action == "sell")]

    both = "short.takers & short.short_takers & long.takers & long.long_takers AS takers"
    met = pairs(meeting, partner, parameters, columns, wanted, [both, *underlying("short", several=several)])
    of_legs = [f"{role}_{column}" for column in columns for role in shape.roles]
    listed = [*rows, "takers", *(name for name in dict.fromkeys([*of_legs, *steps]) if name in needed)]
    priced = Priced(numbers, tuple(known), tuple(makes_sense), columns)
    sql = f"""WITH legs AS MATERIALIZED (
  SELECT {", ".join(dict.fromkeys(["row_id", *["underlying_id"] * several, key, *columns, *takers]))}
  FROM chain
  WHERE {conjunction(legs, 4)}
),
{met}{priced.inlined(["TRUE AS is_pair"])}
SELECT {", ".join(listed)}
FROM priced
WHERE {conjunction(["takers > 0", *makes_sense], 2)}"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return Query(sql, parameters.values)


def _takers(asked: Sequence[Sequence[str]]) -> str:
    """SQL of the bits of those whose conditions an option fulfils all: each condition is asked once, however many share it."""
    every = (1 << len(asked)) - 1
    sharing: dict[str, int] = {}
    for n, conditions in enumerate(asked):
        for condition in conditions:
            sharing[condition] = sharing.get(condition, 0) | 1 << n
    kept = (f"CASE WHEN {condition} THEN {every} ELSE {every & ~bits} END" for condition, bits in sharing.items())
    return " & ".join([f"{every}::BIGINT", *kept])


def _days(spread: Vertical) -> DayRange:
    assert isinstance(spread.expiry, DayRange), "only those are shared"
    return spread.expiry


def _loosest(strategies: Sequence[Strategy]) -> list[Condition]:
    """What every one of these asks of a leg: lines that all have, and of bounds on one measure the one that lets most through."""
    first, *others = ({line.text: line for line in strategy.filters} for strategy in strategies)
    common = [line for text, line in first.items() if all(text in other for other in others)]
    bounds = [_bounds(strategy) for strategy in strategies]
    for key in bounds[0]:
        if all(key in one for one in bounds):
            measure, op = key
            values = [one[key] for one in bounds]
            loosest = (min if op in {">", ">="} else max)(values, key=lambda number: number.value)
            common.append(Condition("", Compare(op, measure, loosest)))  # pyright: ignore[reportArgumentType]
    return common


def _bounds(strategy: Strategy) -> dict[tuple[Measure, str], Number]:
    """Bounds of measures in single lines: `volume >= 10`."""
    found: dict[tuple[Measure, str], Number] = {}
    for line in strategy.filters:
        match line.expression:
            case Compare(op=">" | ">=" | "<" | "<=" as op, left=Measure() as measure, right=Number() as number):
                held = found.get((measure, op))
                tighter = held is None or (number.value > held.value) == (op in {">", ">="})
                found[measure, op] = number if tighter else held or number
            case _:
                pass
    return found
