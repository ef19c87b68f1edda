"""A line of the trader's language cut into tokens: operands with their units, operators, brackets; each with its
place in the line.

Only what is known here gets through, so what the SQL parser sees consists of placeholders, comparison signs and a few words.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Literal, TypeAlias, get_args

from engine.strategy.expressions.tree import Function
from engine.strategy.measures.index import DECLARATIONS
from engine.strategy.source import Text, about
from engine.strategy.units import WEEKDAYS, Unit
from engine.strategy.values.entry import DURATION, SECONDS, ZONES
from engine.strategy.values.scalar import LARGEST, NUMBER, ordinary, shortened
from engine.strategy.way_out import strike, write, write_any

LONGEST_LINE = 500
"""A condition that fills six terminal lines is several conditions."""

MOST_TOKENS = 120

DEEPEST = 16
"""Brackets and negations inside each other; more than that nobody can read, and the parser need not either."""


class Loose(Enum):
    """What a number means before the measure beside it has decided: the value is the word shown to the trader."""

    MONEY = "an amount in dollars"
    PERCENT = "a percentage"
    BARE = "a plain number"
    ZERO = "zero"
    DURATION = "a duration"
    BARS = "a number of bars"


Kind: TypeAlias = Unit | Loose


@dataclass(frozen=True, slots=True)
class Token:
    """`value` and `kind` are set for numbers; percent and cents are already fractions, durations seconds, clock times
    minutes in New York. Of bars the value is how many, `bar_minutes` how long each is.
    """

    sort: Literal["number", "name", "word", "sign"]
    text: str
    start: int
    end: int
    value: float = 0.0
    kind: Kind = Loose.BARE
    bar_minutes: float = 0.0


FUNCTIONS: tuple[Function, ...] = get_args(Function)

WORDS = frozenset({"and", "or", "not", "between", "in", "of", "within", "today", "no", "at", "first"})

SPOKEN = {declared.spoken: declared.name for declared in DECLARATIONS if declared.spoken}
"""Words that stand for a measure, with its name."""

_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<spoken>(?i:{"|".join(words.replace(" ", "[ ]+") for words in SPOKEN)}))\b
  | (?P<weekday>(?i:{"|".join(WEEKDAYS)}))\b
  | (?P<clock>[0-9]{{1,2}}:[0-9]{{2}})(?:\s*(?P<half>[aApP][mM])\b)?
    (?:\s+(?P<zone>{"|".join(zone.replace(" ", "[ ]") for zone in ZONES)}))?
  | (?P<money>\$\s*-?\s*(?:{NUMBER}))(?![A-Za-z0-9_.])
  | (?P<percent>{NUMBER})\s*%
  | (?P<bars>{NUMBER})\s*bars?\s+of\s+(?P<bar>{NUMBER})\s*(?:min|minutes|minute)\b
  | (?P<days>{NUMBER})\s*(?:days|day)\b
  | (?P<span>{NUMBER})\s*(?P<span_word>{DURATION})\b
  | (?P<delta>{NUMBER})\s*(?:deltas?\b|Δ)
  | (?P<points>{NUMBER})\s*points\b
  | (?P<number>{NUMBER})(?![A-Za-z0-9_.])
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign><=|>=|<>|!=|==|≤|≥|≠|[-+*/(),<>=×])
    """,
    re.VERBOSE,
)

_PLAIN_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "==": "=", "<>": "!=", "×": "*"}

_EXPLAINED = {
    ";": ("a condition is one line and has no semicolon", "write each condition on its own line"),
    "'": ("a condition compares numbers; there is no text in it", strike("the quotes")),
    '"': ("a condition compares numbers; there is no text in it", strike("the quotes")),
    "“": ("curly quotes come from a word processor", strike("them")),
    "”": ("curly quotes come from a word processor", strike("them")),
    "&": ("'&' is not used here", write("and")),
    "|": ("'|' is not used here", write("or")),
    "!": ("'!' is not used here", write("not")),
    "€": ("amounts are in US dollars", write("$")),
    "{": ("there are no templates in this language", "write the number itself"),
    "$": ("a number is missing behind the $", "write  $500"),
}


def tokens_of(text: Text, way_out: str) -> list[Token]:
    """The tokens of one line, `max profit` and the like joined to `max_profit`'s spelling by the reader of names.

    Raises a complaint at the first character that has no business here; `way_out` shows a line that has none such.
    """
    if len(text) > LONGEST_LINE:
        raise about(
            text, f"this condition has {len(text)} characters; {LONGEST_LINE} is the most", "split it into several lines", 0, 20
        )
    spelled = ordinary(text)
    found: list[Token] = []
    at = 0
    while at < len(spelled):
        match = _TOKEN.match(spelled, at)
        if match is None:
            raise _unreadable(text, spelled, at, way_out)
        at = match.end()
        if match["space"] is None:
            found.append(_token(text, match))
    _bounded(text, found)
    _refuse_double_meaning(text, found)
    return found


def _token(text: Text, match: re.Match[str]) -> Token:
    start, end = match.span()
    if match["spoken"] is not None:
        return Token("name", SPOKEN[" ".join(match["spoken"].casefold().split())], start, end)
    if match["weekday"] is not None:
        number = 1.0 + WEEKDAYS.index(match["weekday"].capitalize())
        return Token("number", match[0], start, end, number, Unit.WEEKDAY)
    if match["name"] is not None:
        word = match["name"].casefold()
        return Token("word" if word in WORDS else "name", word, start, end)
    if match["sign"] is not None:
        return Token("sign", _PLAIN_SIGNS.get(match["sign"], match["sign"]), start, end)
    value, kind = _number(text, match)
    length = float(match["bar"].replace(",", "")) if match["bar"] is not None else 0.0
    return Token("number", match[0], start, end, value, kind, length)


def _number(text: Text, match: re.Match[str]) -> tuple[float, Kind]:
    if match["clock"] is not None:
        return _clock(text, match), Unit.CLOCK
    sort = next(
        name for name in ("money", "percent", "bars", "days", "span", "delta", "points", "number") if match[name] is not None
    )
    number = Decimal(re.sub(r"[$,\s]", "", match[sort]))
    if sort == "delta" and 0 < number < 1:
        hint = write(match[sort], f"{(number * 100).normalize():f} delta")
        raise about(text, f"'{match[0]}' is hardly meant: 16 delta is 0.16", hint, *match.span())
    if sort == "money" and (found := re.search(r"([1-9][0-9]{0,2})\.([0-9]{3})$", match[0])):
        message = f"{match[0]} is a thousand in some countries and one dollar in others"
        raise about(text, message, write(f"${found[1]},{found[2]}", f"${found[1]}.{found[2][:2]}"), *match.span())
    if abs(number) > LARGEST:
        message = f"{shortened(match[0], 20)} is larger than anything in this trade"
        raise about(text, message, "check the number of digits", *match.span())
    kinds: dict[str, tuple[Decimal, Kind]] = {
        "money": (number, Loose.MONEY),
        "percent": (number / 100, Loose.PERCENT),
        "bars": (number, Loose.BARS),
        "days": (number, Unit.DAYS),
        "span": (number * SECONDS.get(match["span_word"], 1), Loose.DURATION),
        "delta": (number / 100, Unit.DELTA),
        "points": (number, Unit.POINTS),
        "number": (number, Loose.BARE if number else Loose.ZERO),
    }
    value, kind = kinds[sort]
    return float(value), kind


def _clock(text: Text, match: re.Match[str]) -> float:
    clock, start, end = match["clock"], *match.span()
    hour, minute = (int(part) for part in clock.split(":"))
    if hour > 23 or minute > 59:
        raise about(text, f"there is no {clock} on a clock", write("15:45 New York"), start, end)
    if match["half"] is not None:
        day_clock = f"{hour % 12 + (12 if match['half'].casefold() == 'pm' else 0):02d}:{minute:02d}"
        ways = [f"{day_clock} {zone}" for zone in ([match["zone"]] if match["zone"] else ("New York", "Chicago"))]
        raise about(text, f"'{clock}{match['half']}' is no time of the day's 24 hours", write_any(ways), start, end)
    if match["zone"] is None:
        raise about(text, f"{clock} where?", write(f"{clock} New York", f"{clock} Chicago"), start, end)
    in_new_york = hour + 1 if match["zone"] == "Chicago" else hour
    return float(in_new_york % 24 * 60 + minute)


def _unreadable(text: Text, spelled: str, at: int, way_out: str):
    character = spelled[at]
    number = re.match(rf"\$?\s*(?:{NUMBER})[A-Za-z0-9_.]*", spelled[at:])
    if number:
        written = number[0]
        return about(text, f"'{shortened(written, 20)}' is no number with a unit", _whole_number(written), at, at + len(written))
    if character in _EXPLAINED:
        return about(text, *_EXPLAINED[character], at, at + 1)
    looks_like = unicodedata.normalize("NFKC", character)
    if looks_like != character and looks_like.isascii() and looks_like.isprintable():
        return about(text, f"'{character}' only looks like '{looks_like}'", write(looks_like), at, at + 1)
    if character.isalpha():
        name = unicodedata.name(character, "letter").lower()
        hint = "write it with plain letters, a to z"
        return about(text, f"'{character}' is no plain letter: U+{ord(character):04X}, {name}", hint, at, at + 1)
    shown = f"'{character}'" if character.isprintable() else f"the invisible character U+{ord(character):04X}"
    hint = "write a space before the action:  …: close" if re.match(r":(?:close|roll|alert)$", spelled[at:]) else way_out
    return about(text, f"{shown} has no meaning here", hint, at, at + 1)


def _whole_number(written: str) -> str:
    """The way out where letters stand behind a number and are no unit."""
    digits, letters = re.match(rf"(\$?\s*(?:{NUMBER}))(.*)", written).groups()  # type: ignore[union-attr]
    match letters.casefold():
        case "k":
            sign = "$" if digits.startswith("$") else ""
            return write(f"{sign}{int(Decimal(re.sub('[$, ]', '', digits)) * 1000):,}")
        case "x":
            return f"write  {digits} * …"
        case "am" | "pm" if not digits.startswith("$"):
            return write(_clock_of(digits, letters.casefold()))
        case _:
            return "units are %, $, days, s, min, delta, points, or a time of day"


def _refuse_double_meaning(text: Text, found: list[Token]) -> None:
    """`in (100,200)` could be one number or two."""
    depth = 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth > 0 and token.sort == "number" and "," in token.text:
            hint = write(token.text.replace(",", ", "), f"{token.text.replace(',', '')}")
            raise about(text, f"'{token.text}' could be one number or two", hint, token.start, token.end)


def _bounded(text: Text, found: list[Token]) -> None:
    if len(found) > MOST_TOKENS:
        raise about(
            text, f"this condition has {len(found)} words and signs; {MOST_TOKENS} is the most", "split it into several lines"
        )
    depth = sum(token.text in {"(", "not", "no"} for token in found)
    if depth > DEEPEST:
        raise about(text, f"more than {DEEPEST} brackets and negations", "split it into several lines")


def _clock_of(digits: str, half: str) -> str:
    """`3pm` as a time of the day's 24 hours."""
    hour = int(Decimal(digits.replace(",", "")))
    return f"{hour % 12 + (12 if half == 'pm' else 0):02d}:00 New York"
