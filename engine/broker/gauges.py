"""What the broker session counts, for whoever measures: plain numbers, read at any time, never reset."""

from dataclasses import dataclass, field

from engine.broker.classes import CLASSES, NAMES, ClassName
from engine.tally import BROKER_S, Tally

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
    waiting_by_class: dict[ClassName, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    """The same by class, and with them what explores and was not handed over yet."""
    sent_by_class: dict[ClassName, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    wait_seconds: dict[ClassName, Tally] = field(default_factory=lambda: {name: Tally(BROKER_S) for name in NAMES})
    """From the handing over of a message until it left, in seconds of the loop."""
    scan_pauses: int = 0
    """Times that exploring stopped because too many messages waited."""
    questions_shared: int = 0
    """Questions that were answered by the answer to the same one, which was under way."""
    resting: dict[ClassName, bool] = field(
        default_factory=lambda: {one.name: False for one in CLASSES if one.rests_after is not None}
    )
    """Classes of which nothing is asked, since their questions failed; of those that may rest."""
    rests_by_class: dict[ClassName, int] = field(default_factory=dict[ClassName, int])
    unsent: int = 0
    """Messages that were still waiting when the link was lost."""
    failures: int = 0
    """Codes that are errors: no notices, and nothing about the link."""
    acknowledgement_seconds: Tally = field(default_factory=lambda: Tally(BROKER_S))
    """From the handing over of an order to TWS's first word on it, in seconds of the loop."""
    request_seconds: dict[str, Tally] = field(default_factory=lambda: {"question": Tally(BROKER_S), "preview": Tally(BROKER_S)})
    """From a question to its answer, a refusal included, in seconds of the loop: of what is read, and of what-ifs."""
    unanswered: int = 0
    """Questions that were given up at their deadline, or with the link."""
    previews_by_outcome: dict[str, int] = field(default_factory=dict[str, int])
    lines_used: int = 0
    lines_turning: int = 0
    """Of these, lines on which the rest of the chain takes turns; they give way to what is wanted."""
    lines_limit: int = 0
    line_evictions: int = 0
    """Lines taken from a contract that was still wanted, because there were not enough."""
    lines_exploring: int = 0
    """Contracts that take turns on the lines that are left."""
    explored_s: float | None = None
    """Seconds until each of them has had its turn; None while there are none, or no lines for them."""
    ticks: int = 0
    prices: int = 0
    """Ticks that told a price."""
    heartbeat_seconds_last: float | None = None
    """Round trip of the last answered heartbeat."""
    clock_skew_seconds: float | None = None
    """TWS's clock less ours, as far as that is certain: 0 where whole seconds and the way of the answer explain it."""

    @property
    def unreadable(self) -> int:
        """What could not be read, of all kinds."""
        return sum(self.unreadable_by_kind.values())

    def left(self, name: ClassName, waited_s: float) -> None:
        """A message of this class left."""
        self.messages_sent += 1
        self.sent_by_class[name] += 1
        self.wait_seconds[name].add(waited_s)

    def count_unreadable(self, kind: str) -> None:
        self.unreadable_by_kind[kind] = self.unreadable_by_kind.get(kind, 0) + 1

    @property
    def lines_share_pct(self) -> float:
        """Lines in use that do not give way, percent of the limit; 0 where no limit is known."""
        return 100.0 * (self.lines_used - self.lines_turning) / self.lines_limit if self.lines_limit else 0.0

    def count_error(self, code: int, *, is_failure: bool) -> None:
        self.failures += is_failure
        if code not in self.errors_by_code and len(self.errors_by_code) >= CODES_MAX:
            code = OTHER_CODES
        self.errors_by_code[code] = self.errors_by_code.get(code, 0) + 1

    def count_preview(self, outcome: str) -> None:
        self.previews_by_outcome[outcome] = self.previews_by_outcome.get(outcome, 0) + 1
