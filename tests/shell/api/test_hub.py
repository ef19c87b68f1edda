"""When the rows that clients are told are read: while the lines of a beat go to disk, and not once more after it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from pydantic import BaseModel

from engine.api.stream.boards import Source
from engine.api.stream.hub import Hub
from engine.domain.facts.halts import Halted
from engine.runtime.control import Control
from engine.runtime.plain import Row


class Thing(BaseModel):
    name: str
    value: int


@dataclass
class Desk:
    """An engine with one number, of which it is counted how often it is read."""

    value: int = 0
    reads: int = 0

    def __post_init__(self) -> None:
        sources = {"orders": Source(Thing, "name", self._read), "status": Source(Thing, "name", self._read)}
        self.hub = Hub(cast("Control", None), sources, follows=False)  # type: ignore[arg-type]
        self.woken = asyncio.Event()
        self.hub.clients[self.woken] = {"status"}

    def _read(self, _: Control) -> Iterable[Row]:
        self.reads += 1
        return [{"name": "one", "value": self.value}]

    def changes(self) -> None:
        self.value += 1
        self.hub.saw(Halted("trader", ""), datetime(2026, 11, 23, 15, tzinfo=UTC))

    def told(self) -> object:
        """What a client that is woken now is told."""
        board = self.hub.boards["status"]
        board.refresh(asyncio.get_running_loop().time, self.hub.happened, self.hub.facts)
        return board.rows["one"][1]


def at_desk(story: Callable[[Desk], None]) -> Desk:
    async def run() -> Desk:
        desk = Desk()
        story(desk)
        return desk

    return asyncio.run(run())


def test_what_clients_follow_is_read_while_it_goes_to_disk_and_told_when_the_beat_is_over() -> None:
    def story(desk: Desk) -> None:
        desk.changes()

        desk.hub.read()
        assert (desk.reads, desk.woken.is_set()) == (1, False), "nobody is told of what is not on disk"
        desk.hub.beat()

        assert desk.woken.is_set()
        assert desk.told() == 1

    assert at_desk(story).reads == 1


def test_beat_that_changes_nothing_reads_nothing_before_somebody_is_told() -> None:
    def story(desk: Desk) -> None:
        desk.changes()
        desk.hub.read()
        desk.hub.beat()

        desk.hub.read()
        desk.hub.beat()

    assert at_desk(story).reads == 1


def test_change_that_was_not_read_beforehand_is_told_all_the_same() -> None:
    def story(desk: Desk) -> None:
        desk.changes()
        desk.hub.beat()

        assert desk.told() == 1

    assert at_desk(story).reads == 1
