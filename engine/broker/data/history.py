"""Asks TWS for the past days of an underlying: closes, and the 30-day implied volatility at each."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from math import ceil
from zoneinfo import ZoneInfo

from ib_async import IB, BarDataList
from ib_async import Contract as IbContract

from engine.broker.asking import machine_s
from engine.broker.classes import HISTORY_S
from engine.broker.questions import Questions
from engine.broker.translate import calendar_day, price, size
from engine.broker.unread import Unread, Unreadable
from engine.domain.errors import BrokerRefused, Transient
from engine.ports import Clock, DailyBars, Underlying

TAKEN_BACK_S = 1.0
"""Before its deadline ib_async takes a question back at TWS, which counts those that are open."""
DAYS_MAX = 365
"""Up to here TWS takes days; longer spans it wants in years."""
TRADING_DAYS = 252
_NEW_YORK = ZoneInfo("America/New_York")


class History:
    """Daily bars, asked for once a day for each underlying and length: TWS refuses who asks often."""

    def __init__(self, ib: IB, questions: Questions, contracts: dict[int, IbContract], clock: Clock, unread: Unread) -> None:
        self._ib = ib
        self._questions = questions
        self._unread = unread
        self._contracts = contracts
        self._clock = clock
        self._known: dict[tuple[int, int], DailyBars] = {}
        self._closes: dict[tuple[int, int], tuple[dict[date, float], dict[date, float]]] = {}
        """Closes and volumes that were had, also where the volatilities were not."""
        self._known_on: date | None = None

    async def daily_bars(self, underlying: Underlying, days: int) -> DailyBars:
        """Raises Transient where TWS does not answer or has nothing, BrokerRefused where it says no.

        Missing volatilities are no failure: an underlying without options has none.
        """
        today = self._clock.now().astimezone(_NEW_YORK).date()
        if today != self._known_on:
            self._known_on = today
            self._known.clear()
            self._closes.clear()
        key = (underlying.con_id, days)
        if key not in self._known:
            closes, volumes = self._closes.get(key) or await self._bars(underlying, days, "TRADES", today)
            if not closes:
                raise Transient(f"daily bars of {underlying.symbol}: TWS sent none")
            self._closes[key] = (closes, volumes)
            try:
                volatilities, _ = await self._bars(underlying, days, "OPTION_IMPLIED_VOLATILITY", today)
            except BrokerRefused:
                volatilities = {}
            except Transient:
                return joined(closes, {}, days, volumes)  # not remembered: the next call asks again
            self._known[key] = joined(closes, volatilities, days, volumes)
        return self._known[key]

    async def _bars(
        self, underlying: Underlying, days: int, what: str, today: date
    ) -> tuple[dict[date, float], dict[date, float]]:
        """Closes by day, oldest first, and what was traded on the days on which that is counted."""
        contract = self._contracts.get(underlying.con_id) or IbContract(
            conId=underlying.con_id, exchange=underlying.exchange, secType=underlying.kind, symbol=underlying.symbol
        )
        asked = days + 1  # today's bar is there too and is dropped
        ask = partial(
            self._ib.reqHistoricalDataAsync,
            contract,
            endDateTime="",
            durationStr=f"{asked} D" if asked <= DAYS_MAX else f"{ceil(asked / TRADING_DAYS)} Y",
            barSizeSetting="1 day",
            whatToShow=what,
            useRTH=True,
            timeout=machine_s(HISTORY_S - TAKEN_BACK_S),
        )
        bars: BarDataList = await self._questions.ask("history", f"{asked} days of {what} of {underlying.symbol}", ask)
        closes, volumes = dict[date, float](), dict[date, float]()
        for bar in bars:
            with self._unread.row("daily bar", f"daily {what} of {underlying.symbol}"):
                day, close = calendar_day(str(bar.date)), price(bar.close)
                if close is None:
                    raise Unreadable("close", bar.close)
                closes[day] = close
                if volume := size(float(bar.volume)):
                    volumes[day] = volume
        return {day: close for day, close in sorted(closes.items()) if day < today}, volumes


def joined(
    closes: dict[date, float], volatilities: dict[date, float], days: int, volumes: Mapping[date, float] | None = None
) -> DailyBars:
    """The last `days` closes, and the volatilities of as many days before the last close as have one without a gap."""
    chosen = tuple(closes)[-days:]
    paired: list[float] = []
    for day in reversed(chosen):
        if day not in volatilities:
            break
        paired.append(volatilities[day])
    traded = tuple(volumes[day] for day in chosen if day in volumes) if volumes else ()
    known = traded if len(traded) == len(chosen) else ()
    return DailyBars(chosen, tuple(closes[day] for day in chosen), tuple(reversed(paired)), known)
