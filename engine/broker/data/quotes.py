"""Streams quotes: keeps the market data lines at what is wanted and carries every tick to the sink.

ib_async's tickers are not used: they count no lines and lose ticks of unknown types. A tick is looked up by its request
number, cleaned of TWS's sentinels once, and written; a tick of a line that was given back is dropped.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ib_async import Client
from ib_async import Contract as IbContract

from engine.broker.asking import machine_s
from engine.broker.data.dividends import DIVIDENDS, dividend_of
from engine.broker.data.line import OPTION_TICKS, UNDERLYING_TICKS, Line, asked_for
from engine.broker.data.lines import Lines, round_s, turn_s
from engine.broker.errors import Meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.session.link import Link
from engine.broker.session.pacing import Pacing
from engine.broker.translate import delta as delta_of
from engine.broker.translate import greek, price, volatility
from engine.broker.translate import size as size_of
from engine.broker.unread import Unread
from engine.domain.contract import Contract
from engine.domain.facts.running import LinkChanged
from engine.domain.snapshot import DataQuality
from engine.ports import QuoteSink, Underlying

ROTATE_S = 20.0
"""A turn of the contracts that share lines: greeks need some seconds to come, and what is older than a minute is stale."""
ASK_AGAIN_S = 300.0
"""After a refusal: a farm that was away, or a person's watch list, may have given way; where nothing is subscribed it costs a
hundred requests every five minutes."""
QUALITY_AGAIN_S = 60.0
"""A line whose data are said to be of another kind than the others' is opened anew after so long: TWS says the kind only once."""

_BIDS, _ASKS, _LASTS = frozenset({1, 66}), frozenset({2, 67}), frozenset({4, 68})
_CLOSES, _OPENS = frozenset({9, 75}), frozenset({14, 76})
_BID_SIZES, _ASK_SIZES, _VOLUMES = frozenset({0, 69}), frozenset({3, 70}), frozenset({8, 74})
_MODELS = frozenset({13, 83})
_OPEN_INTEREST = {27: "C", 28: "P"}
_OPTION_VOLUME = {29: "C", 30: "P"}
"""Of a single option TWS sends both sides, and 0 for the side it is not."""
_IMPLIED_VOLATILITY, _HALTED = 24, 49
_QUALITIES: Mapping[int, DataQuality] = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed"}
_WORST_FIRST: tuple[DataQuality, ...] = ("unknown", "delayed", "frozen", "live")


@dataclass(slots=True)
class Stream:
    """The lines of this session; `at` is the arrival of the packet being read, UTC seconds since 1970."""

    client: Client
    sink: QuoteSink
    lines: Lines
    gauges: BrokerGauges
    contracts: Mapping[int, IbContract]
    """Contracts as TWS described them, by number: asked for with these, a line is never ambiguous."""
    unread: Unread
    link: Link
    pacing: Pacing
    say: Callable[[LinkChanged | None], object]
    """Tells what a price changes of the link."""
    at: float = 0.0
    _options: dict[int, Contract] = field(default_factory=dict[int, Contract])
    _underlyings: dict[int, Underlying] = field(default_factory=dict[int, Underlying])
    _open: dict[int, Line] = field(default_factory=dict[int, Line])
    """By request number."""
    _requests: dict[int, int] = field(default_factory=dict[int, int])
    """Request number by contract."""
    _timer: asyncio.TimerHandle | None = None
    _forgiveness: asyncio.TimerHandle | None = None

    # What the loop asks for.

    def watch(self, options: Iterable[Contract], underlyings: Iterable[Underlying], exploring: Iterable[Contract] = ()) -> None:
        """Make the lines these: underlyings first, since no option can be judged without its own, then options in order; those
        that explore take turns on what is left."""
        first = {one.con_id: one for one in underlyings}
        self._underlyings |= first
        kept, turning = ({one.con_id: one for one in some} for some in (options, exploring))
        self._options = kept | turning
        self.lines.want((*first, *kept), turning)
        self.apply()

    def requote(self, con_ids: Iterable[int]) -> None:
        """Open the lines of these contracts anew: TWS begins each with the quote as it stands.

        A blind line is left: only its next tick shows that the data are back.
        """
        if not self.client.isReady():
            return
        for con_id in con_ids:
            request = self._requests.get(con_id)
            if request is not None and not self._open[request].is_blind:
                self._give_up(request)
                with self.pacing.at("positions"):
                    self.client.cancelMktData(request)
                    self._subscribe(con_id)

    def hold(self, underlying: Underlying) -> None:
        """Keep a line on an underlying that the wish list may not have."""
        self._underlyings[underlying.con_id] = underlying
        self.lines.hold(underlying.con_id)
        self.apply()

    def release(self, underlying: Underlying) -> None:
        self.lines.release(underlying.con_id)
        self.apply()

    def price(self, con_id: int) -> float | None:
        """The last price heard on the underlying's line, if need be of the day before; good to know where the strikes lie."""
        line = self._open.get(self._requests.get(con_id, -1))
        return line.worth or line.close if line else None

    @property
    def quality(self) -> DataQuality:
        """The worst of the open lines; unknown before TWS has said anything, or while another session has the data."""
        lines = self._open.values()
        said = {line.quality for line in lines if line.quality is not None}
        if not said or any(line.is_blind for line in lines):
            return "unknown"
        return next(quality for quality in _WORST_FIRST if quality in said)

    @property
    def told(self) -> tuple[int, int]:
        """Lines of which something was told since they were opened, and all."""
        return sum(line.is_told for line in self._open.values()), len(self._open)

    @property
    def subscriptions(self) -> Mapping[int, int]:
        """Contract number by request number of every open line."""
        return {request: line.con_id for request, line in self._open.items()}

    # The session.

    def apply(self) -> None:
        """Bring the open lines to what the ledger wants; nothing while there is no link."""
        if not self.client.isReady():
            return
        changes = self.lines.changes()
        for con_id in changes.close:
            request = self._requests.pop(con_id)
            del self._open[request]
            with self.pacing.at("entries"):  # ahead of what opens in its place, or TWS has one line too many for a moment
                self.client.cancelMktData(request)
        for con_id in changes.open:
            with self.pacing.at("scans" if con_id in changes.exploring else "entries"):
                self._subscribe(con_id)
        self._take_turns()
        self._count()

    def restart(self) -> None:
        """The link is new, or TWS lost the subscriptions: every line is asked for again."""
        self.forget()
        self.apply()

    def forget(self) -> None:
        """The link is gone and its lines with it."""
        self._open.clear()
        self._requests.clear()
        self.lines.reset()
        for timer in (self._timer, self._forgiveness):
            if timer is not None:
                timer.cancel()
        self._timer = self._forgiveness = None
        self._count()

    def error(self, request: int, row: Meaning) -> bool:
        """Take an error that is addressed to a line; False where the number is none of ours."""
        line = self._open.get(request)
        if line is None:
            return False
        match row.line:
            case "full":
                self._give_up(request)
                self.lines.full(line.con_id)
                self._take_turns()
                self._ask_again_later()
            case "drop":
                self._give_up(request)
                self.lines.refuse(line.con_id)
                self._ask_again_later()
            case "blind":
                line.is_blind = True
            case "none":
                pass
        self._count()
        return True

    # Ticks.

    def tick_price(self, request: int, tick: int, value: float, size: float) -> None:
        line = self._heard(request)
        if line is None:
            return
        quoted, lots = price(value), size_of(size)
        if quoted is not None:
            self._priced(line)
        if tick in _BIDS or tick in _ASKS:
            self._side(line, "bid" if tick in _BIDS else "ask", quoted if lots else None, lots or 0.0)
        elif tick in _CLOSES:
            line.close = quoted
        elif tick in _OPENS and line.underlying is not None and quoted is not None:
            self.sink.day_open(line.underlying.symbol, self.at, quoted)
        elif tick in _LASTS and quoted is not None:
            line.last = quoted
            if line.option is not None:
                self.sink.option(line.con_id, self.at, last=quoted)
            else:
                self._underlying(line)

    def tick_size(self, request: int, tick: int, value: float) -> None:
        line = self._heard(request)
        size = size_of(value)
        if line is not None and line.underlying is not None and (tick in _BID_SIZES or tick in _ASK_SIZES):
            self._underlying(line)  # a size that is told says that the price beside it stands
        if line is None or line.option is None or size is None:
            return
        right = line.option.put_call
        if tick in _BID_SIZES or tick in _ASK_SIZES:
            self._size(line, "bid" if tick in _BID_SIZES else "ask", size)
        elif tick in _VOLUMES or _OPTION_VOLUME.get(tick) == right:
            self.sink.option(line.con_id, self.at, volume=size)
        elif _OPEN_INTEREST.get(tick) == right:
            self.sink.option(line.con_id, self.at, open_interest=size)

    def tick_model(self, request: int, tick: int, iv: float, delta: float, gamma: float, theta: float, vega: float) -> None:
        line = self._heard(request)
        if line is not None and line.option is not None and tick in _MODELS:
            self.sink.greeks(line.con_id, volatility(iv), delta_of(delta), greek(gamma), greek(theta), greek(vega))

    def tick_generic(self, request: int, tick: int, value: float) -> None:
        line = self._heard(request)
        symbol = line.underlying.symbol if line is not None and line.underlying is not None else ""
        if symbol and tick == _IMPLIED_VOLATILITY:
            self.sink.underlying_volatility(symbol, volatility(value))
        elif symbol and tick == _HALTED and value >= 0:  # -1: not known
            self.sink.trading(symbol, self.at, value > 0)

    def tick_string(self, request: int, tick: int, text: str) -> None:
        line = self._open.get(request)
        if line is not None and line.underlying is not None and tick == DIVIDENDS:
            self.sink.dividend(line.underlying.symbol, dividend_of(text))

    def tick_quality(self, request: int, kind: int) -> None:
        line = self._open.get(request)
        if line is None:
            return
        quality = _QUALITIES.get(kind)
        if quality is None:
            self.unread.say("kind of market data", f"TWS says that it sends market data of kind {kind}, which does not exist")
            self._open_anew_later(request)
            return
        line.quality = quality
        if quality != "live" and any(other.quality == "live" for other in self._open.values()):
            self._open_anew_later(request)

    # Inside.

    def _heard(self, request: int) -> Line | None:
        line = self._open.get(request)
        if line is not None:
            line.is_blind, line.is_told = False, True
            self.gauges.ticks += 1
            if self.link.is_competed and not any(one.is_blind for one in self._open.values()):
                self.say(self.link.has_data_again())
        return line

    def _priced(self, line: Line) -> None:
        self.gauges.prices += 1
        if self.link.broken_farms:
            kinds = {one.kind for one in self._open.values()}
            self.say(self.link.quoted(line.kind, kinds, asyncio.get_running_loop().time()))

    def _open_anew_later(self, request: int) -> None:
        asyncio.get_running_loop().call_later(QUALITY_AGAIN_S, self._open_anew, request)

    def _open_anew(self, request: int) -> None:
        line = self._open.get(request)
        if line is not None and line.quality != "live":
            self.requote([line.con_id])

    def _side(self, line: Line, side: str, quoted: float | None, size: float) -> None:
        if side == "bid":
            line.bid = quoted
        else:
            line.ask = quoted
        if line.underlying is not None:
            self._underlying(line)
        elif quoted is None:
            self.sink.no_quote(line.con_id, side, self.at)
        elif side == "bid":
            self.sink.option(line.con_id, self.at, bid=quoted, bid_size=size)
        else:
            self.sink.option(line.con_id, self.at, ask=quoted, ask_size=size)

    def _size(self, line: Line, side: str, size: float) -> None:
        quoted = line.bid if side == "bid" else line.ask
        if size == 0:
            self._side(line, side, None, size)
        elif quoted is not None:
            self._side(line, side, quoted, size)

    def _underlying(self, line: Line) -> None:
        if line.underlying is not None:
            self.sink.underlying(line.underlying.symbol, self.at, line.worth)
            if line.underlying.kind == "STK":
                self.sink.share(line.con_id, self.at, line.bid, line.ask)

    def _subscribe(self, con_id: int) -> None:
        request = self.client.getReqId()
        option, underlying = self._options.get(con_id), self._underlyings.get(con_id)
        self._open[request] = Line(con_id, option, underlying)
        self._requests[con_id] = request
        contract = self.contracts.get(con_id) or asked_for(con_id, option, underlying)
        self.client.reqMktData(request, contract, UNDERLYING_TICKS if underlying else OPTION_TICKS, False, False, [])

    def _give_up(self, request: int) -> None:
        self._requests.pop(self._open.pop(request).con_id, None)

    def _take_turns(self) -> None:
        if self.lines.is_short and self._timer is None:
            wait_s = machine_s(turn_s(self.lines.turning)) if self.lines.turning else ROTATE_S
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._rotate)

    def _rotate(self) -> None:
        """The next turn; where messages of the last one wait still, it waits too."""
        self._timer = None
        if not self.pacing.explores:
            self.lines.turn()
        self.apply()

    def _ask_again_later(self) -> None:
        if self._forgiveness is None:
            self._forgiveness = asyncio.get_running_loop().call_later(ASK_AGAIN_S, self._ask_again)

    def _ask_again(self) -> None:
        self._forgiveness = None
        self.lines.forgive()
        self.apply()

    def _count(self) -> None:
        self.gauges.lines_used, self.gauges.lines_turning = len(self._open), self.lines.on_turn
        self.gauges.lines_limit = self.lines.limit
        self.gauges.line_evictions = self.lines.evictions
        self.gauges.lines_exploring = exploring = self.lines.exploring
        self.gauges.explored_s = round_s(exploring, self.lines.turning)
