"""One kind of scalar: its pattern, its examples, the sentence that says what is wanted, and what it becomes.

The pattern serves the checker and the editor (JSON Schema) alike, so it keeps to what Python's and JavaScript's
expressions share.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from engine.strategy.source import Listed, Mapped, PydanticCustomError, Text, about, complaint, texts_in
from engine.strategy.way_out import Turn, Value, WayOut, changes_of, write, write_any, written_first

NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
"""A number as people write it: 1,500 or 0.05 or .16."""

DOLLARS = rf"\$\s*({NUMBER})"

DASH = r"\s*(?:-|to)\s*"
"""What stands between the two ends of a range."""

LARGEST = Decimal(10) ** 12
"""No number of this trade is larger; one that is, is a slip of the hand or an attack."""

_LOOK_ALIKES = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "‑": "-", "‒": "-", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2007": " "}
)
"""Characters that editors and web pages put in place of a minus or a space, one for one, so that offsets stay."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """Metadata of an annotated field: how its text is read, and how an editor learns about it.

    `read` gets the text and the match of `pattern` on its ordinary spelling; it raises a complaint where the text
    fits the pattern but makes no sense. `misread` may know better words for a text that does not fit: it returns a
    message and a way out, or None.
    """

    kinds: tuple[type, ...]
    pattern: str
    read: Callable[[Text, re.Match[str]], object]
    wanted: str
    examples: tuple[str, ...]
    json_type: str | tuple[str, ...] = "string"
    json_bounds: tuple[int, int] | None = None
    """Bounds of what an editor takes for a number, both included."""
    misread: Callable[[str], tuple[str, str] | None] | None = None
    guess: Callable[[str], Sequence[str]] | None = None
    """What may be meant by a text that does not fit, the likeliest first."""

    def value_of(self, written: object) -> object:
        """What `written` becomes; a value of the right kind already passes through."""
        if isinstance(written, self.kinds) and not isinstance(written, Text):
            return written
        if isinstance(written, str):
            text = written if isinstance(written, Text) else Text(written)
            return self._read(text)
        if isinstance(written, Listed | Mapped):
            shape = "a list" if isinstance(written, Listed) else "a mapping"
            meant = self.meant_by(", ".join(texts_in(written)))
            way_out = self._way_out(meant)
            if written.span is None:
                way_out = WayOut.of(way_out, Value((meant or self.examples)[0]))
            raise complaint(written.span or written.place, f"found {shape}; wanted {self.wanted}", way_out)
        raise complaint(None, f"wanted {self.wanted}", self._way_out())

    def _read(self, text: Text) -> object:
        spelled = ordinary(text).strip()
        match = re.fullmatch(self.pattern, spelled)
        if match is not None:
            return self.read(text, match)
        better = self.misread(spelled) if self.misread else None
        meant = self.meant_by(spelled)
        if better is not None:
            raise about(text, better[0], better[1] if self._leads_out(better[1]) else self._way_out(meant))
        found = f"found '{shortened(text)}'; " if text else "nothing is written here; "
        raise about(text, f"{found}wanted {self.wanted}", self._way_out(meant))

    def meant_by(self, spelled: str) -> list[str]:
        """The guesses at a text that fit, so that no way out leads into the next error."""
        return [one for one in self.guess(spelled) if self.reads(one)] if self.guess and spelled else []

    def _leads_out(self, hint: str) -> bool:
        """Whether the first thing that a way out offers fits, or nothing is known that fits better."""
        offered = written_first(hint)
        return (
            self.guess is None
            or any(isinstance(one, Turn) for one in changes_of(hint))
            or (offered is not None and self.reads(offered))
        )

    def reads(self, spelled: str) -> bool:
        """Whether a text has a meaning as it stands."""
        match = re.fullmatch(self.pattern, spelled)
        try:
            return match is not None and self.read(Text(spelled), match) is not None
        except PydanticCustomError:
            return False

    def _way_out(self, meant: Sequence[str] = ()) -> WayOut:
        return write_any(meant or self.examples)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.value_of)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        types = [self.json_type] if isinstance(self.json_type, str) else list(self.json_type)
        described: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
        if "string" in types:
            described["pattern"] = f"^(?:{self.pattern})$"
            described["patternErrorMessage"] = f"wanted {self.wanted}; {self._way_out()}"
        if self.json_bounds is not None:
            described["minimum"], described["maximum"] = self.json_bounds
        described["examples"] = list(self.examples)
        described["defaultSnippets"] = [{"label": example, "body": example} for example in self.examples]
        return described


def words(
    *options: str, wanted: str, means: Mapping[str, object] | None = None, also: Mapping[str, Sequence[str]] | None = None
) -> Scalar:
    """A scalar that is one of a few words; `means` says what each becomes, without it the word itself; `also` has words of
    other programs for them, in small letters.
    """
    meaning = dict(means) if means is not None else {option: option for option in options}
    synonyms = also or {}

    def guess(text: str) -> list[str]:
        said = " ".join(text.casefold().split())
        return [option for option in options if option.casefold() == said or said in synonyms.get(option, ())]

    kinds = tuple({type(value) for value in meaning.values()})
    return Scalar(
        kinds=kinds if means is not None and str not in kinds else (),
        pattern="|".join(options),
        read=lambda text, match: meaning[match[0]],
        wanted=wanted,
        examples=options,
        json_type="boolean" if kinds == (bool,) else "string",
        guess=guess,
    )


def ordinary(text: str) -> str:
    """The text with typographic dashes and spaces replaced by the plain ones, character for character."""
    return str(text).translate(_LOOK_ALIKES)


def shortened(text: str, most: int = 60) -> str:
    """A text for a message: one line, not too long, nothing unprintable."""
    flat = "".join(character if character.isprintable() else " " for character in text)
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def decimal_of(text: Text, digits: str) -> Decimal:
    """The number that `digits` write; thousands may be set off by commas.

    Raises a complaint when it is larger than anything this trade knows.
    """
    number = Decimal(digits.replace(",", ""))
    if number > LARGEST:
        raise about(text, f"{shortened(digits, 20)} is larger than anything in this trade", "check the number of digits")
    return number


def backwards(text: Text, low: object, high: object, unit: str = "") -> PydanticCustomError:
    """The complaint about a range whose first end is above its second."""
    return about(text, f"the range runs backwards: {low} is more than {high}", write(f"{high}-{low}{unit}"))
