"""Historical requests of one client: daily bars of underlyings and of their volatility, trading hours, and beginnings."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from engine.domain.session import NEW_YORK
from engine.sim.exchange.instruments import Instrument
from engine.sim.handlers.context import Client, Context, Find
from engine.sim.handlers.contracts import WRONG_TYPE, names_a_type
from engine.sim.handlers.times import instant_of
from engine.sim.market.quotes import Bar
from engine.sim.messages import error
from engine.sim.wire.codec import Message
from engine.sim.wire.kinds import Value

PRICES = frozenset({"TRADES", "ADJUSTED_LAST", "MIDPOINT", "BID", "ASK"})
ALL_DAYS = 100_000

KINDS = PRICES | frozenset(
    [
        "AGGTRADES",
        "BID_ASK",
        "FEE_RATE",
        "HISTORICAL_VOLATILITY",
        "OPTION_IMPLIED_VOLATILITY",
        "SCHEDULE",
        "YIELD_ASK",
        "YIELD_BID",
        "YIELD_BID_ASK",
        "YIELD_LAST",
    ]
)
"""What TWS can be asked to show; not all of it is recorded here."""

BAR_SIZES = (
    "1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, 5 mins, 10 mins, 15 mins, 20 mins, 30 mins, "
    "1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M"
)
_BAR_SIZES = frozenset({*BAR_SIZES.split(", "), "1 week", "1 month"})
SCHEDULE_SINCE = 165
"""The server version from which clients read a schedule."""

_DURATION = re.compile(r"([1-9][0-9]{0,4}) ([SDWMY])")
_CALENDAR_DAYS = {"S": 0, "D": 1, "W": 7, "M": 31, "Y": 366}
_REGULAR_HOURS = time(9, 30), time(16)

TOO_FAST, LIVE_BARS = 162, 420
_SMALL_BARS = frozenset({"1 secs", "5 secs", "10 secs", "15 secs", "30 secs"})


class HistoryHandler:
    """Answers from the market's daily bars; what was not simulated has no data (162)."""

    def __init__(self, context: Context, client: Client, find: Find) -> None:
        self._tape = context.tape
        self._pacing, self._violations, self._faults = context.history_pacing, context.violations, context.faults
        self._now = context.now
        self._send = client.send
        self._version = client.version
        self._find = find
        self._kept: set[int] = set()
        """Requests that asked to be kept up to date: only these are there to be cancelled."""

    def bars(self, request: Message) -> None:
        req_id = request.whole("req_id")
        problem = self._problem(request)
        if problem is not None:
            self._send(error(req_id, *problem))
            return
        [instrument] = self._find(request)
        duration, end = _DURATION.fullmatch(request.text("duration")), self._end_of(request)
        assert duration is not None, "looked at before"
        assert end is not None, "looked at before"
        if self._too_fast(instrument, request) or self._faults.on("history_refused") is not None:
            self._violations[TOO_FAST] += self._faults.on("history_refused") is None
            self._fail(req_id, "Historical data request pacing violation")
        elif request.text("what_to_show") == "SCHEDULE":
            self._show_schedule(req_id, instrument, end, int(duration[1]), duration[2])
        else:
            self._answer(req_id, request, instrument, end, int(duration[1]), duration[2])

    def live_bars(self, request: Message) -> None:
        """Bars of five seconds: nobody has the permission here, and who asks too often hears that first."""
        req_id, found = request.whole("req_id"), self._find(request)
        what = request.text("what_to_show")
        if len(found) == 1 and self._pacing is not None:
            key = (found[0].con_id, what)
            if self._pacing.is_violated_by(key, (*key, "live"), self._now()):
                self._violations[LIVE_BARS] += 1
                self._send(error(req_id, LIVE_BARS, "Invalid Real-time Query:Historical data request pacing violation"))
                return
        self._send(error(req_id, LIVE_BARS, "Invalid Real-time Query:No market data permissions"))

    def begins(self, request: Message) -> None:
        """The first instant with data."""
        req_id, found = request.whole("req_id"), self._find(request)
        if len(found) != 1:
            self._send(error(req_id, 200, "No security definition has been found for the request"))
            return
        bars = self._series(found[0], request.text("what_to_show"))
        if not bars:
            self._fail(req_id, "No head time stamp")
            return
        first = datetime.combine(bars[0].day, time(9, 30), NEW_YORK).astimezone(UTC)
        text = str(int(first.timestamp())) if request.whole("format_date") == 2 else f"{first:%Y%m%d-%H:%M:%S}"
        self._send(Message("head_timestamp", {"req_id": req_id, "timestamp": text}))

    def cancel(self, request: Message) -> None:
        """Answers are immediate: nothing is left to cancel but what is kept up to date."""
        req_id = request.whole("req_id")
        if req_id in self._kept:
            self._kept.remove(req_id)
        else:
            self._send(error(req_id, 366, f"No historical data query found for ticker id:{req_id}"))

    def _problem(self, request: Message) -> tuple[int, str] | None:
        """Why TWS would not look for the data."""
        cause = "Error validating request.-'bN' : cause -"
        if not names_a_type(request):
            return 321, f"{cause} {WRONG_TYPE}"
        if len(self._find(request)) != 1:
            return 200, "No security definition has been found for the request"
        if request.text("bar_size") not in _BAR_SIZES:
            return 321, f"{cause} Historical data bar size setting is invalid. Legal ones are: {BAR_SIZES}"
        if request.text("what_to_show") not in KINDS:
            return 321, f"{cause} What to show is missing or incorrect."
        if _DURATION.fullmatch(request.text("duration")) is None:
            return 321, f"{cause} Historical data duration is invalid."
        if self._end_of(request) is None:
            return 10314, "End Date/Time: The date, time, or time-zone entered is invalid."
        return None

    def _end_of(self, request: Message) -> datetime | None:
        """The instant up to which is asked: empty is now; None where it does not read."""
        return instant_of(request.text("end")) if request.text("end") else self._now()

    def _answer(self, req_id: int, request: Message, instrument: Instrument, end: datetime, count: int, unit: str) -> None:
        bars = _last(self._series(instrument, request.text("what_to_show")), end, count, unit)
        if request.text("bar_size") != "1 day" or not bars:
            self._fail(req_id, "HMDS query returned no data")
            return
        values: dict[str, Value] = {
            "req_id": req_id,
            "start": f"{datetime.combine(bars[0].day, time(0)):%Y%m%d  %H:%M:%S}",
            "end": f"{end.astimezone(NEW_YORK):%Y%m%d  %H:%M:%S}",
            "bars": tuple(_row(bar, trades=request.text("what_to_show") == "TRADES") for bar in bars),
        }
        self._send(Message("historical_data", values))
        if request.flag("keep_up_to_date"):
            self._kept.add(req_id)

    def _show_schedule(self, req_id: int, instrument: Instrument, end: datetime, count: int, unit: str) -> None:
        """The sessions of the days that have a bar, in New York's time."""
        bars = _last(self._series(instrument, "TRADES"), end, count, unit)
        if not bars or self._version < SCHEDULE_SINCE:
            self._fail(req_id, "HMDS query returned no data")
            return
        sessions = tuple(self._session_row(bar.day) for bar in bars)
        ends: dict[str, Value] = {"start": sessions[0]["start"], "end": sessions[-1]["end"], "time_zone": "US/Eastern"}
        self._send(Message("historical_schedule", ends | {"req_id": req_id, "sessions": sessions}))

    def _session_row(self, day: date) -> dict[str, Value]:
        session = self._tape.session_of(day)
        hours = [datetime.combine(day, clock) for clock in _REGULAR_HOURS]
        if session is not None:
            hours = [at.astimezone(NEW_YORK) for at in (session.open, session.close)]
        start, end = (f"{at:%Y%m%d-%H:%M:%S}" for at in hours)
        return {"start": start, "end": end, "date": f"{day:%Y%m%d}"}

    def _series(self, instrument: Instrument, what: str) -> tuple[Bar, ...]:
        """All daily bars of an underlying; none for what the market does not record."""
        if instrument.option is not None:
            return ()
        if what == "OPTION_IMPLIED_VOLATILITY":
            return self._tape.market.iv_bars(instrument.symbol, ALL_DAYS)
        return self._tape.market.daily_bars(instrument.symbol, ALL_DAYS) if what in PRICES else ()

    def _too_fast(self, instrument: Instrument, request: Message) -> bool:
        if self._pacing is None or not (self._pacing.all_bars or request.text("bar_size") in _SMALL_BARS):
            return False
        what = request.text("what_to_show")
        names = ("end", "bar_size", "duration", "use_rth")
        identity = (instrument.con_id, what, *(request.values[name] for name in names))
        return self._pacing.is_violated_by((instrument.con_id, what), identity, self._now())

    def _fail(self, req_id: int, reason: str) -> None:
        self._send(error(req_id, TOO_FAST, f"Historical Market Data Service error message:{reason}"))


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


def _last(bars: Sequence[Bar], end: datetime, count: int, unit: str) -> list[Bar]:
    """The bars of so many days, weeks, months or years up to an instant; days are those with a bar."""
    last = end.astimezone(NEW_YORK).date()
    before = [bar for bar in bars if bar.day <= last]
    if unit == "D":
        return before[-count:]
    days = min(count * _CALENDAR_DAYS[unit], last.toordinal() - 1)
    return [bar for bar in before if bar.day > last - timedelta(days=days)]
