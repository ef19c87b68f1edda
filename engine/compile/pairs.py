"""The parts that the scan and the funnel share: which options may become legs, how legs meet, and the numbers of a
pair in levels.

Legs meet in one of two ways, the same rows either way. By *group*: the hash of the group, then the distance; right
where a group has few strikes for the width. By *bucket*: strikes are cut into buckets as wide as the widest spread,
so a leg has its partner in its own bucket or the next one; the short legs, the smaller side, are doubled. Then a
short leg meets tens of long ones where it would have met hundreds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.compile.spreads import leg_columns, levels
from engine.compile.sql import EQUAL, FINITE, Parameters
from engine.strategy.spreads import Vertical
from engine.strategy.values.meaning import DayRange, DeltaRange, NextMonthly

Meeting = Literal["group", "bucket"]
ROUNDING = 1e-6
"""Strikes in cents are no binary numbers: a width of $0.10 may come out as 0.0999999."""

HEAVY = frozenset({"pop", "p_touch"})
"""Numbers that need a normal distribution for every row."""

QUOTED = ("bid >= 0", "bid < ask", f"ask <= {FINITE}", f"fee <= {FINITE}")
"""Two-sided, neither locked nor crossed, and its commission known. NaN is the greatest number: it fails every bound
from above."""


def of_side(spread: Vertical, parameters: Parameters) -> list[str]:
    """Calls or puts, and the days to expiry where the strategy gives a range of them."""
    wanted = [f"put_call = {parameters.named('put_call', 1 if spread.put_call == 'C' else -1)}"]
    match spread.expiry:
        case DayRange(min_days=low, max_days=high):
            wanted.append(f"dte BETWEEN {parameters.named('dte_low', low)} AND {parameters.named('dte_high', high)}")
        case NextMonthly():
            pass
    return wanted


def sound(spread: Vertical) -> list[str]:
    """The price at mid makes sense: something is earned or paid, and less than the width."""
    price = "net" if spread.is_credit else "-net"
    return [f"{price} > {EQUAL}", f"{price} < width - {EQUAL}"]


def short_conditions(spread: Vertical, parameters: Parameters) -> list[str]:
    """What the leg that is sold must fulfil besides."""
    return ["bid > 0", *_delta("short_delta", "delta", spread.short_delta, parameters)]


def long_conditions(spread: Vertical, parameters: Parameters, column: str = "long.delta") -> list[str]:
    """What the leg that is bought must fulfil besides."""
    return _delta("long_delta", column, spread.long_delta, parameters)


def key(meeting: Meeting, spread: Vertical, parameters: Parameters) -> str:
    """The column by which legs find each other."""
    if meeting == "group":
        return "group_id"
    reach = parameters.named("reach", float(spread.width.high) + ROUNDING)
    return f"group_id::BIGINT * 2147483648 + floor(strike / {reach})::BIGINT AS bucket"


def pairs(
    meeting: Meeting,
    spread: Vertical,
    parameters: Parameters,
    columns: Sequence[str],
    short: Sequence[str],
    long: Sequence[str],
    also: Sequence[str] = (),
) -> str:
    """The pairs of legs at the wanted distance: every column of both, short_… of the short one and long_… of the long one."""
    where = f" WHERE {' AND '.join(short)}" if short else ""
    step = "- 1" if spread.short_is_higher else "+ 1"
    doubled = "*" if meeting == "group" else f"*, unnest([bucket, bucket {step}]) AS met"
    met = "short.group_id = long.group_id" if meeting == "group" else "short.met = long.bucket"
    low = parameters.named("width_low", float(spread.width.low) - ROUNDING)
    high = parameters.named("width_high", float(spread.width.high) + ROUNDING)
    between = "short.strike - long.strike" if spread.short_is_higher else "long.strike - short.strike"
    both = [f"{leg}.{column} AS {leg}_{column}" for column in columns for leg in ("short", "long")]
    return f"""pairs AS (
  SELECT {", ".join(["short.row_id AS short_row_id", "long.row_id AS long_row_id", *also, *both])}
  FROM (SELECT {doubled} FROM legs{where}) short
  JOIN legs long
    ON {met}
   AND {conjunction([f"{between} BETWEEN {low} AND {high}", *long], 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers


@dataclass(frozen=True, slots=True)
class Priced:
    """The numbers that some SQL over pairs needs, in levels: each level is one step whose columns the next one uses."""

    terms: Mapping[str, str]
    levels: list[list[str]]
    columns: list[str]
    """Columns of the chain that the steps and the SQL use of either leg."""

    @staticmethod
    def for_sql(
        fragments: Sequence[str], spread: Vertical, terms: Mapping[str, str], parameters: Parameters, minimum_fee: float
    ) -> Priced:
        needed = levels([*fragments, *sound(spread)], terms)
        if any("fees" in level for level in needed):
            parameters.named("minimum_fee", minimum_fee)
        used = [*fragments, *(terms[name] for level in needed for name in level), "short_strike", "short_bid"]
        used += ["short_delta"] * bool(spread.short_delta or spread.long_delta)
        return Priced(terms, needed, leg_columns(used))

    def steps(self, last: Sequence[str], *, fenced: bool = False) -> str:
        """One step a level, then `last`; the final step is named `priced`.

        The optimiser inlines every number into each later use of it, copies within copies. A lean scan is faster so, but a
        normal distribution inlined thirty times, or a funnel that counts on every answer, takes longer to plan than to run:
        those are fenced, each step is computed once and kept.
        """
        fenced = fenced or any(name in HEAVY or name.endswith("_n1") for level in self.levels for name in level)
        named = [[f"{self.terms[name]} AS {name}" for name in level] for level in self.levels] + [list(last)]
        names = ["pairs", *(f"priced_{n}" for n in range(1, len(named))), "priced"]
        steps = zip(names, names[1:], named, strict=False)
        return "".join(_step(source, name, level, fenced=fenced) for source, name, level in steps)


def _step(source: str, name: str, columns: Sequence[str], *, fenced: bool) -> str:
    listed = ",\n    ".join(["*", *columns])
    kept = "MATERIALIZED " if fenced else ""
    return f",\n{name} AS {kept}(\n  SELECT {listed}\n  FROM {source}\n)"  # noqa: S608 - no word of the trader: fixed text and named numbers


def conjunction(conditions: Iterable[str], indent: int) -> str:
    """Conditions joined by AND, one a line."""
    return f"\n{' ' * indent}AND ".join(conditions)


def _delta(name: str, column: str, bounds: DeltaRange | None, parameters: Parameters) -> list[str]:
    if bounds is None:
        return []
    low, high = parameters.named(f"{name}_low", float(bounds.low)), parameters.named(f"{name}_high", float(bounds.high))
    return [f"abs({column}) BETWEEN {low} AND {high}"]
