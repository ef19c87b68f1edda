"""What a screen may want beside the status and the approvals, and how rows of the stream become what the screens show."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from engine.api.models.approvals import Approval
from engine.api.models.base import Model
from engine.api.models.candidates import Candidate
from engine.api.models.orders import Execution, Order
from engine.api.models.positions import Position
from engine.api.models.status import Status
from engine.api.models.strategies import Strategy
from engine.api.models.stream import Topic as Streamed
from engine.client.mirror import Rows

Topic = Literal["candidates", "positions", "orders", "executions", "strategies", "trades"]
ALWAYS: tuple[Streamed, ...] = ("status", "approvals")
"""What every screen shows in its frame."""
MODELS: Mapping[Streamed, type[Model]] = {
    "status": Status,
    "approvals": Approval,
    "candidates": Candidate,
    "positions": Position,
    "orders": Order,
    "executions": Execution,
    "strategies": Strategy,
}


class Shelf:
    """The rows of each topic as the stream told them last: one that has not changed stays the same object."""

    def __init__(self) -> None:
        self._rows: dict[Streamed, dict[str, Any]] = {}

    def take(self, told: Rows) -> tuple[Any, ...]:
        """All rows of the topic, those that are new at the end. Raises ValidationError where they are of another version."""
        model = MODELS[told.topic]
        rows = self._rows.setdefault(told.topic, {})
        if told.is_whole:
            rows.clear()
        for key in told.removed:
            rows.pop(key, None)
        rows.update({key: model.model_validate(row) for key, row in told.rows.items()})
        return tuple(rows.values())

    def forget(self) -> None:
        """Forget all: another connection begins anew."""
        self._rows.clear()


def streamed(wanted: Iterable[Topic]) -> tuple[Streamed, ...]:
    """The topics of a stream for a screen that wants these."""
    return (*ALWAYS, *(topic for topic in wanted if topic != "trades"))
