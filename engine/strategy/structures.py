"""The names that traders give to structures: which one of the language is meant, and which never."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.strategy import guesses
from engine.strategy.aliases.structures import NAKED
from engine.strategy.loader.spelling import nearest
from engine.strategy.source import Listed, Mapped, Node, Text
from engine.strategy.spreads.structure import OfOneRight, Structure
from engine.strategy.spreads.union import STRUCTURES
from engine.strategy.spreads.verticals import Vertical
from engine.strategy.values.scalar import shortened
from engine.strategy.way_out import Add, Turn, WayOut, Write, did_you_mean, write


def no_structure(written: Text, known: Sequence[str], spread: Mapped) -> tuple[str, str]:
    """What is wrong with a type that is none of these, and the way out. `spread` is what it stands in."""
    message, hint = f"no structure '{shortened(written)}'", f"types here: {', '.join(known)}"
    name = _plain(written)
    if name in NAKED.split(", "):
        instead = vertical_of("call" if "call" in name else "put", is_debit=name.startswith("long_"))
        why = f"  (a short leg without a long one cannot be written down)   {hint}"
        return message, write(instead, note=why)
    if options := [one for one, kind in STRUCTURES.items() if name in kind.perhaps.split(", ")]:
        others = [one for one in known if one not in options]
        return f"'{shortened(written)}' could be several structures", write(*options, *others)
    meant = likely_structure(written, known)
    return message, _with_right(did_you_mean(meant, hint), name, meant, spread)


def likely_structure(written: str, known: Sequence[str]) -> str | None:
    """Which of these is meant by another name, or by a misspelled one."""
    name = _plain(written)
    kinds = [kind for kind in STRUCTURES.values() if kind.name() in known]
    if (bare := re.sub(r"_spreads?$", "", name)) in known:
        return bare
    if kind := _named(name, kinds) or next((kind for kind in kinds if name in kind.perhaps.split(", ")), None):
        return kind.name()
    names = {other: kind.name() for kind in kinds for other in kind.also.split(", ") if len(other) >= _LONG_ENOUGH}
    found = nearest(name, {**dict.fromkeys(known), **names})
    return names.get(found, found) if found else None


_LONG_ENOUGH = 5
"""Letters from which a name with a slip in it is still that name: one letter makes another of pcs, ccs and cds."""


def is_of_another_kind(written: str) -> bool:
    """Whether it is a structure that the language does not have, whose keys would be others."""
    return _plain(written) in NAKED.split(", ")


def _named(name: str, kinds: Iterable[type[Structure]]) -> type[Structure] | None:
    """The one with this name, said with its right or without."""
    for kind in kinds:
        said = _RIGHT.sub("", name) if issubclass(kind, OfOneRight) else name
        if said == kind.name() or {name, said} & set(kind.also.split(", ")):
            return kind
    return None


_RIGHT = re.compile(r"(?<![a-z])(?:put|call)s?_|_(?:put|call)s?(?![a-z])")
"""The right in the name of a structure that has it as a key: put_butterfly, call_calendar."""


def _with_right(hint: WayOut, name: str, meant: str | None, spread: Mapped) -> WayOut:
    """The way out that also writes down the right which the name said."""
    right = right_in(name)
    if meant is None or right is None or not issubclass(STRUCTURES[meant], OfOneRight) or Text("right") in spread:
        return hint
    return WayOut.of(f"write  {meant}  and add  right: {right}  in spread", Write(meant), Add(f"right: {right}", "spread"))


def right_in(written: str) -> str | None:
    """The right that the name of a structure says: put butterfly."""
    said = re.search(r"(?<![a-z])(put|call)s?(?![a-z])", _plain(written))
    return said[1] if said else None


def vertical_of(right: str, *, is_debit: bool) -> str:
    """The vertical of this right that brings a credit, or costs a debit."""
    put_call, pays = right[0].upper(), "debit" if is_debit else "credit"
    verticals = (kind for kind in STRUCTURES.values() if issubclass(kind, Vertical))
    return next(kind.name() for kind in verticals if kind.of_legs.legs[0].put_call == put_call and kind.pays == pays)


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
        "type": vertical_of(kind, is_debit=is_debit),
        "expiry": (guesses.days(days[1] or days[2]) if days else ["30-60 days"])[0],
        "short_delta": guesses.around_delta(short)[0] if short else None,
        "long_delta": guesses.around_delta(long)[0] if long else None,
        "width": _WIDE if long else "$5-$50",
    }
    written = [f"{key}: {value}" for key, value in entries.items() if value and key not in set(present)]
    message = f"legs as a list are not there yet; what comes nearest is a {entries['type']} with a delta for each leg"
    return message, WayOut.of(f"write  {', '.join(written)}", Turn(*written), is_later=True)


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
