"""How an engine stands: which one it is, what it takes of the broker, and whether it can open anything now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.domain.clocks import CLOCK_SKEW_MAX_S, skew_words
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.session import trading_day
from engine.domain.snapshot import DataQuality, Snapshot


@dataclass(frozen=True, slots=True)
class Identity:
    """Which engine this is."""

    version: str
    mode: str
    account: str
    state: str
    """Folder of the journal."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the options that can pass is quoted."""

    contracts: int
    """That can pass, or are held."""
    fresh: int
    """Told so lately that something may be opened on them."""
    told: int
    """Told at any time."""
    oldest_s: float | None
    """Age of the oldest quote of those that were told, seconds; None where none was."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much of what the broker grants is in use."""

    lines_used: int
    """Streaming quotes."""
    lines_max: int
    queue: int
    """Messages that wait for their turn."""
    throttles: int = 0
    """Times that messages had to wait since the start."""
    next_order_id: int | None = None
    """Lowest number that the next order at the broker can have; None where nobody counts them."""
    coverage: Coverage | None = None
    """How much of what can pass is quoted; None where nobody counts it."""
    explored_s: float | None = None
    """Seconds until every option that takes turns has had its one; None while none does."""
    resting: tuple[str, ...] = ()
    """Classes of questions to the broker that are not asked now, since they failed."""
    lines_turning: int = 0
    """Of the lines in use, those on which the rest of the chain takes turns; they give way to what is wanted."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What tells how the process fares, apart from what it trades."""

    uptime_s: float
    throttles: int | None
    """Times that messages to the broker had to wait; None where nobody counts them."""
    is_throttled: bool
    """Whether messages wait now."""
    next_order_id: int | None
    resting: tuple[str, ...] = ()
    """Classes of questions to the broker that are not asked now, since they failed."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The clocks and ages of one moment."""

    at: datetime
    trading: str
    """`on`, `halted`, or why nothing can be opened."""
    is_connected: bool
    data: DataQuality
    last_beat_age_s: float | None
    account_age_s: float | None
    quotes_age_s: float | None
    """Since the youngest quote of an option was told."""


def trading(snapshot: Snapshot) -> str:
    """`on`, `halted`, or why nothing can be opened."""
    return "halted" if snapshot.ledger.halt else blocked_because(snapshot) or "on"


def waiting(ledger: Ledger) -> Iterator[Order]:
    """Orders that a person has been asked about and not answered yet."""
    return (order for order in ledger.working() if order.is_asked)


def blocked_because(snapshot: Snapshot) -> str | None:
    """Why nothing can be opened now, in the order in which it should be mended; None when nothing blocks."""
    if not snapshot.is_connected:
        return "no connection to the broker"
    if snapshot.restart is not None:
        return str(snapshot.restart)
    if snapshot.clock_skew_s is not None and abs(snapshot.clock_skew_s) > CLOCK_SKEW_MAX_S:
        return f"this machine's clock is {skew_words(snapshot.clock_skew_s)}"
    if snapshot.ledger.reconciled is None:
        return "not reconciled with the broker yet"
    if snapshot.ledger.reconciled.differences:
        return "our books differ from the broker's"
    if not snapshot.is_open:
        return "the market is closed"
    if snapshot.data != "live":
        return f"market data is {snapshot.data}"
    trip = snapshot.ledger.breakers.that_stops("", trading_day(snapshot.at))
    return f"{trip[1].name} has tripped" if trip is not None else None
