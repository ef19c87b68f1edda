"""All clients of the stream and the boards that they look at. A beat wakes them; nobody's slowness is felt by anybody else."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.api.models.stream import Heartbeat, Hello, Topic
from engine.api.stream.boards import SOURCES, Board, Source
from engine.domain.facts.union import Fact
from engine.runtime.control import Control

CLIENTS_MAX = 32
"""Consoles, browsers and programs of one trader; each costs a table of references."""
HEARTBEAT_S = 5.0


@dataclass(slots=True)
class Hub:
    """The stream of one engine."""

    control: Control
    sources: Mapping[Topic, Source] = field(default_factory=lambda: SOURCES)
    follows: bool = True
    """Whether the engine tells it of beats and facts; else somebody else does."""
    boards: dict[Topic, Board] = field(default_factory=dict[Topic, Board])
    clients: dict[asyncio.Event, Collection[Topic]] = field(default_factory=dict[asyncio.Event, "Collection[Topic]"])
    """What wakes each of them, and the topics that it follows."""
    happened: int = 0
    """Counts beats and facts: where it stands still there is nothing new."""
    facts: int = 0
    """Counts facts: a change of state is told at once, quotes at the pace that was asked for."""

    _is_read: bool = False
    """Whether the boards show the beat that is about to end."""

    def __post_init__(self) -> None:
        self.boards = {topic: Board(self.control, source) for topic, source in self.sources.items()}
        if self.follows:
            self.control.tell(self, self.beat, self.read)

    def beat(self) -> None:
        """The engine has looked at the market, and what it has written is on disk."""
        if not self._is_read:
            self.happened += 1
        self._is_read = False
        for client in self.clients:
            client.set()

    def read(self) -> None:
        """The lines of a beat are on their way to disk: read what clients follow meanwhile. They are told when it is over."""
        self.happened += 1
        self._is_read = True
        time = asyncio.get_running_loop().time
        for topic, board in self.boards.items():
            if board.facts != self.facts and any(topic in followed for followed in self.clients.values()):
                board.refresh(time, self.happened, self.facts)

    def saw(self, fact: Fact, at: datetime) -> None:
        """A fact was folded; the beat that it belongs to tells the clients."""
        self.facts += 1
        self.happened += 1

    def hello(self) -> Hello:
        identity = self.control.identity
        return Hello(f"{identity.mode}, account {identity.account}", identity.version, tuple(self.sources), HEARTBEAT_S)

    def heartbeat(self, seq: dict[str, int]) -> Heartbeat:
        """The clocks and ages of this moment."""
        pulse = self.control.pulse()
        return Heartbeat(
            at=pulse.at.isoformat(),
            trading=pulse.trading,
            connected=pulse.is_connected,
            data=pulse.data,
            last_beat_age_s=pulse.last_beat_age_s,
            account_age_s=pulse.account_age_s,
            quotes_age_s=pulse.quotes_age_s,
            seq=seq,
        )

    def now(self) -> str:
        """The engine's clock."""
        return self.control.now().isoformat()
