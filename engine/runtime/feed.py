"""What the broker is asked to show: underlyings, history, chains, and the lines that stream.

Prepared after every connect, refreshed on each trading day and when strategies change. The choice of lines is the core's
(`decide.wanted`); here it is only passed on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from engine.decide.wanted import Guess, wanted
from engine.domain.chain import ChainSnapshot, MarketState
from engine.domain.contract import Contract
from engine.domain.ledger import Ledger
from engine.domain.session import Session, days_to_expiry, trading_day
from engine.ports import Broker, DailyBars, Underlying
from engine.runtime.library import Shelf
from engine.runtime.schedule import sessions_between
from engine.strategy.expressions import measures_in
from engine.strategy.model import Strategy
from engine.strategy.values import DayRange

VIX = "VIX"
HISTORY_DAYS = 300
"""A year of sessions for ranks, and room for holidays and gaps."""
BAND = 0.15
"""Strikes within this fraction of the spot are loaded: wider than a delta of 0.05 at 60 days in calm and nervous markets."""
MONTHLY_DAYS = 45
"""`next monthly` is at most five weeks away; a few days of slack."""


@dataclass(frozen=True, slots=True)
class Carry:
    """Interest and dividends of one underlying, continuous, per year."""

    rate: float
    dividend: float


class Quotes(Protocol):
    """What the feed and the beat need of the quote store."""

    def layout(self, contracts: Iterable[Contract], carries: Mapping[str, Carry], sessions: Sequence[Session] = ()) -> None: ...

    def spot(self, symbol: str) -> tuple[float, float] | None: ...

    def volatility(self, symbol: str) -> float | None: ...

    def snapshot(self, now: datetime) -> ChainSnapshot: ...


@dataclass(frozen=True, slots=True)
class _Known:
    underlying: Underlying
    bars: DailyBars
    loaded_on: date


class Feed:
    """Chains and history of everything that the strategies or the open positions need."""

    def __init__(self, broker: Broker, quotes: Quotes) -> None:
        self._broker, self._quotes = broker, quotes
        self._known: dict[str, _Known] = {}
        self._contracts: dict[str, tuple[Contract, ...]] = {}
        self._watched: list[Contract] = []

    async def prepare(self, shelf: Shelf, ledger: Ledger, now: datetime) -> None:
        """Load what is missing or of another day, lay out the rows, and stream.

        Raises Transient when the broker does not answer and UserError for an underlying it does not know.
        """
        today, strategies = trading_day(now), list(shelf.strategies.values())
        for symbol in _symbols(strategies, ledger):
            known = self._known.get(symbol)
            if known is None or known.loaded_on != today:
                underlying = await self._broker.underlying(symbol)
                bars = await self._broker.daily_bars(underlying, HISTORY_DAYS)
                self._known[symbol] = _Known(underlying, bars, today)
                self._contracts.pop(symbol, None)
        self._broker.watch((), self._underlyings())
        for symbol in sorted({name for strategy in strategies for name in strategy.universe} - {VIX}):
            if symbol not in self._contracts:
                chain = await self._broker.chain(self._known[symbol].underlying, _expiries(symbol, strategies, now), BAND)
                self._contracts[symbol] = tuple(chain)
        held = {leg.contract for order in ledger.orders.values() if order.fills for leg in order.spread.legs}
        contracts = {contract for chain in self._contracts.values() for contract in chain}
        contracts |= {contract for contract in held if contract.expiry >= today}
        sessions = sessions_between(today - timedelta(days=7), max((c.expiry for c in contracts), default=today))
        pricing = shelf.account.pricing
        carries = {
            symbol: Carry(float(pricing.rate), float(pricing.dividend_yield.get(symbol, 0)))
            for symbol in {contract.underlying for contract in contracts}
        }
        self._quotes.layout(contracts, carries, sessions)
        self.rewatch(shelf, ledger, now)

    def is_stale(self, shelf: Shelf, now: datetime) -> bool:
        """Whether `prepare` must run again: a new trading day, or an underlying that was not there before."""
        today = trading_day(now)
        needed = {name for strategy in shelf.strategies.values() for name in strategy.universe}
        return any(name not in self._known or self._known[name].loaded_on != today for name in needed)

    def rewatch(self, shelf: Shelf, ledger: Ledger, now: datetime) -> None:
        """Stream what is worth a line now."""
        guesses: dict[str, Guess] = {}
        for symbol, known in self._known.items():
            price = self._price(symbol)
            if price is not None:
                last = known.bars.implied_volatilities[-1:] or (None,)
                guesses[symbol] = Guess(price, self._quotes.volatility(symbol) or last[0])
        contracts = (contract for chain in self._contracts.values() for contract in chain)
        chosen = wanted(list(shelf.strategies.values()), contracts, guesses, ledger, now)
        if chosen != self._watched:
            self._broker.watch(chosen, self._underlyings())
            self._watched = chosen

    def market(self, shelf: Shelf, now: datetime) -> dict[str, MarketState]:
        """What is known of every underlying, for the `when` conditions."""
        vix = self._quotes.spot(VIX)
        events = shelf.events
        days = events.days() if events is not None else None
        return {
            symbol: MarketState(
                underlying=symbol,
                price=self._spot(symbol),
                previous_close=known.bars.closes[-1] if known.bars.closes else None,
                iv30=self._quotes.volatility(symbol),
                iv_history=known.bars.implied_volatilities,
                closes=known.bars.closes,
                vix=vix[0] if vix else None,
                events=days,
                events_until=events.horizon if events is not None else None,
            )
            for symbol, known in self._known.items()
        }

    def _underlyings(self) -> list[Underlying]:
        return [known.underlying for _, known in sorted(self._known.items())]

    def _spot(self, symbol: str) -> float | None:
        heard = self._quotes.spot(symbol)
        return heard[0] if heard else None

    def _price(self, symbol: str) -> float | None:
        """The spot, or before it is heard the last close: good enough to choose strikes by."""
        closes = self._known[symbol].bars.closes
        return self._spot(symbol) or (closes[-1] if closes else None)


def _symbols(strategies: Iterable[Strategy], ledger: Ledger) -> list[str]:
    names = {name for strategy in strategies for name in strategy.universe}
    names |= {position.spread.underlying for position in ledger.open_positions()}
    if any(measure.name == "vix" for s in strategies for line in s.when for measure in measures_in(line.expression)):
        names.add(VIX)
    return sorted(names)


def _expiries(symbol: str, strategies: Iterable[Strategy], now: datetime) -> Callable[[date], bool]:
    """Whether some strategy on this underlying may open an expiry."""
    rules = [strategy.spread.expiry for strategy in strategies if symbol in strategy.universe]
    ranges = [(rule.min_days, rule.max_days) if isinstance(rule, DayRange) else (0, MONTHLY_DAYS) for rule in rules]
    return lambda expiry: any(low <= days_to_expiry(now, expiry) <= high for low, high in ranges)
