"""The names that traders give to structures: which one of the language is meant, which are for later, which never."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.strategy import guesses
from engine.strategy.aliases.structures import LATER_STRUCTURES, NAKED, NAKED_NEAREST, OTHER_NAMES, UNCLEAR
from engine.strategy.loader.spelling import nearest
from engine.strategy.source import Listed, Mapped, Node, Text
from engine.strategy.values.scalar import shortened
from engine.strategy.way_out import Remove, Turn, WayOut, Write, did_you_mean, write

_NEAREST_LATER = "bull_put"
"""The half of a condor that most people sell; the other half is a file of its own."""


def no_structure(written: Text, known: Sequence[str], spread: Mapped) -> tuple[str, str]:
    """What is wrong with a type that is none of these, and the way out. `spread` is what it stands in."""
    message, hint = f"no structure '{shortened(written)}'", f"types here: {', '.join(known)}"
    name = _plain(written)
    if later := _later(name):
        return _not_there_yet(written, later, spread)
    if name in NAKED.split(", "):
        instead = NAKED_NEAREST.get(name) or ("bear_call" if "call" in name else "bull_put")
        why = f":  a short leg without a long one cannot be written down   {hint}"
        return message, write(instead, note=why)
    if options := [one for one, words in UNCLEAR.items() if name in words.split(", ")]:
        others = [one for one in known if one not in options]
        return f"'{shortened(written)}' could be several structures", write(*options, *others)
    return message, did_you_mean(likely_structure(written, known), hint)


def likely_structure(written: str, known: Sequence[str]) -> str | None:
    """Which of these is meant by another name, or by a misspelled one."""
    name = _plain(written)
    for structure, words in (*OTHER_NAMES.items(), *UNCLEAR.items()):
        if structure in known and name in words.split(", "):
            return structure
    return name if name in known else nearest(name, known)


def is_of_another_kind(written: str) -> bool:
    """Whether it is a structure that this version does not have, whose keys would be others."""
    return _later(_plain(written)) is not None or _plain(written) in NAKED.split(", ")


def _not_there_yet(written: Text, later: str, spread: Mapped) -> tuple[str, WayOut]:
    """The sentence about a structure of a later version, and the spread of two legs that comes nearest."""
    near = "bear_call" if "call" in written.casefold() else _NEAREST_LATER
    both = {"iron_condor", "iron_butterfly"}
    what = "a bull_put, and a bear_call in a file of its own" if later in both else f"a {near}"
    message = f"'{shortened(written)}' is not there yet; what comes nearest is {what}"
    sided = [change for key, value in spread.items() if isinstance(value, Mapped) for change in _first_side(key, value)]
    strange = [Remove(key.place) for key in spread if re.search(r"put_|call_|near|far|body|front|back", key)]
    hint = WayOut.of(f"write  {near}", Write(near, written.place), *sided, *strange, is_later=True)
    return message, hint


def _first_side(key: Text, value: Mapped) -> list[Write]:
    """`{put: 0.10-0.16, call: …}` becomes the range of one side."""
    side = next((part for part in value.values() if isinstance(part, Text)), None)
    return [Write(str(side), value.span)] if side is not None and value.span is not None else []


def _later(name: str) -> str | None:
    name = re.sub(r"^(?:put|call)_(?=calendar|diagonal|butterfly|broken|bwb)", "", name)
    return next((one for one, words in LATER_STRUCTURES.items() if name == one or name in words.split(", ")), None)


def _plain(written: str) -> str:
    return re.sub(r"[\s_-]+", "_", written.strip().casefold())


def leg_list(legs: Node, present: Iterable[str]) -> tuple[str, WayOut]:
    """The sentence about legs that are written one by one, and the same spread in the language's own keys; those that are
    `present` already stay.
    """
    said = [" ".join(_words_in(leg)).casefold() for leg in (legs if isinstance(legs, Listed) else [legs])]
    sold = next((leg for leg in said if re.search(r"\b(?:sell|sold|short|sto|write)\b|^-", leg)), "")
    kind = "call" if re.search(r"\bcalls?\b|\bc\b", sold) and not re.search(r"\bputs?\b", sold) else "put"
    bought = next((leg for leg in said if leg != sold and re.search(rf"\b{kind}s?\b|\b{kind[0]}\b", leg)), "")
    short, long = _delta_of(sold), _delta_of(bought)
    is_debit = short is not None and long is not None and long > short
    days = re.search(r"(?<![0-9.])([0-9]+)\s*(?:dte|days?|d\b)|dte\W{0,2}([0-9]+)", " ; ".join(said))
    entries = {
        "type": _VERTICALS[kind, is_debit],
        "expiry": (guesses.days(days[1] or days[2]) if days else ["30-60 days"])[0],
        "short_delta": guesses.around_delta(short)[0] if short else None,
        "long_delta": guesses.around_delta(long)[0] if long else None,
        "width": _WIDE if long else "$5-$50",
    }
    written = [f"{key}: {value}" for key, value in entries.items() if value and key not in set(present)]
    message = f"legs as a list are not there yet; what comes nearest is a {entries['type']} with a delta for each leg"
    return message, WayOut.of(f"write  {', '.join(written)}", Turn(*written), is_later=True)


_VERTICALS = {("put", False): "bull_put", ("call", False): "bear_call", ("put", True): "bear_put", ("call", True): "bull_call"}
"""By what is traded, and whether the bought leg has the larger delta."""

_WIDE = "$5-$200"
"""Where deltas choose both legs, the width only bounds them."""


def _words_in(node: Node) -> list[str]:
    """Keys and values of a leg, in reading order."""
    if isinstance(node, Text):
        return [str(node)]
    if isinstance(node, Mapped):
        return [f"{key} {' '.join(_words_in(value))}," for key, value in node.items()]
    return [word for part in node for word in _words_in(part)]


def _delta_of(leg: str) -> Decimal | None:
    found = re.search(rf"({guesses.NUMBER})\s*(?:delta|Δ|d\b)|delta\W*({guesses.NUMBER})", leg)
    number = Decimal(found[1] or found[2]) if found else Decimal(0)
    return (number / 100 if number > 1 else number) if 0 < number <= 100 else None
