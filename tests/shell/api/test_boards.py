"""How often the rows of a topic are read: quotes wait for what reading has cost, a change of state hardly does."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import pytest
from pydantic import BaseModel

from engine.api.stream.boards import AHEAD_MAX, SHARE_OF_TIME, Board, Source
from engine.runtime.control import Control
from engine.runtime.plain import Row

COST_S = 0.01


class Thing(BaseModel):
    name: str
    value: int


@dataclass
class Desk:
    """A topic of one row that takes ten milliseconds to read, on a clock that only reading and the test let go on."""

    now: float = 0.0
    value: int = 0
    reads: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        self.board = Board(cast("Control", None), Source(Thing, "name", self._read))

    def _read(self, _: Control) -> Iterable[Row]:
        self.reads.append(self.now)
        self.now += COST_S
        return [{"name": "one", "value": self.value}]

    def shows(self, happened: int, facts: int) -> int:
        """What the board shows at this moment."""
        self.value = happened
        self.board.refresh(lambda: self.now, happened, facts)
        return int(self.board.rows["one"][1])


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_quotes_wait_until_the_reading_before_has_rested(desk: Desk) -> None:
    assert desk.shows(1, 1) == 1

    desk.now = SHARE_OF_TIME * COST_S
    assert desk.shows(2, 1) == 1
    assert desk.board.ready_s(2, 1) == pytest.approx(COST_S * (SHARE_OF_TIME + 1))

    desk.now = COST_S * (SHARE_OF_TIME + 1.1)
    assert desk.shows(3, 1) == 3


def test_change_of_state_does_not_wait_for_that(desk: Desk) -> None:
    desk.shows(1, 1)

    desk.now = 0.02
    assert desk.shows(2, 2) == 2
    assert desk.shows(3, 2) == 2, "nothing but quotes since"
    assert desk.shows(4, 3) == 4, "and another one"


def test_flood_of_changes_takes_no_more_of_the_engines_time_than_quotes(desk: Desk) -> None:
    for number in range(10_000):
        desk.now = max(desk.now, number / 1000)
        desk.shows(number, number)

    assert len(desk.reads) <= AHEAD_MAX + 10 / (COST_S * SHARE_OF_TIME)


def test_nothing_is_read_where_nothing_has_happened(desk: Desk) -> None:
    desk.shows(1, 1)

    desk.now = 4.9
    desk.shows(1, 1)

    assert desk.reads == [0.0]
    desk.now = 5.0
    desk.shows(1, 1)
    assert desk.reads == [0.0, 5.0], "ages are told every five seconds all the same"
