"""The simulated TWS: a market, an exchange and a server, put together and kept going by one timer.

The object outlives connections, servers and loops: ids, orders, executions and positions are its state. Each wake of
the timer does, in this order: faults that are due; the market's step; settlement; the opening or the close; trades;
ticks, profits and values to the clients.
"""

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.sim.dispatcher import NoticeDispatcher
from engine.sim.exchange.account import Account, Position
from engine.sim.exchange.digest import state_digest
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.ids import FIRST_PERM_ID
from engine.sim.exchange.orders import Execution, Notice, Order
from engine.sim.faults import Fault, Faults, parse_fault
from engine.sim.glances import Glances
from engine.sim.handlers.context import Context
from engine.sim.handlers.lines import Lines
from engine.sim.handlers.pacing import history_pacing
from engine.sim.kept import KeptRequests
from engine.sim.listener import Listener
from engine.sim.loop import LoopClock
from engine.sim.market.market import Market
from engine.sim.options import SimOptions
from engine.sim.outages import Outages
from engine.sim.server import Connection, ConnectionEvents, Received
from engine.sim.session import Session
from engine.sim.tape import MarketTape
from engine.sim.wire.codec import Message

DRILLED = "U000"
"""How an account begins that holds real money on the simulator, and at no broker: for drills."""
_AFTER_CLOSE, _SHORTEST_S = timedelta(seconds=1), 1e-3
_ARRIVES_S = 0.3
"""Seconds from the acknowledgement of an order to its first meeting with the market."""

_SHOWS = frozenset({"req_mkt_data"})
_HELD = frozenset({"place_order", "cancel_order", "req_global_cancel"})

_PAPER_CASH = Decimal(1_000_000)


class Simulator:
    """A TWS with one account, on a market, from the simulated instant `begins` on.

    Time starts when `start` is first called, and runs with the loop's clock; between `stop` and a later `start` it
    stands still. `schedule` are faults to come, as values or as text. `tampered` may put other frames in the place of those
    that leave. `first_perm_id` differs between simulators that one journal meets: IBKR gives no permanent id twice.
    """

    def __init__(
        self,
        market: Market,
        *,
        seed: int,
        begins: datetime,
        account: str = "DU1234567",
        cash: Decimal | int = _PAPER_CASH,
        options: SimOptions | None = None,
        schedule: Iterable[Fault | str] = (),
        first_perm_id: int = FIRST_PERM_ID,
        tampered: Callable[[Connection, bytes], bytes] = lambda _, chunk: chunk,
    ) -> None:
        self.options = options or SimOptions()
        self._kept = KeptRequests()
        self.pacing_violations = Counter[int]()
        """Complaints of too many requests, by code, of all clients."""
        self.tape = MarketTape(market)
        self.exchange = Exchange(
            self.tape,
            Account(account, Decimal(cash)),
            np.random.default_rng([seed, 0x7357]),
            rules=self.options.house,
            fills=self.options.fills,
        )
        self.exchange.ids.next_perm_id = first_perm_id
        self.exchange.others = {name: Account(name, Decimal(rest)) for name, rest in self.options.other_accounts.items()}
        self._market = market
        self._begins = begins.astimezone(UTC)
        self.faults = Faults(schedule, self._begins)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clock: LoopClock | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transcript = hashlib.sha256()
        self._day = trading_day(self._begins)
        self._held: list[tuple[int, Message]] = []
        """Orders that arrived while the link to the broker was down."""
        self._dispatcher = NoticeDispatcher(
            self.exchange, self.faults, self.sessions, self.later, self.now, self.options.bag_commissions
        )
        self._pumped_at = self._begins
        self._closed_at: datetime | None = None
        self._tampered = tampered
        self._listener = Listener(self._connection_events(), self._context(), self._left)
        self._outages = Outages(self, self._listener)
        self._glances = Glances(self, self._outages)
        if market.is_open(self._begins):
            self.exchange.open_session(self._begins)

    # life

    async def start(self, host: str = "127.0.0.1", port: int = 4002) -> int:
        """Listens, and lets time run; returns the port, which port 0 leaves to the system.

        Raises UserError when the host is not this machine, the port is taken, or it listens already.
        """
        if self._listener.is_open:
            raise UserError("the simulated TWS is running already; stop it first")
        begins = self.now()
        listening_at = await self._listener.open(host, port)
        self._loop = asyncio.get_running_loop()
        self._clock = LoopClock(self._loop, begins)
        self._pump()
        return listening_at

    async def stop(self) -> None:
        """Disconnects everybody and lets time stand still; may be started again, also on another loop."""
        self._begins = self.now()
        if self._timer is not None:
            self._timer.cancel()
        self._glances.stop()
        self._listener.shut()
        for connection in self.connections():
            connection.close()
        await asyncio.sleep(0)
        self._clock = self._timer = None

    def now(self) -> datetime:
        """The simulated instant, UTC."""
        return self._begins if self._clock is None else self._clock.now()

    def inject(self, fault: Fault | str) -> None:
        """A fault more, from now on where it names no time."""
        parsed = parse_fault(fault) if isinstance(fault, str) else fault
        when = parsed.when
        if when is None:
            parsed = replace(parsed, when=self.now())
        elif isinstance(when, timedelta):
            parsed = replace(parsed, when=self.now() + when)
        self.faults.add(parsed)
        if self._clock is not None:
            self._pump()

    # what tests look at

    def positions(self) -> dict[int, int]:
        """Quantity held by contract number; flat ones are not listed."""
        return {position.instrument.con_id: position.quantity for position in self.exchange.account.held()}

    def holdings(self) -> list[Position]:
        return self.exchange.account.held()

    def orders(self) -> list[Order]:
        """Working orders and today's done ones, oldest first."""
        return list(self.exchange.orders.values())

    def executions(self) -> list[Execution]:
        """Of today, oldest first."""
        return list(self.exchange.booking.executions.values())

    @property
    def cash(self) -> Decimal:
        return self.exchange.account.cash

    @property
    def received(self) -> deque[Received]:
        """The latest requests, oldest first."""
        return self._kept.requests

    @property
    def messages_received(self) -> list[tuple[datetime, int | None, str]]:
        """(simulated instant, client id, name) of each request; the client is None before it named itself."""
        return [(request.at, request.client_id, request.name) for request in self.received]

    def sessions(self) -> list[Session]:
        """Clients that are connected, by client id."""
        return self._listener.sessions()

    def connections(self) -> list[Connection]:
        """Open connections, oldest first, also those without a client."""
        return self._listener.connections()

    def state_hash(self) -> str:
        """A digest of ids, cash, positions, orders and executions: equal for equal seeds and requests."""
        return state_digest(self.exchange)

    def transcript_hash(self) -> str:
        """A digest of every byte that passed, with its connection, direction and instant."""
        return self._transcript.hexdigest()

    # for the parts of the simulator

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Does something after so many simulated seconds."""
        assert self._loop is not None, "only a started simulator has a later"
        self._loop.call_later(seconds, action)

    def tell(self, notices: Sequence[Notice]) -> None:
        self._dispatcher.tell(notices)

    def release_held(self) -> None:
        """Hands in the orders that waited for the link."""
        held, self._held = self._held, []
        for client_id, message in held:
            session = self._listener.session(client_id)
            if session is not None:
                session.handle(message)

    def _connection_events(self) -> ConnectionEvents:
        return ConnectionEvents(
            options=self.options,
            faults=self.faults,
            now=self.now,
            received=self._kept.keep,
            handle=self._handle,
            violations=self.pacing_violations,
            spoken=self._spoken,
            tampered=self._tampered,
        )

    def _context(self) -> Context:
        return Context(
            exchange=self.exchange,
            tape=self.tape,
            lines=Lines(self.options.max_lines),
            options=self.options,
            faults=self.faults,
            history_pacing=history_pacing(self.options.history_pacing),
            violations=self.pacing_violations,
            tell=self._dispatcher.tell,
            arrived=self._arrived,
            later=self.later,
            now=self.now,
        )

    def _arrived(self, order: Order) -> None:
        def meet() -> None:
            now = self.now()
            self._dispatcher.tell(self.exchange.arrive(order, now))
            self._schedule(now)
            if self._loop is not None:
                self._glances.plan(self._loop.call_later)

        self.later(_ARRIVES_S, meet)

    def _left(self, session: Session) -> None:
        """A client has gone; its orders work on."""
        left = [order for order in self.exchange.working() if order.client_id == session.client_id]
        if left and self.exchange.is_open and self.faults.take("fill_unheard", self.now()):
            self._dispatcher.tell(self.exchange.fill(left[0], self.now()))

    def _handle(self, session: Session, message: Message) -> None:
        now = self.now()
        # Whoever opens a line is told the quote as it stands, also while the others are looked away from.
        cadence = timedelta(seconds=self.options.cadence_s) if message.name in _SHOWS else self._cadence()
        if now - self._pumped_at >= cadence:
            self._pump()
        if message.name in _HELD and self._outages.link_is_down:
            self._held.append((session.client_id, message))
            return
        session.handle(message)
        self._schedule(now)

    def _spoken(self, connection: Connection, chunk: bytes, ours: bool) -> None:
        head = f"{self.now().isoformat()} {connection.number} {'>' if ours else '<'} {len(chunk)} "
        self._transcript.update(head.encode() + chunk)

    # time

    def _pump(self) -> None:
        """Brings everything to now, and sets the timer for what comes next."""
        now = self.now()
        self._pumped_at = now
        self._begin_day(now)
        self._outages.turn(now)
        change = self.tape.step(now)
        self._dispatcher.tell(self.exchange.settle(now))
        self._open_or_close(now)
        self._dispatcher.tell(self.exchange.step(now))
        told = None if self._outages.data_is_down else change
        moved = self._glances.moved() if told is not None else ()
        for session in self.sessions():
            if told is not None:
                session.quotes.tick(relisted=told.relisted, underlyings=(*moved, *told.underlyings))
            if self.exchange.is_open:
                session.accounts.tick(now)
        self._schedule(now)
        if self._loop is not None:
            self._glances.plan(self._loop.call_later)

    def _begin_day(self, now: datetime) -> None:
        day = trading_day(now)
        if day != self._day:
            self._day = day
            self.exchange.begin_day()

    def _open_or_close(self, now: datetime) -> None:
        is_open = self._market.is_open(now)
        if is_open and not self.exchange.is_open:
            self._dispatcher.tell(self.exchange.open_session(now))
        elif self.exchange.is_open and not is_open:
            self._closed_at = now
            self.tape.remember_closes()
            self._dispatcher.tell(self.exchange.close_session(now))

    def _schedule(self, now: datetime) -> None:
        """One timer, for the first of all that can happen."""
        if self._clock is None or self._loop is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        due = min((at for at in self._due(now) if at is not None), default=None)
        if due is not None:
            seconds = max(_SHORTEST_S, self._clock.seconds_until(due))
            self._timer = self._loop.call_at(self._loop.time() + seconds, self._pump)

    def is_busy(self) -> bool:
        """Whether an order works."""
        return any(order.status == "Submitted" for order in self.exchange.working())

    def _cadence(self) -> timedelta:
        """Least time between two updates of the streams, as things stand."""
        idle = self.options.idle_cadence_s
        return timedelta(seconds=self.options.cadence_s if idle is None or self.is_busy() else idle)

    def _due(self, now: datetime) -> list[datetime | None]:
        due = [self.faults.next_due()]
        if not self.exchange.is_open:
            settles = None if self._closed_at is None else self._closed_at + _AFTER_CLOSE
            return [*due, self._market.next_event(now), settles if settles is not None and settles > now else None]
        session = self.tape.session_of(trading_day(now))
        due.append(session.close if session is not None and session.close > now else now + _AFTER_CLOSE)
        due += [now + timedelta(seconds=seconds) for one in self.sessions() for seconds in one.paces()]
        if any(one.quotes.is_streaming for one in self.sessions()):
            at = now + self._cadence()
            due.append(at if self.options.repeats_quotes else max(at, self._market.next_event(now) or at))
        if self.is_busy():
            due.append(now + timedelta(seconds=max(self.options.cadence_s, self.options.match_every_s)))
        return due
