"""Condors: wings built once as verticals are, met on class and expiry, and on their width where both are equally wide.

Where an expiry has thousands of wings, hundreds of thousands of condors meet, of which five are wanted. Then the scan goes in two
steps, and finds exactly what joining them all finds:

first   each put wing gets the best score that any condor with it can have (`bounds.py`); those that a rule rules out whatever the
        partner are dropped. The BEST_WINGS with the highest of these scores are joined, and of the condors that meet the
        BEST_CONDORS with the highest scores that their two wings allow are priced. With the rows comes the highest score that is
        possible among all that was left out: where the last row kept scores higher, nothing better is missing.
rest    otherwise everything is joined and priced that may reach the score of the last row found; all there is where too few were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import pyarrow as pa

from engine.compile import folds
from engine.compile.bounds import Bounds
from engine.compile.lists import CELLS, fetched, lists_schema
from engine.compile.pairs import Meeting, Partner, bucket, conjunction, pairs, side, tenths, underlying
from engine.compile.scanner import Prepared, Row, Scanner
from engine.compile.sql import EQUAL, FINITE, Parameters
from engine.compile.wanted import Wanted
from engine.domain.structure import Shape
from engine.strategy.spreads.pairs import Side
from engine.strategy.spreads.wings import IronButterfly, TwoWings

BEST_WINGS: Final = 256
"""Put wings that are joined first."""
BEST_CONDORS: Final = 256
"""Condors of these that are priced first."""
NEAREST: Final = 8
"""Wings of one expiry and width, beside those that pass, of which the condor is made that comes nearest to passing."""
SERIES: Final = "class_id::BIGINT * 65536 + dte"
"""One number for each class and expiry: what puts and calls of one series share."""
REACHED: Final = pa.schema([("score", pa.float64())])
"""The relation `reached`: one row, the score that a condor must have to be worth a look."""
REACHED_SCORE: Final = "(SELECT score FROM reached)"
NEVER: Final = "-8e0"
"""Deviations beyond which nothing ends."""
CHANCE_IS_OFF: Final = "2e-4"
OF_CHANCE: Final = (
    f"CASE WHEN forward > 0 AND forward <= {FINITE} THEN ln(strike / forward) END AS log_strike",
    "CASE WHEN years > 0 THEN iv * sqrt(years) END AS deviation",
)
"""What of each leg says how likely the underlying ends beyond its strike."""


def keys(meeting: Meeting, spread: TwoWings, parameters: Parameters) -> list[str]:
    """The columns of `legs` by which legs and wings find each other."""
    widest = max(float(spread.width_of(name).high) for name in _SIDES)
    return [bucket(meeting, widest, parameters), f"{SERIES} AS series", "put_call"]


def all_condors(
    meeting: Meeting,
    spread: TwoWings,
    parameters: Parameters,
    columns: Sequence[str],
    wanted: Wanted,
    *,
    several: bool = False,
    missing: Callable[[Side], tuple[str, str]] | None = None,
) -> str:
    """Every condor as the step `pairs`.

    Where it is told how many conditions a wing of a side misses by itself, and by how much, only of the wings that miss none
    and of the NEAREST of each expiry and width.
    """
    steps: list[str] = []
    for name in _SIDES:
        also = underlying(f"short_{name}", several=several and name == "put")
        steps.append(_wings(meeting, spread, name, parameters, columns, wanted, also))
        if missing:
            steps.append(_nearest(name, *missing(name), parameters.named("nearest_wings", NEAREST)))
    kind = "near" if missing else "wings"
    joined = f"""pairs AS (
  SELECT *
  FROM put_{kind}
  JOIN call_{kind}
    ON {conjunction(_met(spread), 3)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers
    return ",\n".join([*steps, joined])


def best_condors(
    spread: TwoWings,
    bounds: Bounds,
    score: str,
    rules: Sequence[str],
    parameters: Parameters,
    columns: Sequence[str],
    wanted: Wanted,
    *,
    best: tuple[str, str] | None,
) -> str:
    """The best condors by what their wings make possible as the step `pairs`.

    `score` is the best that any condor of a put wing can have, `rules` what must be possible. `best` are the numbers of wings and
    of condors; None where all are wanted that may reach the score of the relation `reached`. Only for those the columns of their
    legs are fetched.
    """
    by, chance = [key.split(" = ")[0].removeprefix("put_") for key in _keys(spread)], bounds.needs_chance
    steps = [_wings("bucket", spread, name, parameters, (), wanted, _parts(spread, name, bounds), kept=True) for name in _SIDES]
    extremes, calls, sides = list(bounds.extremes), "call_wings", "call_sides"
    of_sides = ["put_wings.*", *(f"{extreme}_{part}" for extreme, part in extremes)]
    if chance:
        calls, sides = "call_known", "call_chances"
        steps.append(f"call_known AS (\n  SELECT *, {_chance('call_z')} AS call_beyond\n  FROM call_wings\n)")  # noqa: S608 - fixed text
        extremes += [("least", "z")] * spread.has_equal_widths
        of_sides += [f"{_chance('put_z')} AS put_beyond", "least_beyond"]
    steps.append(_sides("call", "call_wings", by, extremes))
    if chance:
        # The credit of wider puts may cover a call side: what it loses is asked where two wings meet.
        least = _chance("least_z") if spread.has_equal_widths else "0e0"
        steps.append(f"call_chances AS (\n  SELECT *, {least} AS least_beyond\n  FROM call_sides\n)")  # noqa: S608 - fixed text
    steps.append(_beside("put_known", of_sides, "put_wings", sides, by))
    of_wing = ["short_put_row_id", "long_put_row_id", "short_put_strike", *(f"put_{key}" for key in by)]
    of_wing += [*(f"put_{part}" for part in bounds.parts), *["put_beyond"] * chance]
    steps.append(f"""at_most AS (
  SELECT {", ".join(of_wing)}, {score} AS wing_score
  FROM put_known
  WHERE {conjunction(rules, 4)}
)""")  # noqa: S608 - no word of the trader: fixed text and named numbers
    steps.append(_chosen("best_wings", ["*"], "at_most", "wing_score", best and best[0]))
    roles = spread.shape.roles
    rows = ", ".join(f"{role}_row_id" for role in roles)
    steps.append(f"""met AS (
  SELECT {rows}, {_of_pair(score, spread)} AS condor_score
  FROM best_wings
  JOIN {calls}
    ON {conjunction([*_met(spread), *(_of_pair(rule, spread) for rule in rules)], 3)}
)""")  # noqa: S608 - no word of the trader: fixed text and named numbers
    steps.append(_chosen("best_met", ["*"], "met", "condor_score", best and best[1]))
    steps.append(fetched("best_met", roles, columns))
    return ",\n".join(steps)


def relations(scanner: Scanner, chain: pa.Schema) -> None:
    """Declares what scans read: the chain, and beside it what those in two steps need."""
    scanner.relation("chain", chain)
    scanner.relation("reached", REACHED)
    scanner.relation(CELLS, lists_schema(chain))


@dataclass(frozen=True, slots=True)
class BoundedRows:
    """What the two steps found, and whether the first of them was enough."""

    rows: list[Row]
    is_proven: bool


def bounded_rows(scanner: Scanner, first: Prepared, rest: Prepared, table: pa.Table, cells: pa.Table, keep: int) -> BoundedRows:
    """The best condors, at most `keep`, of one underlying; `cells` are all rows of the chain, as `lists_of` has them."""
    found = scanner.rows(first, table, cells=cells)
    left_out = cast("float | None", found[0][-1])
    rows = [row[:-1] for row in found if row[0] is not None]
    last = rows[keep - 1][-1] if len(rows) >= keep else None
    if left_out is None or (last is not None and last > left_out + _margin(left_out)):
        return BoundedRows(rows, is_proven=True)
    reached = -1e308 if last is None else last - _margin(last)
    return BoundedRows(
        scanner.rows(rest, table, cells=cells, reached=pa.table({"score": [reached]}, schema=REACHED)), is_proven=False
    )


_SIDES: tuple[Side, ...] = ("put", "call")


def _margin(score: float) -> float:
    """Scores nearer than this may be equal in the order, which looks at ten decimals."""
    return 1e-9 * max(1.0, abs(score))


def _keys(spread: TwoWings) -> list[str]:
    return ["put_series = call_series", *["put_width = call_width"] * spread.has_equal_widths]


def _met(spread: TwoWings) -> list[str]:
    """How a put wing meets a call wing."""
    above = "=" if isinstance(spread, IronButterfly) else "<"
    return [*_keys(spread), f"short_put_strike {above} short_call_strike"]


def _nearest(name: Side, missed: str, distance: str, most: str) -> str:
    # The outermost wings of both sides meet, wherever the nearest ones lie.
    outermost = f"short_{name}_strike{' DESC' * (name == 'call')}, short_{name}_row_id, long_{name}_row_id"
    order = f"missed, {distance}, short_{name}_row_id, long_{name}_row_id"
    return f"""{name}_near AS (
  SELECT * EXCLUDE (missed)
  FROM (SELECT *, {missed} AS missed FROM {name}_wings)
  QUALIFY missed = 0
    OR row_number() OVER (PARTITION BY {name}_series, {name}_width ORDER BY {order}) <= {most}
    OR row_number() OVER (PARTITION BY {name}_series, {name}_width ORDER BY {outermost}) = 1
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers


def _chosen(name: str, columns: Sequence[str], source: str, score: str, best: str | None) -> str:
    """Those with the best scores, or all that may reach the wanted one."""
    if best:
        most = f"{score} <= {FINITE}\n  ORDER BY {score} DESC\n  LIMIT {best}"
    else:
        most = f"{score} BETWEEN {REACHED_SCORE} AND {FINITE}"
    return f"{name} AS {'MATERIALIZED ' * bool(best)}(\n  SELECT {', '.join(columns)}\n  FROM {source}\n  WHERE {most}\n)"  # noqa: S608 - fixed text


def _wings(
    meeting: Meeting,
    spread: TwoWings,
    name: Side,
    parameters: Parameters,
    columns: Sequence[str],
    wanted: Wanted,
    also: Sequence[str],
    *,
    kept: bool = False,
) -> str:
    """The wings of one side: rows, what they are met by, and these columns."""
    partner = Partner(f"short_{name}", f"long_{name}", "below" if name == "put" else "above", spread.width_of(name))
    met_by = [f"short_{name}.series AS {name}_series", f"{tenths(partner.distance)} AS {name}_width"]
    of_side = _with_right(wanted, f"short_{name}", side("P" if name == "put" else "C"))
    return pairs(
        meeting, partner, parameters, columns, of_side, [*met_by, *also], name=f"{name}_wings", prefix=f"{name}_", kept=kept
    )


def _parts(spread: TwoWings, name: Side, bounds: Bounds) -> list[str]:
    """What a wing adds to the numbers of a condor, and what its chance needs, over its two legs."""
    s, long = f"short_{name}", f"long_{name}"
    wanted = {f"{name}_{part}": _part(spread.shape, name, part) for part in bounds.parts}
    if bounds.needs_chance:
        wanted[f"{name}_z"] = _least_z(name)
    of_legs = re.compile(rf"\b({s}|{long})_")
    return [f"{s}.strike AS {s}_strike", *(of_legs.sub(r"\1.", sql) + f" AS {part}" for part, sql in wanted.items())]


def _sides(name: Side, source: str, by: Sequence[str], extremes: Sequence[tuple[str, str]]) -> str:
    """Extremes of what the wings of one side add, by what the other side meets them on."""
    keys = [f"{name}_{key}" for key in by]
    columns = [
        f"{_EXTREME[extreme]}({name}_{part}) FILTER (WHERE {name}_{part} <= {FINITE}) AS {extreme}_{part}"
        for extreme, part in extremes
    ]
    return f"""{name}_sides AS (
  SELECT {", ".join([*keys, *columns])}
  FROM {source}
  GROUP BY {", ".join(keys)}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers


_EXTREME = {"least": "min", "most": "max"}


def _beside(name: str, columns: Sequence[str], wings_: str, sides: str, by: Sequence[str]) -> str:
    """The wings of one side beside the extremes of the other."""
    met = conjunction((f"put_{key} = call_{key}" for key in by), 3)
    return f"""{name} AS (
  SELECT {", ".join(columns)}
  FROM {wings_}
  JOIN {sides}
    ON {met}
)"""  # noqa: S608 - no word of the trader: fixed text and named numbers


def _of_pair(of_wing: str, spread: TwoWings) -> str:
    """The same of one condor: what its call wing adds stands for the extremes of all of them."""
    lost = "call_beyond"
    if not spread.has_equal_widths:
        lost = f"CASE WHEN put_net + call_net + {EQUAL} < call_distance THEN call_beyond ELSE 0e0 END"
    return _OF_CALLS.sub("call_", of_wing.replace("least_beyond", lost))


_OF_CALLS = re.compile(r"\b(?:least|most)_")


def _least_z(name: Side) -> str:
    """Deviations to the strike that a side has bought, so few that no less of it can be lost: no credit moves the breakeven
    beyond that strike.

    The iv at the breakeven lies between those of the two strikes, so the least of each term of z is taken on its own.
    """
    s, long = f"short_{name}", f"long_{name}"
    low, high = (f"{end}({s}_deviation, {long}_deviation)" for end in ("least", "greatest"))
    x = f"{long}_log_strike" if name == "put" else f"-{long}_log_strike"
    z = f"least({x} / {low}, {x} / {high}) {f'+ {low}' if name == 'put' else f'- {high}'} / 2"
    return f"CASE WHEN {low} > 0 AND {high} <= {FINITE} THEN greatest({z}, {NEVER}) ELSE {NEVER} END"


def _chance(z: str) -> str:
    """The chance of a standard normal number below that z, at most CHANCE_IS_OFF beside it and never above it.

    Source: E. Page, Approximations to the cumulative normal function and its inverse (1977).
    """
    return f"greatest(1 / (1 + exp({z} * (-1.5976e0 - 0.070565992e0 * {z} * {z}))) - {CHANCE_IS_OFF}, 0e0)"


def _part(shape: Shape, name: Side, part: str) -> str:
    """SQL of what one wing adds to a number of the condor."""
    wing = Shape(tuple(leg for leg in shape.legs if leg.role.endswith(name)), ())
    s, long = f"short_{name}", f"long_{name}"
    net, worth = folds.net(wing), folds.signed(wing, folds.column("worth"))
    fee, passed_on = (folds.summed(wing, folds.column(column)) for column in ("fee", "exchange_fee"))
    match part:
        case "net":
            return net
        case "natural":
            return f"{s}_bid - {long}_ask"
        case "distance":
            return f"abs({s}_strike - {long}_strike)"
        case "fee":
            return fee
        case "passed_on":
            return passed_on
        case "gross":
            return f"100 * ({net} + {worth})"
        case "expected":
            return f"100 * ({net} + {worth}) - 2 * ({fee} + {passed_on})"
        case "short_delta":
            return f"abs({s}_delta)"
        case "quote_width":
            return folds.summed(wing, lambda role: f"({role}_ask - {role}_bid)")
        case _:
            return f"({folds.signed(wing, folds.column(part))})"


def _with_right(wanted: Wanted, of: str, right: int) -> Wanted:
    """The same, and this leg is a put or a call."""
    return lambda role, prefix: [*[f"{prefix}put_call = {right}"] * (role == of), *wanted(role, prefix)]
