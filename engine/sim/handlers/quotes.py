"""Market data requests of one client: streams, snapshots, and which of their ticks are due."""

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sim.exchange.checks import legs_refusal
from engine.sim.exchange.combos import combo_quote
from engine.sim.exchange.instruments import Quote, signed_legs
from engine.sim.exchange.rules import combo_tick, min_tick
from engine.sim.handlers import ticks
from engine.sim.handlers.context import Client, Context, Find
from engine.sim.handlers.contracts import WRONG_TYPE, names_a_type
from engine.sim.handlers.lines import (
    Bools,
    ComboLine,
    Floats,
    Line,
    OptionLine,
    Shown,
    UnderlyingLine,
)
from engine.sim.messages import error, leg_of
from engine.sim.wire.codec import Message

LEGAL_GENERICS = frozenset({100, 101, 104, 105, 106, 165, 221, 225, 232, 233, 236, 258, 293, 294, 295, 318, 375, 411, 456})
_NOT_FOUND = "No security definition has been found for the request"
_NOT_SUBSCRIBED = "Requested market data is not subscribed."
_DELAYED_SHOWN = "Requested market data is not subscribed. Displaying delayed market data."
_PARTLY = "Part of requested market data is not subscribed. Subscription-independent ticks are still active."
_COMPETING = "No market data during competing live session"
_LIVE, _DELAYED = 1, 3
_LEAST_MOVE = 0.03
"""USD per share by which a quote must at least have moved to be told out of turn: an option worth cents moves by large parts."""


class QuoteHandler:
    """The lines of one client."""

    def __init__(self, context: Context, client: Client, find: Find) -> None:
        self.competing = False
        self._exchange = context.exchange
        self._tape = context.tape
        self._lines = context.lines
        self._options = context.options
        self._faults = context.faults
        self._later = context.later
        self._now = context.now
        self._send = client.send
        self._emit = client.emit
        self._write = client.write
        self._again = client.again
        self._find = find
        self._wanted_type = _LIVE
        self._open: dict[int, Line] = {}
        self._snapshots: set[int] = set()
        self._option_lines = Shown()

    @property
    def is_streaming(self) -> bool:
        return bool(self._open)

    def data_type(self, request: Message) -> None:
        self._wanted_type = request.whole("market_data_type")

    def start(self, request: Message) -> None:
        """Opens a line, or says why not."""
        req_id = request.whole("req_id")
        problem = self._problem(req_id, request)
        line = None if problem is not None else self._line_for(req_id, request)
        if problem is None and line is None:
            problem = (200, _NOT_FOUND)
        elif problem is None and (self._faults.on("lines_taken") is not None or not self._lines.take()):
            problem = (101, "Max number of tickers has been reached")
        if problem is not None:
            self._send(error(req_id, *problem))
        elif line is not None:
            self._begin(line, snapshot=request.flag("snapshot") or request.flag("regulatory_snapshot"))

    def cancel(self, request: Message) -> None:
        req_id = request.whole("req_id")
        if req_id in self._open:
            self._end(req_id)
        else:
            self._send(error(req_id, 300, f"Can't find EId with tickerId:{req_id}"))

    def tick(self, *, relisted: bool, underlyings: tuple[str, ...]) -> None:
        """Sends what changed since the last time."""
        if relisted:
            self._option_lines.place_anew(self._tape.market.row)
        self._tell_generics(of_all=relisted)
        if self.competing:
            return
        self._tick_options()
        self._tick_others(frozenset(underlyings))

    def glance(self, held: Container[int], underlyings: frozenset[str], part: float) -> None:
        """Sends what changed of these contracts and of everything that is no option, where the middle of one of them has moved by
        this part of itself since it was told."""
        places = self._option_lines.places(held)
        if self.competing or not places.size:
            return
        told, now = (
            values[: ticks.PRICE_COLUMNS].mean(axis=0)
            for values in (self._option_lines.values[:, places], self._tape.columns(self._option_lines.rows[places]))
        )
        if not np.any(np.abs(now - told) > np.maximum(_LEAST_MOVE, part * told)):
            return
        self._tick_options(places)
        self._tick_others(underlyings)

    def _tell_generics(self, *, of_all: bool) -> None:
        """A new day has open interest of its own; within one a recording may come to know that of an option."""
        shown = self._option_lines
        lines = shown.new_interest(self._tape.market.quotes.open_interest[shown.rows])
        for line in shown.lines if of_all else lines:
            row = self._tape.market.row(line.instrument.con_id)
            assert row is not None, "only listed options are streamed"
            ticks.option_generics(self._emit, line, self._tape, row)

    def _tick_others(self, moved: frozenset[str]) -> None:
        for line in list(self._open.values()):
            if isinstance(line, UnderlyingLine):
                before = line.shown
                if line.instrument.symbol in moved:
                    self._show_underlying(line)
                if self._options.repeats_quotes and ticks.same_price(before, line.shown):
                    ticks.underlying_again(
                        self._emit, line
                    )  # a price that stands is no older than the quotes that are told with it
            elif isinstance(line, ComboLine):
                self._show_combo(line)

    def compete(self, competing: bool) -> None:
        """Another session of the user takes the data (10197), or gives them back."""
        self.competing = competing
        for req_id in self._open if competing else ():
            self._send(error(req_id, 10197, _COMPETING))

    def halt(self) -> None:
        """Trading in the underlyings is halted, or goes on."""
        for line in self._open.values():
            if isinstance(line, UnderlyingLine):
                ticks.underlying_halt(self._emit, line, self._tape)

    def lose(self) -> None:
        """All lines end without a word: after 1101 they have to be asked for again, and when the client has gone."""
        for req_id in list(self._open):
            self._end(req_id)

    def _problem(self, req_id: int, request: Message) -> tuple[int, str] | None:
        if req_id in self._open:
            return 322, "Error processing request.-'bW' : cause - Duplicate ticker id"
        generics = _generics(request.text("generic_ticks"))
        snapshot = request.flag("snapshot") or request.flag("regulatory_snapshot")
        if generics is None or not generics <= LEGAL_GENERICS:
            legal = ",".join(str(number) for number in sorted(LEGAL_GENERICS))
            text = f"Incorrect generic tick list of {request.text('generic_ticks')}.  Legal ones are: {legal}"
            return 321, f"Error validating request.-'bW' : cause - {text}"
        if generics and snapshot:
            text = "Snapshot market data subscription is not applicable to generic ticks"
            return 321, f"Error validating request.-'bW' : cause - {text}"
        if not names_a_type(request):
            return 321, f"Error validating request.-'bW' : cause - {WRONG_TYPE}"
        if request.text("sec_type") == "BAG":
            refusal = legs_refusal(request.text("symbol"), [leg_of(row) for row in request.rows("legs")], self._tape)
            if refusal is not None:
                return refusal.code, refusal.text
        if self.competing or self._faults.on("competing"):  # also for who connects meanwhile
            return 10197, _COMPETING
        is_none = self._options.data == "none" or self._faults.on("no_data") is not None
        is_none = is_none or (request.text("sec_type") == "OPT" and self._faults.on("no_option_data") is not None)
        if is_none or (self._is_delayed() and self._wanted_type < _DELAYED):
            return self._options.not_subscribed_code, _NOT_SUBSCRIBED
        return None

    def _line_for(self, req_id: int, request: Message) -> Line | None:
        delayed = self._is_delayed()
        if request.text("sec_type") == "BAG":
            legs = signed_legs([leg_of(row) for row in request.rows("legs")], "BUY")
            return ComboLine(req_id, legs, delayed)
        found = self._find(request)
        if len(found) != 1:
            return None
        generics = _generics(request.text("generic_ticks")) or frozenset()
        kind = UnderlyingLine if found[0].option is None else OptionLine
        return kind(req_id, found[0], generics, delayed)

    def _begin(self, line: Line, *, snapshot: bool) -> None:
        req_id = line.req_id
        self._open[req_id] = line
        if line.delayed:
            self._send(error(req_id, 10167, _DELAYED_SHOWN))
        self._emit("market_data_type", req_id, _DELAYED if line.delayed else _LIVE)
        self._emit("tick_req_params", req_id, self._min_tick(line), "a60001", 3)
        match line:
            case OptionLine():
                self._begin_option(line)
            case UnderlyingLine():
                self._show_underlying(line)
                ticks.underlying_generics(self._emit, line, self._tape)
                told = self._options.dividends.get(line.instrument.symbol) if 456 in line.generics else None
                if told is not None:
                    self._emit("tick_string", req_id, 59, told)
            case ComboLine():
                self._show_combo(line)
        if snapshot:
            self._snapshots.add(req_id)
            if self._is_complete(line):
                self._end_snapshot(req_id)
            else:
                self._later(self._options.snapshot_wait_s, lambda: self._end_snapshot(req_id))

    def _begin_option(self, line: OptionLine) -> None:
        row = self._tape.market.row(line.instrument.con_id)
        assert row is not None, "only listed options are found"
        if self._options.missing_underlying:
            self._send(error(line.req_id, 10090, _PARTLY))
        self._option_lines.add(line, row, float(self._tape.market.quotes.open_interest[row]))
        close = self._tape.previous_close(line.instrument.con_id)
        if close is not None:
            self._emit("tick_price", line.req_id, ticks.type_of(9, line.delayed), close, 0, 0)
        ticks.option_generics(self._emit, line, self._tape, row)
        self._tick_options()

    def _end_snapshot(self, req_id: int) -> None:
        if req_id in self._snapshots:
            self._end(req_id)
            self._emit("tick_snapshot_end", req_id)

    def _end(self, req_id: int) -> None:
        line = self._open.pop(req_id)
        self._snapshots.discard(req_id)
        self._lines.release()
        if isinstance(line, OptionLine) and line in self._option_lines.lines:
            self._option_lines.remove(line)

    def _tick_options(self, places: NDArray[np.int64] | None = None) -> None:
        """Sends what changed of the options at these places, of all where none are named."""
        shown = self._option_lines
        if places is None:
            places = np.arange(len(shown.lines))
        if not places.size:
            return
        values = self._tape.columns(shown.rows[places])
        changed = shown.changes(values, places)
        lines = [shown.lines[place] for place in places.tolist()]
        spots: dict[str, float] = {}
        for place in np.flatnonzero(changed.any(axis=0)).tolist():
            line = lines[place]
            symbol = line.instrument.symbol
            if symbol not in spots:
                spots[symbol] = self._tape.market.spot(symbol).price or -1.0
            ticks.option_ticks(
                self._emit,
                line,
                values[:, place].tolist(),
                changed[:, place].tolist(),
                spot=spots[symbol],
                at=self._now(),
                greeks=not self._options.missing_underlying,
            )
        if self._options.repeats_quotes:
            self._repeat(lines, values, changed)
        if self._options.repeats_greeks and not self._options.missing_underlying:
            for place in np.flatnonzero(~changed[ticks.FROM_MODEL].any(axis=0)).tolist():
                line, spot = lines[place], self._tape.market.spot(lines[place].instrument.symbol).price or -1.0
                ticks.model_again(self._emit, line, values[:, place].tolist(), spot)

    def _repeat(self, lines: Sequence[OptionLine], values: Floats, changed: Bools) -> None:
        """Bid and ask once more, where there was nothing new to say of them."""
        frames = list[bytes]()
        for place in np.flatnonzero(changed[: ticks.QUOTE_COLUMNS].any(axis=0)).tolist():
            lines[place].quote = None
        for place, (line, new_bid, new_ask) in enumerate(zip(lines, *changed[: ticks.PRICE_COLUMNS].tolist(), strict=True)):
            if line.quote is None:
                line.quote = ticks.written_quote(self._write, line, values[:, place].tolist())
            bid, ask = line.quote
            if not new_bid:
                frames.append(bid)
            if not new_ask:
                frames.append(ask)
        self._again(frames)

    def _show_underlying(self, line: UnderlyingLine) -> None:
        quote = self._tape.market.spot(line.instrument.symbol)
        if quote != line.shown:
            ticks.underlying_ticks(self._emit, line, quote, at=self._now())
            line.shown = quote
        if 106 in line.generics:
            ticks.underlying_volatility(self._emit, line, self._tape.market.iv30(line.instrument.symbol))

    def _show_combo(self, line: ComboLine) -> None:
        inside = self._exchange.fills.complex_book
        quote = Quote(None, None) if self._faults.on("bag_silent") else combo_quote(line.legs, self._tape, inside)
        if quote != line.shown and not self._faults.on("bag_silent"):
            ticks.combo_ticks(self._emit, line, quote)
        line.shown = quote

    def _is_complete(self, line: Line) -> bool:
        match line:
            case OptionLine():
                values = self._option_lines.values[:, self._option_lines.lines.index(line)]
                return not bool(np.isnan(values[[0, 1, 7]]).any())
            case UnderlyingLine():
                return line.shown is not None and line.shown.price is not None
            case ComboLine():
                return line.shown.bid is not None and line.shown.ask is not None

    def _is_delayed(self) -> bool:
        return self._options.data == "delayed" or self._faults.on("delayed") is not None

    def _min_tick(self, line: Line) -> float:
        if not isinstance(line, ComboLine):
            return float(min_tick(line.instrument))
        leg = self._tape.instrument(line.legs[0][0])
        assert leg is not None, "the legs were found when the line was opened"
        return float(combo_tick(leg, len(line.legs)))


def _generics(text: str) -> frozenset[int] | None:
    """The generic ticks asked for; None where the list is not one of numbers."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return None
    return frozenset(int(part) for part in parts)
