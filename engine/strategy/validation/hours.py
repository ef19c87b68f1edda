"""Windows of a strategy or of the account that reach beyond the hours in which options trade."""

from __future__ import annotations

from dataclasses import replace

from engine.strategy.loader.document import Document
from engine.strategy.source import Place
from engine.strategy.spelled import spelled
from engine.strategy.values.meaning import Times, Window
from engine.strategy.way_out import write

_OPEN, _CLOSE = 9 * 60 + 30, 16 * 60 + 15
"""Minutes after midnight in New York; some index and fund options trade a quarter of an hour longer than the shares."""


def check_times(at: Times, place: Place, document: Document) -> None:
    """Reports times at which no option trades."""
    shift = 60 if at.zone == "America/Chicago" else 0
    minutes = [clock.hour * 60 + clock.minute + shift for clock in at.times]
    traded = [clock for clock, minute in zip(at.times, minutes, strict=True) if _OPEN <= minute < _CLOSE]
    if len(traded) < len(minutes):
        kept = write(spelled(replace(at, times=tuple(traded)))) if traded else write("12:00, 12:30 New York")
        document.report(place, "options trade from 09:30 to 16:15 New York at most", kept)


def check_hours(window: Window, place: Place, document: Document) -> None:
    """Reports a window that begins too early or ends too late."""
    shift = 60 if window.zone == "America/Chicago" else 0
    start, end = (clock.hour * 60 + clock.minute + shift for clock in (window.start, window.end))
    if start < _OPEN or end > _CLOSE:
        document.report(place, "options trade from 09:30 to 16:15 New York at most", write("09:45-15:30 New York"))
