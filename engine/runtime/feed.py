"""What the broker is asked to show: underlyings, history, chains, and the lines that stream.

Prepared after every connect, refreshed on each trading day and when strategies change. The choice of lines is the core's
(`decide.subscriptions`); here it is only passed on.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from engine.compile.market import VIX, bars_in, openings_in, others_in
from engine.decide.exploration import Wish, wish
from engine.decide.subscriptions import Guess
from engine.domain.chain import Bars, Level, MarketState
from engine.domain.clocks import NUMBERS_STAND_FOR
from engine.domain.contract import Contract
from engine.domain.errors import BrokerRefused, Transient, UserError
from engine.domain.index_classes import trades_itself
from engine.domain.ledger import Ledger
from engine.domain.session import days_to_expiry, trading_day
from engine.ports import Broker, DailyBars, Underlying
from engine.runtime.library import StrategySet
from engine.runtime.schedule import calendar_around, session_of
from engine.runtime.standing import Coverage
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore
from engine.strategy.expressions.tree import Condition
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import LATEST_MONTHLY, DayRange

HISTORY_DAYS = 300
"""A year of sessions for ranks, and room for holidays and gaps."""
HISTORY_AGAIN = timedelta(minutes=5)
"""Between two questions for a history that was not had: TWS refuses who asks often."""
CHAIN_AGAIN = timedelta(minutes=1)
"""Between two questions for an underlying or a chain that was not had."""
NO_HISTORY = DailyBars((), (), ())
BAND = 0.15
"""Strikes within this fraction of the spot are loaded: wider than a delta of 0.05 at 60 days in calm and nervous markets."""
BAND_OF_VOLATILITY = 1.0
"""The same for an index of volatility, which may double in that time."""
LINES_SPARE = 10
"""Left for TWS's own windows and for a new position's legs."""


Days = frozenset[tuple[int, int]]
"""Ranges of days to expiry, from and to."""


@dataclass(frozen=True, slots=True)
class _Known:
    underlying: Underlying
    bars: DailyBars
    loaded_on: date
    requested_at: datetime

    def lacks_history(self, now: datetime) -> bool:
        """Whether its history was not had and may be asked for again."""
        return not self.bars.closes and now - self.requested_at >= HISTORY_AGAIN


class Feed:
    """Chains and history of everything that the strategies or the open positions need."""

    def __init__(self, broker: Broker, quotes: QuoteStore, lines: int, explore_share: float = 0.0) -> None:
        """`lines` are the market data lines that may be used; the share of them goes through the whole chain in turns."""
        self._broker, self._quotes, self._lines = broker, quotes, lines
        self._explore_share = explore_share
        self._near: tuple[Contract, ...] = ()
        self._known: dict[str, _Known] = {}
        self._contracts: dict[str, tuple[Contract, ...]] = {}
        self._loaded_for: dict[str, Days] = {}
        """What the contracts of an underlying were loaded for."""
        self._refused: dict[str, date] = {}
        """Days on which the broker refused an underlying."""
        self._put_off: dict[str, datetime] = {}
        """When an underlying or a chain that was not had was asked for."""
        self._is_preparing = False
        self._is_prepared = False
        self._needed: tuple[StrategySet, Mapping[str, Days]] | None = None
        """What the strategies in force need, kept as long as it is the same one: asked for every second."""
        self._heard_minutes: tuple[StrategySet, frozenset[int], frozenset[int]] | None = None
        """How many first minutes of a session the lines look at, and how long the bars are, kept in the same way."""
        self._watched = Wish(())
        self._laid_out: frozenset[int] = frozenset()
        """Contracts that have a row, by contract number."""
        self.carries: dict[str, Carry] = {}
        """Interest and dividends that the chain was last laid out with, by underlying."""

    async def prepare(self, in_force: StrategySet, ledger: Ledger, now: datetime) -> list[str]:
        """Load what is missing or of another day, lay out the rows, and stream; what the broker refused, for people.

        One underlying that the broker does not know stops nothing else; it is asked for again on the next day. One that has no
        price or no chain to give now, for want of a subscription or of an answer, stops nothing else either and is asked for
        again in a minute: open positions on the others must be guarded. One without history is traded without it: measures
        of past days are unknown until the history is loaded. While a preparation runs, another returns at once. Raises
        Transient when the link is lost.
        """
        if self._is_preparing:
            return []
        self._is_preparing, self._is_prepared = True, False
        try:
            refused = await self._prepare(in_force, ledger, now)
            self._is_prepared = True
            return refused
        finally:
            self._is_preparing = False

    async def _prepare(self, in_force: StrategySet, ledger: Ledger, now: datetime) -> list[str]:
        today, strategies = trading_day(now), list(in_force.strategies.values())
        refused: list[str] = []
        pinned = {position.digest for position in ledger.open_positions()} & in_force.versions.keys()
        for symbol in _symbols(
            [*strategies, *(in_force.versions[digest] for digest in sorted(pinned))], ledger, in_force.account.indices
        ):
            known = self._known.get(symbol)
            if (known is None or known.loaded_on != today) and not self._is_refused(symbol, now):
                try:
                    underlying = await self._broker.underlying(symbol)
                except Transient as error:
                    refused.append(self._later(symbol, now, error))
                    continue
                except (UserError, BrokerRefused) as error:
                    self._refused[symbol] = today
                    refused.append(f"{symbol} is not traded today: {error}")
                    continue
                self._known[symbol] = _Known(underlying, await self._history(underlying, refused), today, now)
                self._contracts.pop(symbol, None)
                self._loaded_for.pop(symbol, None)
            elif known is not None and known.lacks_history(now):
                self._known[symbol] = replace(known, bars=await self._history(known.underlying, refused), requested_at=now)
        self._broker.watch(self._watched.kept, self._underlyings(), self._watched.exploring)
        for symbol in sorted({name for strategy in strategies for name in strategy.universe} & self._known.keys()):
            days = _days(symbol, strategies)
            is_had = symbol in self._contracts and days <= self._loaded_for[symbol]
            is_had = is_had and symbol not in self._broker.unfinished_chains
            if not is_had and not self._is_refused(symbol, now):
                band = BAND if trades_itself(symbol) else BAND_OF_VOLATILITY
                try:
                    chain = await self._broker.chain(self._known[symbol].underlying, _within(days, now), band)
                except (Transient, BrokerRefused) as error:
                    refused.append(self._later(symbol, now, error))
                    continue
                except UserError as error:
                    self._refused[symbol] = today
                    refused.append(f"{symbol} is not traded today: {error}")
                    continue
                self._contracts[symbol], self._loaded_for[symbol] = tuple(chain), days
                if symbol in self._broker.unfinished_chains:
                    self._put_off[symbol] = now
        held = {leg.contract for order in ledger.orders.values() if order.fills for leg in order.spread.legs}
        held.update(ledger.ladder.contracts)
        contracts = {contract for chain in self._contracts.values() for contract in chain}
        contracts |= {contract for contract in held if contract.expiry >= today and not contract.is_share}
        pricing = in_force.account.pricing
        self.carries = {
            symbol: Carry(float(pricing.rate), float(pricing.dividend_yield.get(symbol, 0)))
            for symbol in {contract.underlying for contract in contracts}
        }
        self._quotes.layout(contracts, self.carries, calendar_around(now))
        self._laid_out = frozenset(contract.con_id for contract in contracts)
        self._watched = Wish(())
        self.rewatch(in_force, ledger, now)
        return refused

    def _is_refused(self, symbol: str, now: datetime) -> bool:
        """Whether the broker had no such underlying today, or no answer about it a moment ago."""
        requested_at = self._put_off.get(symbol)
        return self._refused.get(symbol) == trading_day(now) or (requested_at is not None and now - requested_at < CHAIN_AGAIN)

    def _later(self, symbol: str, now: datetime, error: Transient | BrokerRefused) -> str:
        """Put the underlying off, and say so. Raises the error where the whole link is lost."""
        if not self._broker.is_connected:
            raise error
        self._put_off[symbol] = now
        return f"{symbol} is not traded until its chain is had: {error}"

    async def _history(self, underlying: Underlying, refused: list[str]) -> DailyBars:
        """Its daily bars; where the broker has none to give now, none, and a word to `refused`."""
        try:
            return await self._broker.daily_bars(underlying, HISTORY_DAYS)
        except (Transient, BrokerRefused) as error:
            if not self._broker.is_connected:
                raise
            refused.append(f"{underlying.symbol} has no history, what is measured by past days is unknown: {error}")
            return NO_HISTORY

    def is_stale(self, in_force: StrategySet, ledger: Ledger, now: datetime) -> bool:
        """Whether `prepare` must run again: the last one did not come to its end, a new trading day, a history that was not had,
        an underlying or expiries that were not wanted before or not had, or a leg that was adopted and has no quote yet."""
        if not self._is_prepared or any(known.lacks_history(now) for known in self._known.values()):
            return True
        today = trading_day(now)
        held = (leg.contract for position in ledger.open_positions() for leg in position.legs if not leg.contract.is_share)
        if any(contract.con_id not in self._laid_out and contract.expiry >= today for contract in held):
            return True
        if self._needed is None or self._needed[0] is not in_force:
            self._needed = (in_force, needed(list(in_force.strategies.values()), in_force.account.indices))
        for name, days in self._needed[1].items():
            if self._is_refused(name, now):
                continue
            known, lacks = self._known.get(name), name in self._broker.unfinished_chains
            if lacks or known is None or known.loaded_on != today or not days <= self._loaded_for.get(name, frozenset()):
                return True
        return False

    def rewatch(self, in_force: StrategySet, ledger: Ledger, now: datetime, idle: Collection[str] = ()) -> None:
        """Stream what is worth a line now; the strategies that cannot open, which `idle` names, come last."""
        volatilities = self._quotes.volatilities()
        guesses: dict[str, Guess] = {}
        for symbol, known in self._known.items():
            price = self._price(symbol)
            if price is not None:
                last = known.bars.implied_volatilities[-1:] or (None,)
                guesses[symbol] = Guess(price, self._quotes.volatility(symbol) or last[0], volatilities)
        contracts = [contract for chain in self._contracts.values() for contract in chain]
        most = self._lines - len(self._known) - LINES_SPARE
        strategies, calendar = list(in_force.strategies.values()), calendar_around(now)
        session = session_of(now)
        share = self._explore_share if session is not None and session.contains(now) else 0.0
        near = self._near
        chosen = wish(strategies, contracts, guesses, ledger, now, most, calendar, idle, near, share)
        if chosen != self._watched:
            self._broker.watch(chosen.kept, self._underlyings(), chosen.exploring)
            self._watched = chosen

    @property
    def explores(self) -> bool:
        """Whether options take turns on the lines."""
        return bool(self._watched.exploring)

    def bring_near(self, contracts: Sequence[Contract]) -> bool:
        """Keep lines on the legs of what may pass, from the next choice of lines on; whether they are others than before."""
        is_new = tuple(contracts) != self._near
        self._near = tuple(contracts)
        return is_new

    def coverage(self, now: datetime) -> Coverage:
        """How much of what can pass is quoted, and how long ago."""
        wanted = [contract.con_id for contract in (*self._watched.kept, *self._watched.exploring)]
        ages = now.timestamp() - self._quotes.quoted_at(wanted)
        told = ages[np.isfinite(ages)]
        fresh = int((told <= NUMBERS_STAND_FOR.total_seconds()).sum())
        return Coverage(len(wanted), fresh, len(told), float(told.max()) if len(told) else None)

    def market(self, in_force: StrategySet, now: datetime) -> dict[str, MarketState]:
        """What is known of every underlying, for the `when` conditions."""
        vix = self._quotes.spot(VIX)
        levels = {
            symbol: Level(self._spot(symbol), known.bars.closes[-1] if known.bars.closes else None)
            for symbol, known in self._known.items()
        }
        events = in_force.events.calendar() if in_force.events is not None else ()
        if self._heard_minutes is None or self._heard_minutes[0] is not in_force:
            lines = list(lines_of([*in_force.strategies.values(), *in_force.versions.values()]))
            self._heard_minutes = (in_force, openings_in(lines), bars_in(lines))
        _, asked, lengths = self._heard_minutes
        return {
            symbol: MarketState(
                underlying=symbol,
                price=self._spot(symbol),
                previous_close=known.bars.closes[-1] if known.bars.closes else None,
                iv30=self._quotes.volatility(symbol),
                iv_history=known.bars.implied_volatilities,
                closes=known.bars.closes,
                vix=vix[0] if vix else None,
                events=events,
                volumes=known.bars.volumes,
                day_open=opened[0] if (opened := self._quotes.day_opens.get(symbol)) else None,
                day_open_at=datetime.fromtimestamp(opened[1], UTC) if opened else None,
                openings=self._openings(symbol, asked, now),
                bars=self._bars(symbol, lengths, now),
                next_ex_dividend=paid.ex_date if (paid := self._quotes.dividends.get(symbol)) else None,
                next_dividend=paid.amount if paid else None,
                levels=levels,
                is_halted=self._quotes.halts.holds(symbol, now.timestamp()),
            )
            for symbol, known in self._known.items()
        }

    def _openings(self, symbol: str, asked: Collection[int], now: datetime) -> dict[int, tuple[float, float]]:
        """Extremes of the first so many minutes of today's session, as far as they are over and were heard whole."""
        session, heard = session_of(now) if asked else None, self._quotes.heard.get(symbol)
        if session is None or heard is None:
            return {}
        start = session.open.timestamp()
        over = [minutes for minutes in asked if start + minutes * 60 <= now.timestamp()]
        found = {minutes: heard.extremes(start, start + minutes * 60) for minutes in over}
        return {minutes: extremes for minutes, extremes in found.items() if extremes is not None}

    def _bars(self, symbol: str, lengths: Collection[int], now: datetime) -> dict[int, Bars]:
        """The bars of today's session by their length in minutes, as far as they were heard."""
        session, heard = session_of(now) if lengths else None, self._quotes.heard.get(symbol)
        if session is None or heard is None or now < session.open:
            return {}
        at = min(now, session.close).timestamp()
        return {minutes: heard.closes(session.open.timestamp(), at, minutes) for minutes in lengths}

    def _underlyings(self) -> list[Underlying]:
        return [known.underlying for _, known in sorted(self._known.items())]

    def _spot(self, symbol: str) -> float | None:
        heard = self._quotes.spot(symbol)
        return heard[0] if heard else None

    def _price(self, symbol: str) -> float | None:
        """The spot, or before it is heard the last close: good enough to choose strikes by."""
        closes = self._known[symbol].bars.closes
        return self._spot(symbol) or (closes[-1] if closes else None)


def lines_of(strategies: Iterable[Strategy]) -> Iterator[Condition]:
    """Where numbers of the market may stand."""
    for strategy in strategies:
        yield from strategy.market_lines
        yield from strategy.spread.rules
        yield Condition("", strategy.spread.rank)
        yield from (rule.condition for rule in strategy.exits)
        yield from (Condition("", level) for level in strategy.spread.levels)


def _symbols(strategies: Iterable[Strategy], ledger: Ledger, indices: Iterable[str]) -> list[str]:
    names = {name for strategy in strategies for name in strategy.universe}.union(indices)
    names |= {position.spread.underlying for position in ledger.open_positions()}
    return sorted(names | others_in(lines_of(strategies)))


def _days(symbol: str, strategies: Iterable[Strategy]) -> Days:
    """Days to expiry, from and to, that strategies on this underlying may open or roll to."""
    here = [strategy for strategy in strategies if symbol in strategy.universe]
    rules = [rule for strategy in here for rule in strategy.spread.expiries]
    rolls = [strategy.roll for strategy in here if strategy.roll is not None]
    rules += [rule for roll in rolls for rule in roll.expiries]
    # What keeps its expiry may be of any day since it was opened.
    rules += [
        DayRange(0, rule.max_days) for rule in rules if isinstance(rule, DayRange) and not all(one.expiries for one in rolls)
    ]
    return frozenset((rule.min_days, rule.max_days) if isinstance(rule, DayRange) else (0, LATEST_MONTHLY) for rule in rules)


def needed(strategies: Sequence[Strategy], indices: Iterable[str] = ()) -> dict[str, Days]:
    """The days to expiry that must be loaded of every underlying; none of those that are only looked at, as are `indices`."""
    names = {name for strategy in strategies for name in strategy.universe} | others_in(lines_of(strategies)) | set(indices)
    return {name: _days(name, strategies) for name in names}


def _within(days: Iterable[tuple[int, int]], now: datetime) -> Callable[[date], bool]:
    return lambda expiry: any(low <= days_to_expiry(now, expiry) <= high for low, high in days)
