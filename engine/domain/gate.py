"""What a gate answers: pass, fail or unknown, with the numbers that made it so."""

from dataclasses import dataclass
from typing import Literal

Answer = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit held against one opening. Unknown is never a pass."""

    gate: str
    """The limit's name as the trader writes it, e.g. open_risk."""
    answer: Answer
    value: str
    """What was found, with its unit; `unknown` where nothing was."""
    bound: str
    """What is allowed, with its unit."""
    source: str
    """Who states the bound: the strategy's name or account.yaml; who states the value where it is the broker."""
    age_s: float | None = None
    """Seconds since the value was measured, where it can age."""

    def __str__(self) -> str:
        word = {"pass": "within", "fail": "beyond", "unknown": "cannot be held against"}[self.answer]
        return f"{self.gate}: {self.value} {word} {self.bound} ({self.source})"


def first_obstacle(verdicts: tuple[Verdict, ...]) -> Verdict | None:
    """The verdict that stops an opening: the first fail, else the first unknown, else None."""
    for answer in ("fail", "unknown"):
        for verdict in verdicts:
            if verdict.answer == answer:
                return verdict
    return None
