"""A picture of what a spread makes at expiry, wherever the underlying ends: bars above the line win, bars below it lose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.domain.calendar import WEEKDAYS
from engine.domain.contract import Contract
from engine.domain.session import years_between
from engine.domain.spread import Spread
from engine.pricing.curve import Curve, CurveLeg, crossings, levels_around

WIDTH, HEIGHT = 56, 5
"""Characters of the bars, and lines above and below the axis together."""
LABEL = 10
"""Characters of an amount at the left."""
AROUND, AROUND_LATER = 0.002, 0.07
"""Share of the level that is drawn beyond the outermost strike at the least; what lives on bends far from its strikes."""
RISING = " ▁▂▃▄▅▆▇█"
FALLING = " ░▒▓█"
"""A bar grows upward by eighths of a line; downward by shades, for which every terminal has characters."""


@dataclass(frozen=True, slots=True)
class Onward:
    """What a leg that lives on past the first expiry is valued with there, by the European model."""

    volatilities: Mapping[Contract, float]
    """Implied volatility of each such leg, a year."""
    rate: float
    dividend: float
    """Interest and dividend yield, continuous, a year."""


def payoff(
    spread: Spread, quantity: int, net: Decimal, level: float | None, *, onward: Onward | None = None, width: int = WIDTH
) -> Iterator[str]:
    """The lines of the picture of so many combinations opened for `net`, USD per share, + received; before fees.

    `level` is where the underlying stands, USD per share; None where it is not known. A spread whose legs expire at different
    times is drawn at its first expiry, and not at all where `onward` does not say what the others are valued with.
    """
    lives_on = [leg for leg in spread.legs if leg.contract.expiry > spread.expiry]
    if lives_on and (onward is None or any(leg.contract not in onward.volatilities for leg in lives_on)):
        return
    strikes = [float(leg.contract.strike) for leg in spread.legs]
    levels = levels_around(strikes, level, width, AROUND_LATER if lives_on else AROUND).tolist()
    curve, scale = _curve(spread, net, onward), quantity * spread.multiplier
    made, corners = (curve.at_expiry(levels) * scale).tolist(), (curve.at_expiry(strikes) * scale).tolist()
    most, least = max(made + corners), min(made + corners)
    above = 0 if most <= 0 else HEIGHT if least >= 0 else min(HEIGHT - 1, max(1, round(HEIGHT * most / (most - least))))
    below = HEIGHT - above
    for line in reversed(range(above)):
        yield _line(f"+${most:,.0f}" if line == above - 1 else "", _bars(made, most / above, line, RISING))
    marks = ["─"] * width
    if level is not None:
        marks[_nearest(levels, level)] = "┼"
    yield _line("0", "".join(marks))
    for line in range(below):
        label = f"-${-least:,.0f}" if line == below - 1 else ""
        yield _line(label, _bars([-value for value in made], -least / below, line, FALLING))
    yield _line("", _scale(levels, level, width))


def _curve(spread: Spread, net: Decimal, onward: Onward | None) -> Curve:
    """The combination from its first expiry on."""
    first = next(leg.contract for leg in spread.legs if leg.contract.expiry == spread.expiry)
    settles = WEEKDAYS.settles_at(first.rule, first.expiry)
    legs = tuple(
        CurveLeg(
            leg.sign,
            leg.ratio,
            leg.contract.put_call,
            float(leg.contract.strike),
            years_between(settles, WEEKDAYS.settles_at(leg.contract.rule, leg.contract.expiry)),
            onward.volatilities.get(leg.contract) if onward else None,
        )
        for leg in spread.legs
    )
    return Curve(legs, float(net), *((onward.rate, onward.dividend) if onward else ()))


def breakevens(spread: Spread, net: Decimal) -> tuple[Decimal, ...]:
    """Levels at which so opened a combination of one expiry turns from profit to loss or back, to the cent, USD per share."""
    strikes = sorted({float(leg.contract.strike) for leg in spread.legs})
    corners = [0.0, *strikes, 2 * strikes[-1]]
    turns = crossings(corners, [float(spread.worth(Decimal(at)) + net) for at in corners])
    return tuple(Decimal(turn).quantize(Decimal("0.01")) for turn in turns)


def _bars(values: Sequence[float], unit: float, line: int, marks: str) -> str:
    """One line of bars: how much of each value lies between `line` and the next one, in lines of `unit`."""
    steps = len(marks) - 1
    return "".join(marks[max(0, min(steps, round((value / unit - line) * steps)))] for value in values)


def _nearest(levels: Sequence[float], level: float) -> int:
    return min(range(len(levels)), key=lambda at: abs(levels[at] - level))


def _scale(levels: Sequence[float], level: float | None, width: int) -> str:
    """The ends of the axis, and below its mark where the underlying stands."""
    first, last = f"{levels[0]:,.0f}", f"{levels[-1]:,.0f}"
    line = list(f"{first}{last:>{width - len(first)}}")
    if level is not None:
        now = f"now {level:,.2f}"
        start = min(max(len(first) + 1, _nearest(levels, level) - len(now) // 2), width - len(last) - 1 - len(now))
        line[start : start + len(now)] = now
    return "".join(line)


def _line(label: str, drawn: str) -> str:
    return f"  {label:>{LABEL}} │{drawn}".rstrip()
