"""The record of one generated underlying: past days, the running day, and what it shows at the moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil, floor
from typing import Self

import numpy as np

from engine.domain.index_classes import Settlement
from engine.sim.market import quoting
from engine.sim.market.catalogue import Character
from engine.sim.market.quotes import Bar, Floats, UnderlyingQuote
from engine.sim.market.walk import Past

_FRIDAY = 4
_STOCK_LOT = 100


@dataclass(slots=True)
class UnderlyingBars:
    """Prices are kept to the cent, as they are shown and as options settle to them."""

    character: Character
    _bars: list[Bar]
    _iv_bars: list[Bar]
    _settled: dict[tuple[date, Settlement], float] = field(default_factory=dict[tuple[date, Settlement], float])
    _today: Bar | None = None
    _shown: UnderlyingQuote | None = None

    @classmethod
    def of_history(cls, character: Character, days: Sequence[date], past: Past, month: Floats) -> Self:
        """Bars of these days; `month` is the 30-day volatility of each."""
        shares = _day_volumes(character, days)
        prices = np.round(np.stack([past.open, past.high, past.low, past.close], -1), 2).tolist()
        bars = [Bar(day, o, h, lo, c, volume) for day, (o, h, lo, c), volume in zip(days, prices, shares, strict=True)]
        return cls(character, bars, [_flat(day, float(iv)) for day, iv in zip(days, month, strict=True)])

    @classmethod
    def of_volatility(cls, character: Character, days: Sequence[date], iv_bars: Sequence[Bar]) -> Self:
        """Bars of an index that is 100 times another's 30-day volatility."""
        levels = [round(100 * bar.close, 2) for bar in iv_bars]
        opened = levels[:1] + levels[:-1]
        rows = zip(days, opened, levels, strict=True)
        return cls(character, [Bar(day, a, max(a, b), min(a, b), b) for day, a, b in rows], [])

    def bars(self, days: int) -> tuple[Bar, ...]:
        """The last completed days, oldest first."""
        return tuple(self._bars[-days:]) if days > 0 else ()

    def iv_bars(self, days: int) -> tuple[Bar, ...]:
        return tuple(self._iv_bars[-days:]) if days > 0 else ()

    def settlement(self, expiry: date, settlement: Settlement) -> float | None:
        return self._settled.get((expiry, settlement))

    def open_day(self, day: date, price: float) -> None:
        opening = round(price, 2)
        self._today = Bar(day, opening, opening, opening, opening)
        self._settled[day, "AM"] = opening

    def touch(self, price: float) -> None:
        """A price of the running day that nobody may have seen: it counts for its high and low."""
        today, price = self._running(), round(price, 2)
        if today.low <= price <= today.high:
            return
        self._today = Bar(today.day, today.open, max(today.high, price), min(today.low, price), today.close)

    def show(self, price: float, step: int, part: float) -> None:
        """The price at a step, after a part of the session; after the whole of it the day's options are settled."""
        self.touch(price)
        today, price = self._running(), round(price, 2)
        if part >= 1:
            self._settled[today.day, "PM"] = price
        trades = self.character.underlying.kind != "index"
        half = 0.01 if self.character.underlying.kind == "stock" else 0.005
        bid_size, ask_size = self._sizes(today.day, step)
        self._shown = UnderlyingQuote(
            price=price,
            bid=floor((price - half) * 100 + 1e-6) / 100 if trades else None,
            ask=ceil((price + half) * 100 - 1e-6) / 100 if trades else None,
            bid_size=bid_size if trades else None,
            ask_size=ask_size if trades else None,
            volume=int(self._volume(today.day) * quoting.share_of_day(part)) if trades else None,
            open=today.open,
            high=today.high,
            low=today.low,
            previous_close=self._bars[-1].close,
        )

    def close_day(self, price: float, iv30: float | None) -> None:
        """Writes the running day into the past."""
        self.touch(price)
        today, price = self._running(), round(price, 2)
        volume = self._volume(today.day) if self.character.underlying.kind != "index" else None
        self._bars.append(Bar(today.day, today.open, today.high, today.low, price, volume))
        if iv30 is not None:
            self._iv_bars.append(_flat(today.day, iv30))
        self._settled[today.day, "PM"] = price
        self._today = None

    def quote(self) -> UnderlyingQuote:
        """What is shown; before the first opening the last close and nothing else."""
        close = self._bars[-1].close
        return self._shown or UnderlyingQuote(close, None, None, None, None, None, None, None, None, close)

    def _running(self) -> Bar:
        assert self._today is not None, "prices move only on a day that was opened"
        return self._today

    def _volume(self, day: date) -> int:
        return _day_volumes(self.character, [day])[0] or 0

    def _sizes(self, day: date, step: int) -> tuple[int, int]:
        numbers = np.array([2 * step, 2 * step + 1], dtype=np.int64)
        drawn = quoting.uniforms(numbers, self.character.underlying.con_id, day.toordinal())
        bid, ask = (int(_STOCK_LOT * (1 + part * 20)) for part in drawn)
        return bid - bid % _STOCK_LOT, ask - ask % _STOCK_LOT


def days_before(day: date, known: Sequence[date], count: int) -> list[date]:
    """So many trading days before the day, oldest first: the known ones, and weekdays where those end."""
    found = sorted((earlier for earlier in known if earlier < day), reverse=True)[:count]
    cursor = found[-1] if found else day
    while len(found) < count:
        cursor -= timedelta(days=1)
        if cursor.weekday() <= _FRIDAY:
            found.append(cursor)
    return found[::-1]


def _day_volumes(character: Character, days: Sequence[date]) -> list[int | None]:
    """Shares traded on each day; None for an index."""
    if character.underlying.kind == "index":
        return [None] * len(days)
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    factors = np.exp(0.3 * quoting.normals(ordinals, character.underlying.con_id))
    return [int(character.daily_volume * factor) for factor in factors]


def _flat(day: date, iv30: float) -> Bar:
    return Bar(day, iv30, iv30, iv30, iv30)
