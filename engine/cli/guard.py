"""`spreads guard`: a second process that takes the engine's place where that is dead or stuck; `--release` gives it back."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.app import App
from engine.cli.logs import GUARDIANS_FILE, log_to
from engine.cli.narrate import INDENT, Narrator
from engine.cli.notified import notifier_of
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.run import in_its_time, settings_for
from engine.cli.show import say
from engine.domain.errors import EngineError, UserError
from engine.notify.notifier import Notifier
from engine.options import Options
from engine.ports import Clock
from engine.runtime.control import Control
from engine.runtime.guardian import Guardian, Takeover, led
from engine.runtime.service import service_manager
from engine.settings import Settings
from engine.store.folder import state_of
from engine.store.lock import GUARDIAN, WATCH_FILE, Lock, holder_of, holds

CONNECT_S = 5.0
"""How long a TWS has to take a connection, when it is asked whether it is there."""
LET_GO_S, LOOK_S = 60.0, 0.1
"""How long a guardian has to give the place back: its good-bye takes ten seconds at most."""

Optional = Annotated[str | None, Parameter(show_default=False)]


def guard(
    *,
    sim: bool = False,
    paper: bool = False,
    live: bool = False,
    release: bool = False,
    guard_after_s: Annotated[int | None, Parameter(show_default=False)] = None,
    host: Optional = None,
    port: Annotated[int | None, Parameter(show_default=False)] = None,
    client_id: Annotated[int | None, Parameter(show_default=False)] = None,
    account: Optional = None,
    strategies: Strategies = STRATEGIES,
    state: State = STATE,
    speed: float = 1.0,
) -> int:
    """Watch over an engine from a second process, and take its place where it is dead or stuck while something is held.

    It then opens nothing, cancels what works to open, and goes on with the exits of the journal, until it is told to let go. Give
    it the flags and settings of the engine.

    Parameters
    ----------
    release
        Tell the guardian of this folder to give the engine's place back; it goes on watching.
    guard_after_s
        Seconds of the session without a sign of life after which it acts, 120 to 3600; 300 when not given.
    sim
        As the engine was started.
    paper
        As the engine was started; this is the default.
    live
        As the engine was started.
    host
        As of the engine.
    port
        As of the engine.
    client_id
        As of the engine: only its own number may cancel its orders.
    account
        As of the engine; that of the journal when not given.
    speed
        With --sim: as of the engine.
    """
    if release:
        return _release(state)
    given = {
        "guard_after_s": guard_after_s,
        "host": host,
        "port": port,
        "client_id": client_id,
        "account": account,
        "strategies": strategies,
        "state": state,
    }
    settings = settings_for(given, sim=sim, paper=paper, live=live, speed=speed)
    state_of(settings.state)
    log_to(settings.state, GUARDIANS_FILE)
    watch = Lock(settings.state, GUARDIAN, WATCH_FILE)
    try:
        notifier = notifier_of(os.environ, settings.mode)
        return in_its_time(lambda clock: _watch(settings, clock, notifier), settings, speed, sim=sim)
    finally:
        watch.release()


async def _watch(settings: Settings, clock: Clock, notifier: Notifier | None) -> int:
    """Guard until a signal says to end."""

    async def listens() -> bool:
        return await _listens(settings)

    async def take(takeover: Takeover, released: asyncio.Event) -> None:
        await _in_its_place(settings, clock, notifier, takeover, released)

    guardian = Guardian(settings.state, clock, settings.guard_after_s, listens, take, say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, guardian.stop.set)
    loop.add_signal_handler(signal.SIGUSR1, guardian.release)
    manager = service_manager(os.environ, os.getpid())
    if manager is not None:
        manager.ready("watching")
        manager.keep_told(loop, lambda: guardian.status)
    await guardian.run()
    if manager is not None:
        manager.leaving()
    return 0


async def _in_its_place(
    settings: Settings, clock: Clock, notifier: Notifier | None, takeover: Takeover, released: asyncio.Event
) -> None:
    """The engine in which nothing can be opened, until it is released."""
    narrator = Narrator(lambda text: say(text, INDENT))

    def opened(control: Control) -> None:
        narrator.ledger = control.ledger

    options = Options(
        observers=[narrator], notifier=notifier, guard=takeover, stop=released, on_control=opened, on_mended=say, on_moved=log_to
    )
    app = App(settings, clock, options)
    log_to(settings.state)
    try:
        await led(app.run(), app.nudge, released)
    finally:
        log_to(settings.state, GUARDIANS_FILE)


async def _listens(settings: Settings) -> bool:
    """Whether a TWS takes a connection on a port of the mode; it is left without a word."""
    for port in settings.ports():
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(settings.host, port)
            writer.close()
            return True
    return False


def _release(state: Path) -> int:
    """Have the guardian let go, and wait for it. Raises UserError where none holds the folder, EngineError where it does not."""
    process = _holder(state)
    if process is None:
        raise UserError(f"{state}: no guardian holds the engine's place here")
    try:
        os.kill(process, signal.SIGUSR1)
    except OSError as error:
        raise EngineError(f"process {process} cannot be told ({error.strerror}); tell it as the user who runs it") from error
    end = time.monotonic() + LET_GO_S
    while _holder(state) is not None:
        if time.monotonic() > end:
            raise EngineError(f"the guardian, process {process}, has not let go within {LET_GO_S:g} s; see its output or its log")
        time.sleep(LOOK_S)
    print(
        f"the guardian has let go of {state} and watches again; start the engine, look at positions and orders, then"
        " `spreads resume`"
    )
    return 0


def _holder(state: Path) -> int | None:
    """The guardian's process, where one holds the engine's place; None where not, or nobody may know."""
    held = holder_of(state)
    if held is None or held.holder != GUARDIAN or held.process is None:
        return None
    return held.process if holds(held.process, state) else None
