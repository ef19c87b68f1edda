"""strategies/events.yaml: dated events of the market, each kind known up to a horizon of its own. After the horizon nobody
knows, and unknown is not a pass.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from engine.domain.chain import EVENT_KINDS, EventDays, EventKind
from engine.strategy.loader.spelling import recased
from engine.strategy.source import Listed, Mapped, Text, about, complaint
from engine.strategy.values.account import Day
from engine.strategy.values.counts import About, SchemaVersion
from engine.strategy.values.scalar import shortened, words
from engine.strategy.way_out import write
from engine.strategy.written import Written

_KINDS = tuple(EVENT_KINDS)
_FORMS = write(f"{{{_KINDS[0]}: 2027-12-31}}")


def _horizons(written: Any) -> Any:
    """One day is that of every kind."""
    if isinstance(written, Text):
        return Mapped({Text(kind): written for kind in _KINDS})
    if isinstance(written, Listed) or (isinstance(written, Mapped) and not written):
        found = "found a list" if isinstance(written, Listed) else "nothing is written here"
        raise complaint(written.place, f"{found}; wanted a day, or one for each kind", _FORMS)
    return _of_kinds(written)


def _of_kinds(written: Any) -> Any:
    for kind in written if isinstance(written, Mapped) else ():
        if kind not in EVENT_KINDS:
            meant = recased(kind, _KINDS)
            known = f"kinds here: {', '.join(_KINDS)}"
            raise about(kind, f"no kind of event '{shortened(kind)}'", write(meant, note=f"   {known}") if meant else known)
    return written


_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "examples": ["2027-12-31"]}
_DAYS = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": dict.fromkeys(_KINDS, _DAY)}

Horizons: TypeAlias = Annotated[
    dict[EventKind, Day],
    BeforeValidator(_horizons),
    WithJsonSchema({"anyOf": [_DAYS, _DAY], "examples": [{"FOMC": "2027-12-31"}]}),
]


class Event(Written):
    date: Day
    """Day in New York."""
    what: Annotated[EventKind, words(*_KINDS, wanted=f"{', '.join(_KINDS[:-1])} or {_KINDS[-1]}")]
    """FOMC decision, consumer prices, or the jobs report."""


class Events(Written):
    schema_version: SchemaVersion = Field(alias="schema")
    """Version of this language."""
    horizon: Horizons
    """Last day up to which every day of a kind is listed; one day alone is that of every kind."""
    sources: Annotated[dict[EventKind, About], BeforeValidator(_of_kinds)] = Field(default_factory=dict[EventKind, str])
    """Where the days of a kind were read, for whoever adds the next ones."""
    entries: tuple[Event, ...] = ()
    """The events, in any order."""

    def calendar(self) -> tuple[EventDays, ...]:
        """Every kind with its days and how far they are known."""
        days = {kind: {entry.date for entry in self.entries if entry.what == kind} for kind in _KINDS}
        return tuple(EventDays(kind, tuple(sorted(days[kind])), self.horizon.get(kind)) for kind in _KINDS)
