"""How often and how much may be asked, and that what sends an order is done once."""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

CALLERS_MAX = 1_000
"""Remembered at the same time; the one that asked longest ago is forgotten."""
DONE_MAX = 1_000
"""Answers that are remembered for their idempotency keys: days of orders."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many a second, and so many at once."""

    per_s: float
    at_once: float


READS, WORDS, TOKENS = Pace(100, 200), Pace(5, 20), Pace(0.2, 10)
"""For one key: questions; words that change something. For one address: tries of a key."""


@dataclass(slots=True)
class Paces:
    """How much each caller has left of a pace."""

    _left: OrderedDict[tuple[str, str], tuple[float, float]] = field(
        default_factory=OrderedDict[tuple[str, str], tuple[float, float]]
    )
    """By caller and kind: what is left, and when that was, in seconds."""

    def wait_s(self, who: str, kind: str, pace: Pace, now_s: float) -> float:
        """Seconds that somebody has to wait; 0 takes one of what is left."""
        left, at_s = self._left.pop((who, kind), (pace.at_once, now_s))
        left = min(pace.at_once, left + (now_s - at_s) * pace.per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / pace.per_s
        self._left[who, kind] = (left - 1 if wait_s == 0 else left, now_s)
        while len(self._left) > CALLERS_MAX:
            self._left.popitem(last=False)
        return wait_s


@dataclass(slots=True)
class Done:
    """What became of requests, by who asked and the key that they gave. One that is being done has no answer yet."""

    _answers: OrderedDict[tuple[str, str], tuple[bytes, str | None]] = field(
        default_factory=OrderedDict[tuple[str, str], tuple[bytes, str | None]]
    )

    def begin(self, who: str, key: str, what: bytes) -> str | None:
        """Why this is not to be done, because it was or is being; None where it is new, and begins."""
        digest = sha256(what).digest()
        known = self._answers.get((who, key))
        if known is None:
            self._answers[who, key] = (digest, None)
            while len(self._answers) > DONE_MAX:
                self._answers.popitem(last=False)
            return None
        if known[0] != digest:
            return f"the idempotency key {key} was used for another request; a new request needs a new key"
        return "it is being done" if known[1] is None else f"it was done already: {known[1]}"

    def end(self, who: str, key: str, text: str) -> None:
        """What became of it."""
        digest, _ = self._answers.get((who, key), (b"", None))
        self._answers[who, key] = (digest, text)
