"""A search of one's own as a form holds it: every line of a strategy's file, each switched off and on, typed anew or nudged.

Everything here is a value: a change is a new draft, so that what was before can be had again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from pydantic import JsonValue

from engine.api.models.scan import ScanFilters
from engine.api.models.why import FunnelStep

Part = Literal["spread", "filter", "rule"]
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
FIXED = frozenset({"type"})
"""Keys of `spread` that are no range: another structure is another file."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One line: a key of the spread, what an option must fulfil, or what a spread must fulfil."""

    part: Part
    text: str
    key: str = ""
    """Of a key of the spread; its value is the text."""
    is_on: bool = True

    @property
    def words(self) -> str:
        """As it stands in a file."""
        return f"{self.key}: {self.text}" if self.key else self.text


@dataclass(frozen=True, slots=True)
class Draft:
    """What is looked for."""

    base: ScanFilters
    """The file it begins with, written out: what `reset` goes back to."""
    lines: tuple[Asked, ...]

    def switched(self, at: int) -> "Draft":
        """With one line off, or on again. A key of the spread is always there."""
        line = self.lines[at]
        return self if line.key else self._with(at, replace(line, is_on=not line.is_on))

    def typed(self, at: int, text: str) -> "Draft":
        """With another text in the place of a line; an empty one takes a line away."""
        line, text = self.lines[at], text.strip()
        if text:
            return self._with(at, replace(line, text=text, is_on=True))
        return self if line.key else replace(self, lines=(*self.lines[:at], *self.lines[at + 1 :]))

    def added(self, text: str) -> "Draft":
        """With one more rule."""
        return replace(self, lines=(*self.lines, Asked("rule", text.strip()))) if text.strip() else self

    def nudged(self, at: int, number: int, by: int) -> "Draft":
        """With one number of a line a step more or less; never below zero."""
        line = self.lines[at]
        found = list(NUMBER.finditer(line.text))
        if not found:
            return self
        match = found[number % len(found)]
        new = stepped(match.group(), by)
        return self._with(at, replace(line, text=f"{line.text[: match.start()]}{new}{line.text[match.end() :]}"))

    def reset(self) -> "Draft":
        """As the file has it."""
        return draft_of(self.base)

    @property
    def is_changed(self) -> bool:
        """Whether it asks for something else than the file."""
        return self.lines != self.reset().lines

    def filters(self) -> ScanFilters:
        """As the engine is asked. What is off is left out by name, so that it can be had again from a preset."""
        before: Mapping[str, JsonValue] = self.base.spread
        spread: dict[str, JsonValue] = {
            one.key: one.text for one in self.lines if one.key and str(before.get(one.key)) != one.text
        }
        return ScanFilters(
            strategy=self.base.strategy,
            universe=self.base.universe,
            filters=tuple(one.text for one in self.lines if one.part == "filter"),
            rules=tuple(one.text for one in self.lines if one.part == "rule"),
            off=tuple(one.text for one in self.lines if not one.key and not one.is_on),
            spread=spread,
        )

    def _with(self, at: int, line: Asked) -> "Draft":
        return replace(self, lines=(*self.lines[:at], line, *self.lines[at + 1 :]))


def draft_of(written: ScanFilters) -> Draft:
    """The form of what a search asks for, written out."""
    keys = [Asked("spread", str(value), key) for key, value in written.spread.items() if _is_range(key, value)]
    filters = [Asked("filter", text, is_on=text not in written.off) for text in written.filters or ()]
    rules = [Asked("rule", text, is_on=text not in written.off) for text in written.rules or ()]
    return Draft(written, (*keys, *filters, *rules))


def stepped(number: str, by: int) -> str:
    """A number as it is written, so many steps on: its last decimal, or about a twentieth of a whole number."""
    plain = number.replace(",", "")
    whole, _, decimals = plain.partition(".")
    if decimals:
        step = 10.0 ** -len(decimals)
        return f"{max(0.0, float(plain) + by * step):.{len(decimals)}f}"
    step = next((step for below, step in ((20, 1), (200, 5), (2_000, 50)) if int(whole) < below), 500)
    return str(max(0, int(whole) + by * step))


def nearest(draft: Draft, miss: str | None) -> int | None:
    """The line that kept the nearest miss out; None where nothing is known, or that line is not one of these."""
    if miss is None:
        return None
    return next((at for at, one in enumerate(draft.lines) if one.is_on and one.words in miss), None)


def dropped(draft: Draft, funnel: tuple[FunnelStep, ...]) -> dict[int, float]:
    """The share that each line dropped of what came to it when the strategy looked last, by its place."""
    shares: dict[str, float] = {}
    for before, after in pairwise(funnel):
        if before.passed:
            shares[after.condition] = 1 - after.passed / before.passed
    return {at: shares[one.text] for at, one in enumerate(draft.lines) if shares.get(one.text, 0) > 0}


def _is_range(key: str, value: object) -> bool:
    return key not in FIXED and isinstance(value, str | int | float)
