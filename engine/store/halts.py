"""Which underlyings the exchange has halted, and which have just begun to trade again."""

from dataclasses import dataclass, field
from datetime import timedelta

CALMS = timedelta(minutes=2)
"""After a halt: the first quotes of a resumed market are wide and wild, and options follow their underlying one after another."""


@dataclass(slots=True)
class Halts:
    """What was told of each underlying last; of most nothing ever is but that they trade."""

    _halted: set[str] = field(default_factory=set[str])
    _resumed_at: dict[str, float] = field(default_factory=dict[str, float])

    def hear(self, symbol: str, at: float, is_halted: bool) -> None:
        """`at` is UTC seconds since 1970."""
        if is_halted:
            self._halted.add(symbol)
        elif symbol in self._halted:
            self._halted.discard(symbol)
            self._resumed_at[symbol] = at

    def holds(self, symbol: str, at: float) -> bool:
        """Whether it is halted, or was until less than two minutes ago."""
        resumed_at = self._resumed_at.get(symbol)
        return symbol in self._halted or (resumed_at is not None and at - resumed_at < CALMS.total_seconds())
