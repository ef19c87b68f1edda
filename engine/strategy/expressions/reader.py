"""One line of the trader is read where it stands, and led to the line that was meant where it cannot be.

1. What the language does not have yet is told as that, with what comes nearest.
2. The way out of the first error is followed, and that of the next, until the line reads: no way out leads to another error.
3. Otherwise the phrases of traders are tried, and then the other places where the line would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic_core import PydanticCustomError

from engine.strategy.aliases.measures import LATER, Later
from engine.strategy.expressions.checker import read_condition, read_ranking
from engine.strategy.expressions.lexer import FUNCTIONS, WORDS
from engine.strategy.expressions.line import Pays
from engine.strategy.expressions.phrases import phrases, spelled
from engine.strategy.expressions.tree import Compare, Expression, Relation, measures_in
from engine.strategy.guesses import NUMBER
from engine.strategy.measures.index import WITHOUT_SOURCE, declared_in
from engine.strategy.measures.market import BESIDE_SPREADS
from engine.strategy.measures.positions import SIDE_MEASURES, of_each
from engine.strategy.source import Place, Text, about, complaint
from engine.strategy.values.entry import SECONDS
from engine.strategy.values.scalar import shortened
from engine.strategy.values.view import StandingView
from engine.strategy.way_out import Remove, Turn, WayOut, Write, changes_of, move, remove, write

_STEPS_MAX = 6
_WRONG_SIGN = re.compile(r"\bloss\s*[<>]=?\s*-")
_SECTIONS: dict[Relation, str] = {
    "market": "when",
    "leg": "filters",
    "spread": "spread.rules",
    "side": "",
    "position": "exits",
    "account": "",
}


@dataclass(slots=True)
class Patience:
    """How many more mistakes of a file are thought about; the rest are told with the first way out that comes to hand."""

    left: int = 60

    def spend(self) -> bool:
        """Whether there is some left, and one less of it."""
        self.left -= 1
        return self.left >= 0


@dataclass(frozen=True, slots=True)
class LineReader:
    """Reads lines over these relations. `pays` is what the structure is opened for; `are_indices` says that no underlying has
    earnings or dividends; `views` are the views of prices that the file may name.
    """

    wants: Literal["condition", "ranking", "exit"]
    relations: tuple[Relation, ...]
    pays: Pays | Literal["either"] = None
    are_indices: bool = False
    patience: Patience | None = None
    views: Mapping[str, StandingView] = field(default_factory=dict[str, StandingView])

    @property
    def _paid(self) -> Pays:
        """What a share can be taken of; nothing where it may be either, which is no number."""
        return None if self.pays == "either" else self.pays

    def read(self, text: Text) -> Expression:
        """The meaning of a line. Raises a complaint."""
        try:
            return self._of(text, self.relations)
        except PydanticCustomError:
            if (mixed := self._with_market(text)) is None:
                raise
            return mixed

    def _of(self, text: Text, relations: tuple[Relation, ...]) -> Expression:
        if self.wants == "ranking":
            return read_ranking(text, relations, self.views)
        return read_condition(text, relations, self._paid, self.views)

    def _with_market(self, text: Text) -> Expression | None:
        """A line of rules or rank that holds a spread against the market; one about the market alone belongs into `when`."""
        if self.relations != ("spread",):
            return None
        try:
            found = self._of(text, ("spread", "market"))
        except PydanticCustomError:
            return None
        asked = measures_in(found)
        of_market = [measure for measure in asked if measure.relation == "market"]
        return found if len(of_market) < len(asked) and all(one.name in BESIDE_SPREADS for one in of_market) else None

    def reads(self, line: str) -> bool:
        """Whether a line has a meaning as it stands."""
        return self._error_of(line) is None

    def meant(self, line: str) -> str | None:
        """The line that is most likely meant; the line itself where it reads."""
        tried = (self._followed(one) for one in (line, *phrases(line, self.relations)))
        return next((found for found in tried if found), None)

    def led(self, text: Text, error: PydanticCustomError) -> PydanticCustomError:
        """The complaint with the best way out that is known."""
        if self.patience is not None and not self.patience.spend():
            return error
        if self.wants == "ranking":
            return self._with(text, error, self._first_of(str(text)))
        by_phrase = next((found for one in phrases(text, self.relations) if (found := self._followed(one))), None)
        if by_phrase and (spare := self._needless(text, by_phrase)):
            return spare
        if by_phrase and _WRONG_SIGN.search(text):
            return about(text, "a loss is counted upward, it has no minus", write(by_phrase))
        if by_phrase is None and (later := self._later(text)):
            return later
        if self._is_led(text, error):
            return error
        if self._is_strange(text) and (elsewhere := self._elsewhere(text, error, as_written=True)):
            return elsewhere
        if several := self._several(text):
            return about(text, "several conditions stand in one line", several)
        if by_phrase:
            return self._in_other_words(text, error, by_phrase)
        if text.exact and (line := self._followed(str(text))):
            return self._with(text, error, line)
        if changes_of(_hint_of(error)) and not self._is_strange(text):
            return error
        return self._elsewhere(text, error, as_written=not self._is_strange(text)) or error

    def later_action(self, word: str) -> tuple[str, WayOut] | None:
        """What is told about an action that the language does not have yet."""
        if re.search(r"partial|scale|reduce|hedge|leg", word):
            text = "such an action is not there yet; what comes nearest is to close half"
            return text, WayOut.of("write  close half", Write("close half"), is_later=True)
        return None

    def _followed(self, line: str) -> str | None:
        """The line once the way out of each of its errors is taken; None where they do not end."""
        for _ in range(_STEPS_MAX):
            error = self._error_of(line)
            if error is None:
                return line
            change = next((one for one in changes_of(_hint_of(error)) if isinstance(one, Write)), None)
            place = (change.place if change else None) or (error.context or {}).get("place")
            if change is None or place is None:
                return None
            line = line[: place.column - 1] + change.text + line[place.end_column - 1 :]
        return None

    def _error_of(self, line: str) -> PydanticCustomError | None:
        try:
            self.read(Text.at(line, Place(1, 1, len(line) + 1), exact=True, plain=True))
        except PydanticCustomError as error:
            return error
        return None

    def _is_led(self, text: Text, error: PydanticCustomError) -> bool:
        """Whether the way out of an error is enough by itself."""
        change = next((one for one in changes_of(_hint_of(error)) if isinstance(one, Write)), None)
        place: Place | None = (error.context or {}).get("place")
        if change is None or place is None or not text.exact:
            return bool(changes_of(_hint_of(error))) and change is None
        start, end = (0, len(text)) if change.place else (place.column - text.place.column, place.end_column - text.place.column)
        return self.reads(text[:start] + change.text + text[end:])

    def _with(self, text: Text, error: PydanticCustomError, line: str | None) -> PydanticCustomError:
        """The complaint, with a whole line as its way out."""
        if line is None:
            return error
        return about(text, str((error.context or {})["message"]), write(line))

    def _several(self, text: Text) -> WayOut | None:
        """The way out of a line that is a list of conditions: each on its own line."""
        parts = [part for part in re.split(r"\s*(?:;|,(?![0-9]{3}(?![0-9])))\s*", text) if part]
        lines = [self.meant(part) for part in parts]
        if len(parts) < 2 or not all(lines):
            return None
        told = [line for line in lines if line]
        said = [self.read(Text(line)) for line in told]
        equal = [one.left for one in said if isinstance(one, Compare) and one.op == "="]
        if len(equal) == len(said) and len(set(equal)) == 1:  # one number has one value: any of them was meant, and not all
            return None
        return WayOut.of(f"write each on its own line:  {'  and  '.join(told)}", Turn(*told))

    def _first_of(self, text: str) -> str | None:
        """A rank without the words that put it in an order."""
        bare = re.sub(r"\b(?:desc|descending|asc|ascending|highest|best|max|by|first)\b", " ", text.casefold())
        return self.meant(" ".join(bare.split()))

    def _in_other_words(self, text: Text, error: PydanticCustomError, line: str) -> PydanticCustomError:
        """The complaint about a line that says in other words what the language says in its own."""
        message = str((error.context or {})["message"])
        if message.startswith("no such") or not self._is_strange(text):
            return self._with(text, error, line)
        return about(text, f"'{shortened(text, 50)}' is not how a condition is written", write(line))

    def _needless(self, text: Text, line: str) -> PydanticCustomError | None:
        """The complaint about a condition that asks an index for what only shares have."""
        expression = self.read(Text(line))
        names = {measure.name for measure in measures_in(expression)}
        if not names or not names <= WITHOUT_SOURCE or self.wants == "exit":
            return None
        if not self.are_indices:
            name = next(iter(names))
            message = f"'{name}' is not there yet: it is always unknown; what comes nearest is to leave the line out"
            return about(text, message, WayOut.of("remove it", Remove(), is_later=True))
        what = "announces no earnings" if "days_to_earnings" in names else "pays no dividend"
        message = f"an index {what}, so '{shortened(text, 40)}' always holds"
        return about(text, message, remove())

    def _is_strange(self, text: Text) -> bool:
        """Whether a word of the line is none that these relations have."""
        words = re.findall(r"(?<![0-9.])[a-z_][a-z0-9_]*", text.casefold())
        return any(word not in declared_in(*self.relations) and word not in _WORDS for word in words)

    def _elsewhere(self, text: Text, error: PydanticCustomError, *, as_written: bool) -> PydanticCustomError | None:
        """The complaint about a line that would be right in another place, with or without a change of its words."""
        for relation, section in _SECTIONS.items():
            if relation in self.relations or not section:
                continue
            there = LineReader("condition", (relation,), self.pays, views=self.views)
            line = (str(text) if there.reads(str(text)) else None) if as_written else there.meant(str(text))
            told = there.read(Text(line)) if line else None
            if line is None or told is None or not measures_in(told):
                continue
            if relation == "position" and self.relations[:1] == ("side",):
                names = [measure.name for measure in measures_in(told) if measure.name not in declared_in(*self.relations)]
                if names[0] in SIDE_MEASURES:
                    message = (
                        f"a line below each side is asked for the puts and for the calls, so '{names[0]}' is said without a side"
                    )
                    return about(text, message, write(of_each(line)))
                message = f"'{names[0]}' is a number of the whole position, and no side has one of its own"
                return about(text, message, move(f"- {line}", "exits.whole"))
            if self.wants == "exit" and self._is_strange(text):
                return self._later_exit(text, told)
            context = dict(error.context or {})
            return complaint(context.get("place"), str(context["message"]), move(f"- {line}", section))
        return None

    def _later_exit(self, text: Text, told: Expression) -> PydanticCustomError:
        """An exit on what only an opening can ask for yet."""
        stop = f"loss >= {'50' if self._paid == 'debit' else '200'}% of {self._paid or 'max_loss'}"
        stop = "short_delta >= 0.35" if self.relations[:1] == ("side",) else stop
        name = next((measure.name for measure in measures_in(told)), "")
        message = f"an exit on {name} is not there yet; what comes nearest is a stop at a loss"
        return about(text, message, WayOut.of(f"write  {stop}", Write(stop, text.place), is_later=True))

    def _later(self, text: Text) -> PydanticCustomError | None:
        """The complaint about a line that asks for what is not there yet."""
        said = " ".join(text.casefold().replace("_", " ").split())
        relation = self.relations[0]
        asked = next(
            (one for one in _asked_later(said) if not self._declares(one[1]) and relation in (one[0].nearest or self.relations)),
            None,
        )
        if asked is None:
            return None
        message, hint = self.explain_later(asked[0].what, said)
        changes = [Write(change.text, text.place) if isinstance(change, Write) else change for change in hint.changes]
        return about(text, message, WayOut.of(str(hint), *changes, is_later=True))

    def explain_later(self, what: str, said: str) -> tuple[str, WayOut]:
        """The sentence about something that is not there yet, with what comes nearest for the numbers that were written."""
        later = next(one for one in LATER if one.what == what)
        number, sign = re.search(NUMBER, re.sub(r"\([^)]*\)", "", said)), re.search(r"[<>]=?", spelled(said))
        pattern = later.nearest.get(self.relations[0])
        nearest = pattern and self.meant(
            pattern.format(number=number[0] if number else "1", sign=sign[0] if sign else "<=", paid=self._paid or "max_loss")
        )
        if nearest is None:
            advice = later.advice or "to leave it out"
            return f"{what} is not there yet; what comes nearest is {advice}", WayOut.of("remove it", Remove(), is_later=True)
        hint = WayOut.of(f"write  {nearest}", Write(nearest), is_later=True)
        return f"{what} is not there yet; what comes nearest is  {nearest}", hint

    def _declares(self, word: str) -> bool:
        return word.replace(" ", "_") in declared_in(*self.relations)


_WORDS = WORDS | {*FUNCTIONS, *SECONDS, *("days", "day", "delta", "deltas", "points", "new", "york", "chicago", "am", "pm")}
"""Words of the language that are no measures."""


def _asked_later(said: str) -> Iterator[tuple[Later, str]]:
    """What is not there yet and is asked for by these words, with the word that asks."""
    for later in LATER:
        for word in later.words:
            if re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z])", said):
                yield later, word


def _hint_of(error: PydanticCustomError) -> str:
    return (error.context or {}).get("hint", "")
