"""What differs between an engine for money, a demo and a test, and who is told of what it does."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from engine.log import logger
from engine.metrics import Reading
from engine.notify.notifier import Notifier
from engine.ports import Broker, Journal
from engine.runtime.control import Control
from engine.runtime.guardian import Takeover
from engine.runtime.seams import Observer

log = logger(__name__)


@dataclass(slots=True)
class Options:
    """What differs between an engine for money, a demo and a test."""

    funnel_every: timedelta | None = None
    """How often a strategy's look is kept; None takes the settings'."""
    serves_api: bool = True
    watches_files: bool = True
    writes_views: bool = True
    """Whether `state/history.duckdb` is there for whoever opens it; `spreads query` needs no engine that wrote it."""
    observers: Sequence[Observer] = ()
    notifier: Notifier | None = None
    """Tells a person what happens while nobody looks."""
    on_control: Callable[[Control], None] = lambda _: None
    """Told once the engine decides."""
    on_answering: Callable[[], None] = lambda: None
    """Told once the socket in the state folder answers."""
    on_reading: Callable[[Callable[[], Reading]], None] = lambda _: None
    """Told what reads the numbers that are published."""
    on_mended: Callable[[str], object] = log.warning
    """Told, at the start, what was mended or passed over in the state folder."""
    on_moved: Callable[[Path], object] = lambda _: None
    """Told the new state folder where the old one is gone."""
    wrap_journal: Callable[[Journal], Journal] = lambda journal: journal
    wrap_broker: Callable[[Broker], Broker] = lambda broker: broker
    probation: int = 0
    guard: Takeover | None = None
    """What a guardian has taken: nothing can be opened, and TWS is waited for however long it takes."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
