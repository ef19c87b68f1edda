"""What the broker session counts, for whoever measures: plain numbers, read at any time, never reset."""

from bisect import bisect_left
from dataclasses import dataclass, field

BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""From an answer of the same machine to the silence after which an order becomes unknown."""


CODES_MAX, OTHER_CODES = 300, 0
"""TWS has some two hundred codes; what comes beyond them is counted together, a garbled code is a name for nothing."""


@dataclass(slots=True)
class BrokerGauges:
    """Counters grow for the life of the process; the others show the present."""

    connects: int = 0
    errors_by_code: dict[int, int] = field(default_factory=dict[int, int])
    """Every code TWS sent, notices included."""
    unreadable_by_kind: dict[str, int] = field(default_factory=dict[str, int])
    """What TWS said and nobody could read, and was left out."""
    messages_sent: int = 0
    throttles: int = 0
    """Times that a message had to wait for its turn where none waited before."""
    queue_length: int = 0
    """Messages that wait for their turn now."""
    queue_length_max: int = 0
    unsent: int = 0
    """Messages that were still waiting when the link was lost."""
    acknowledgements: int = 0
    acknowledgement_seconds: float = 0.0
    """Sum over the acknowledgements, from the handing over of an order to TWS's first word on it."""
    acknowledgement_seconds_last: float | None = None
    acknowledgements_by_bucket: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    """How many took at most each of `BUCKETS_S` and more than the one before; the last counts what took longer than all."""
    previews_by_outcome: dict[str, int] = field(default_factory=dict[str, int])
    lines_used: int = 0
    lines_limit: int = 0
    line_evictions: int = 0
    """Lines taken from a contract that was still wanted, because there were not enough."""
    ticks: int = 0
    prices: int = 0
    """Ticks that told a price."""
    heartbeat_seconds_last: float | None = None
    """Round trip of the last answered heartbeat."""
    clock_skew_seconds: float | None = None
    """TWS's clock less ours; TWS tells whole seconds, so less than one means nothing."""

    @property
    def unreadable(self) -> int:
        """What could not be read, of all kinds."""
        return sum(self.unreadable_by_kind.values())

    def count_unreadable(self, kind: str) -> None:
        self.unreadable_by_kind[kind] = self.unreadable_by_kind.get(kind, 0) + 1

    def count_error(self, code: int) -> None:
        if code not in self.errors_by_code and len(self.errors_by_code) >= CODES_MAX:
            code = OTHER_CODES
        self.errors_by_code[code] = self.errors_by_code.get(code, 0) + 1

    def count_preview(self, outcome: str) -> None:
        self.previews_by_outcome[outcome] = self.previews_by_outcome.get(outcome, 0) + 1

    def count_acknowledgement(self, seconds: float) -> None:
        self.acknowledgements += 1
        self.acknowledgement_seconds += seconds
        self.acknowledgement_seconds_last = seconds
        self.acknowledgements_by_bucket[bisect_left(BUCKETS_S, seconds)] += 1
