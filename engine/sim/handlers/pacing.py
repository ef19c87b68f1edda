"""The pacing of historical requests that TWS enforces."""

from collections import deque
from datetime import datetime, timedelta
from typing import Literal

_IDENTICAL_S, _BURST, _BURST_S, _MANY, _MANY_S = 15, 6, 2, 60, 600
"""Small bars: no identical request within 15 s, fewer than 6 of one contract in 2 s, at most 60 in 10 minutes."""


class HistoryPacing:
    """Which historical requests come too fast, for one user. Source: IBKR, historical data limitations."""

    def __init__(self, all_bars: bool) -> None:
        self.all_bars = all_bars
        """Whether it looks at longer bars too."""
        self._asked: deque[tuple[datetime, tuple[int, str], tuple[object, ...]]] = deque(maxlen=_MANY + 1)

    def is_violated_by(self, contract: tuple[int, str], request: tuple[object, ...], now: datetime) -> bool:
        """Whether this request breaks a limit; it counts either way."""
        earlier = [(now - at, of, what) for at, of, what in self._asked]
        self._asked.append((now, contract, request))
        identical = any(ago < timedelta(seconds=_IDENTICAL_S) and what == request for ago, _, what in earlier)
        burst = sum(ago < timedelta(seconds=_BURST_S) and of == contract for ago, of, _ in earlier) + 1 >= _BURST
        many = sum(ago < timedelta(seconds=_MANY_S) for ago, _, _ in earlier) + 1 > _MANY
        return identical or burst or many


def history_pacing(of: Literal["none", "small bars", "all bars"]) -> HistoryPacing | None:
    """The pacing of these bars; None of none."""
    return None if of == "none" else HistoryPacing(all_bars=of == "all bars")
