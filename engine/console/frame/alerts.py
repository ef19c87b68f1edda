"""What is wrong now, most urgent first, each with what to do about it. Repeats are one line with a count."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine import words
from engine.api.models.status import Status
from engine.console.feed import Feed
from engine.console.frame.bar import LINES_WARN, SLOW_BEAT_S, firm_lines
from engine.console.text import Tone

GUARDIAN_AGE_MAX_S = 120.0
"""It looks every few seconds."""
SIGNS: dict[Tone, str] = {"warn": "⚠", "down": "■", "fault": "✗", "info": "i"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that wants a look."""

    text: str
    action: str = ""
    """What to do, with the key where there is one."""
    tone: Tone = "warn"
    count: int = 1

    def __str__(self) -> str:
        times = f" (×{self.count})" if self.count > 1 else ""
        return f"{SIGNS.get(self.tone, '')} {self.text}{times}" + (f"   {self.action}" if self.action else "")


def alerts(feed: Feed) -> list[Alert]:
    """All of them, equal ones merged."""
    merged: dict[str, Alert] = {}
    for alert in _found(feed):
        before = merged.get(alert.text)
        merged[alert.text] = alert if before is None else Alert(alert.text, alert.action, alert.tone, before.count + 1)
    return list(merged.values())


def _found(feed: Feed) -> Iterator[Alert]:
    if feed.is_lost:
        what = "the engine does not answer; it keeps trading by its own rules" if feed.status else feed.trouble or ""
        yield Alert(what, "F12 how to halt it otherwise" if feed.status else "waiting for it", "warn")
    if feed.status is not None:
        yield from _of(feed.status)


def _of(status: Status) -> Iterator[Alert]:
    if status.halt is not None:
        reason = f": {status.halt.reason}" if status.halt.reason else ""
        yield Alert(f"HALTED by {status.halt.by}{reason}", ":resume", "down")
    for blocked in status.blocked_exits:
        yield Alert(f"an exit is due and cannot act: {blocked.spread}, {blocked.rule}: {blocked.text}", "4 positions", "fault")
    for one in status.exercised:
        yield Alert(f"{one.position}: {one.text}", "4 positions", "warn")
    for breaker in status.breakers:
        whose = f" of {breaker.strategy}" if breaker.strategy else ""
        numbers = f" {words.signed(breaker.value_usd)} of {words.signed(breaker.bound_usd)}"
        lifts = "until the next session" if breaker.lifts == "next session" else breaker.lift
        yield Alert(f"{breaker.name}{whose} has tripped:{numbers}", lifts, "down")
    if not status.connected and status.link_state != "restarting":
        yield Alert(f"no connection to TWS: {status.link or 'nothing was said'}; exits wait for it", "", "fault")
    for difference in status.differences:
        yield Alert(f"our books differ from the broker's: {difference}", "", "fault")
    if (
        status.last_beat_age_s is not None
        and status.last_beat_age_s > 10 * SLOW_BEAT_S
        and status.session
        and status.session.is_open
    ):
        yield Alert(f"the engine has not decided for {words.span(status.last_beat_age_s)}", "8 log", "fault")
    watch = status.guardian
    if watch is not None and watch.doing != "stopped" and watch.age_s > GUARDIAN_AGE_MAX_S:
        yield Alert(f"the guardian has not looked for {words.span(watch.age_s)}", "spreads guard", "warn")
    if status.connected and status.link_state in {"competing", "no_data"}:
        yield Alert(f"TWS is {words.link(status.link_state)}: openings wait, and so do exits that need a price", "", "fault")
    if status.data not in {"live", "unknown"}:
        yield Alert(f"market data is {status.data}: openings wait", "", "warn")
    if status.lines_used is not None and status.lines_max and firm_lines(status) >= LINES_WARN * status.lines_max:
        is_full = firm_lines(status) >= status.lines_max
        what, then = ("all", "; quotes take turns") if is_full else ("nearly all", "")
        told = f"{what} lines of market data are in use: {firm_lines(status)} of {status.lines_max}{then}"
        yield Alert(told, "close quotes in TWS", "warn")
    for refused in status.refused:
        yield Alert(f"{refused.file} is not in force: {refused.problem}", "6 strategies", "warn")
    for edit in status.held_edits:
        yield Alert(f"{edit.file} waits for a yes: {'; '.join(edit.changes)}", "spreads accept", "warn")
    for foreign in status.foreign:
        yield Alert(f"not ours at the broker: {foreign}", "", "info")
    for plan in status.ending:
        yield Alert(plan, "4 positions", "info")
    for notice in status.notices:
        yield Alert(notice, "", "info")
