"""A market from a seed: spots and volatilities wander on a fixed grid of steps, whole chains are priced at once.

A step: 1. the walk moves to the last grid point not after now; 2. a new trading day closes the old one, opens after a
gap and lists its options; 3. every chain is repriced over its surface; 4. quotes, sizes, volume and last follow. What a
grid point shows depends on the seed and the day alone, not on how often the market was asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

from engine.domain.calendar import Calendar
from engine.domain.contract import Contract
from engine.domain.index_classes import option_class
from engine.domain.session import SECONDS_PER_YEAR, Session
from engine.pricing.black_scholes import THETA_PER_DAY, VEGA_PER_POINT
from engine.sim.market import quoting, surface
from engine.sim.market.bars import UnderlyingBars, days_before
from engine.sim.market.catalogue import CHARACTERS, VIX, VIX_SOURCE, Character
from engine.sim.market.contracts import ContractNumbers, Key, Listing, Underlying, listing_of
from engine.sim.market.path import Path, modelled, state_of
from engine.sim.market.quotes import NOTHING, Bar, Change, Quotes, UnderlyingQuote, changed_rows, traded
from engine.sim.market.series import Breadth, listed
from engine.sim.market.sessions import hours_of
from engine.sim.market.volatility import volatility_index
from engine.sim.market.walk import State, Walk, past

HISTORY_DAYS = 520
"""Daily bars before the first session: two years, so that a year's rank has its data."""
_MONTH = 30 / 365


class GeneratedMarket:
    """See market.Market for what it answers; `shock` is its own.

    `start` is where time begins: a session that runs or has run by then is walked up to it. `sessions` reach from any
    day at or before the start to the last day simulated. `cadence_s` is the time between two grid points, seconds.
    `keeps_path` remembers every step of every day, for who asks afterwards what nobody was shown.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        sessions: Sequence[Session],
        underlyings: Iterable[str | Character] = ("SPX", "SPY", VIX),
        breadth: Breadth | None = None,
        cadence_s: float = 1.0,
        *,
        keeps_path: bool = False,
    ) -> None:
        chosen = [CHARACTERS[known] if isinstance(known, str) else known for known in underlyings]
        self._characters = {character.underlying.symbol: character for character in chosen}
        self._symbols = sorted(symbol for symbol in self._characters if symbol != VIX)
        self._optioned = sorted(self._characters)
        if VIX in self._characters and VIX_SOURCE not in self._characters:
            raise ValueError(f"{VIX} is the volatility of {VIX_SOURCE}: simulate {VIX_SOURCE} too")
        self._seed = seed
        self._breadth = breadth or Breadth()
        self._cadence = timedelta(seconds=cadence_s)
        self.path = Path(self._cadence, self._characters) if keeps_path else None
        self._hours = hours_of(sessions)
        self._calendar = Calendar(self._hours.sessions)
        self._numbers = ContractNumbers()
        self._walk = Walk(seed, [self._characters[symbol] for symbol in self._symbols])
        self._keys: set[Key] = set()
        self._listing = listing_of((), self._optioned, self._numbers)
        self._quotes = Quotes.absent(0)
        self._done = self._shown = 0
        """Steps of the day that the underlyings have walked, and those that the quotes show."""
        self._day = 0
        self._shocked = False
        self._now = start
        first = max(1, self._hours.count_begun(start))
        self._bars_of = self._past_bars(self._hours.sessions[first - 1].day)
        self._list_day(first - 1)
        if self._hours.count_begun(start):
            self._open_day(first - 1)
            self.step(start)

    @property
    def underlyings(self) -> Mapping[str, Underlying]:
        return {symbol: self._characters[symbol].underlying for symbol in sorted(self._characters)}

    @property
    def calendar(self) -> Calendar:
        return self._calendar

    @property
    def listing(self) -> Listing:
        return self._listing

    @property
    def quotes(self) -> Quotes:
        return self._quotes

    def contract(self, con_id: int) -> Contract | None:
        return self._numbers.contract(con_id)

    def row(self, con_id: int) -> int | None:
        return self._listing.rows_by_con_id.get(con_id)

    def spot(self, underlying: str) -> UnderlyingQuote:
        return self._bars_of[underlying].quote()

    def iv30(self, underlying: str) -> float | None:
        return None if underlying == VIX else self._iv30(underlying)

    def daily_bars(self, underlying: str, days: int) -> tuple[Bar, ...]:
        return self._bars_of[underlying].bars(days)

    def iv_bars(self, underlying: str, days: int) -> tuple[Bar, ...]:
        return self._bars_of[underlying].iv_bars(days)

    def settlement_value(self, contract: Contract) -> float | None:
        return self._bars_of[contract.underlying].settlement(contract.expiry, contract.rule.settlement)

    def is_open(self, now: datetime) -> bool:
        return self._hours.at(now) is not None

    def next_event(self, now: datetime) -> datetime | None:
        session = self._hours.at(now)
        if session is None:
            return self._hours.next_open(now)
        return min(session.open + ((now - session.open) // self._cadence + 1) * self._cadence, session.close)

    def step(self, now: datetime) -> Change:
        if now < self._now:
            raise ValueError(f"time runs backwards: the market is at {self._now}, asked for {now}")
        self._now = now
        begun = self._hours.count_begun(now)
        if begun == 0:
            return NOTHING
        relisted = False
        while self._day < begun:
            relisted = self._next_day() or relisted
        return self._walk_to(now, relisted)

    def prices_at(self, now: datetime) -> Mapping[str, float]:
        session = self._hours.at(now)
        if session is None or now < self._now or self._hours.count_begun(now) != self._day:
            return {}
        self._now = now
        self._advance_to((now - session.open) // self._cadence)
        return {symbol: self._price(symbol) for symbol in self._symbols}

    def shock(self, underlying: str, move: float, vol_move: float | None = None) -> None:
        """A jump, shown by the next step in session; the other underlyings follow as far as they are correlated.

        `move` is relative (-0.05 falls 5 %), `vol_move` is added to the volatility (0.10 adds ten points); without it
        volatility moves as markets do. Quotes widen with the speed, and a fall steepens the smile.
        """
        self._walk.shock(self._symbols.index(underlying), move, vol_move)
        self._shocked = True

    # days

    def _next_day(self) -> bool:
        """Ends the day that was begun, if any, and opens the next; True when options were listed anew."""
        relisted = self._day > 0
        if relisted:
            self._advance_to(self._steps())
            for symbol, bars in self._bars_of.items():
                bars.close_day(self._price(symbol), self.iv30(symbol))
            self._list_day(self._day)
        self._open_day(self._day)
        return relisted

    def _list_day(self, number: int) -> None:
        """Lists the options of a session and forgets their quotes; expired ones go, strikes once listed stay."""
        day = self._hours.sessions[number].day
        self._keys = {key for key in self._keys if key.expiry >= day}
        for symbol in self._optioned:
            self._keys |= listed(self._characters[symbol], self._price(symbol), self._calendar, day, self._breadth)
        self._keys = {key for key in self._keys if self._calendar.last_session(option_class(key.root), key.expiry).day >= day}
        old, lasts = self._listing, self._quotes.last
        self._listing = listing_of(self._keys, self._optioned, self._numbers, self._calendar)
        self._quotes = Quotes.absent(len(self._listing))
        _, stayed, place_now = np.intersect1d(old.con_id, self._listing.con_id, return_indices=True)
        self._quotes.last[place_now] = lasts[stayed]
        american = [option_class(root).exercise == "American" for root in self._listing.roots]
        self._american = np.array(american, dtype=np.bool_)[self._listing.root]
        self._increments = quoting.increments(self._listing, self.underlyings)
        self._flows = {
            symbol: quoting.day_flow(
                self._characters[symbol],
                self._listing,
                self._listing.rows(symbol),
                self._price(symbol),
                day,
                self._seed,
            )
            for symbol in self._optioned
        }
        for symbol, flow in self._flows.items():
            self._quotes.open_interest[self._listing.rows(symbol)] = flow.open_interest

    def _open_day(self, number: int) -> None:
        session = self._hours.sessions[number]
        self._day, self._done, self._shown = number + 1, 0, 0
        self._walk.night(session.day)
        self._walk.begin(session.day, self._steps(), self._cadence.total_seconds())
        for symbol, bars in self._bars_of.items():
            bars.open_day(session.day, self._price(symbol))
        self._shocked = True  # the opening itself is news
        self._note_step()

    def _past_bars(self, first_day: date) -> dict[str, UnderlyingBars]:
        before = [session.day for session in self._hours.sessions if session.day < first_day]
        days = days_before(first_day, before, HISTORY_DAYS)
        bars_of: dict[str, UnderlyingBars] = {}
        for symbol in self._symbols:
            character = self._characters[symbol]
            history = past(self._seed, character, HISTORY_DAYS)
            month = np.sqrt(surface.atm_variance(character.shape, history.level, _MONTH) / _MONTH)
            bars_of[symbol] = UnderlyingBars.of_history(character, days, history, month)
        if VIX in self._characters:
            bars_of[VIX] = UnderlyingBars.of_volatility(self._characters[VIX], days, bars_of[VIX_SOURCE].iv_bars(HISTORY_DAYS))
        return dict(sorted(bars_of.items()))

    # steps

    def _steps(self) -> int:
        session = self._hours.sessions[self._day - 1]
        return -((session.open - session.close) // self._cadence)

    def _grid_time(self) -> datetime:
        session = self._hours.sessions[self._day - 1]
        return min(session.open + self._done * self._cadence, session.close)

    def _walk_to(self, now: datetime, relisted: bool) -> Change:
        session = self._hours.sessions[self._day - 1]
        wanted = self._steps() if now >= session.close else (now - session.open) // self._cadence
        if wanted == self._shown and not self._shocked and not relisted:
            return NOTHING
        self._advance_to(wanted)
        self._shown, self._shocked = self._done, False
        shown = {symbol: bars.quote() for symbol, bars in self._bars_of.items()}
        part = self._done / self._steps()
        for symbol, bars in self._bars_of.items():
            bars.show(self._price(symbol), self._done, part)
        before = tuple(column.copy() for column in traded(self._quotes))
        for symbol in self._optioned:
            self._reprice(symbol, part)
        rows = np.arange(len(self._listing)) if relisted else changed_rows(before, traded(self._quotes))
        moved = tuple(symbol for symbol, bars in self._bars_of.items() if bars.quote() != shown[symbol])
        return Change(rows, moved, relisted)

    def _advance_to(self, wanted: int) -> None:
        while self._done < wanted:
            self._walk.advance(self._done)
            self._done += 1
            self._note_step()
            for place, symbol in enumerate(self._symbols):
                self._bars_of[symbol].touch(float(self._walk.spot[place]))

    def _note_step(self) -> None:
        if self.path is not None:
            self.path.note(self._hours.sessions[self._day - 1], self._symbols, self._walk.state)

    def _reprice(self, symbol: str, part: float) -> None:
        """Model prices, greeks and quotes of one chain at the present grid point."""
        rows, listing, q = self._listing.rows(symbol), self._listing, self._quotes
        if rows.start == rows.stop:
            return
        character = self._characters[symbol]
        at = self._grid_time().astimezone(UTC)
        years = np.maximum(listing.settles[rows] - at.timestamp(), 0.0) / SECONDS_PER_YEAR
        state = state_of([self._walk.state], self._symbols, symbol, self._characters, years)
        model, iv, known = modelled(character, state, listing.strike[rows], listing.sign[rows], years, self._american[rows])
        q.model[rows], q.iv[rows], q.delta[rows], q.gamma[rows] = model, iv, known.delta, known.gamma
        q.theta[rows], q.vega[rows] = known.theta * THETA_PER_DAY, known.vega * VEGA_PER_POINT
        self._show(symbol, rows, model, state, part, at.timestamp())

    def _show(self, symbol: str, rows: slice, model: quoting.Floats, state: State, part: float, at: float) -> None:
        listing, q, flow = self._listing, self._quotes, self._flows[symbol]
        day = self._hours.sessions[self._day - 1].day
        steps = quoting.Increments(self._increments.fine[rows], self._increments.coarse[rows])
        bid, ask = quoting.bid_ask(model, quoting.width(self._characters[symbol], state.level, model, state.rush), steps)
        bid_size, ask_size = quoting.sizes(flow, listing.con_id[rows], self._done, day, self._seed)
        trades = listing.last_trade[rows] > at
        volume = np.floor(flow.volume * quoting.share_of_day(part))
        traded = trades & (volume > np.nan_to_num(q.volume[rows]))
        price = np.where((volume.astype(np.int64) & 1).astype(np.bool_) & (bid > 0), bid, ask)
        q.last[rows] = np.where(traded, price, q.last[rows])
        q.volume[rows] = np.where(traded | np.isnan(q.volume[rows]), volume, q.volume[rows])
        q.bid[rows], q.ask[rows] = np.where(trades, bid, np.nan), np.where(trades, ask, np.nan)
        q.bid_size[rows] = np.where(trades, np.where(bid > 0, bid_size, 0.0), np.nan)
        q.ask_size[rows] = np.where(trades, ask_size, np.nan)

    def _price(self, symbol: str) -> float:
        if symbol == VIX:
            source = self._characters[VIX_SOURCE]
            return float(volatility_index(source, self._walk.level[self._symbols.index(VIX_SOURCE)]))
        return float(self._walk.spot[self._symbols.index(symbol)])

    def _iv30(self, symbol: str) -> float:
        level = self._walk.level[self._symbols.index(symbol)]
        return float(np.sqrt(surface.atm_variance(self._characters[symbol].shape, level, _MONTH) / _MONTH))
