"""The parts that the scan and the funnel share: which options may become legs, and how two legs meet.

Legs meet in one of two ways, the same rows either way. By *group*: the hash of the group, then the distance; right
where a group has few strikes for the width. By *bucket*: strikes are cut into buckets as wide as the widest spread,
so a leg has its partner in its own bucket or the next one; the short legs, the smaller side, are doubled. Then a
short leg meets tens of long ones where it would have met hundreds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.compile import revalued
from engine.compile.sql import EQUAL, FINITE, Parameters
from engine.compile.wanted import Wanted
from engine.domain.structure import PutCall
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.values.meaning import DayRange, ExpiryRule, WidthRange

Meeting = Literal["group", "bucket"]
ROUNDING = 1e-6
"""Strikes in cents are no binary numbers: a width of $0.10 may come out as 0.0999999."""

_MOST_DAYS = 100_000
"""More than any option lives: of two expiries that are equally near the earlier is taken."""

QUOTED = ("bid >= 0", "bid < ask", f"ask <= {FINITE}", f"fee <= {FINITE}")
"""Two-sided, neither locked nor crossed, and its commission known. NaN is the greatest number: it fails every bound
from above."""


def of_side(spread: Structure, parameters: Parameters) -> list[str]:
    """Calls or puts where the legs are of one right, and the days to expiry where the strategy gives a range of them."""
    rights = {side(leg.put_call) for leg in spread.shape.legs}
    wanted = [f"put_call = {parameters.named('put_call', rights.pop())}"] if len(rights) == 1 else []
    match spread:
        case OfTwoExpiries():
            wanted.append(f"({' OR '.join(of_expiries(spread, parameters))})")
        case _ if isinstance(spread.first_expiry, DayRange):
            wanted.append(_of_days(spread.first_expiry, "dte", parameters))
        case _:
            pass  # the rows handed over are of one expiry
    return wanted or ["TRUE"]


def of_expiries(spread: OfTwoExpiries, parameters: Parameters) -> tuple[str, str]:
    """Whether an option may be what is sold, and whether it may be what is bought, by its expiry."""
    near, far = spread.expiries
    return _of_days(near, "near", parameters), _of_days(far, "far", parameters)


def _of_days(rule: ExpiryRule, name: str, parameters: Parameters) -> str:
    match rule:
        case DayRange(min_days=low, max_days=high, nearest=nearest, is_monthly=is_monthly):
            between = f"BETWEEN {parameters.named(f'{name}_low', low)} AND {parameters.named(f'{name}_high', high)}"
            if nearest is None:
                return f"(dte {between} AND is_monthly)" if is_monthly else f"dte {between}"
            between += " AND listed.is_monthly" * is_monthly
            missed = f"abs(listed.dte - {parameters.named(f'{name}_nearest', nearest)}) * {_MOST_DAYS} + listed.dte"
            of_it = f"listed.underlying_id = chain.underlying_id AND listed.dte {between}"
            days = f"dte = (SELECT arg_min(listed.dte, {missed}) FROM chain AS listed WHERE {of_it})"  # noqa: S608 - fixed text
            return f"({days} AND is_monthly)" if is_monthly else days
        case _:
            return "is_next_monthly"


def side(put_call: PutCall) -> int:
    """What the chain's column says of a right."""
    return 1 if put_call == "C" else -1


def sound(spread: Structure) -> list[str]:
    """The price at mid makes sense: the spread can both win and lose."""
    if isinstance(spread, Vertical):
        price = "net" if spread.is_credit else "-net"
        return [f"{price} > {EQUAL}", f"{price} < width - {EQUAL}"]
    if isinstance(spread, OfTwoExpiries):
        return revalued.sound(spread.shape)
    return [f"cap + net > {EQUAL}", f"floor + net < -{EQUAL}"]


def bucket(meeting: Meeting, widest: float, parameters: Parameters) -> str:
    """The column by which two legs of one group find each other."""
    if meeting == "group":
        return "group_id"
    reach = parameters.named("reach", widest + ROUNDING)
    return f"group_id::BIGINT * 2147483648 + floor(strike / {reach})::BIGINT AS bucket"


@dataclass(frozen=True, slots=True)
class Partner:
    """How the leg of one role finds another of its group."""

    first: str
    """The role that is there, the smaller side."""
    second: str
    how: Literal["below", "above"]
    """Where the strike of the second lies."""
    width: WidthRange

    @property
    def distance(self) -> str:
        return (
            f"{self.first}.strike - {self.second}.strike"
            if self.how == "below"
            else f"{self.second}.strike - {self.first}.strike"
        )


def pairs(
    meeting: Meeting,
    partner: Partner,
    parameters: Parameters,
    columns: Sequence[str],
    wanted: Wanted,
    also: Sequence[str] = (),
    *,
    name: str = "pairs",
    prefix: str = "",
    kept: bool = False,
) -> str:
    """The pairs of legs at the wanted distance: every column of both, each named by the leg's role."""
    first, second = partner.first, partner.second
    conditions = wanted(first, "")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    doubled, met = _met(meeting, partner)
    low = parameters.named(f"{prefix}width_low", float(partner.width.low) - ROUNDING)
    high = parameters.named(f"{prefix}width_high", float(partner.width.high) + ROUNDING)
    both = [f"{leg}.{column} AS {leg}_{column}" for column in columns for leg in (first, second)]
    return f"""{name} AS {"MATERIALIZED " * kept}(
  SELECT {", ".join([f"{first}.row_id AS {first}_row_id", f"{second}.row_id AS {second}_row_id", *also, *both])}
  FROM (SELECT {doubled} FROM legs{where}) {first}
  JOIN legs {second}
    ON {met}
   AND {conjunction([f"{partner.distance} BETWEEN {low} AND {high}", *wanted(second, f"{second}.")], 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers


def _met(meeting: Meeting, partner: Partner) -> tuple[str, str]:
    """What is selected of the first leg, and the equality by which the second is found."""
    if meeting == "group":
        return "*", f"{partner.first}.group_id = {partner.second}.group_id"
    step = "- 1" if partner.how == "below" else "+ 1"
    return f"*, unnest([bucket, bucket {step}]) AS met", f"{partner.first}.met = {partner.second}.bucket"


def underlying(role: str, *, several: bool) -> list[str]:
    """The column that keeps underlyings apart, of the leg that is there first."""
    return [f"{role}.underlying_id AS underlying_id"] if several else []


def tenths(dollars: str) -> str:
    """SQL of an amount in tenths of a cent, the finest a strike is told in: a whole number, equal where amounts are equal."""
    return f"round(1000 * ({dollars}))::BIGINT"


def conjunction(conditions: Iterable[str], indent: int) -> str:
    """Conditions joined by AND, one a line."""
    return f"\n{' ' * indent}AND ".join(conditions)
