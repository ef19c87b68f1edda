"""Why a strategy trades or does not, as plain data: what stops it, what its market says, and what its last look found.

The same answer is given of now, by a running engine, and of any past minute, from the facts up to it: `why_row` needs only the
ledger, what was refused by then, and what is known of the market.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from engine import words
from engine.decide.entry.entries import COOL_DOWN
from engine.decide.risk.gate import strategy_obstacle
from engine.decide.rulebook import Rulebook
from engine.domain.facts.searches import FunnelRecorded
from engine.domain.ledger import Ledger
from engine.domain.session import NEW_YORK, Session
from engine.domain.snapshot import Snapshot
from engine.runtime.order_rows import order_row
from engine.runtime.plain import Row
from engine.runtime.rows import blocked_rows, breaker_rows, candidate_rows, changed_rows, funnel_rows, refused_rows
from engine.strategy.model import Strategy
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE

SHARED = (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE)


def why_row(
    ledger: Ledger, strategy: str, at: datetime, stopped: Sequence[str], when: Sequence[Row], refused: Mapping[str, str]
) -> Row:
    """The whole answer about one strategy at one moment."""
    looked_at, funnel = ledger.funnels.get(strategy, (None, None))
    loaded = ledger.files.strategies.get(strategy)
    ours = {file: text for file, text in refused.items() if file.rsplit("/", 1)[-1] in SHARED or (loaded and file == loaded.file)}
    return {
        "strategy": strategy,
        "as_of": at.isoformat(),
        "file": loaded.file if loaded else None,
        "stopped": list(stopped),
        "refused": refused_rows(ours),
        "changed": changed_rows(ledger, at, strategy),
        "breakers": [row for row in breaker_rows(ledger, at) if row["strategy"] in {"", strategy}],
        "blocked_exits": blocked_rows(ledger, strategy),
        "when": list(when),
        "at": looked_at.isoformat() if looked_at else None,
        "funnel": funnel_rows(funnel),
        "nearest_miss": funnel.nearest_miss if funnel else None,
        "candidates": candidate_rows(ledger, strategy),
        "denials": [
            {"spread": str(denial.spread), "obstacle": str(denial.obstacle), "gate": denial.obstacle.gate}
            for (name, _), denial in ledger.denials.items()
            if name == strategy
        ],
        "orders": [order_row(order) for order in ledger.orders.values() if order.strategy == strategy],
    }


def stopped_now(name: str, snapshot: Snapshot, rulebook: Rulebook) -> list[str]:
    """What stops every opening of a strategy at this instant, in the order in which it should be mended."""
    strategy = next((one for one in rulebook.strategies if one.name == name), None)
    found = list(_stopped(snapshot.ledger, name, snapshot.at, snapshot.session))
    if strategy is None:
        return ["its file is gone: no new entries, exits go on", *found]
    if not strategy.enabled:
        found.insert(0, f"{strategy.file} says enabled: false")
    if name in snapshot.paused and name not in snapshot.ledger.pauses:
        found.insert(0, "it is held back")
    verdict = strategy_obstacle(strategy, snapshot, rulebook)
    # A halt, a closed market and books that differ are said above in their own words.
    if verdict is not None and (not found or verdict.gate not in {"halt", "hours", "reconciled", "paused"}):
        found.append(str(verdict))
    return found


def stopped_then(name: str, ledger: Ledger, at: datetime, session: Session | None) -> list[str]:
    """What stopped every opening of a strategy at a past moment, as far as the facts tell."""
    return list(_stopped(ledger, name, at, session))


def when_now(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook) -> list[Row]:
    """Each line of `when` for each underlying: its answer, and the values that it looked at."""
    answers = rulebook.finder.market(strategy, snapshot.market, snapshot.at, snapshot.session, snapshot.calendar)
    return [
        _when_row(line.text, name, lines[number].holds, {key: _plain(value) for key, value in lines[number].values.items()})
        for number, line in enumerate(strategy.when)
        for name, lines in answers.items()
    ]


def when_then(funnel: FunnelRecorded | None) -> list[Row]:
    """The same of a recorded look: underlyings that an earlier line had turned away were not asked."""
    steps = funnel.steps if funnel is not None else ()
    return [
        _when_row(step.line or step.condition, asked.underlying, asked.holds, asked.values)
        for step in steps
        for asked in step.asked
    ]


def _stopped(ledger: Ledger, name: str, at: datetime, session: Session | None) -> Iterator[str]:
    if ledger.halt is not None:
        yield f"halted by {ledger.halt.by}: {ledger.halt.reason or 'no reason given'}; `spreads resume` allows openings again"
    if name in ledger.pauses:
        since, pause = ledger.pauses[name]
        because = f": {pause.reason}" if pause.reason else ""
        yield f"paused by {pause.by} since {_clock(since)}{because}; `spreads resume --strategy {name}` allows openings again"
    if ledger.link is not None and ledger.link.state != "up":
        yield f"the link to the broker is {words.link(ledger.link.state)}: {ledger.link.text}"
    if ledger.link is not None and not ledger.link.passes_orders:
        pass  # that says it: the books are agreed once it is back
    elif ledger.reconciled is None:
        yield "our books are not agreed with the broker's yet"
    elif ledger.reconciled.differences:
        yield f"our books differ from the broker's: {'; '.join(ledger.reconciled.differences)}"
    if session is None or not session.contains(at):
        yield "the market is closed" + (f" until {_clock(session.open)}" if session is not None and at < session.open else "")
    for order in ledger.working():
        if order.purpose == "open" and order.strategy == name:
            yield f"one opening at a time, and {order.ref} is {'waiting for a yes' if order.is_asked else order.state}"
    yield from _cooling(ledger, name, at)


def _cooling(ledger: Ledger, name: str, at: datetime) -> Iterator[str]:
    """Underlyings that are left alone for a while after an opening that did not fill, or that nobody wanted."""
    until: dict[str, tuple[datetime, str]] = {}
    for order in ledger.orders.values():
        if order.purpose == "open" and order.strategy == name and order.is_over and order.filled == 0:
            until[order.spread.underlying] = (order.changed_at + COOL_DOWN, f"{order.ref} is {order.state}")
    for underlying, (ends, because) in until.items():
        if at < ends:
            yield f"{underlying} is left alone until {_clock(ends)}: {because}"


def _when_row(line: str, underlying: str, holds: bool | None, values: Mapping[str, float | None]) -> Row:
    answer = "unknown" if holds is None else "yes" if holds else "no"
    return {"line": line, "underlying": underlying, "answer": answer, "values": dict(values)}


def _plain(value: object) -> float | None:
    return None if value is None else float(cast("float", value))


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(NEW_YORK):%H:%M:%S} New York"
