"""A spread's risk in two pictures: the curve over the prices of the underlying, and the table of prices and dates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from engine import words
from engine.console.charts.braille import Canvas
from engine.console.text import Line, Tone
from engine.pricing.curve import Array, Curve, crossings, levels_around

LABEL = 8
"""Characters of an amount at the left."""
AROUND, AROUND_LATER = 0.02, 0.07
"""Share of the level that is drawn beyond what matters at the least; what lives on bends far from its strikes."""
DAYS_PER_YEAR = 365.0
ROWS, DATES = 9, 6
"""Prices and dates of the table."""
_Mark = tuple[float, str, str, Tone]
"""A level, its sign on the axis, its label, and their colour."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What is drawn: a combination so many times, and where the underlying stands."""

    curve: Curve
    scale: int
    """Shares: multiplier times combinations."""
    spot: float | None
    at: datetime
    """The moment that the curve begins at."""

    @property
    def strikes(self) -> list[float]:
        """Lowest first."""
        return sorted({leg.strike for leg in self.curve.legs})

    def levels(self, count: int) -> Array:
        """Prices of the underlying over which it is drawn."""
        first = self.curve.first_expiry
        around = AROUND_LATER if any(leg.years > first for leg in self.curve.legs) else AROUND
        return levels_around(self.strikes, self.spot, count, around)

    def breakevens(self) -> tuple[float, ...]:
        """Prices at which it turns from gain to loss at its first expiry, among those that are drawn."""
        levels = np.union1d(self.levels(400), self.strikes)
        return crossings(levels.tolist(), self.curve.at_expiry(levels).tolist())


def curve_lines(risk: Risk, width: int, height: int) -> list[Line]:
    """The curve at expiry with gain and loss filled, that of today, strikes, breakevens and where the underlying stands.

    Empty where there is no room, or a leg cannot be valued at the first expiry.
    """
    plot, rows = width - LABEL - 1, height - 2
    if plot < 16 or rows < 3 or not risk.curve.is_known_at_expiry:
        return []
    levels = risk.levels(plot * 2)
    made = risk.curve.at_expiry(levels) * risk.scale
    today = risk.curve.after(0.0, levels) * risk.scale if risk.curve.is_known_before else None
    high, low = max(0.0, float(made.max())), min(0.0, float(made.min()))
    if today is not None:
        high, low = max(high, min(float(today.max()), 1.5 * high)), min(low, max(float(today.min()), 1.5 * low))
    reach = (high - low) or 1.0
    dots = rows * 4 - 1

    def down(value: float) -> float:
        return (high - min(high, max(low, value))) / reach * dots

    canvas, zero = Canvas(plot, rows), round(down(0.0))
    for x, value in enumerate(made.tolist()):
        tone: Tone = "up" if value > 0 else "down"
        edge = round(down(value))
        for y in range(min(zero, edge), max(zero, edge)):
            if (x + y) % 2 == 0:
                canvas.dot(x, y, tone, 0)
    for x in range(0, plot * 2, 2):
        canvas.dot(x, zero, "stale", 1)
    for x, value in enumerate(made.tolist()):
        canvas.dot(x, round(down(value)), "up" if value > 0 else "down", 3)
    if today is not None:
        canvas.curve([down(value) for value in today.tolist()], "info", 2)
    labels = {0: words.signed_dollars(float(made.max())), zero // 4: "0", rows - 1: words.signed_dollars(float(made.min()))}
    drawn: list[Line] = [
        [(f"{labels.get(row, ''):>{LABEL}}", _of(labels.get(row, ""))), ("│", "stale"), *line]
        for row, line in enumerate(canvas.lines())
    ]
    return [*drawn, *_axis(risk, levels, plot)]


def _of(label: str) -> Tone:
    return "up" if label.startswith("+") else "down" if label.startswith("−") else "stale"


def _axis(risk: Risk, levels: Array, plot: int) -> Iterator[Line]:
    """The axis with its marks, and below it what they are, as far as there is room."""
    marks: list[_Mark] = []
    if risk.spot is not None:
        marks.append((risk.spot, "┼", f"now {risk.spot:,.2f}".removesuffix(".00"), "info"))
    breakevens: Iterator[_Mark] = ((level, "◇", f"{level:,.2f}", "warn") for level in risk.breakevens())
    strikes: Iterator[_Mark] = ((strike, "┴", f"{strike:g}", "stale") for strike in risk.strikes)
    marks += [*breakevens, *strikes]
    first, last = float(levels[0]), float(levels[-1])
    axis: list[tuple[str, Tone]] = [("─", "stale")] * plot
    below: list[tuple[str, Tone]] = [(" ", "")] * plot
    for level, mark, _, tone in reversed(marks):
        place = round((level - first) / (last - first) * (plot - 1))
        if 0 <= place < plot:
            axis[place] = (mark, tone)
    for level, _, label, tone in marks:
        place = round((level - first) / (last - first) * (plot - 1))
        start = min(max(0, place - len(label) // 2), plot - len(label))
        if all(text == " " for text, _ in below[max(0, start - 1) : start + len(label) + 1]):
            below[start : start + len(label)] = [(letter, tone) for letter in label]
    yield [(" " * LABEL, ""), ("└", "stale"), *_joined(axis)]
    yield [(" " * (LABEL + 1), ""), *_joined(below)]


def _joined(pieces: Sequence[tuple[str, Tone]]) -> Line:
    line: Line = []
    for text, tone in pieces:
        if line and line[-1][1] == tone:
            line[-1] = (line[-1][0] + text, tone)
        else:
            line.append((text, tone))
    return line


@dataclass(frozen=True, slots=True)
class PriceByDate:
    """Profit and loss of all of it, USD, by prices of the underlying (rows, highest first) and moments (columns)."""

    prices: tuple[float, ...]
    dates: tuple[datetime, ...]
    made: tuple[tuple[float, ...], ...]


def price_by_date(risk: Risk) -> PriceByDate | None:
    """The table; None where a leg cannot be valued before it settles."""
    if not risk.curve.is_known_before:
        return None
    prices = risk.levels(ROWS)[::-1]
    years = np.linspace(0.0, risk.curve.first_expiry, DATES)
    columns = [risk.curve.after(float(after), prices) * risk.scale for after in years]
    dates = tuple(risk.at + timedelta(days=float(after) * DAYS_PER_YEAR) for after in years)
    made = tuple(tuple(float(column[row]) for column in columns) for row in range(ROWS))
    return PriceByDate(tuple(float(price) for price in prices), dates, made)


def mini(risk: Risk, width: int = 14) -> str:
    """The shape at expiry in one line of characters, and where the underlying stands; empty where a leg cannot be valued."""
    if not risk.curve.is_known_at_expiry:
        return ""
    levels = risk.levels(width * 2)
    made = risk.curve.at_expiry(levels).tolist()
    high, low = max(made), min(made)
    canvas = Canvas(width, 1)
    canvas.curve([3 * (high - value) / ((high - low) or 1.0) for value in made], "")
    shape = list("".join(text for text, _ in canvas.lines()[0]))
    if risk.spot is not None:
        first, last = float(levels[0]), float(levels[-1])
        shape[min(width - 1, max(0, round((risk.spot - first) / (last - first) * (width - 1))))] = "┊"
    return "".join(shape)
