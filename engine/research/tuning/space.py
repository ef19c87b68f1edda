"""Which numbers of a file are varied, and the texts of all variants: a line as it stands in the file, with a range for a number.

    profit >= 30..70% of credit          the number of an exit
    width: $2-$4..$8                     one end of a range
    short_delta: 0.10..0.30              a range in the file moves as a whole within these bounds, as wide as it is
    dte <= 14..28 step 7                 in steps of 7; else in about eight, of round numbers

Only these characters of the file change. Each variant is read as any file is, so units and bounds are those of the language.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod

from engine.domain.errors import UserError
from engine.research.statistics.plateau import Place
from engine.strategy.common import Common
from engine.strategy.parse import parse_strategy
from engine.strategy.problems import render_all

STEPS = 8
"""A range without a step is cut into so many, or fewer."""
MOST_VALUES = 200
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_HOLE = re.compile(rf"(\$?)({_NUMBER})(%?)\.\.(\$?)({_NUMBER})")
_STEP = re.compile(rf"\s+step\s+\$?({_NUMBER})%?\s*$")
_ROUND = tuple(Decimal(one) for one in ("1", "2", "5", "10"))


@dataclass(frozen=True, slots=True)
class Axis:
    """One number of the file, or one range that moves as a whole, with the values it may take."""

    name: str
    """As it was asked for."""
    line: int
    start: int
    end: int
    """Where it stands in the text: the characters from start to behind the last."""
    texts: tuple[str, ...]
    """What is written there, by the number of the value."""
    values: tuple[float, ...]
    """The same as numbers; of a range its lower end."""
    present: int
    """The number of the value that is nearest to what stands there."""

    @property
    def step(self) -> float:
        return self.values[1] - self.values[0] if len(self.values) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Space:
    """All variants of one text."""

    text: str
    axes: tuple[Axis, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(axis.texts) for axis in self.axes)

    @property
    def count(self) -> int:
        return prod(self.sizes)

    @property
    def present(self) -> Place:
        """The place nearest to the file as it stands."""
        return tuple(axis.present for axis in self.axes)

    def variant(self, place: Place) -> str:
        """The text of a place."""
        text = self.text
        for axis, number in sorted(zip(self.axes, place, strict=True), key=lambda one: -one[0].start):
            text = text[: axis.start] + axis.texts[number] + text[axis.end :]
        return text

    def named(self, place: Place) -> dict[str, str]:
        """What is written at each axis."""
        return {axis.name: axis.texts[number] for axis, number in zip(self.axes, place, strict=True)}


def space_of(text: str, file: str, over: Sequence[str], common: Common | None = None) -> Space:
    """The variants of a text. Raises UserError where a range names nothing of the file, or a value that the language refuses."""
    axes = tuple(_axis(text, file, one) for one in over)
    for n, axis in enumerate(axes):
        if any(axis.start < other.end and other.start < axis.end for other in axes[:n]):
            raise UserError(f"--over: two of the ranges vary the same number of {file}:{axis.line}; leave one out")
    space = Space(text, axes)
    # Ends and corners suffice: between two values that are read the numbers of a line are read too.
    corners = product(*({0, size - 1} for size in space.sizes))
    for place in corners:
        parsed = parse_strategy(space.variant(place), file, common)
        if parsed.value is None:
            said = ", ".join(f"{name} at {value}" for name, value in space.named(place).items())
            raise UserError(f"--over: with {said} the file cannot be used:\n\n{render_all(parsed.problems)}")
    return space


def _axis(text: str, file: str, asked: str) -> Axis:
    stepped = _STEP.search(asked)
    line, step_text = (asked[: stepped.start()], stepped[1]) if stepped else (asked, None)
    holes = list(_HOLE.finditer(line))
    if len(holes) != 1:
        raise UserError(
            f"--over {asked!r}: write a line of {file} with one range for a number, as 'short_delta: 0.10..0.30' or"
            " 'profit >= 30..70% of credit'"
        )
    [hole] = holes
    dollar, low_text, percent, _, high_text = hole.groups()
    low, high = _number(low_text), _number(high_text)
    if not low < high:
        raise UserError(f"--over {asked!r}: the range ends where it begins or before; write the smaller number first")
    before, after = line[: hole.start()].strip(), line[hole.end() :]
    after = percent + after if percent and not after.lstrip().startswith("%") else after
    found, is_range = _found(text, before, dollar, after.rstrip())
    if len(found) != 1:
        lines = [text[: one.start()].count("\n") + 1 for one in found]
        where = (
            f"stands {len(lines)} times (lines {', '.join(map(str, lines))}); write more of the line" if lines else "is not there"
        )
        shown = f"{before} {dollar}…{after}".strip()
        raise UserError(f"--over {asked!r}: {shown!r} of {file} {where}; a range stands in the place of one number of a line")
    [match] = found
    digits = max(_digits(one) for one in (low_text, high_text, step_text or "0", match["a"]))
    first, width = _number(match["a"]), Decimal(0)
    unit = dollar or match["unit"]
    if is_range:
        width = _number(match["b"]) - first
        high -= width
        if high < low:
            raise UserError(
                f"--over {asked!r}: {match['a']}-{match['b']} of the file is wider than that; to vary one end of it write it as"
                f" '{before} {dollar}{match['a']}-{dollar}{low_text}..{dollar}{high_text}{after}'"
            )
    values = _values(low, high, _number(step_text) if step_text else _step(low, high, digits))
    if len(values) > MOST_VALUES:
        raise UserError(
            f"--over {asked!r}: these are {len(values)} values, at most {MOST_VALUES} make sense; write a larger step"
        )
    digits = max(digits, *(_digits(str(one)) for one in values))

    def written(one: Decimal) -> str:
        alone = f"{unit}{one:.{digits}f}"
        return f"{alone}-{unit}{one + width:.{digits}f}" if is_range else alone

    start = match.start("place")
    return Axis(
        name=asked,
        line=text[:start].count("\n") + 1,
        start=start,
        end=match.end("place"),
        texts=tuple(written(one) for one in values),
        values=tuple(float(one) for one in values),
        present=min(range(len(values)), key=lambda at: abs(values[at] - first)),
    )


def _found(text: str, before: str, dollar: str, after: str) -> tuple[list[re.Match[str]], bool]:
    """Where the words around the hole stand around one number of the text; else around a range, and whether that is so."""
    head, tail = _words(before), _words(after)
    unit = rf"(?P<unit>{re.escape(dollar)})" if dollar else r"(?P<unit>\$?)"
    ends = rf"[^\S\n]*{tail}(?![\w.%-])"
    one = rf"(?P<place>{unit}(?P<a>{_NUMBER}))"
    both = rf"(?P<place>{unit}(?P<a>{_NUMBER})-(?:{re.escape(dollar)}|\$?)(?P<b>{_NUMBER}))"
    for hole, is_range in ((one, False), (both, True)):
        pattern = re.compile(rf"^(?P<lead>[^#\n]*?)(?<![\w.$-]){head}[^\S\n]*{hole}{ends}", re.MULTILINE)
        found = list(pattern.finditer(text))
        if found:
            return found, is_range
    return [], False


def _words(text: str) -> str:
    """A pattern for the same words with any room between them."""
    return r"[^\S\n]*".join(re.escape(part) for part in re.findall(r"\w+|[^\w\s]", text))


def _values(low: Decimal, high: Decimal, step: Decimal) -> list[Decimal]:
    if step <= 0:
        return [low]
    return [low + step * n for n in range(int((high - low) / step) + 1)]


def _step(low: Decimal, high: Decimal, digits: int) -> Decimal:
    """The least round step that makes no more than `STEPS`, and is no finer than one digit more than was written."""
    least = (high - low) / STEPS
    if least <= 0:
        return Decimal(0)
    power = Decimal(10) ** (least.adjusted())
    step = next(factor * power for factor in _ROUND if factor * power >= least)
    return max(step, Decimal(10) ** -digits)


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _digits(text: str) -> int:
    return len(text.partition(".")[2].rstrip("0")) if "." in text else 0
