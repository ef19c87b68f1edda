"""The command that serves the simulated TWS alone, over TCP, for any TWS client."""

import asyncio
import math
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from engine.cli.markets import Staged, generated, replayed
from engine.cli.options import Account, Host, Port
from engine.cli.show import pairs, say
from engine.domain.errors import UserError
from engine.domain.session import NEW_YORK
from engine.runtime.clock import SystemClock
from engine.sim.exchange.ids import FIRST_PERM_ID
from engine.sim.faults import Fault, catalogue, parse_fault
from engine.sim.listener import LOOPBACK
from engine.sim.loop import PacedLoop, run
from engine.sim.simulator import DRILLED, Simulator

PERM_IDS = 500_000_000
"""Permanent ids that simulators begin from, one a second: above them TWS's 32 bits end."""
FASTEST = 600.0
"""Above it a client's own timeouts, in real time, have nothing to do with the market's."""
TOLD_EVERY_S = 1.0
"""Real seconds between two lines of progress on a terminal."""


def sim(
    *,
    port: Port = 7497,
    host: Host = "127.0.0.1",
    replay: Annotated[tuple[Path, ...], Parameter(show_default=False, consume_multiple=True)] = (),
    bars: Path | None = None,
    underlyings: Annotated[tuple[str, ...], Parameter(show_default=" ".join, consume_multiple=True)] = ("SPX", "SPY", "VIX"),
    at: str | None = None,
    days: int | None = None,
    seed: int = 1,
    speed: float = 1.0,
    wait: Annotated[bool | None, Parameter(negative="--no-wait")] = None,
    account: Account = "DU1234567",
    cash: float = 1_000_000,
    fault: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
) -> None:
    """Serve a simulated TWS with one paper account, for any TWS client. Nothing here touches a broker.

    Parameters
    ----------
    port
        Where clients connect; 7497 is where a TWS with a paper account listens.
    host
        An address of this machine only: 127.0.0.1, ::1 or localhost.
    replay
        Recorded chains (Parquet) to trade on, instead of a market generated from the seed; may be given several times.
    bars
        Daily bars (Parquet: symbol, date, open, high, low, close, volume) for the history of a replay, also of the VIX.
    underlyings
        What the generated market lists.
    at
        Where time begins, as 2026-11-23 (its open) or "2026-11-23 10:00 New York". Half an hour after the open of the session of
        today, or of the next one, when empty; with a replay, the open of the first recorded day.
    days
        Leave after so many sessions; serve until Ctrl-C when empty.
    seed
        Same seed, same market and same luck.
    speed
        Simulated seconds per second.
    wait
        Let time begin when the first client connects. On for a replay, so that nothing of it is missed.
    account
        Name of the account.
    cash
        What the account starts with, USD.
    fault
        A fault to inject, as NAME[=VALUE][@WHEN][xCOUNT]; may be given several times. `--fault list` shows all.
    """
    if "list" in fault:
        pairs(catalogue())
        return
    if bars is not None and not replay:
        raise UserError("--bars: the history of a replay; add --replay, or leave it out")
    schedule = [parse_fault(text) for text in fault]
    _check(host, port, speed, account, cash, days, seed)
    with _listener(host, port) as listener:
        staged = replayed(replay, bars, at, speed) if replay else generated(seed, underlyings, at, speed)
        money = Decimal(repr(cash))
        simulator = Simulator(
            staged.market,
            seed=seed,
            begins=staged.begins,
            account=account,
            cash=money,
            options=staged.options,
            schedule=schedule,
            first_perm_id=FIRST_PERM_ID + int(SystemClock().now().timestamp()) % PERM_IDS,
        )
        service = _Service(simulator, staged, account, money, bool(replay) if wait is None else wait, days)
        service.announce(listener, speed, schedule)
        run(service.serve(listener), _Doorstep(speed, listener))
    service.tell_the_end()


class _Doorstep(PacedLoop):
    """A paced loop whose first server takes over a socket at which clients may be waiting already."""

    def __init__(self, speed: float, listener: socket.socket) -> None:
        self._listener: socket.socket | None = listener
        super().__init__(speed)

    async def create_server(self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **options: Any) -> Any:
        if self._listener is not None:
            options["sock"], self._listener = self._listener, None
            return await super().create_server(protocol_factory, **options)
        return await super().create_server(protocol_factory, host, port, **options)


@dataclass(slots=True)
class _Service:
    """One simulated TWS from the first client to the last word."""

    simulator: Simulator
    staged: Staged
    account: str
    cash: Decimal
    waits: bool
    days: int | None
    orders: set[int] = field(default_factory=set[int])
    """Permanent ids of every order seen: the exchange forgets done ones at the day's end."""
    executions: set[str] = field(default_factory=set[str])
    began: datetime | None = None

    async def serve(self, listener: socket.socket) -> None:
        """Until a signal, or until the wanted sessions are over."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, PacedLoop)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(ValueError):  # outside of the main thread there are no signals to hear
                loop.add_signal_handler(number, stop.set)
        if self.waits:
            await _first_client(loop, listener, stop)
        if not stop.is_set():
            host, port = listener.getsockname()[:2]
            await self.simulator.start(host, port)
            self.began = self.simulator.now()
            await self._watch(loop, stop)
            self._count()
            await self.simulator.stop()

    def announce(self, listener: socket.socket, speed: float, schedule: list[Fault]) -> None:
        host, port = listener.getsockname()[:2]
        say(f"simulated TWS at {host}:{port}, account {self.account} with ${self.cash:,.2f}; nothing here touches a broker")
        say(f"market   {self.staged.description}")
        say(f"begins   {_clock(self.staged.begins)}, at {speed:g} times real time")
        for fault in schedule:
            say(f"fault    {fault}: {fault.kind.sentence}")
        say("time waits for the first client; Ctrl-C leaves" if self.waits else "Ctrl-C leaves")

    def tell_the_end(self) -> None:
        """What happened, as data."""
        ends = self.simulator.now()
        pairs(
            [
                ("began", _clock(self.began) if self.began else "no client came"),
                ("ended", _clock(ends)),
                ("clients", len(self._clients())),
                ("orders", len(self.orders)),
                ("fills", len(self.executions)),
                ("open positions", len(self.simulator.holdings())),
                ("cash", float(self.simulator.cash)),
            ]
        )

    async def _watch(self, loop: PacedLoop, stop: asyncio.Event) -> None:
        """Count what happens, show progress, and say when the market has nothing left to show."""
        last_close = self._last_close()
        is_over = False
        while not stop.is_set():
            self._count()
            now = self.simulator.now()
            if last_close is not None and now >= last_close:
                break
            if not is_over and self.staged.ends is not None and now >= self.staged.ends:
                is_over = True
                say(f"{_erased()}the last recorded session is over; the market stays closed. Ctrl-C leaves")
            if sys.stderr.isatty():
                print(f"{_erased()}{self._progress(now)}", end="", file=sys.stderr, flush=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TOLD_EVERY_S * loop.speed)
        if sys.stderr.isatty():
            say("")

    def _last_close(self) -> datetime | None:
        """The close of the last wanted session."""
        ahead = [session.close for session in self.staged.sessions if session.close > self.staged.begins]
        return ahead[min(self.days, len(ahead)) - 1] if self.days is not None and ahead else None

    def _clients(self) -> set[int]:
        """Ids under which somebody was here, however briefly."""
        return {said.message.whole("client_id") for said in self.simulator.received if said.name == "start_api"}

    def _count(self) -> None:
        """Orders and executions so far."""
        self.orders.update(order.perm_id for order in self.simulator.orders())
        self.executions.update(execution.exec_id for execution in self.simulator.executions())

    def _progress(self, now: datetime) -> str:
        is_open = "open" if self.staged.market.is_open(now) else "closed"
        here = len(self.simulator.sessions())
        clients = "1 client" if here == 1 else f"{here} clients"
        return f"{_clock(now)}  {is_open}  {clients}  orders {len(self.orders)}  fills {len(self.executions)}"


async def _first_client(loop: asyncio.AbstractEventLoop, listener: socket.socket, stop: asyncio.Event) -> None:
    """Until somebody stands before the door, or nobody wants to wait any longer."""
    somebody = asyncio.Event()
    loop.add_reader(listener, somebody.set)
    waits = [asyncio.ensure_future(event.wait()) for event in (somebody, stop)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    loop.remove_reader(listener)
    for task in waits:
        task.cancel()


def _listener(host: str, port: int) -> socket.socket:
    """The port, taken before anything else is done: a taken one must not cost the time to read a recording."""
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if isinstance(error, PermissionError):
            raise UserError(f"port {port} needs special rights; choose one above 1023 with --port") from error
        raise UserError(
            f"port {port} of {host} is taken, by a TWS or another simulator; stop it, or choose another with --port"
        ) from error


def _check(host: str, port: int, speed: float, account: str, cash: float, days: int | None, seed: int) -> None:
    if host not in LOOPBACK:
        raise UserError(f"--host {host}: the simulated TWS listens on this machine only; use 127.0.0.1")
    if not 0 <= port <= 65535:
        raise UserError(f"--port {port}: a port lies between 1 and 65535; 0 takes a free one")
    if not (math.isfinite(speed) and 0 < speed <= FASTEST):
        raise UserError(f"--speed {speed:g}: simulated seconds per second, above 0 and at most {FASTEST:g}")
    if not re.fullmatch(rf"(D[UF]|{DRILLED})[0-9]{{1,12}}", account):
        raise UserError(
            f"--account {account}: a simulated account is named like a paper account, DU and digits, as in DU1234567; "
            f"or {DRILLED} and digits, to drill real money with `spreads run --sim --live`"
        )
    if not (math.isfinite(cash) and 0 < cash <= 10**12):
        raise UserError(f"--cash {cash:g}: dollars, above 0")
    if days is not None and days < 1:
        raise UserError(f"--days {days}: at least 1")
    if seed < 0:
        raise UserError(f"--seed {seed}: a whole number, 0 or more")


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(NEW_YORK):%a %Y-%m-%d %H:%M:%S} New York"


def _erased() -> str:
    """Puts the next word at the beginning of the line that shows progress."""
    return "\r\033[K" if sys.stderr.isatty() else ""
