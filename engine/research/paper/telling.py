"""Tells the engine's quotes what the recorded market shows: the whole of an instant, once and again while it stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from engine.domain.contract import Contract
from engine.sim.market.quotes import Floats
from engine.sim.tape import COLUMNS, MarketTape
from engine.store.quotes import QuoteStore

_TOLD = tuple(name for name in COLUMNS if name != "model")


class Telling:
    """What of the market is told: every option that was recorded, or those on the lines that the engine has chosen."""

    def __init__(self, tape: MarketTape, quotes: QuoteStore, *, by_lines: bool) -> None:
        """`by_lines` tells what `watch` names and nothing else; without it every option of the day that has a row."""
        self._tape, self._quotes, self._by_lines = tape, quotes, by_lines
        self._contracts: dict[int, Contract] = {}
        self._options: Sequence[int] = ()
        self._underlyings: Sequence[str] = ()
        self._volatilities: dict[str, float | None] = {}

    def contract(self, con_id: int) -> Contract:
        """The listed option of a number, its strike written without an exponent."""
        known = self._contracts.get(con_id)
        if known is None:
            listed = self._tape.market.contract(con_id)
            assert listed is not None, "only numbers of the listing are asked for"
            strike = Decimal(f"{listed.strike:f}")
            known = self._contracts[con_id] = Contract(
                con_id, listed.underlying, listed.root, listed.expiry, strike, listed.put_call, listed.multiplier
            )
        return known

    @property
    def watched(self) -> int:
        """Streams that the engine has opened."""
        return len(self._options) + len(self._underlyings)

    def watch(self, options: Sequence[int], underlyings: Sequence[str]) -> None:
        self._options, self._underlyings = options, underlyings

    def tell(self, now: datetime) -> None:
        """Tell prices and options as the market shows them, all of them as quoted now."""
        self.tell_prices(now)
        self.tell_options(self._options if self._by_lines else self._tape.market.listing.con_id.tolist(), now)

    def tell_options(self, con_ids: Sequence[int], now: datetime) -> None:
        """Tell these options as the market shows them, as quoted now; those that were not recorded today are left out."""
        at, listing = now.timestamp(), self._tape.market.listing
        rows = np.array([listing.rows_by_con_id.get(number, -1) for number in con_ids], dtype=np.int64)
        rows = rows[rows >= 0]
        if not rows.size:
            return
        values: Floats = self._tape.columns(rows)
        columns = {name: values[COLUMNS.index(name)] for name in _TOLD}
        # TWS tells a bid of 0 as it tells that there is none.
        for side in ("bid", "ask"):
            is_quoted = columns[side] > 0
            for name in (side, f"{side}_size"):
                columns[name] = np.where(is_quoted, columns[name], np.nan)
        columns["open_interest"] = self._tape.market.quotes.open_interest[rows]
        # What is not quoted at this instant is withdrawn, so that a chain depends on its own instant alone.
        columns["quoted_at"] = np.full(len(rows), at)
        self._quotes.fill(listing.con_id[rows].tolist(), columns, whole=True)

    def tell_anew(self) -> None:
        """Take down what only a new instant changes: the volatility that options imply."""
        market = self._tape.market
        self._volatilities = {symbol: market.iv30(symbol) for symbol in market.underlyings}

    def tell_closes(self, now: datetime, closes: Mapping[str, float]) -> None:
        """Tell at which price each underlying closed: what has expired settles at it."""
        for symbol, close in closes.items():
            self._quotes.underlying(symbol, now.timestamp(), close)

    def tell_prices(self, now: datetime) -> None:
        """Tell where the underlyings stand, what their options imply, and both sides of those that trade."""
        at, market = now.timestamp(), self._tape.market
        for symbol in self._underlyings:
            shown, instrument = market.spot(symbol), self._tape.underlying(symbol)
            listed = market.listing.rows(symbol)
            # Options that were recorded without a price of what they are on: its last close is another market's.
            is_known = shown.high is not None or listed.start == listed.stop
            self._quotes.underlying(symbol, at, shown.price if is_known else None)
            self._quotes.underlying_volatility(symbol, self._volatilities.get(symbol))
            if shown.open is not None:
                self._quotes.day_open(symbol, at, shown.open)
            if instrument is not None and instrument.sec_type == "STK":
                quote = self._tape.quote(instrument.con_id)
                bid, ask = (None if side is None else float(side) for side in (quote.bid, quote.ask))
                self._quotes.share(instrument.con_id, at, bid, ask)
