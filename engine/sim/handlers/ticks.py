"""Turns quotes into tick messages. Numbers and sentinels as TWS sends them: -1 for no price, -2 for no greek.

Source: IBKR, tick types; delayed data have types of their own.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from engine.sim.exchange.instruments import Quote
from engine.sim.handlers.lines import ComboLine, Emit, OptionLine, UnderlyingLine, Write
from engine.sim.market.quotes import UnderlyingQuote
from engine.sim.tape import MarketTape

_DELAYED_TYPES = {
    1: 66,
    2: 67,
    4: 68,
    0: 69,
    3: 70,
    5: 71,
    6: 72,
    7: 73,
    8: 74,
    9: 75,
    14: 76,
    45: 88,
    10: 80,
    11: 81,
    12: 82,
    13: 83,
}
_NO_PRICE, _NO_GREEK = -1.0, -2.0
_CAN_AUTO_EXECUTE = 1

_BID, _ASK, _BID_SIZE, _ASK_SIZE, _LAST, _VOLUME, _MODEL, _IV, _DELTA, _GAMMA, _THETA, _VEGA = range(12)
PRICE_COLUMNS = _ASK + 1
QUOTE_COLUMNS = _ASK_SIZE + 1
"""Bid and ask come first, their sizes next."""
FROM_MODEL = slice(_MODEL, None)
"""Columns of the model's answer."""


def type_of(tick: int, delayed: bool) -> int:
    """The number of a tick in live or in delayed data."""
    return _DELAYED_TYPES.get(tick, tick) if delayed else tick


def option_ticks(
    emit: Emit,
    line: OptionLine,
    values: Sequence[float],
    changed: Sequence[bool],
    *,
    spot: float,
    at: datetime,
    greeks: bool,
) -> None:
    """Ticks of one option; `values` and `changed` in the order of tape.COLUMNS."""
    req_id, delayed = line.req_id, line.delayed
    for price, size, price_type, size_type in ((_BID, _BID_SIZE, 1, 0), (_ASK, _ASK_SIZE, 2, 3)):
        if changed[price]:
            emit("tick_price", *_priced(req_id, type_of(price_type, delayed), values[price], values[size]))
        if changed[size]:
            emit("tick_size", req_id, type_of(size_type, delayed), _count(values[size]))
    if changed[_LAST] and not math.isnan(values[_LAST]):
        _traded(emit, req_id, values[_LAST], at, delayed)
    if changed[_VOLUME] and not math.isnan(values[_VOLUME]):
        emit("tick_size", req_id, type_of(8, delayed), _count(values[_VOLUME]))
    if not greeks or delayed:
        return
    moved = any(changed[_MODEL:])
    if changed[_BID] or (moved and math.isnan(values[_IV])):
        _computation(emit, req_id, 10, values, values[_BID], spot)
    if changed[_ASK] or (moved and math.isnan(values[_IV])):
        _computation(emit, req_id, 11, values, values[_ASK], spot)
    if changed[_LAST] and not math.isnan(values[_LAST]):
        _computation(emit, req_id, 12, values, values[_LAST], spot)
    if moved:
        _computation(emit, req_id, 13, values, values[_MODEL], spot)


def model_again(emit: Emit, line: OptionLine, values: Sequence[float], spot: float) -> None:
    """The model's answer as it stands, where there is one."""
    if not line.delayed and not math.isnan(values[_IV]):
        _computation(emit, line.req_id, 13, values, values[_MODEL], spot)


def written_quote(write: Write, line: OptionLine, values: Sequence[float]) -> tuple[bytes, bytes]:
    """Bid and ask as messages, to be sent as often as nothing new is to be said of them."""
    bid, ask = (
        _priced(line.req_id, type_of(price_type, line.delayed), values[price], values[size])
        for price, size, price_type in ((_BID, _BID_SIZE, 1), (_ASK, _ASK_SIZE, 2))
    )
    return write("tick_price", *bid), write("tick_price", *ask)


def option_generics(emit: Emit, line: OptionLine, tape: MarketTape, row: int) -> None:
    """Volume and open interest of an option, as far as they are known: the other right's are 0."""
    quotes = tape.market.quotes
    is_call = line.instrument.option is not None and line.instrument.option.put_call == "C"
    if 100 in line.generics and not math.isnan(quotes.volume[row]):
        volume = int(quotes.volume[row])
        emit("tick_size", line.req_id, 29, volume if is_call else 0)
        emit("tick_size", line.req_id, 30, 0 if is_call else volume)
    if 101 in line.generics and not math.isnan(quotes.open_interest[row]):
        interest = tape.open_interest(row)
        emit("tick_size", line.req_id, 27, interest if is_call else 0)
        emit("tick_size", line.req_id, 28, 0 if is_call else interest)


def underlying_ticks(emit: Emit, line: UnderlyingLine, quote: UnderlyingQuote, *, at: datetime) -> None:
    """Ticks of what differs from what the line showed last."""
    req_id, delayed, before = line.req_id, line.delayed, line.shown
    for price, size, price_type, size_type in (("bid", "bid_size", 1, 0), ("ask", "ask_size", 2, 3)):
        new, new_size = getattr(quote, price), getattr(quote, size)
        if new is not None and (before is None or new != getattr(before, price)):
            emit("tick_price", req_id, type_of(price_type, delayed), new, new_size or 0, _CAN_AUTO_EXECUTE)
        if new_size is not None and (before is None or new_size != getattr(before, size)):
            emit("tick_size", req_id, type_of(size_type, delayed), new_size)
    if quote.price is not None and (before is None or quote.price != before.price):
        emit("tick_price", req_id, type_of(4, delayed), quote.price, 0 if quote.bid is None else 100, 0)
        if quote.bid is not None:
            emit("tick_size", req_id, type_of(5, delayed), 100)
        emit("tick_string", req_id, type_of(45, delayed), str(int(at.timestamp())))
    if quote.volume is not None and (before is None or quote.volume != before.volume):
        emit("tick_size", req_id, type_of(8, delayed), quote.volume)
    for name, tick in (("high", 6), ("low", 7), ("previous_close", 9), ("open", 14)):
        new = getattr(quote, name)
        if new is not None and (before is None or new != getattr(before, name)):
            emit("tick_price", req_id, type_of(tick, delayed), new, 0, 0)


def same_price(before: UnderlyingQuote | None, now: UnderlyingQuote | None) -> bool:
    """Whether nothing of bid, ask and price was new, whatever else of a day was."""
    if before is None or now is None:
        return False
    return (before.bid, before.ask, before.price) == (now.bid, now.ask, now.price)


def underlying_again(emit: Emit, line: UnderlyingLine) -> None:
    """The price once more that the line showed last: its bid and ask, or the level of an index."""
    shown = line.shown
    if shown is None or shown.price is None:
        return
    if shown.bid is not None and shown.ask is not None:
        emit("tick_price", line.req_id, type_of(1, line.delayed), shown.bid, shown.bid_size or 0, _CAN_AUTO_EXECUTE)
        emit("tick_price", line.req_id, type_of(2, line.delayed), shown.ask, shown.ask_size or 0, _CAN_AUTO_EXECUTE)
    else:
        emit("tick_price", line.req_id, type_of(4, line.delayed), shown.price, 0, 0)


def underlying_generics(emit: Emit, line: UnderlyingLine, tape: MarketTape) -> None:
    """Option volume and open interest of the whole chain, historical volatility, and whether it is halted."""
    symbol = line.instrument.symbol
    calls, puts, call_interest, put_interest = tape.totals(symbol)
    for generic, pair in ((100, ((29, calls), (30, puts))), (101, ((27, call_interest), (28, put_interest)))):
        for tick, count in pair if generic in line.generics else ():
            emit("tick_size", line.req_id, tick, count)
    volatility = tape.historical_volatility(symbol) if 104 in line.generics else None
    if volatility is not None:
        emit("tick_generic", line.req_id, 23, volatility)
    underlying_halt(emit, line, tape)


def underlying_halt(emit: Emit, line: UnderlyingLine, tape: MarketTape) -> None:
    """0 while it trades, 1 while trading is halted."""
    emit("tick_generic", line.req_id, 49, 1.0 if tape.data_faults.halted else 0.0)


def underlying_volatility(emit: Emit, line: UnderlyingLine, iv30: float | None) -> None:
    if iv30 is not None and iv30 != line.iv30:
        emit("tick_generic", line.req_id, 24, iv30)
        line.iv30 = iv30


def combo_ticks(emit: Emit, line: ComboLine, quote: Quote) -> None:
    """Bid and ask of a combination, which may be negative or 0: only the size tells that a side is there."""
    for price, size, price_type, size_type in ((quote.bid, quote.bid_size, 1, 0), (quote.ask, quote.ask_size, 2, 3)):
        shown = _NO_PRICE if price is None else float(price)
        emit("tick_price", line.req_id, type_of(price_type, line.delayed), shown, size, _CAN_AUTO_EXECUTE)
        emit("tick_size", line.req_id, type_of(size_type, line.delayed), size)


def _priced(req_id: int, tick: int, price: float, size: float) -> tuple[int, int, float, int, int]:
    if math.isnan(price):
        return req_id, tick, _NO_PRICE, 0, 0
    return req_id, tick, price, _count(size), _CAN_AUTO_EXECUTE


def _traded(emit: Emit, req_id: int, price: float, at: datetime, delayed: bool) -> None:
    emit("tick_price", req_id, type_of(4, delayed), price, 1, 0)
    emit("tick_size", req_id, type_of(5, delayed), 1)
    emit("tick_string", req_id, type_of(45, delayed), str(int(at.timestamp())))


def _computation(emit: Emit, req_id: int, tick: int, values: Sequence[float], price: float, spot: float) -> None:
    """Greeks at the model's volatility; the volatility of bid, ask and last follows from the distance in vegas."""
    iv, vega = values[_IV], values[_VEGA]
    if tick != 13 and not math.isnan(iv) and vega > 0 and not math.isnan(price):
        iv = max(0.0, iv + (price - values[_MODEL]) / vega / 100)
    emit(
        "tick_option_computation",
        req_id,
        tick,
        0,
        _or(iv, _NO_PRICE),
        _or(values[_DELTA], _NO_GREEK),
        _or(price, _NO_PRICE),
        0.0 if not math.isnan(values[_IV]) else _NO_PRICE,
        _or(values[_GAMMA], _NO_GREEK),
        _or(vega, _NO_GREEK),
        _or(values[_THETA], _NO_GREEK),
        spot,
    )


def _or(value: float, absent: float) -> float:
    return absent if math.isnan(value) else value


def _count(value: float) -> int:
    return 0 if math.isnan(value) else int(value)
