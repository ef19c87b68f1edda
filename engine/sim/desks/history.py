"""Historical requests of one client: daily bars of underlyings and of their volatility, and where history begins."""

import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from engine.domain.session import NEW_YORK
from engine.sim.exchange.instruments import Instrument
from engine.sim.floor import Floor
from engine.sim.market.quotes import Bar
from engine.sim.messages import error
from engine.sim.wire.codec import Message
from engine.sim.wire.kinds import Value

PRICES = frozenset({"TRADES", "ADJUSTED_LAST", "MIDPOINT", "BID", "ASK"})
ALL_DAYS = 100_000

_DURATION = re.compile(r"([0-9]{1,5}) ([SDWMY])")
_CALENDAR_DAYS = {"S": 0, "D": 1, "W": 7, "M": 31, "Y": 366}
_IDENTICAL_S, _BURST, _BURST_S, _MANY, _MANY_S = 15, 6, 2, 60, 600
"""Small bars: no identical request within 15 s, fewer than 6 of one contract in 2 s, at most 60 in 10 minutes."""

_SMALL_BARS = frozenset({"1 secs", "5 secs", "10 secs", "15 secs", "30 secs"})


class Pacing:
    """Which historical requests come too fast, for one user. Source: IBKR, historical data limitations."""

    def __init__(self) -> None:
        self._asked: deque[tuple[datetime, tuple[int, str], tuple[object, ...]]] = deque(maxlen=_MANY + 1)

    def is_violated_by(self, contract: tuple[int, str], request: tuple[object, ...], now: datetime) -> bool:
        """Whether this request breaks a limit; it counts either way."""
        earlier = [(now - at, of, what) for at, of, what in self._asked]
        self._asked.append((now, contract, request))
        identical = any(ago < timedelta(seconds=_IDENTICAL_S) and what == request for ago, _, what in earlier)
        burst = sum(ago < timedelta(seconds=_BURST_S) and of == contract for ago, of, _ in earlier) + 1 >= _BURST
        many = sum(ago < timedelta(seconds=_MANY_S) for ago, _, _ in earlier) + 1 > _MANY
        return identical or burst or many


class HistoryDesk:
    """Answers from the market's daily bars; what was not simulated has no data (162)."""

    def __init__(
        self,
        floor: Floor,
        find: Callable[[Message], list[Instrument]],
        send: Callable[[Message], None],
        now: Callable[[], datetime],
        pacing: Pacing | None,
    ) -> None:
        self._floor = floor
        self._find = find
        self._send = send
        self._now = now
        self._pacing = pacing

    def bars(self, asked: Message) -> None:
        req_id = asked.whole("req_id")
        duration, end = _DURATION.fullmatch(asked.text("duration")), _end_of(asked.text("end"), self._now())
        found = self._find(asked)
        if len(found) != 1:
            self._send(error(req_id, 200, "No security definition has been found for the request"))
        elif duration is None:
            self._send(error(req_id, 321, "Error validating request.-'bN' : cause - Historical data duration is invalid."))
        elif end is None:
            self._send(error(req_id, 10314, "End Date/Time: The date, time, or time-zone entered is invalid."))
        elif self._too_fast(found[0], asked):
            self._fail(req_id, "Historical data request pacing violation")
        else:
            self._answer(req_id, asked, found[0], end, int(duration[1]), duration[2])

    def begins(self, asked: Message) -> None:
        """The first instant with data."""
        req_id, found = asked.whole("req_id"), self._find(asked)
        if len(found) != 1:
            self._send(error(req_id, 200, "No security definition has been found for the request"))
            return
        bars = self._series(found[0], asked.text("what_to_show"))
        if not bars:
            self._fail(req_id, "No head time stamp")
            return
        first = datetime.combine(bars[0].day, time(9, 30), NEW_YORK).astimezone(UTC)
        text = str(int(first.timestamp())) if asked.whole("format_date") == 2 else f"{first:%Y%m%d-%H:%M:%S}"
        self._send(Message("head_timestamp", {"req_id": req_id, "timestamp": text}))

    def cancel(self, asked: Message) -> None:
        """Answers are immediate: nothing is left to cancel."""

    def _answer(self, req_id: int, asked: Message, instrument: Instrument, end: datetime, count: int, unit: str) -> None:
        last = end.astimezone(NEW_YORK).date()
        bars = [bar for bar in self._series(instrument, asked.text("what_to_show")) if bar.day <= last]
        if unit == "D":
            bars = bars[-count:]
        else:
            first = last - timedelta(days=count * _CALENDAR_DAYS[unit])
            bars = [bar for bar in bars if bar.day > first]
        if asked.text("bar_size") != "1 day" or not bars:
            self._fail(req_id, "HMDS query returned no data")
            return
        values: dict[str, Value] = {
            "req_id": req_id,
            "start": f"{datetime.combine(bars[0].day, time(0)):%Y%m%d  %H:%M:%S}",
            "end": f"{end.astimezone(NEW_YORK):%Y%m%d  %H:%M:%S}",
            "bars": tuple(_row(bar, trades=asked.text("what_to_show") == "TRADES") for bar in bars),
        }
        self._send(Message("historical_data", values))

    def _series(self, instrument: Instrument, what: str) -> tuple[Bar, ...]:
        """All daily bars of an underlying; none for what the market does not record."""
        if instrument.option is not None:
            return ()
        if what == "OPTION_IMPLIED_VOLATILITY":
            return self._floor.market.iv_bars(instrument.symbol, ALL_DAYS)
        return self._floor.market.daily_bars(instrument.symbol, ALL_DAYS) if what in PRICES else ()

    def _too_fast(self, instrument: Instrument, asked: Message) -> bool:
        if self._pacing is None or asked.text("bar_size") not in _SMALL_BARS:
            return False
        what = asked.text("what_to_show")
        names = ("end", "bar_size", "duration", "use_rth")
        request = (instrument.con_id, what, *(asked.values[name] for name in names))
        return self._pacing.is_violated_by((instrument.con_id, what), request, self._now())

    def _fail(self, req_id: int, reason: str) -> None:
        self._send(error(req_id, 162, f"Historical Market Data Service error message:{reason}"))


def _row(bar: Bar, *, trades: bool) -> dict[str, Value]:
    with_volume = trades and bar.volume is not None
    return {
        "date": f"{bar.day:%Y%m%d}",
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume if with_volume else -1,
        "wap": round((bar.high + bar.low + bar.close) / 3, 6) if with_volume else -1,
        "count": max(1, (bar.volume or 0) // 100) if with_volume else -1,
    }


def _end_of(text: str, now: datetime) -> datetime | None:
    """The instant asked for: empty is now, `YYYYMMDD-HH:MM:SS` is UTC, with a space it is New York's time."""
    if not text:
        return now
    for form, zone in (("%Y%m%d-%H:%M:%S", UTC), ("%Y%m%d %H:%M:%S", NEW_YORK), ("%Y%m%d", NEW_YORK)):
        stamp = " ".join(text.split()[:2]) if zone is NEW_YORK else text
        try:
            return datetime.strptime(stamp, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    return None
