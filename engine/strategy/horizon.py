"""Whether what strategies ask for reaches far enough: the days of events.yaml, and their views of a price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from engine.domain.chain import EVENT_KINDS, EventDays, EventKind
from engine.strategy.events import Events
from engine.strategy.expressions.tree import NamedView, measures_in, views_in
from engine.strategy.model import Strategy

NOTICE = timedelta(days=60)
"""So long before a kind of event ends it is said: its next days are published by then, and nobody has to hurry."""


def ending(strategies: Iterable[Strategy], events: Events | None, today: date) -> Iterator[str]:
    """A sentence for each kind of event that an enabled strategy asks for and that ends within sixty days, has ended, or is
    not listed at all; and for each view of a price whose day has passed.
    """
    known: dict[EventKind, EventDays] = {listed.kind: listed for listed in events.calendar()} if events is not None else {}
    for strategy in strategies:
        yield from passed([strategy], today)
        asked = asked_of(strategy) if strategy.enabled else {}
        if asked and events is None:
            yield f"{strategy.name} asks for {_joined(asked)}, and there is no events.yaml: that is unknown, and it opens nothing"
        elif events is not None:
            yield from _unlisted(strategy.name, asked, known)
            yield from _outdated(strategy.name, asked, known, events, today)


def asked_of(strategy: Strategy) -> dict[EventKind, int]:
    """How many days ahead the market conditions of a strategy look for each kind of event."""
    asked: dict[EventKind, int] = {}
    for line in strategy.market_lines:
        for measure in measures_in(line.expression):
            for kind in EVENT_KINDS:
                if measure.name in {"event", kind.casefold()}:
                    asked[kind] = max(asked.get(kind, 0), int(measure.arguments[0]))
    return asked


def passed(strategies: Iterable[Strategy], today: date) -> Iterator[str]:
    """A sentence for each view of a price of an enabled strategy whose day has passed."""
    viewed = (
        (strategy, view)
        for strategy in strategies
        if strategy.enabled
        for view in views_in(*(rule.expression for rule in strategy.spread.rules), strategy.spread.rank)
    )
    for strategy, view in viewed:
        if isinstance(view, NamedView) and view.says.by is not None and view.says.by < today:
            yield (
                f"{strategy.name}: the view '{view.name}' was by {view.says.by.day} {view.says.by:%b %Y}, which has passed: it is"
                f" unknown, and unknown opens nothing; write a later day, or days from now, or take its lines out"
            )


def _unlisted(name: str, asked: dict[EventKind, int], known: dict[EventKind, EventDays]) -> Iterator[str]:
    absent = [kind for kind in asked if known[kind].until is None]
    if not absent:
        return
    listed = [f"no {kind} {_within(days)}" for kind, days in asked.items() if kind not in absent]
    them, their = ("it", "its") if len(absent) == 1 else ("them", "their")
    instead = f"write  {' and '.join(listed)}  or" if listed else "remove the line, or"
    yield (
        f"{name} asks for {_joined(absent)}, and events.yaml has no horizon for {them}: that is unknown, and it opens nothing;"
        f" {instead} add {their} days and horizon"
    )


def _outdated(
    name: str, asked: dict[EventKind, int], known: dict[EventKind, EventDays], events: Events, today: date
) -> Iterator[str]:
    for kind, days in asked.items():
        until = known[kind].until
        last = until - timedelta(days=days) if until is not None else None
        if last is None or today + NOTICE < last:
            continue
        source = f" ({events.sources[kind]})" if kind in events.sources else ""
        ahead = f"asks {days} {'day' if days == 1 else 'days'} ahead"
        yield (
            f"events.yaml knows {kind} to {until} only: {name} {ahead}, so after {last} that is unknown,"
            f" and it opens nothing; add its next days{source}, then move its horizon"
        )


def _within(days: int) -> str:
    return "today" if days == 0 else f"within {days} day{'s' * (days > 1)}"


def _joined(kinds: Iterable[str]) -> str:
    *some, last = kinds
    return f"{', '.join(some)} and {last}" if some else last
