"""The legs of every structure as rows of one relation: by which columns they find each other, and how they meet.

vertical      one pair of legs
two wings     the pairs of either side, built once as verticals are; they meet on class and expiry, and on their width where both
              are equally wide
butterflies   the sold leg and the bought one below, then the third: by the one strike that is as far above, which is an integer
              key, or by distance again where the wings may differ
any other     one leg after the other, as the shape says (`joined.py`)
two expiries  what is bought by the strike that it shares, or by distance, among the later expiries of its class (`later.py`)
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compile.joined import joined_legs
from engine.compile.later import later_pairs
from engine.compile.pairs import ROUNDING, Meeting, Partner, bucket, conjunction, pairs, tenths, underlying
from engine.compile.sql import Parameters
from engine.compile.wanted import Wanted
from engine.compile.wings import all_condors, keys
from engine.strategy.spreads.flies import BrokenWing, Butterfly
from engine.strategy.spreads.structure import OfTwoExpiries, Structure
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.spreads.wings import TwoWings
from engine.strategy.values.meaning import TimesNear

PLACE = 4294967296
"""Room of one group for its strikes in tenths of a cent."""


def combinations(
    meeting: Meeting, spread: Structure, parameters: Parameters, columns: Sequence[str], wanted: Wanted, *, several: bool = False
) -> tuple[list[str], str]:
    """The columns of `legs` by which they find each other, and every combination that meets as the relation `pairs`.

    `pairs` has the row number of every leg and these columns of it, named by the leg's role, and the underlying where there are
    several.
    """
    match spread:
        case Vertical():
            partner = Partner("short", "long", "below" if spread.short_is_higher else "above", spread.width)
            key = bucket(meeting, float(spread.width.high), parameters)
            return [key], pairs(meeting, partner, parameters, columns, wanted, underlying("short", several=several))
        case TwoWings():
            met = all_condors(meeting, spread, parameters, columns, wanted, several=several)
            return keys(meeting, spread, parameters), met
        case Butterfly():
            return _butterfly(meeting, spread, parameters, columns, wanted, several=several)
        case BrokenWing():
            return _broken_wing(meeting, spread, parameters, columns, wanted, several=several)
        case OfTwoExpiries():
            return later_pairs(meeting, spread, parameters, columns, wanted, several=several)
        case _:
            return joined_legs(spread, parameters, columns, wanted, several=several)


def _butterfly(
    meeting: Meeting, spread: Butterfly, parameters: Parameters, columns: Sequence[str], wanted: Wanted, *, several: bool
) -> tuple[list[str], str]:
    key = bucket(meeting, float(spread.width.high), parameters)
    also = ["2 * body.place - lower.place AS third", *underlying("body", several=several)]
    partner = Partner("body", "lower", "below", spread.width)
    halves = pairs(meeting, partner, parameters, columns, wanted, also, name="halves")
    joined = f"""pairs AS (
  SELECT {", ".join(["halves.*", *_of("upper", columns)])}
  FROM halves
  JOIN legs upper
    ON {conjunction(["halves.third = upper.place", *wanted("upper", "upper.")], 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    place = f"group_id::BIGINT * {PLACE} + {tenths('strike')} AS place"
    return [key, place], f"{halves},\n{joined}"


def _broken_wing(
    meeting: Meeting, spread: BrokenWing, parameters: Parameters, columns: Sequence[str], wanted: Wanted, *, several: bool
) -> tuple[list[str], str]:
    widest = max(float(spread.lower_width.high), float(spread.upper_width.high))
    key = bucket(meeting, widest, parameters)
    found_by = "group_id" if meeting == "group" else "bucket"
    also = [f"body.{found_by} AS body_{found_by}", *underlying("body", several=several)]
    partner = Partner("body", "lower", "below", spread.lower_width)
    halves = pairs(meeting, partner, parameters, columns, wanted, also, name="halves", prefix="lower_")
    doubled = "*" if meeting == "group" else "*, unnest([body_bucket, body_bucket + 1]) AS met"
    met = "halves.body_group_id = upper.group_id" if meeting == "group" else "halves.met = upper.bucket"
    low = parameters.named("upper_width_low", float(spread.upper_width.low) - ROUNDING)
    high = parameters.named("upper_width_high", float(spread.upper_width.high) + ROUNDING)
    reached = [met, f"upper.strike - halves.body_strike BETWEEN {low} AND {high}", *wanted("upper", "upper.")]
    if isinstance(spread.width.far, TimesNear):
        above, below = "(upper.strike - halves.body_strike)", "(halves.body_strike - halves.lower_strike)"
        near, far = (above, below) if spread.right == "put" else (below, above)
        factor = parameters.named("times_near", float(spread.width.far.factor))
        reached.append(f"abs({far} - {factor} * {near}) < {ROUNDING}")
    joined = f"""pairs AS (
  SELECT {", ".join(["halves.*", *_of("upper", columns)])}
  FROM (SELECT {doubled} FROM halves) halves
  JOIN legs upper
    ON {conjunction(reached, 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return [key], f"{halves},\n{joined}"


def _of(role: str, columns: Sequence[str]) -> list[str]:
    return [f"{role}.row_id AS {role}_row_id", *(f"{role}.{column} AS {role}_{column}" for column in columns)]
