"""What is different between two versions of a file, and whether it loosens: whether more may be lost than before, sooner or
oftener.

Every key is compared by what it means, not by how it is written. Of two values that cannot be compared, such as dollars with
a share, the new one counts as looser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel

from engine.domain.deeds import PORTIONS, ROLLS
from engine.strategy.allows import allows_more
from engine.strategy.conditions import LEFT_SIDES, LET_EXPIRE, TESTED_ROLLS, ExitRule
from engine.strategy.events import Event
from engine.strategy.exit_groups import ExitGroups, groups_of
from engine.strategy.expressions.tree import And, Condition, Expression, Not, Or
from engine.strategy.spelled import parts_of, spelled
from engine.strategy.validation.bounds import Bound, bounds_of
from engine.strategy.values.meaning import PriceWalk, WorstShare
from engine.strategy.written import fields_in_order

LineT = TypeVar("LineT", Condition, ExitRule)

_NOT_COMPARED = frozenset(
    {"schema_version", "name", "about", "digest", "file", "sources", "use", "variants", "variant", "shared"}
)
NEITHER = frozenset(
    {
        "pricing.rate",
        "pricing.dividend_yield",
        "spread.rank",
        "spread.keep",
        "horizon",
        "entry.approval.expires",
        "book.rank",
        "conditions",
        "presets",
        "views",
    }
)
"""What changes no limit, with everything below it. What conditions, presets and views loosen is told of the strategies that use
them."""
_MOVED = ("the",)
"""How sentences begin that tell of another file or another name."""
_LESS_LOOSENS = frozenset(
    {
        "greeks.gamma_days",
        "margin.cushion_to_open",
        "margin.cushion_alarm",
        "margin.cushion_reduce",
        "stress.spot",
        "stress.volatility",
        "session.close",
        "groups",
    }
)
"""Where less lets more be lost, with everything below it: less is kept in hand, looked at, grouped, or closed in."""
_LEAST = frozenset({"limits.apart", "limits.strikes_apart"})
"""What may be left out, and asks for more the greater it is."""
_CAUTIOUS_FIRST = {
    "mode": ("record", "shadow", "paper", "live"),
    "enabled": (False, True),
    "entry.approval.else": ("decline", "ask"),
    "roll.else": ("close", "alert", "keep"),
}
_STRENGTH: dict[str, int] = {
    **dict.fromkeys((LET_EXPIRE, *LEFT_SIDES), 0),
    "alert": 1,
    **dict.fromkeys((*PORTIONS, "close part"), 2),
    **dict.fromkeys((*ROLLS, *TESTED_ROLLS), 3),
    "close": 4,
}
"""How surely an exit ends a risk."""

Change: TypeAlias = tuple[str, bool]
"""What is different, and whether that loosens."""


@dataclass(frozen=True, slots=True)
class Changes:
    said: tuple[str, ...]
    """One sentence for each value."""
    looser: tuple[str, ...] = ()
    """Those of the sentences that loosen, in their order."""

    @property
    def loosens(self) -> bool:
        return bool(self.looser)


def changes_of(before: BaseModel, after: BaseModel) -> Changes:
    """What is different in the second of two values of one kind of file."""
    found = list(_of_models("", before, after))
    return Changes(tuple(said for said, _ in found), tuple(said for said, loosens in found if loosens))


def direction_of(said: Iterable[str], *, loosens: bool) -> Literal["loosened", "tightened", "changed"]:
    """Which way the limits went in changes that were told: `changed` where none of them is a limit."""
    if loosens:
        return "loosened"
    subjects = (re.split(r"[ :]", sentence, maxsplit=1)[0] for sentence in said)
    return "changed" if all(_is_below(subject, (*NEITHER, *_MOVED)) for subject in subjects) else "tightened"


def _of_models(path: str, before: BaseModel, after: BaseModel) -> Iterator[Change]:
    for name, field in fields_in_order(type(after)):
        if name not in _NOT_COMPARED:
            below = f"{path}.{field.alias or name}".lstrip(".")
            yield from _of_values(below, getattr(before, name), getattr(after, name))


def _of_values(path: str, old: Any, new: Any) -> Iterator[Change]:
    match old, new:
        case (BaseModel(), BaseModel()) if type(old).model_fields.keys() == type(new).model_fields.keys():
            yield from _of_models(path, old, new)
        case (PriceWalk(), PriceWalk()):
            yield from _of_walks(path, old, new)
        case (Condition(), Condition()):  # one in which a position is smaller
            if old.expression != new.expression:
                was, now = _only_bound(old), _only_bound(new)
                is_looser = was is None or now is None or not _lies_within(was, now)
                yield f"{path} was {spelled(old)}, is {spelled(new)}", is_looser
        case (Mapping(), Mapping()):
            yield from _of_mappings(path, old, new)  # pyright: ignore[reportUnknownArgumentType]
        case (tuple(), tuple()):
            yield from _of_tuples(path, old, new)
        case (ExitGroups(), _) | (_, ExitGroups()):
            (of_each, whole), (new_of_each, new_whole) = groups_of(old), groups_of(new)
            yield from _of_exits(f"{path}.each side", of_each, new_of_each)
            yield from _of_exits(f"{path}.whole", whole, new_whole)
        case _ if old != new:
            yield f"{path} was {spelled(old)}, is {spelled(new)}", _loosens(path, old, new)
        case _:
            pass


def _of_tuples(path: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Change]:
    match next(iter(old + new), None):
        case Event():
            yield from _of_events(path, old, new)
        case Condition():
            yield from _of_lines(path, old, new, _is_looser_condition, lambda line: False)
        case ExitRule():
            yield from _of_exits(path, old, new)
        case _ if old != new:
            yield f"{path} was {spelled(old)}, is {spelled(new)}", _loosens(path, old, new)
        case _:
            pass


def _of_mappings(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    less_loosens = path in _LESS_LOOSENS
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield f"{path}.{name} was {spelled(old[name])}, is gone", less_loosens
        elif name not in old:
            yield f"{path}.{name} is new: {spelled(new[name])}", not _is_below(path, NEITHER) and not less_loosens
        else:
            yield from _of_values(f"{path}.{name}", old[name], new[name])


def _of_events(path: str, old: tuple[Event, ...], new: tuple[Event, ...]) -> Iterator[Change]:
    yield from ((f"{path}: {spelled(event)} is gone", True) for event in old if event not in new)
    yield from ((f"{path}: {spelled(event)} is new", False) for event in new if event not in old)


def _of_walks(path: str, old: PriceWalk, new: PriceWalk) -> Iterator[Change]:
    for one, other in zip(parts_of(old), parts_of(new), strict=True):
        if one != other:
            is_worst = other.startswith("no worse")
            yield f"{path}: {one} is {other} now", is_worst and _is_worse(old, new)


def _is_worse(old: PriceWalk, new: PriceWalk) -> bool:
    """More may be given away: for a credit a smaller share, for a debit a larger one."""
    match old.worst, new.worst:
        case WorstShare(fraction=a, base=one), WorstShare(fraction=b, base=other) if one == other:
            return abs(b - 1) > abs(a - 1) if one == "mid" else b != a
        case _:
            return True


# --- lines ---


def _of_exits(path: str, old: tuple[ExitRule, ...], new: tuple[ExitRule, ...]) -> Iterator[Change]:
    found = list(_of_lines(path, old, new, _is_looser_exit, lambda rule: rule.action == LET_EXPIRE or rule.rolls))
    yield from found
    if not found and list(map(_meaning, old)) != list(map(_meaning, new)):
        yield f"{path}: in another order", any(rule.action == LET_EXPIRE or rule.rolls for rule in new)


def _of_lines(
    path: str,
    old: tuple[LineT, ...],
    new: tuple[LineT, ...],
    is_looser: Callable[[LineT, LineT], bool],
    adds_risk: Callable[[LineT], bool],
) -> Iterator[Change]:
    """Lines that are gone, new, or say something else about the same number."""
    was, now = [_meaning(line) for line in old], [_meaning(line) for line in new]
    fresh = [line for line in new if _meaning(line) not in was]
    for line in (line for line in old if _meaning(line) not in now):
        successor = next((other for other in fresh if _subject(other) == _subject(line)), None)
        if successor is None:
            yield f"{path}: `{spelled(line)}` is gone", not isinstance(line, ExitRule) or _STRENGTH[line.action] > 1
        else:
            fresh.remove(successor)
            yield f"{path}: `{spelled(line)}` is `{spelled(successor)}` now", is_looser(line, successor)
    yield from ((f"{path}: `{spelled(line)}` is new", adds_risk(line)) for line in fresh)


def _is_looser_condition(old: Condition, new: Condition) -> bool:
    """The new one lets through what the old one did not."""
    was, now = _only_bound(old), _only_bound(new)
    return was is None or now is None or not _lies_within(now, was)


def _is_looser_exit(old: ExitRule, new: ExitRule) -> bool:
    """The new one does not act where the old one did, or does less."""
    if _STRENGTH[new.action] < _STRENGTH[old.action] or (new.percent or 100) < (old.percent or 0):
        return True
    was, now = _only_bound(old.condition), _only_bound(new.condition)
    return old.condition != new.condition and (was is None or now is None or not _lies_within(was, now))


def _meaning(line: Condition | ExitRule) -> tuple[Expression, str | None]:
    """What a line says, however it is written."""
    return (line.condition.expression, line.deed) if isinstance(line, ExitRule) else (line.expression, None)


def _subject(line: Condition | ExitRule) -> Expression:
    """What a line is about: the number that it bounds, or else all that it says."""
    condition = line.condition if isinstance(line, ExitRule) else line
    return next((about for about, _ in bounds_of(condition)), condition.expression)


def _only_bound(condition: Condition) -> Bound | None:
    """The bound that a line is, where it is nothing else."""
    found = [bound for _, bound in bounds_of(condition)]
    return found[0] if len(found) == 1 and not isinstance(condition.expression, And | Or | Not) else None


def _lies_within(inner: Bound, outer: Bound) -> bool:
    below = outer.low < inner.low or (outer.low == inner.low and (inner.is_low_open or not outer.is_low_open))
    return below and (outer.high > inner.high or (outer.high == inner.high and (inner.is_high_open or not outer.is_high_open)))


# --- values ---


def _loosens(path: str, old: object, new: object) -> bool:
    if _is_below(path, NEITHER):
        return False
    if path in _LEAST:
        return new is None or (old is not None and allows_more(new, old))
    if path in _CAUTIOUS_FIRST:
        order = _CAUTIOUS_FIRST[path]
        return new not in order or old not in order or order.index(new) > order.index(old)  # pyright: ignore[reportArgumentType]
    return allows_more(new, old) if _is_below(path, _LESS_LOOSENS) else allows_more(old, new)


def _is_below(path: str, above: Iterable[str]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in above)
