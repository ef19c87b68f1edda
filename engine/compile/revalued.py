"""What structures of two expiries are worth when the first of them ends, as SQL over the columns of the legs.

What is bought is revalued at its own volatility, unchanged (`pricing/revalued.py` says how):

    peak           the most it is worth then, USD per share: at a sold strike
    floor          the least it can be worth then, whatever the volatility: what is bought counts what exercising it brings where
                   it is American, and its discounted bound where it is European; the underlying is looked at from nothing to
                   twice the highest strike
    max_profit     100 x (peak + net), max_loss -100 x (floor + net); USD
    breakeven_n    where the profit at `net` crosses zero, absent where it does not
    pop            chance to stand where the profit after fees is above zero when what is sold expires: the chance to end below is
                   taken at each crossing at the iv of the sold leg, of two sold legs on the straight line between them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.compile.folds import greatest, least
from engine.compile.functions import crossings_of, peak_of
from engine.compile.normal import normal_cdf, size_of
from engine.compile.sql import EQUAL, FINITE
from engine.domain.spread import DOUBLED
from engine.domain.structure import LegShape, Shape


def of_two_expiries(shape: Shape, multiplier: int) -> Mapping[str, str]:
    """The steps of a structure whose bought legs outlive what is sold."""
    sides = list(_sides(shape))
    near, far = sides[0].near.role, sides[0].far.role
    rights = "both" if len(sides) > 1 else "put" if sides[0].near.put_call == "P" else "call"
    of_sides = ", ".join(f"{one.near.role}_strike, {one.far.role}_strike, {one.far.role}_deviation" for one in sides)
    arguments = f"onward_growth, onward_discount, {near}_is_american, {of_sides}"
    steps = {
        "onward_years": f"{far}_years - {near}_years",
        "onward_growth": f"{far}_forward / {near}_forward",
        "onward_discount": f"{far}_discount / {near}_discount",
    }
    for one in sides:
        iv = f"{one.far.role}_iv"
        known = f"{iv} > 0 AND {iv} <= {FINITE} AND onward_years > 0"
        steps[f"{one.far.role}_deviation"] = f"CASE WHEN {known} THEN {iv} * sqrt(onward_years) END"
    steps |= {
        "peak": peak_of(rights, arguments),
        "bound_growth": f"CASE WHEN {near}_is_american THEN 1e0 ELSE onward_growth END",
        "bound_discount": f"CASE WHEN {near}_is_american THEN 1e0 ELSE onward_discount END",
        "floor": least(_least_worth(sides, level) for level in _corners(sides)),
        "max_profit": f"{multiplier} * (peak + net)",
        "max_loss": f"-{multiplier} * (floor + net)",
        "kept": f"net - fees / {multiplier}",
        "breakevens": crossings_of(rights, arguments, "net"),
        "zeros": crossings_of(rights, arguments, "kept"),
    }
    places = range(1, 2 * len(sides) + 1)
    steps |= {f"breakeven_{n}": f"CASE WHEN breakevens[{n}] <= {FINITE} THEN breakevens[{n}] END" for n in places}
    distances = [
        f"({near}_spot - breakeven_{n}) / {near}_spot" if n % 2 else f"(breakeven_{n} - {near}_spot) / {near}_spot"
        for n in places
    ]
    steps["breakeven_distance"] = least(distances)
    for n in places:
        steps |= _chance_below(sides, n)
    steps["pop"] = _chance(sides)
    return steps


def sound(shape: Shape) -> list[str]:
    """The price at mid makes sense: it can win and lose, and being assigned at once locks in no loss."""
    conditions = [f"peak + net > {EQUAL}", f"peak <= {FINITE}", f"floor + net < -{EQUAL}"]
    for one in _sides(shape):
        w = "" if one.near.put_call == "C" else "-"
        inside = f"{w}({one.near.role}_strike - {one.far.role}_strike)"
        conditions.append(f"(NOT {one.near.role}_is_american OR {inside} <= {EQUAL} OR {inside} + net > {EQUAL})")
    return conditions


@dataclass(frozen=True, slots=True)
class _Side:
    near: LegShape
    far: LegShape


def _sides(shape: Shape) -> Iterator[_Side]:
    """What is sold and the leg that outlives it, puts first."""
    return (_Side(shape.leg(join.meets), shape.leg(join.leg)) for join in shape.joins if join.is_later)


def _corners(sides: list[_Side]) -> Iterator[str]:
    """Levels at which the least worth bends, and the two at which it is looked at last."""
    yield "0e0"
    for one in sides:
        yield f"{one.near.role}_strike"
        yield f"{one.far.role}_strike / bound_growth"
    strikes = [f"{leg.role}_strike" for one in sides for leg in (one.near, one.far)]
    yield f"{DOUBLED} * {greatest(strikes)}"


def _least_worth(sides: list[_Side], level: str) -> str:
    parts: list[str] = []
    for one in sides:
        w = "" if one.near.put_call == "C" else "-"
        parts.append(f"greatest(0e0, {w}bound_discount * (bound_growth * ({level}) - {one.far.role}_strike))")
        parts.append(f"- greatest(0e0, {w}(({level}) - {one.near.role}_strike))")
    return f"({' + '.join(parts).replace('+ -', '-')})"


def _chance_below(sides: list[_Side], n: int) -> Mapping[str, str]:
    """The steps to the chance that the underlying stands below the n-th crossing when what is sold expires; NULL where there is
    none."""
    near, zero, iv, z, size = sides[0].near.role, f"zero_{n}", f"zero_iv_{n}", f"zero_z_{n}", f"zero_size_{n}"
    volatility = f"{near}_iv"
    if len(sides) > 1:
        low, high = (one.near.role for one in sides)
        way = f"greatest(0e0, least(1e0, ({zero} - {low}_strike) / ({high}_strike - {low}_strike)))"
        volatility = f"{low}_iv + ({high}_iv - {low}_iv) * {way}"
    distance = f"(ln({zero} / {near}_forward) + {iv} * {iv} / 2 * {near}_years) / ({iv} * sqrt({near}_years))"
    return {
        zero: f"CASE WHEN zeros[{n}] <= {FINITE} THEN zeros[{n}] END",
        iv: volatility,
        z: f"CASE WHEN {near}_years > 0 THEN {distance} END",
        size: size_of(z),
        f"below_{n}": f"CASE WHEN {z} <= {FINITE} THEN {normal_cdf(z, size)} END",
    }


def _chance(sides: list[_Side]) -> str:
    """The chance between the outer crossings, less what lies between the inner ones."""
    near, last = sides[0].near.role, 2 * len(sides)
    inside = f"coalesce(below_{last}, 1e0) - coalesce(below_1, 0e0)"
    if len(sides) > 1:
        lost = "coalesce(below_3, below_4, 1e0) - coalesce(below_2, below_1, 0e0)"
        inside += f" - CASE WHEN below_2 IS NULL AND below_3 IS NULL THEN 0e0 ELSE {lost} END"
    ivs = " + ".join(f"{leg.role}_iv" for one in sides for leg in (one.near, one.far))
    known = f"{ivs} + {near}_forward + onward_growth + peak <= {FINITE} AND {near}_years > 0"
    return (
        f"CASE WHEN {known} AND {' AND '.join(f'{one.near.role}_iv > 0' for one in sides)} THEN "
        f"CASE WHEN peak + kept > {EQUAL} THEN greatest(0e0, least(1e0, {inside})) ELSE 0e0 END END"
    )
