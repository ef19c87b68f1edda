"""What the handlers work with: the context that all clients of one simulated TWS share, and the client that is served."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.instruments import Instrument
from engine.sim.exchange.orders import Notice, Order
from engine.sim.faults import Faults
from engine.sim.handlers.lines import Again, Emit, Later, Lines, Write
from engine.sim.handlers.odd import OddMemory
from engine.sim.handlers.pacing import HistoryPacing
from engine.sim.options import SimOptions
from engine.sim.tape import MarketTape
from engine.sim.wire.codec import Message

Find = Callable[[Message], list[Instrument]]
"""The instruments that the contract of a request may mean."""


@dataclass(frozen=True, slots=True)
class Context:
    """What all sessions of one simulated TWS share."""

    exchange: Exchange
    tape: MarketTape
    lines: Lines
    options: SimOptions
    faults: Faults
    history_pacing: HistoryPacing | None
    violations: Counter[int]
    """Complaints of too many requests, by code."""
    tell: Callable[[Sequence[Notice]], None]
    """Tells every client what happened at the exchange."""
    arrived: Callable[[Order], None]
    """Has an order that was placed or changed meet the market, a moment later."""
    later: Later
    now: Callable[[], datetime]
    odd: OddMemory = field(default_factory=OddMemory)


@dataclass(frozen=True, slots=True)
class Client:
    """One client of the simulated TWS, and the ways to reach it."""

    id: int
    version: int
    """Of the server, as agreed in the greeting."""
    send: Callable[[Message], None]
    send_fields: Callable[[Sequence[str]], None]
    """For messages that are odd on purpose."""
    emit: Emit
    write: Write
    again: Again
