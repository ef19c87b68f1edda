"""The status bar as data: what stands in it, in which colour, and what gives way first where the terminal is narrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine import words
from engine.api.models.status import Status
from engine.console.feed import Feed
from engine.console.text import Tone
from engine.domain.session import NEW_YORK, Session

SLOW_BEAT_S = 5.0
"""The engine decides at least once a second; five without a decision are worth a look."""
LINES_WARN, LINES_FULL = 0.8, 1.0
SEPARATOR = " │ "


@dataclass(frozen=True, slots=True)
class Part:
    """One word of the bar."""

    text: str
    tone: Tone = ""
    keeps: int = 0
    """Parts of the lowest number give way first; those of 9 never do."""


def mode_of(status: Status | None) -> str:
    """SIM, PAPER or LIVE."""
    return "" if status is None else status.mode.upper()


def window_title(feed: Feed) -> str:
    """What the window of the terminal is called: what waits and what is wrong first, as tabs show only a beginning."""
    status = feed.status
    if status is None:
        return "no engine yet · spreads"
    waiting = f"({len(feed.approvals)}) " if feed.approvals else ""
    state = (
        "NO ANSWER · " if feed.is_lost else "HALTED · " if status.halt is not None else "" if status.connected else "NO TWS · "
    )
    return f"{waiting}{state}{mode_of(status)} {status.account} · spreads"


def parts(feed: Feed, *, is_read_only: bool) -> list[Part]:
    """Left to right; mode and account are always there."""
    status = feed.status
    if status is None:
        return [Part("no engine yet", "warn", 9), *([Part("VIEW", "info", 8)] if is_read_only else [])]
    account = Part(f"{mode_of(status)} {status.account}", "strong", 9)
    view = [Part("VIEW", "info", 8)] if is_read_only else []
    if feed.is_lost:
        as_of = f"as of {words.clock(status.at)}, {words.span(feed.age_s)} ago"
        return [account, *view, Part(as_of, "stale", 9), *(Part(one.text, "stale", one.keeps) for one in _values(status))]
    return [account, *view, *_state(status), *_values(status)]


def fitted(all_parts: Sequence[Part], width: int) -> list[Part]:
    """The parts that fit, those that keep least gone first, the rightmost of them before the others."""
    kept = list(all_parts)
    while kept and _length(kept) > width:
        least = min(part.keeps for part in kept)
        if least == 9:
            break
        kept.pop(max(at for at, part in enumerate(kept) if part.keeps == least))
    return kept


def _length(kept: Sequence[Part]) -> int:
    return 2 + sum(len(part.text) for part in kept) + len(SEPARATOR) * (len(kept) - 1)


def _state(status: Status) -> Iterator[Part]:
    """What stops the engine, and how it is connected."""
    if status.halt is not None:
        yield Part(f"HALTED by {status.halt.by}", "down", 8)
    yield _link(status)
    if status.data != "live":
        yield Part(status.data.upper(), "warn", 7)
    yield _market(status)
    if status.halt is None:
        is_on = status.trading == "on"
        yield Part("trading on" if is_on else status.trading, "up" if is_on else "warn", 5)


def _link(status: Status) -> Part:
    if status.connected and status.link_state in {"competing", "no_data"}:
        return Part(f"TWS ● {words.link(status.link_state)} {_since(status)}".rstrip(), "warn", 7)
    if status.connected:
        return Part("TWS ●", "up", 7)
    if status.link_state == "restarting":
        return Part(f"TWS ◌ restarting {_since(status)}".rstrip(), "info", 7)
    return Part(f"TWS ✗ {_since(status)}".rstrip(), "fault", 7)


def _since(status: Status) -> str:
    return words.span((status.at - status.link_at).total_seconds()) if status.link_at else ""


def _market(status: Status) -> Part:
    session, at = status.session, status.at
    if session is None:
        return Part("closed today", "stale", 6)
    half = " ½" if Session(at.date(), session.open, session.close).is_half_day else ""
    closes = f"{session.close.astimezone(NEW_YORK):%H:%M}{half}"
    if session.is_open:
        left = words.span((session.close - at).total_seconds())
        return Part(f"open, closes {closes if half else left}", "", 6)
    if at < session.open:
        here = session.open.astimezone(NEW_YORK)
        day = "" if here.date() == at.astimezone(NEW_YORK).date() else f"{here:%a} "
        return Part(f"closed, opens {day}{here:%H:%M}{f', closes {closes}' if half else ''}", "stale", 6)
    return Part("closed", "stale", 6)


def firm_lines(status: Status) -> int:
    """Lines in use that do not give way: without those on which the rest of the chain takes turns."""
    return (status.lines_used or 0) - (status.lines_turning or 0)


def _values(status: Status) -> Iterator[Part]:
    """Numbers, each with its age where it can age."""
    if status.lines_used is not None and status.lines_max:
        share = firm_lines(status) / status.lines_max
        tone: Tone = "down" if share >= LINES_FULL else "warn" if share >= LINES_WARN else ""
        yield Part(f"lines {words.gauge(share, 6)} {firm_lines(status)}/{status.lines_max}", tone, 2)
    if status.queue:
        yield Part(f"queue {status.queue}", "warn", 1)
    if status.resting:
        yield Part(f"not asked: {', '.join(status.resting)}", "warn", 2)
    beat = status.last_beat_age_s
    yield Part(f"beat {words.age(beat)}", "warn" if beat is None or beat > SLOW_BEAT_S else "", 3)
    day: Tone = "" if not status.day_pnl else "up" if status.day_pnl > 0 else "down"
    yield Part(f"NLV {words.number(status.net_liquidation, 0)} {words.age(status.account_age_s)}", "", 4)
    yield Part(f"day {words.moved(status.day_pnl)}", day, 4)
