"""Asks TWS what exists: an underlying, and the options on it.

1. The underlying by its symbol: an index or a stock.
2. The expiries and strikes of each trading class (one unthrottled request).
3. The contracts, one request for each class, expiry and right, since TWS answers half-open requests slowly; remembered for
   the day, also by the next process, and asked for again when strikes were added.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial

from ib_async import IB, ContractDetails, OptionChain
from ib_async import Contract as IbContract

from engine.broker.asking import machine_s
from engine.broker.data.listed import STANDARD_MULTIPLIER, Part, by_symbol, contract_of, half_open, must_be, name_of, option_of
from engine.broker.data.quotes import Stream
from engine.broker.data.warm import Warm
from engine.broker.questions import Questions
from engine.broker.translate import calendar_day, identifier, multiplier
from engine.broker.unread import Unread, Unreadable
from engine.domain.calendar import Calendar
from engine.domain.contract import Contract
from engine.domain.errors import BrokerRefused, Transient, UserError
from engine.domain.facts.running import ErrorHeard
from engine.domain.index_classes import INDEXES, is_index, is_known, option_class, refusal
from engine.ports import Clock, ContractShelf, Publish, Underlying

SPOT_S = 11.0
"""A first price; where nothing trades TWS takes up to eleven seconds to say what it has."""
SPOT_STEP_S = 0.25
NO_CONTRACT = 200


class Chains:
    """What TWS has told of contracts; `contracts` keeps its own description of each by number."""

    def __init__(
        self,
        ib: IB,
        questions: Questions,
        stream: Stream,
        contracts: dict[int, IbContract],
        clock: Clock,
        unread: Unread,
        calendar: Callable[[datetime], Calendar],
        publish: Publish,
        shelf: ContractShelf | None = None,
    ) -> None:
        self._ib = ib
        self._questions = questions
        self._unread = unread
        self._stream = stream
        self._contracts = contracts
        self._clock = clock
        self._calendar = calendar
        self._publish = publish
        self._warm = Warm(shelf, clock, publish)
        self._said: set[str] = set()
        """Classes that were refused, in words."""
        self._underlyings: dict[str, Underlying] = {}
        self._known: dict[Part, tuple[Contract, ...]] = {}
        self._strikes: dict[tuple[int, str], frozenset[float]] = {}
        self._taken: set[str] = set()
        """Underlyings of which it was looked today what is kept."""
        self._known_on: date | None = None
        self._missing: dict[str, frozenset[Part]] = {}
        """Of each underlying what was not had when its chain was asked for last."""

    async def underlying(self, symbol: str) -> Underlying:
        """Raises UserError where TWS knows no such index or US stock, or an index whose options settle nobody knows how, and
        Transient where it does not answer."""
        kept = self._warm.underlying(symbol) if symbol not in self._underlyings else None
        if kept is not None:
            self._underlyings[symbol] = kept
        if symbol not in self._underlyings:
            kinds = ("IND", "STK") if is_index(symbol) else ("STK", "IND")
            for kind in kinds:
                found = await self._details(f"{symbol} as {kind}", by_symbol(symbol, kind))
                if found and kind == "IND" and symbol not in INDEXES:
                    raise UserError(refusal(symbol, symbol))
                for details in found:
                    with self._unread.row("contract", f"contract of {symbol}"):
                        self._underlyings[symbol] = self._learn(symbol, kind, details)
                        return self._underlyings[symbol]
                if found:
                    raise Transient(f"{symbol}: nothing of what TWS tells of it can be read; it may be asked again")
            raise UserError(f"{symbol}: TWS knows no index and no US stock of this name; check the symbol")
        return self._underlyings[symbol]

    async def chain(self, underlying: Underlying, expiries: Callable[[date], bool], band: float) -> Sequence[Contract]:
        """Contracts by expiry, class, right and strike. Only standard ones: 100 shares, and a class without a digit.

        An expiry whose list does not come stops only itself: it is left out, said once, and asked for with the next question.
        Raises UserError where every class is one whose settlement is not known.
        """
        self._forget_yesterday()
        price = await self.spot(underlying)
        ask = partial(self._ib.reqSecDefOptParamsAsync, underlying.symbol, "", underlying.kind, underlying.con_id)
        rows = await self._questions.ask("contracts", f"expiries and strikes of {underlying.symbol}", ask)
        self._take_kept(underlying)
        parts: list[Part] = []
        for row in self._known_classes(underlying, self._standard_classes(underlying, rows)):
            self._forget_if_listed_anew(underlying, row)
            listed = self._wanted(underlying, row, expiries)
            parts += [Part(underlying, row.tradingClass, day, right) for day in listed for right in ("C", "P")]
        asked = [part for part in parts if part not in self._known]
        problem = await self._fill(underlying.symbol, asked)
        if any(part in self._known for part in asked):
            self._keep(underlying)
        parts = [part for part in parts if part in self._known]
        if problem is not None and not parts:
            raise problem
        low, high = price * (1 - band), price * (1 + band)
        chosen = [
            contract
            for part in parts
            for contract in self._known[part]
            if expiries(contract.expiry) and low <= contract.strike <= high
        ]
        return sorted(chosen, key=lambda one: (one.expiry, one.root, one.put_call, one.strike))

    async def spot(self, underlying: Underlying) -> float:
        """The price now, on a line taken for it where there is none. Raises Transient where no price comes."""
        self._stream.hold(underlying)
        try:
            for _ in range(int(SPOT_S / SPOT_STEP_S)):
                price = self._stream.price(underlying.con_id)
                if price is not None:
                    return price
                await asyncio.sleep(machine_s(SPOT_STEP_S))
        finally:
            self._stream.release(underlying)
        raise Transient(
            f"{underlying.symbol}: no price within {SPOT_S:g} s; check the market data subscription, or wait for the market"
        )

    # Inside.

    def _take_kept(self, underlying: Underlying) -> None:
        """What was told today already, before this process or connection, once: what is asked anew later counts more."""
        if underlying.symbol in self._taken:
            return
        self._taken.add(underlying.symbol)
        kept, strikes = self._warm.lists(underlying)
        self._known = kept | self._known
        for root, some in strikes.items():
            self._strikes.setdefault((underlying.con_id, root), frozenset(some))

    def _keep(self, underlying: Underlying) -> None:
        strikes = {root: some for (con_id, root), some in self._strikes.items() if con_id == underlying.con_id}
        parts = {part: found for part, found in self._known.items() if part.underlying == underlying}
        self._warm.keep(underlying, strikes, parts)

    def _known_classes(self, underlying: Underlying, rows: Sequence[OptionChain]) -> list[OptionChain]:
        """The classes whose settlement is known; the others are named to people, each once."""
        known, refused = list[OptionChain](), list[str]()
        for row in rows:
            if is_known(row.tradingClass, underlying.symbol, of_index=underlying.kind == "IND"):
                known.append(row)
            else:
                refused.append(refusal(row.tradingClass, underlying.symbol))
        if refused and not known:
            raise UserError("; ".join(refused))
        for text in refused:
            if text not in self._said:
                self._publish(ErrorHeard(0, text))
        self._said |= set(refused)
        return known

    def _expiry(self, root: str, last_trading_day: date) -> date:
        """The expiration day of options that TWS lists by their last trading day."""
        return self._calendar(self._clock.now()).expiry_of(option_class(root), last_trading_day)

    @property
    def unfinished(self) -> frozenset[str]:
        """Underlyings of whose chain something was not had."""
        return frozenset(symbol for symbol, parts in self._missing.items() if parts)

    async def _fill(self, symbol: str, parts: Sequence[Part]) -> BaseException | None:
        """Ask for these lists; what stopped the last that did not come, if any. Raises where the link is lost."""
        problems = dict[Part, BaseException]()
        asked = (self._details(f"{part.root} {part.listed} {part.right}", half_open(part)) for part in parts)
        for part, found in zip(parts, await asyncio.gather(*asked, return_exceptions=True), strict=True):
            if not isinstance(found, BaseException):
                self._known[part] = self._options(part, found)
            elif isinstance(found, Transient | BrokerRefused) and self._ib.isConnected():
                problems[part] = found
            else:
                raise found
        for part, problem in problems.items():
            if part not in self._missing.get(symbol, ()):
                self._publish(
                    ErrorHeard(0, f"{part.root} {part.listed} {part.right} is not traded until its list is had: {problem}")
                )
        self._missing[symbol] = frozenset(problems)
        return next(reversed(problems.values()), None)

    async def _details(self, what: str, contract: IbContract) -> list[ContractDetails]:
        """What matches; nothing where TWS knows no such contract."""
        try:
            ask = partial(self._ib.reqContractDetailsAsync, contract)
            return await self._questions.ask("contracts", f"contracts of {what}", ask)
        except BrokerRefused as refusal:
            if refusal.code == NO_CONTRACT:
                return []
            raise

    def _standard_classes(self, underlying: Underlying, rows: Sequence[OptionChain]) -> list[OptionChain]:
        """One row for each standard trading class, SMART's where it has one.

        A class with a digit in its name, or another multiplier, holds contracts adjusted for a split or a merger.
        """
        chosen: dict[str, OptionChain] = {}
        for row in sorted(rows, key=lambda row: (row.exchange != "SMART", row.exchange)):
            with self._unread.row("expiries and strikes", f"class {row.tradingClass} of {underlying.symbol} at {row.exchange}"):
                if int(row.underlyingConId) not in {0, underlying.con_id}:
                    raise Unreadable("underlying", row.underlyingConId)
                shares = multiplier(row.multiplier)
                if shares == STANDARD_MULTIPLIER and not any(letter.isdigit() for letter in row.tradingClass):
                    chosen.setdefault(row.tradingClass, row)
        return [chosen[root] for root in sorted(chosen)]

    def _wanted(self, underlying: Underlying, row: OptionChain, expiries: Callable[[date], bool]) -> list[str]:
        """The listed days that may be wanted, in order."""
        listed: list[str] = []
        for text in sorted(set(row.expirations)):
            with self._unread.row("expiry", f"an expiry of {row.tradingClass} on {underlying.symbol}"):
                if expiries(self._expiry(row.tradingClass, calendar_day(text, "expiry"))):
                    listed.append(text)
        return listed

    def _learn(self, symbol: str, kind: str, details: ContractDetails) -> Underlying:
        contract = contract_of(details)
        must_be(symbol, "symbol", contract.symbol)
        must_be(kind, "kind", contract.secType)
        must_be("USD", "currency", contract.currency)
        con_id = identifier(contract.conId, "contract number")
        self._contracts[con_id] = contract
        return Underlying(
            symbol=symbol,
            con_id=con_id,
            kind=contract.secType,
            exchange=contract.exchange,
            primary_exchange=contract.primaryExchange,
            currency=contract.currency,
        )

    def _options(self, part: Part, found: Sequence[ContractDetails]) -> tuple[Contract, ...]:
        """The contracts of one answer. A number that is told of two of them names neither."""
        read: dict[int, Contract] = {}
        doubled: set[int] = set()
        for details in found:
            with self._unread.row("contract", lambda details=details: name_of(part, details)):
                self._warm.look_at(part, details)
                option = option_of(part, details, self._expiry)
                if read.setdefault(option.con_id, option) != option:
                    doubled.add(option.con_id)
                    raise Unreadable("contract number", option.con_id)
                contract = contract_of(details)
                contract.exchange = "SMART"
                self._contracts[option.con_id] = contract
        return tuple(option for con_id, option in read.items() if con_id not in doubled)

    def _forget_yesterday(self) -> None:
        today = self._clock.now().date()
        if today != self._known_on:
            self._known_on = today
            self._known.clear()
            self._taken.clear()
            self._missing.clear()
            self._strikes.clear()

    def _forget_if_listed_anew(self, underlying: Underlying, row: OptionChain) -> None:
        key, strikes = (underlying.con_id, row.tradingClass), frozenset(row.strikes)
        if self._strikes.get(key, strikes) != strikes:
            self._known = {part: found for part, found in self._known.items() if (part.underlying.con_id, part.root) != key}
        self._strikes[key] = strikes
