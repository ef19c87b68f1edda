"""A market as the exchange and the handlers see it: instruments, quotes as decimals, hours, and faults of the data.

Instruments and hours are kept once found; quotes are read from the market's columns as they are asked for.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from engine.domain.contract import Contract
from engine.domain.session import NEW_YORK, Session
from engine.sim.exchange.instruments import Instrument, Quote
from engine.sim.market.contracts import Underlying
from engine.sim.market.market import Market
from engine.sim.market.quotes import Change

Floats = NDArray[np.float64]

COLUMNS = ("bid", "ask", "bid_size", "ask_size", "last", "volume", "model", "iv", "delta", "gamma", "theta", "vega")
"""What streams of options show, in this order."""

_BID, _ASK, _BID_SIZE, _ASK_SIZE, _LAST, _, _MODEL = range(7)
_GREEKS = slice(7, 12)
_CENT = Decimal("0.01")
_LEAST, _SPIKE = 0.05, 4.0
"""What somebody bids all the same where quotes are wide, and how many times what it is worth a bad print shows."""
_NOTHING = Quote(None, None)
_STOCK_SIZE = 500
_UNTOLD_SIZE = 10.0
_DAY_S = 86_400  # options stop trading in the afternoon of New York, which is the same day in UTC


@dataclass(frozen=True, slots=True)
class DataFaults:
    """Faults of the data while they last."""

    frozen: bool = False
    """Quotes stand still although time goes on."""
    no_bids: bool = False
    crossed: bool = False
    no_greeks: bool = False
    halted: bool = False
    """Trading is halted everywhere: quotes stand still and nothing fills."""
    widened: float = 1.0
    """Quotes of options are so many times as wide."""
    spiked: int | None = None
    """The contract whose quote is four times what it is worth."""


class MarketTape:
    """The exchange's tape over a market."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.data_faults = DataFaults()
        self._instruments: dict[int, Instrument] = {}
        self._hours: dict[date, Session | None] = {}
        self._closes: dict[int, float] = {}
        self._quoted: dict[int, Quote] = {}
        """Quotes read since the last step."""
        for underlying in market.underlyings.values():
            self._instruments[underlying.con_id] = _of_underlying(underlying)

    # the exchange's tape

    def instrument(self, con_id: int) -> Instrument | None:
        known = self._instruments.get(con_id)
        if known is None:
            contract = self.market.contract(con_id)
            if contract is None:
                return None
            known = self._instruments[con_id] = self._of_option(contract)
        return known

    def is_listed(self, con_id: int) -> bool:
        instrument = self.instrument(con_id)
        return instrument is not None and (instrument.option is None or self.market.row(con_id) is not None)

    def quote(self, con_id: int) -> Quote:
        known = self._quoted.get(con_id)
        if known is None:
            known = self._quoted[con_id] = self._read(con_id)
        return known

    def spot(self, symbol: str) -> Decimal | None:
        if symbol not in self.market.underlyings:
            return None
        price = self.market.spot(symbol).price
        return None if price is None else decimal(price)

    def underlying(self, symbol: str) -> Instrument | None:
        known = self.market.underlyings.get(symbol)
        return None if known is None else self._instruments[known.con_id]

    def settlement_value(self, option: Contract) -> Decimal | None:
        value = self.market.settlement_value(option)
        return None if value is None else decimal(value)

    # what the handlers ask

    def step(self, now: datetime) -> Change | None:
        """Brings the market to now; None while its data stand still."""
        if self.data_faults.frozen or self.data_faults.halted:
            return None
        self._quoted.clear()
        return self.market.step(now)

    def prices_at(self, now: datetime) -> Mapping[str, float]:
        """Where the underlyings stand at `now`, ahead of the quotes; empty while data stand still, or only a step can tell."""
        return {} if self.data_faults.frozen or self.data_faults.halted else self.market.prices_at(now)

    def change_data_faults(self, data_faults: DataFaults) -> None:
        """The faults of the data from now on."""
        self.data_faults = data_faults
        self._quoted.clear()

    def columns(self, rows: NDArray[np.int64]) -> Floats:
        """Values of options by COLUMNS x rows, the faults of the data applied; NaN where absent.

        A price without a size, as in recordings of prices alone, has a size of its own: clients take 0 for no price.
        """
        quotes = self.market.quotes
        values = np.stack([getattr(quotes, name)[rows] for name in COLUMNS])
        for price, size in ((_BID, _BID_SIZE), (_ASK, _ASK_SIZE)):
            values[size] = np.where(np.isnan(values[size]) & (values[price] > 0), _UNTOLD_SIZE, values[size])
        data_faults = self.data_faults
        if data_faults.widened != 1:
            half = (data_faults.widened - 1) * (values[_ASK] - values[_BID]) / 2
            values[_BID] = np.round(np.maximum(values[_BID] - half, np.minimum(values[_BID], _LEAST)), 2)
            values[_ASK] = np.round(values[_ASK] + half, 2)
        if data_faults.spiked is not None:
            values[[_BID, _ASK]] *= np.where(rows == self.market.row(data_faults.spiked), _SPIKE, 1.0)
        if data_faults.crossed:
            values[[_BID, _ASK]] = values[[_ASK, _BID]]
        if data_faults.no_bids:
            values[_BID] = np.where(np.isnan(values[_BID]), np.nan, 0.0)
            values[_BID_SIZE] = 0.0
        if data_faults.no_greeks:
            values[_GREEKS] = np.nan
        return values

    def open_interest(self, row: int) -> int:
        """Contracts of one option at the previous close."""
        return _size(float(self.market.quotes.open_interest[row]))

    def totals(self, symbol: str) -> tuple[int, int, int, int]:
        """(call volume, put volume, call open interest, put open interest) over all options of an underlying."""
        rows, listing, quotes = self.market.listing.rows(symbol), self.market.listing, self.market.quotes
        calls = listing.sign[rows] > 0
        volume, interest = np.nan_to_num(quotes.volume[rows]), np.nan_to_num(quotes.open_interest[rows])
        return (
            int(volume[calls].sum()),
            int(volume[~calls].sum()),
            int(interest[calls].sum()),
            int(interest[~calls].sum()),
        )

    def historical_volatility(self, symbol: str) -> float | None:
        """30-day volatility of the daily closes, decimal per root year."""
        closes = np.array([bar.close for bar in self.market.daily_bars(symbol, 31)])
        if len(closes) < 3:
            return None
        return float(np.std(np.diff(np.log(closes)), ddof=1) * math.sqrt(252))

    def remember_closes(self) -> None:
        """Keeps the marks of the session that ends: tomorrow's previous closes of the options."""
        listing, quotes = self.market.listing, self.market.quotes
        mid = np.round((quotes.bid + quotes.ask) / 2, 2)
        mark = np.where(np.isnan(mid), quotes.last, mid)
        known = np.flatnonzero(~np.isnan(mark))
        self._closes = dict(zip(listing.con_id[known].tolist(), mark[known].tolist(), strict=True))

    def previous_close(self, con_id: int) -> float | None:
        """Of an option, once a session has been simulated to its end."""
        return self._closes.get(con_id)

    def last_trade_days(self) -> NDArray[np.datetime64]:
        """For each listed option the date TWS names it by."""
        return (self.market.listing.last_trade // _DAY_S).astype(np.int64).astype("datetime64[D]")

    def session_of(self, day: date) -> Session | None:
        """The regular session of a day in New York; None on holidays and past the market's calendar."""
        if day not in self._hours:
            self._hours[day] = self._find_session(day)
        return self._hours[day]

    def sessions(self, first: date, days: int) -> Iterator[tuple[date, Session | None]]:
        """Each calendar day from the first on, with its session."""
        for number in range(days):
            day = first + timedelta(days=number)
            yield day, self.session_of(day)

    def _read(self, con_id: int) -> Quote:
        instrument = self.instrument(con_id)
        if instrument is None:
            return _NOTHING
        if instrument.option is None:
            return self._underlying_quote(instrument)
        row = self.market.row(con_id)
        if row is None:
            return _NOTHING
        values = self.columns(np.array([row]))[:, 0].tolist()
        bid, ask = decimal(values[_BID]), decimal(values[_ASK])
        mark = (bid + ask) / 2 if bid is not None and ask is not None else decimal(values[_LAST]) or decimal(values[_MODEL])
        return Quote(bid, ask, _size(values[_BID_SIZE]), _size(values[_ASK_SIZE]), mark)

    def _of_option(self, contract: Contract) -> Instrument:
        underlying = self.market.underlyings[contract.underlying]
        return Instrument(
            con_id=contract.con_id,
            symbol=contract.underlying,
            sec_type="OPT",
            trading_class=contract.root,
            exchange="SMART",
            primary_exchange="",
            currency=underlying.currency,
            under_con_id=underlying.con_id,
            kind=underlying.kind,
            penny=underlying.penny,
            option=contract,
            last_trade_day=self.market.calendar.last_trading_day(contract),
        )

    def _underlying_quote(self, instrument: Instrument) -> Quote:
        shown = self.market.spot(instrument.symbol)
        price = None if shown.price is None else decimal(shown.price)
        if instrument.sec_type == "IND" or price is None:
            return Quote(None, None, mark=price)
        bid = price - _CENT if shown.bid is None else decimal(shown.bid)
        ask = price + _CENT if shown.ask is None else decimal(shown.ask)
        return Quote(bid, ask, shown.bid_size or _STOCK_SIZE, shown.ask_size or _STOCK_SIZE, price)

    def _find_session(self, day: date) -> Session | None:
        """The market only tells whether it is open: noon decides, then both ends are narrowed down to the second."""
        midnight, noon = (datetime.combine(day, clock, NEW_YORK).astimezone(UTC) for clock in (time(0), time(12)))
        if not self.market.is_open(noon):
            return None
        opens = self._edge(midnight, noon)
        return Session(day, opens, self._edge(noon, noon + timedelta(hours=11)))

    def _edge(self, before: datetime, after: datetime) -> datetime:
        """The first second between the two at which the market is as it is at `after`."""
        wanted, low, high = self.market.is_open(after), 0, int((after - before).total_seconds())
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.market.is_open(before + timedelta(seconds=middle)) == wanted else (middle, high)
        return before + timedelta(seconds=high)


def decimal(value: float) -> Decimal | None:
    """The price as a trader writes it; None for an absent one."""
    return None if math.isnan(value) else Decimal(repr(value))


def _size(value: float) -> int:
    return 0 if math.isnan(value) else int(value)


def _of_underlying(underlying: Underlying) -> Instrument:
    return Instrument(
        con_id=underlying.con_id,
        symbol=underlying.symbol,
        sec_type=underlying.security_type,
        trading_class=underlying.symbol if underlying.kind != "stock" else "NMS",
        exchange=underlying.exchange,
        primary_exchange=underlying.primary_exchange,
        currency=underlying.currency,
        under_con_id=underlying.con_id,
        kind=underlying.kind,
        penny=underlying.penny,
    )
