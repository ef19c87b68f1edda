"""What the legs of one expiry are worth at expiry, and the chance of a profit, as SQL over the columns of the legs.

A vertical has one breakeven and formulas of its own, so that its scan stays lean. Every other shape is read from its strikes:
their order is that of the joins, so what the legs are worth at each strike is a sum of strikes, and the straight lines between
neighbours rise, fall or lie flat whatever the strikes are. Where a line rises or falls the profit may cross zero:

    cap, floor     greatest and least worth at a strike, USD per share; beyond the outer strikes nothing moves any more
    width          cap - floor
    breakeven_n    where the profit at `net` crosses zero on the n-th line that is not flat, absent where it does not
    pop            chance to end where the profit after fees is above zero: the chance to end below is taken at each crossing at
                   the iv on the straight line in strike through the two strikes beside it; a strike with a put and a call has the
                   mean of both
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.compile.folds import greatest, least
from engine.compile.logic import NEVER
from engine.compile.normal import normal_cdf, size_of
from engine.compile.sql import EQUAL, FINITE
from engine.domain.structure import Shape
from engine.strategy.spreads.verticals import Vertical

Line = Mapping[str, int]
"""A sum of strikes: how often each counts, by role."""


def of_vertical(spread: Vertical, multiplier: int) -> Mapping[str, str]:
    """The steps of a vertical."""
    plus, minus = ("+", "-") if spread.put_call == "C" else ("-", "+")
    anchor, sign = ("short_strike", plus) if spread.is_credit else ("long_strike", minus)
    # A bull profits above its breakeven, a bear below it; the short strike lies above exactly for bulls.
    profits_above = spread.short_is_higher
    half_variance, distance = "breakeven_iv * breakeven_iv / 2 * short_years", "ln(breakeven_after_fees / short_forward)"
    toward = f"-({distance} + {half_variance})" if profits_above else f"{distance} + {half_variance}"
    return {
        "width": "short_strike - long_strike" if spread.short_is_higher else "long_strike - short_strike",
        "max_profit": f"{multiplier} * net" if spread.is_credit else f"{multiplier} * (width + net)",
        "max_loss": f"{multiplier} * (width - net)" if spread.is_credit else f"-{multiplier} * net",
        "kept": f"net - fees / {multiplier}",
        "breakeven": f"{anchor} {sign} net",
        "breakeven_after_fees": f"{anchor} {sign} kept",
        "breakeven_distance": "(short_spot - breakeven) / short_spot"
        if profits_above
        else "(breakeven - short_spot) / short_spot",
        # The straight line from strike to strike: the breakeven lies kept / width of the way from the anchor to the other leg.
        "breakeven_iv": f"{'short_iv' if spread.is_credit else 'long_iv'} + (long_iv - short_iv) * kept / width",
        "pop_z": (
            f"CASE WHEN {'kept' if spread.is_credit else 'width + kept'} > {EQUAL}"
            f" THEN ({toward}) / (breakeven_iv * sqrt(short_years)) "
            f"WHEN short_iv + long_iv + short_forward <= {FINITE} THEN -{NEVER!r} END"
        ),
        "pop_size": size_of("pop_z"),
        "pop": f"CASE WHEN pop_z <= {FINITE} THEN {normal_cdf('pop_z', 'pop_size')} END",
    }


def of_shape(shape: Shape, multiplier: int) -> Mapping[str, str]:
    """The steps of any shape whose legs expire together and whose worth is bounded on both sides."""
    ladder = Ladder.of(shape)
    first, crossings = shape.legs[0].role, list(ladder.crossings())
    cap, floor = ladder.extremes()
    steps = {
        "cap": greatest(map(_sum, cap)),
        "floor": least(map(_sum, floor)),
        "width": "cap - floor",
        "max_profit": f"{multiplier} * (cap + net)",
        "max_loss": f"-{multiplier} * (floor + net)",
        "kept": f"net - fees / {multiplier}",
    }
    for n, crossing in enumerate(crossings, 1):
        steps |= _chance_below(crossing, n, first)
    distances = [
        f"({first}_spot - breakeven_{n}) / {first}_spot" if crossing.rises else f"(breakeven_{n} - {first}_spot) / {first}_spot"
        for n, crossing in enumerate(crossings, 1)
    ]
    steps["breakeven_distance"] = least(distances)
    known = " + ".join([*(f"{role}_iv" for role in shape.roles), f"{first}_forward"])
    # The chance to end below each crossing counts against a profit that begins there and for one that ends.
    parts = "".join(f" {'-' if crossing.rises else '+'} below_{n}" for n, crossing in enumerate(crossings, 1))
    above = f"CASE WHEN {ladder.profits_at_last('kept')} THEN 1e0 ELSE 0e0 END"
    steps["pop"] = f"CASE WHEN {known} <= {FINITE} AND {first}_years > 0 THEN greatest(0e0, least(1e0, {above}{parts})) END"
    return steps


def _chance_below(crossing: Crossing, n: int, first: str) -> Mapping[str, str]:
    """The steps to the chance of ending below the n-th crossing, 0 where there is none."""
    zero, iv, z, size = f"zero_{n}", f"zero_iv_{n}", f"zero_z_{n}", f"zero_size_{n}"
    low, high = crossing.ivs
    way = f"({zero} - {crossing.low}_strike) / ({crossing.high}_strike - {crossing.low}_strike)"
    distance = f"(ln({zero} / {first}_forward) + {iv} * {iv} / 2 * {first}_years) / ({iv} * sqrt({first}_years))"
    return {
        f"breakeven_{n}": crossing.where("net"),
        zero: crossing.where("kept"),
        iv: f"{low} + ({high} - {low}) * {way}",
        z: f"CASE WHEN {first}_years > 0 THEN {distance} END",
        size: size_of(z),
        f"below_{n}": f"CASE WHEN {z} <= {FINITE} THEN {normal_cdf(z, size)} ELSE 0e0 END",
    }


@dataclass(frozen=True, slots=True)
class Crossing:
    """One line between neighbouring strikes that is not flat."""

    low: str
    """Role of a leg at the lower strike; `high` of one at the upper."""
    high: str
    worth: tuple[Line, Line]
    """Of the legs at either end."""
    slope: int
    ivs: tuple[str, str]
    """SQL of the iv at either end."""

    @property
    def rises(self) -> bool:
        return self.slope > 0

    def where(self, cash: str) -> str:
        """SQL of the level at which the legs opened for this cash make nothing, NULL where that lies not on this line."""
        low, high = (_profit(cash, worth) for worth in self.worth)
        crosses = f"{low} <= {EQUAL} AND {high} > {EQUAL}" if self.rises else f"{low} > {EQUAL} AND {high} <= {EQUAL}"
        anchor, worth = min(zip((self.low, self.high), self.worth, strict=True), key=_length)
        steepness = "" if abs(self.slope) == 1 else f" / {abs(self.slope)}"
        return f"CASE WHEN {crosses} THEN {anchor}_strike {'-' if self.rises else '+'} ({_profit(cash, worth)}){steepness} END"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The strikes of a shape from below, each with the roles of the legs that have it."""

    shape: Shape
    rungs: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(shape: Shape) -> Ladder:
        """Raises ValueError for a shape that can gain or lose without bound."""
        rungs = [[shape.legs[0].role]]
        for join in shape.joins:
            at = next(n for n, rung in enumerate(rungs) if join.meets in rung)
            if join.how == "same strike":
                rungs[at].append(join.leg)
            else:
                rungs.insert(at if join.how == "below" else at + 1, [join.leg])
        ladder = Ladder(shape, tuple(map(tuple, rungs)))
        if ladder.slope(-1) or ladder.slope(len(rungs) - 1):
            raise ValueError(f"{shape}: as much of each right must be bought as is sold")
        return ladder

    def slope(self, rung: int) -> int:
        """How much more the legs are worth for one dollar of the underlying above this rung, below the next; -1 is below all."""
        at = {role: n for n, roles in enumerate(self.rungs) for role in roles}
        calls = sum(leg.sign * leg.ratio for leg in self.shape.legs if leg.put_call == "C" and at[leg.role] <= rung)
        return calls - sum(leg.sign * leg.ratio for leg in self.shape.legs if leg.put_call == "P" and at[leg.role] > rung)

    def worth(self, rung: int) -> Line:
        """What the legs are worth where the underlying stands at this strike."""
        here, line = self.rungs[rung][0], dict[str, int]()
        for n, roles in enumerate(self.rungs):
            for leg in map(self.shape.leg, roles):
                side = (n > rung) if leg.put_call == "P" else -(n < rung)
                for role, factor in ((roles[0], side), (here, -side)):
                    line[role] = line.get(role, 0) + leg.sign * leg.ratio * factor
        return {role: line[role] for rung_ in self.rungs for role in rung_ if line.get(role)}

    def crossings(self) -> Iterator[Crossing]:
        for n in range(len(self.rungs) - 1):
            if slope := self.slope(n):
                low, high = self.rungs[n], self.rungs[n + 1]
                yield Crossing(low[0], high[0], (self.worth(n), self.worth(n + 1)), slope, (_iv(low), _iv(high)))

    def extremes(self) -> tuple[list[Line], list[Line]]:
        """Where the worth is greatest and where it is least: at strikes where it stops to rise, or to fall."""
        cap: list[Line] = []
        floor: list[Line] = []
        for n in range(len(self.rungs)):
            before, behind, worth = self.slope(n - 1), self.slope(n), self.worth(n)
            for found, is_one in ((cap, before >= 0 >= behind), (floor, before <= 0 <= behind)):
                if is_one and worth not in found:
                    found.append(worth)
        return cap, floor

    def profits_at_last(self, cash: str) -> str:
        """SQL of whether there is a profit at and above the last strike."""
        return f"{_profit(cash, self.worth(len(self.rungs) - 1))} > {EQUAL}"


def _iv(roles: tuple[str, ...]) -> str:
    return f"{roles[0]}_iv" if len(roles) == 1 else f"(({' + '.join(f'{role}_iv' for role in roles)}) / {len(roles)})"


def _length(corner: tuple[str, Line]) -> int:
    return len(corner[1])


def _profit(cash: str, worth: Line) -> str:
    return f"{cash} + ({_sum(worth)})" if worth else cash


def _sum(line: Line) -> str:
    if not line:
        return "0e0"
    parts = [
        (factor, f"{role}_strike" if abs(factor) == 1 else f"{abs(factor)} * {role}_strike") for role, factor in line.items()
    ]
    ahead, behind = (part for factor, part in parts if factor > 0), (part for factor, part in parts if factor < 0)
    return " - ".join([" + ".join(ahead), *behind])
