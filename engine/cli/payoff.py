"""A picture of what a spread makes at expiry, wherever the underlying ends: bars above the line win, bars below it lose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from engine.domain.calendar import WEEKDAYS
from engine.domain.contract import Contract
from engine.domain.session import years_between
from engine.domain.spread import Spread
from engine.pricing import black_scholes

WIDTH, HEIGHT = 56, 5
"""Characters of the bars, and lines above and below the axis together."""
LABEL = 10
"""Characters of an amount at the left."""
AROUND, AROUND_LATER = Decimal("0.002"), Decimal("0.07")
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
    levels = _levels(spread, level, width, AROUND_LATER if lives_on else AROUND)

    def profit(at: Decimal) -> float:
        worth = float(spread.worth(at))
        for leg in lives_on:
            assert onward is not None, "nothing is drawn without it"
            worth += leg.sign * leg.ratio * _time_value(leg.contract, spread, float(at), onward)
        return (worth + float(net)) * quantity * spread.multiplier

    made = [profit(at) for at in levels]
    corners = [profit(leg.contract.strike) for leg in spread.legs]
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


def _time_value(contract: Contract, spread: Spread, level: float, onward: Onward) -> float:
    """What an option is worth at the first expiry beyond what exercising it would bring, USD per share."""
    first = next(leg.contract for leg in spread.legs if leg.contract.expiry == spread.expiry)
    years = years_between(WEEKDAYS.settles_at(first.rule, first.expiry), WEEKDAYS.settles_at(contract.rule, contract.expiry))
    sign, strike = (1 if contract.put_call == "C" else -1), float(contract.strike)
    value = black_scholes.price(level, strike, years, onward.rate, onward.dividend, onward.volatilities[contract], sign)
    return float(value) - max(0.0, sign * (level - strike))


def breakevens(spread: Spread, net: Decimal) -> tuple[Decimal, ...]:
    """Levels at which so opened a combination of one expiry turns from profit to loss or back, to the cent, USD per share."""
    strikes = sorted({leg.contract.strike for leg in spread.legs})
    corners = [Decimal(0), *strikes, 2 * strikes[-1]]
    values = [spread.worth(at) + net for at in corners]
    return tuple(
        (start + (end - start) * first / (first - last)).quantize(Decimal("0.01"))
        for (start, first), (end, last) in pairwise(zip(corners, values, strict=True))
        if first * last < 0
    )


def _levels(spread: Spread, level: float | None, width: int, around: Decimal) -> list[Decimal]:
    """Evenly spaced, from a bit below what matters to a bit above it: every strike, and where the underlying stands."""
    places = [leg.contract.strike for leg in spread.legs]
    if level is not None:
        places.append(Decimal(str(level)))
    low, high = min(places), max(places)
    room = max((high - low) * Decimal("0.15"), high * around)
    low, high = max(Decimal(0), low - room), high + room
    return [low + (high - low) * number / (width - 1) for number in range(width)]


def _bars(values: Sequence[float], unit: float, line: int, marks: str) -> str:
    """One line of bars: how much of each value lies between `line` and the next one, in lines of `unit`."""
    steps = len(marks) - 1
    return "".join(marks[max(0, min(steps, round((value / unit - line) * steps)))] for value in values)


def _nearest(levels: Sequence[Decimal], level: float) -> int:
    return min(range(len(levels)), key=lambda at: abs(float(levels[at]) - level))


def _scale(levels: Sequence[Decimal], level: float | None, width: int) -> str:
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
