"""Drives an engine through a history: each recorded instant, and again every `STEP` for as long as something works or counts.

A day   the instants of its session, each: fills, quotes told whole, beats until nothing is left to be said
        the close: orders for the day end, the engine hears the closing prices and settles what has expired, then the broker does
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from engine.decide.exit.expiry import SETTLED_AFTER
from engine.domain.clocks import LOOKED_AT_EVERY
from engine.domain.past_orders import unchecked_ends
from engine.domain.session import trading_day
from engine.research.history import Day
from engine.research.rig import Rig

STEP = timedelta(seconds=15)
"""Quotes that stand are told again so often: no older ones are priced on."""
COUNTS_S = LOOKED_AT_EVERY.total_seconds()
"""The engine looks again so soon where an order works, an exit counts or a loss is doubted. What it waits longer for, a close
that did not fill or a leg without a quote, waits for other quotes."""
BEATS_MAX = 100
"""At one instant: an order needs four from the proposal to its acknowledgement."""
MOMENT = timedelta(minutes=1)
"""Between the steps of an evening."""
QUIET = frozenset({"RecordFunnel", "DenyEntry", "AskQuotes", "RefreshAccount", "RememberProfit", "BlockExit", "FreeExit"})
"""Decisions after which nothing follows by itself."""


@dataclass(frozen=True, slots=True)
class DayEnd:
    """The account after a day's settlements, USD."""

    day: date
    equity: Decimal
    """Net liquidation: cash, and what is held at mid."""
    low: Decimal
    """The least that it was worth at the instants of the day and at its end."""
    high: Decimal
    """The most."""
    cash: Decimal
    held: int
    """Contracts and lots of shares that are held."""
    unmarked: int
    """Of these, how many had no quote and count at what they cost."""
    instants: int
    """Recorded instants that were told."""
    steps: int
    """Times that they were told, the first one included."""


class Watcher(Protocol):
    """Told how far a run is."""

    def looked(self, at: datetime) -> None:
        """The engine is done with an instant."""
        ...

    def ended(self, day: date) -> None:
        """It is done with the last instant of a day, and the session still runs."""
        ...


Openings = frozenset[datetime]
"""The instants at which a search finds something: at no other could anything be opened."""


def driven(rig: Rig, watcher: Watcher | None = None, openings: Openings | None = None) -> Iterator[DayEnd]:
    """Each day as it ends. With `openings` the instants at which nothing is held, works or could be opened are passed over.

    Raises EngineError where the journal cannot be written.
    """
    rig.begin()
    _beats(rig)  # the books are agreed before the first quote is told
    for day in rig.history.days:
        steps, worth = _day(rig, day, watcher, openings)
        if watcher is not None:
            watcher.ended(day.session.day)
        yield _ended(rig, day, steps, worth)


def tell(rig: Rig, day: Day, number: int) -> datetime:
    """Bring the rig to an instant of a day: fills, then prices and quotes, told whole. The instant."""
    at = day.instants[number]
    rig.clock.move(at)
    rig.broker.step()
    rig.telling.tell_anew()
    rig.hear(at)
    rig.prepare()
    rig.telling.tell(at)
    return at


def _day(rig: Rig, day: Day, watcher: Watcher | None, openings: Openings | None) -> tuple[int, list[Decimal]]:
    """How often quotes were told, and what the account was worth after each instant."""
    steps, worth, is_quiet = 0, list[Decimal](), False
    for number, at in enumerate(day.instants):
        # The first look of a day writes what a day begins with, the one behind the last act what became of it.
        if openings is not None and number and is_quiet and at not in openings:
            steps += 1
            worth.append(worth[-1])
            continue
        was_idle = openings is not None and _is_idle(rig)
        until = day.instants[number + 1] if number + 1 < len(day.instants) else day.session.close
        steps += _instant(rig, day, number, until)
        worth.append(rig.exchange.account.net_liquidation(rig.tape))
        is_quiet = was_idle and _is_idle(rig)
        if watcher is not None:
            watcher.looked(at)
    return steps, worth


def _is_idle(rig: Rig) -> bool:
    """Whether nothing is held, works, is owed or is doubted, so that only an opening could change anything."""
    ledger = rig.ledger
    return not (
        any(True for _ in ledger.working())
        or any(True for _ in ledger.open_positions())
        or rig.exchange.account.held()
        or any(True for one in rig.strategies if one.roll for _ in ledger.closed_on(one.name, trading_day(rig.clock.now())))
        or any(True for _ in unchecked_ends(ledger))
    )


def _instant(rig: Rig, day: Day, number: int, until: datetime) -> int:
    steps, now = 1, tell(rig, day, number)
    is_busy = _beats(rig)
    while is_busy and now + STEP < until:
        now += STEP
        rig.clock.move(now)
        rig.broker.step()
        rig.telling.tell(now)
        is_busy = _beats(rig)
        steps += 1
    return steps


def _beats(rig: Rig) -> bool:
    """Beat until nothing more was put into the inbox; whether something works, counts or was just decided."""
    before = _acted(rig)
    for _ in range(BEATS_MAX):
        rig.inbox.woken()
        rig.engine.beat()
        if not rig.inbox.woken():
            break
    return rig.engine.looks_again_in_s <= COUNTS_S or _acted(rig) != before


def _acted(rig: Rig) -> int:
    return sum(count for name, count in rig.engine.gauges.decisions.items() if name not in QUIET)


def _ended(rig: Rig, day: Day, steps: int, worth: Sequence[Decimal]) -> DayEnd:
    close = day.session.close
    _evening(rig, close)
    closes = {name: rig.market.close_of(name, day.session.day) for name in rig.market.underlyings}
    settled_at = close + SETTLED_AFTER + MOMENT
    rig.telling.tell_closes(settled_at, {name: price for name, price in closes.items() if price is not None})
    _evening(rig, settled_at)
    rig.broker.settle()
    _evening(rig, settled_at + MOMENT)
    held, equity = rig.exchange.account.held(), rig.exchange.account.net_liquidation(rig.tape)
    return DayEnd(
        day=day.session.day,
        equity=equity,
        low=min(equity, *worth),
        high=max(equity, *worth),
        cash=rig.exchange.account.cash,
        held=len(held),
        unmarked=sum(1 for one in held if rig.tape.quote(one.instrument.con_id).mark is None),
        instants=len(day.instants),
        steps=steps,
    )


def _evening(rig: Rig, now: datetime) -> None:
    rig.clock.move(now)
    rig.broker.step()
    _beats(rig)
