"""The rows of each topic as they stand, read at most as often as somebody wants them, whoever of many asks.

A row that has not changed stays the same object, so that a client is told what changed by looking which objects it does not have.
Ages alone are no change: they run with the clock. A row whose ages only have moved is told again after `AGES_EVERY_S`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from pydantic import BaseModel

from engine.api.models.approvals import Approval
from engine.api.models.candidates import Candidate
from engine.api.models.orders import Execution, Order
from engine.api.models.positions import Position
from engine.api.models.status import Status
from engine.api.models.strategies import Strategy
from engine.api.models.stream import TOPICS, Topic
from engine.runtime.control import Control
from engine.runtime.plain import Row

AGES_EVERY_S = 5.0
"""As often as a heartbeat."""
LAST_ROWS = 500
"""Of orders and executions: more than a screen can show; the resources have all."""
SHARE_OF_TIME = 20
"""Reading a topic rests so many times as long as it took: all clients together take at most 5% of the engine's time with it."""
AHEAD_MAX = 4
"""So many readings may be ahead of their rests where states change: a fill is not to wait for what quotes have cost."""
_RUNS = frozenset({"at", "beats", "expires_in_s", "as_of"})
"""Values that move with the clock, beside those that end in `age_s`."""
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Most values of most rows."""

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a topic come from."""

    model: type[BaseModel]
    key: str
    read: Callable[[Control], Iterable[Row]]


SOURCES: Mapping[Topic, Source] = {
    "status": Source(Status, "account", lambda control: [control.status()]),
    "candidates": Source(Candidate, "candidate", lambda control: control.candidates()),
    "approvals": Source(Approval, "order_ref", lambda control: control.approvals()),
    "positions": Source(Position, "position", lambda control: control.positions(only_open=True)),
    "orders": Source(Order, "order_ref", lambda control: control.orders()[-LAST_ROWS:]),
    "executions": Source(Execution, "execution", lambda control: control.executions(LAST_ROWS)),
    "strategies": Source(Strategy, "name", lambda control: control.strategy_rows()),
}
assert {*SOURCES, "scan"} == set(TOPICS), "every topic has a source; that of a search is its own"


@dataclass(slots=True)
class _Kept:
    """One row as it was told last."""

    values: Values
    stable: Values
    """Without what runs with the clock."""
    at_s: float


@dataclass(slots=True)
class Board:
    """One topic."""

    control: Control
    source: Source
    fields: tuple[str, ...] = ()
    rows: dict[str, Values] = field(default_factory=dict[str, Values])
    """By key, in the order in which they were read."""
    happened: int = -1
    """How much of what has happened is in them."""
    facts: int = -1
    """How many facts are in them."""
    _kept: dict[str, _Kept] = field(default_factory=dict[str, _Kept])
    _read_at_s: float = float("-inf")
    _rests_until_s: float = float("-inf")
    _rest_s: float = 0.0
    """What the last reading was worth."""

    _pick: Callable[[Row], Values] = tuple
    """The values of a row in the order of the fields."""
    _stable: Callable[[Values], Values] = tuple
    """Those of them that do not run with the clock."""

    def __post_init__(self) -> None:
        self.fields = tuple(self.source.model.model_fields)
        self._pick = itemgetter(*self.fields)
        self._stable = itemgetter(*(at for at, name in enumerate(self.fields) if not _runs(name)))

    def ready_s(self, happened: int, facts: int) -> float:
        """From when on, in seconds of the loop, it shows what has happened by now; states that have changed hardly wait."""
        if happened == self.happened:
            return float("-inf")
        ahead_s = (AHEAD_MAX - 1) * self._rest_s if facts != self.facts else 0.0
        return self._rests_until_s - ahead_s

    def refresh(self, time: Callable[[], float], happened: int, facts: int) -> None:
        """Read anew, unless nothing has happened since or it rests from what it has cost.

        `time` is the loop's; `happened` counts what the engine has done, `facts` those of it that change a state.
        """
        now_s = time()
        is_aged = now_s - self._read_at_s >= AGES_EVERY_S
        if (happened == self.happened and not is_aged) or now_s < self.ready_s(happened, facts):
            return
        rows: dict[str, Values] = {}
        kept: dict[str, _Kept] = {}
        for row in self.source.read(self.control):
            key = str(row[self.source.key])
            kept[key] = self._one(key, self._pick(row), now_s)
            rows[key] = kept[key].values
        self.rows, self._kept, self.happened, self.facts = rows, kept, happened, facts
        self._read_at_s, ended_s = now_s, time()
        self._rest_s = SHARE_OF_TIME * (ended_s - now_s)
        self._rests_until_s = max(ended_s, self._rests_until_s) + self._rest_s

    def _one(self, key: str, values: Values, now_s: float) -> _Kept:
        known, stable = self._kept.get(key), tuple([_without_ages(one) for one in self._stable(values)])
        if known is not None and known.stable == stable and now_s - known.at_s < AGES_EVERY_S:
            return known
        if known is not None and known.values == values:
            return known
        return _Kept(values, stable, now_s)


def _without_ages(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    match value:
        case dict():
            return {name: _without_ages(part) for name, part in value.items() if not _runs(str(name))}
        case list() | tuple():
            return [_without_ages(part) for part in value]
        case _:
            return value


def _runs(name: str) -> bool:
    return name.endswith("age_s") or name in _RUNS
