"""How what is bought meets what is sold where it expires later.

Calendars meet by the strike they share, diagonals by distance, the two sides of a double structure by class and by both expiries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.compile.pairs import ROUNDING, Meeting, Partner, conjunction, of_expiries, side, tenths, underlying
from engine.compile.sql import Parameters
from engine.compile.wanted import Wanted
from engine.strategy.spreads.calendars import Calendar, Diagonal, DoubleDiagonal, TwoCalendars
from engine.strategy.spreads.structure import OfTwoExpiries
from engine.strategy.values.meaning import DaysAfter, WidthRange

_CHAIN = "(class_id::BIGINT * 2 + (put_call > 0)::BIGINT)"
"""One number for the puts, and one for the calls, of a class over all of its expiries."""


@dataclass(frozen=True, slots=True)
class _Side:
    near: str
    far: str
    partner: Partner | None
    """How far apart the strikes are; None where they are one."""


def later_pairs(
    meeting: Meeting, spread: OfTwoExpiries, parameters: Parameters, columns: Sequence[str], wanted: Wanted, *, several: bool
) -> tuple[list[str], str]:
    """See `combinations.combinations`."""
    sides = _sides(spread)
    widths = [side.partner.width for side in sides if side.partner is not None]
    is_near, is_far = of_expiries(spread, parameters)
    keys = [_key(meeting, widths, parameters), "dte AS days", f"({is_near}) AS is_near", f"({is_far}) AS is_far"]
    apart = spread.expiry.far if isinstance(spread.expiry.far, DaysAfter) else None
    if len(sides) == 1:
        also = underlying(sides[0].near, several=several)
        return keys, _pairs(meeting, sides[0], parameters, columns, wanted, also, apart=apart)
    made: list[str] = []
    for one, name, right in zip(sides, ("put", "call"), ("P", "C"), strict=True):
        also = [f"{_series(one)} AS {name}_series"]
        if one.partner is not None:
            also.append(f"{tenths(one.partner.distance)} AS {name}_width")
        also += underlying(one.near, several=several and name == "put")
        is_right = f"put_call = {side(right)}"
        made.append(_pairs(meeting, one, parameters, columns, wanted, also, apart=apart, name=name, is_right=is_right))
    met = ["put_series = call_series", "near_put_strike < near_call_strike"]
    if isinstance(spread, DoubleDiagonal) and isinstance(spread.width, WidthRange):
        met.append("put_width = call_width")
    joined = f"""pairs AS (
  SELECT *
  FROM put_sides
  JOIN call_sides
    ON {conjunction(met, 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return [*keys, "class_id", "put_call"], ",\n".join([*made, joined])


def _sides(spread: OfTwoExpiries) -> list[_Side]:
    match spread:
        case Diagonal():
            return [
                _Side("near", "far", Partner("near", "far", "below" if spread.far_strike == "lower" else "above", spread.width))
            ]
        case DoubleDiagonal():
            return [
                _Side("near_put", "far_put", Partner("near_put", "far_put", "below", spread.width_of("put"))),
                _Side("near_call", "far_call", Partner("near_call", "far_call", "above", spread.width_of("call"))),
            ]
        case TwoCalendars():
            return [_Side("near_put", "far_put", None), _Side("near_call", "far_call", None)]
        case Calendar():
            return [_Side("near", "far", None)]
        case _:
            raise TypeError(f"{spread} is a structure that cannot be searched")


def _key(meeting: Meeting, widths: Sequence[WidthRange], parameters: Parameters) -> str:
    """The column by which the legs of a side find each other: by the strike, by buckets of strikes, or by the chain alone."""
    if not widths:
        return f"{_CHAIN} * 4294967296 + {tenths('strike')} AS met_by"
    if meeting == "group":
        return f"{_CHAIN} AS met_by"
    reach = parameters.named("reach", max(float(width.high) for width in widths) + ROUNDING)
    return f"{_CHAIN} * 2147483648 + floor(strike / {reach})::BIGINT AS met_by"


def _pairs(
    meeting: Meeting,
    one: _Side,
    parameters: Parameters,
    columns: Sequence[str],
    wanted: Wanted,
    also: Sequence[str],
    *,
    apart: DaysAfter | None,
    name: str = "",
    is_right: str = "",
) -> str:
    near, far = one.near, one.far
    first = [*([is_right] if is_right else []), "is_near", *wanted(near, "")]
    found = [f"{near}.met = {far}.met_by", f"{far}.is_far", _is_later(one, apart, parameters)]
    met = "met_by AS met"
    if one.partner is not None:
        prefix = f"{name}_" if name else ""
        low = parameters.named(f"{prefix}width_low", float(one.partner.width.low) - ROUNDING)
        high = parameters.named(f"{prefix}width_high", float(one.partner.width.high) + ROUNDING)
        found.append(f"{one.partner.distance} BETWEEN {low} AND {high}")
        if meeting == "bucket":
            met = f"unnest([met_by, met_by {'-' if one.partner.how == 'below' else '+'} 1]) AS met"
    both = [f"{leg}.{column} AS {leg}_{column}" for column in columns for leg in (near, far)]
    rows = [f"{near}.row_id AS {near}_row_id", f"{far}.row_id AS {far}_row_id"]
    return f"""{f"{name}_sides" if name else "pairs"} AS (
  SELECT {", ".join([*rows, *also, *both])}
  FROM (SELECT *, {met} FROM legs WHERE {" AND ".join(first)}) {near}
  JOIN legs {far}
    ON {conjunction([*found, *wanted(far, f"{far}.")], 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers


def _is_later(one: _Side, apart: DaysAfter | None, parameters: Parameters) -> str:
    """How much later what is bought expires than what is sold."""
    if apart is None:
        return f"{one.far}.days > {one.near}.days"
    low, high = parameters.named("days_after_low", apart.min_days), parameters.named("days_after_high", apart.max_days)
    return f"{one.far}.days - {one.near}.days BETWEEN {low} AND {high}"


def _series(one: _Side) -> str:
    """One number for a class and a pair of its expiries."""
    return f"({one.near}.class_id::BIGINT * 65536 + {one.near}.days) * 65536 + {one.far}.days"
