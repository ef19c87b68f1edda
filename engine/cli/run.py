"""`spreads run`: the engine, until it is stopped."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from engine.app import App
from engine.cli.given import settings_of
from engine.cli.horizon import outdated
from engine.cli.logs import log_to
from engine.cli.narrate import INDENT, Narrator
from engine.cli.notified import notifier_of
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.show import complain, say
from engine.cli.simclock import simulated_now
from engine.domain.errors import EngineError, UserError
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.notify.notifier import Notifier
from engine.options import Options
from engine.ports import Clock
from engine.runtime.clock import SystemClock
from engine.runtime.control import BEAT_AGE_MAX_S, Control
from engine.runtime.reading import read_folder
from engine.runtime.service import service_manager
from engine.settings import PORTS, Settings
from engine.sim.loop import LoopClock, PacedLoop
from engine.sim.loop import run as run_on
from engine.sim.simulator import DRILLED
from engine.store.books import books
from engine.store.folder import state_of
from engine.store.journal import FOLDER
from engine.store.retention import old_chains, remove

LIVE_NEEDS_ACCOUNT = "{}: real money needs its account by name; say --account U1234567, or set SPREADS_ACCOUNT"
OFTEN = 700
"""New objects before the youngest are looked through for garbage: what Python itself begins with."""
PROBATION = 5
"""First openings of a strategy with real money that ask a person, whatever its file says."""

Optional = Annotated[str | None, Parameter(show_default=False)]


def run(
    *,
    sim: bool = False,
    paper: bool = False,
    live: bool = False,
    host: Optional = None,
    port: Annotated[int | None, Parameter(show_default=False)] = None,
    client_id: Annotated[int | None, Parameter(show_default=False)] = None,
    account: Optional = None,
    strategies: Strategies = STRATEGIES,
    state: State = STATE,
    metrics_port: Annotated[int | None, Parameter(show_default=False)] = None,
    api_port: Annotated[int | None, Parameter(show_default=False)] = None,
    api_host: Optional = None,
    tls_cert: Annotated[Path | None, Parameter(show_default=False)] = None,
    tls_key: Annotated[Path | None, Parameter(show_default=False)] = None,
    lines: Annotated[int | None, Parameter(show_default=False)] = None,
    tws_zone: Optional = None,
    speed: float = 1.0,
) -> int:
    """Trade by the strategies until Ctrl-C, through TWS or IB Gateway. Paper money unless told otherwise.

    Flags win over the environment: SPREADS_HOST, SPREADS_PORT, SPREADS_ACCOUNT and so on.

    Parameters
    ----------
    sim
        Against `spreads sim`; the engine then lives in the simulator's time. With --live, real money is drilled there, with an
        account such as U0001234 that only a simulator has.
    paper
        Against a paper account; this is the default.
    live
        Real money, of the account that --account names. Nothing opens before a strategy is armed with `spreads arm`, and the
        first five openings of each ask you.
    host
        Where TWS runs; 127.0.0.1 when not given.
    port
        Where it listens. When not given, TWS (7497) and then IB Gateway (4002) are tried.
    client_id
        Number of this session at TWS, 17 when not given. Keep it: only the same number may change an order after a restart.
    account
        Account to trade; the only one that TWS reports when not given.
    metrics_port
        Serve /metrics and /health on this port of 127.0.0.1 as well.
    api_port
        Serve the API on this port too: with TLS, and for the keys of `spreads keys` only.
    api_host
        Address of this machine that --api-port is opened on; 127.0.0.1 when not given.
    tls_cert
        Certificate for --api-port, PEM with its chain.
    tls_key
        Its private key, PEM.
    lines
        Market data lines of the user, 100 when not given.
    tws_zone
        Time zone that TWS runs in, for the times of executions that name none; America/New_York when not given.
    speed
        With --sim: how fast the simulator's time runs, as given to `spreads sim --speed`.
    """
    given = {
        "host": host,
        "port": port,
        "client_id": client_id,
        "account": account,
        "strategies": strategies,
        "state": state,
        "metrics_port": metrics_port,
        "api_port": api_port,
        "api_host": api_host,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "lines": lines,
        "tws_zone": tws_zone,
    }
    settings = settings_for(given, sim=sim, paper=paper, live=live, speed=speed)
    notifier = notifier_of(os.environ, settings.mode)
    state_of(settings.state)
    log_to(settings.state)
    _prune(settings, SystemClock().now())
    return in_its_time(lambda clock: _serve(settings, clock, notifier), settings, speed, sim=sim)


def settings_for(given: Mapping[str, object], *, sim: bool, paper: bool, live: bool, speed: float) -> Settings:
    """The settings of a process that trades, of flags and environment. Raises UserError where they cannot be meant."""
    chosen = [name for name, wanted in (("live", live), ("sim", sim), ("paper", paper)) if wanted]
    if len(chosen) > 1 and chosen != ["live", "sim"]:
        raise UserError(f"--{chosen[0]} and --{chosen[1]}: choose one")
    if not 0.1 <= speed <= 600:
        raise UserError(f"--speed {speed:g}: between 0.1 and 600")
    if speed != 1.0 and not sim:
        raise UserError("--speed: only a simulator's time can be sped up; add --sim")
    wanted = {**given, "mode": chosen[0] if chosen else None}
    settings = settings_of({name: value for name, value in wanted.items() if value is not None})
    if live and sim:
        settings = _drill(settings)
    if settings.mode == "live" and settings.account is None:
        raise UserError(LIVE_NEEDS_ACCOUNT.format("--live" if live else "SPREADS_MODE=live"))
    return settings


def in_its_time(main: Callable[[Clock], Coroutine[Any, Any, int]], settings: Settings, speed: float, *, sim: bool) -> int:
    """Run to its end in the time of the machine, or in that of the simulator that is asked for it."""
    if not sim:
        return asyncio.run(main(SystemClock()))
    begins = simulated_now(settings.host, settings.ports()[0])
    loop = PacedLoop(speed)
    clock = LoopClock(loop, begins)
    say(f"the simulator's time is {clock.now():%Y-%m-%d %H:%M:%S} UTC, at {speed:g} times real time")
    return run_on(main(clock), loop)


def _drill(settings: Settings) -> Settings:
    """Real money as the simulator plays it. Raises UserError for an account that a broker could have."""
    if settings.account is None or not settings.account.startswith(DRILLED):
        raise UserError(f"--sim --live: drills real money on a simulator; say --account {DRILLED}1234, as `spreads sim` was told")
    return settings.model_copy(update={"port": settings.ports()[0] if settings.port is not None else PORTS["sim"][0]})


async def _serve(settings: Settings, clock: Clock, notifier: Notifier | None) -> int:
    """Run the engine until a signal, or until it cannot go on."""
    narrator = Narrator(lambda text: say(text, INDENT))
    options = Options(observers=[narrator], notifier=notifier, probation=PROBATION if settings.mode == "live" else 0)
    manager = service_manager(os.environ, os.getpid())
    loop = asyncio.get_running_loop()

    def opened(control: Control) -> None:
        narrator.ledger = control.ledger
        settle_memory()
        for notice in outdated(read_folder(settings.strategies), trading_day(clock.now())):
            say(notice)
        say(f"engine on {settings.state}; `spreads status --state {settings.state}` asks it, Ctrl-C stops it")
        if manager is not None:
            options.on_answering = partial(manager.ready, "began")
            manager.keep_told(loop, lambda: _alive(control))

    options.on_control = opened
    options.on_mended, options.on_moved = say, log_to
    app = App(settings, clock, options)

    def stop() -> None:
        options.stop.set()
        app.nudge()
        if manager is not None:
            manager.leaving()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError):
            loop.add_signal_handler(number, stop)
    errors: list[BaseException] = []
    try:
        await app.run()
    except* EngineError as group:
        errors = _leaves(group)
    finally:
        gc.unfreeze()
    if errors:
        for text in dict.fromkeys(str(error) for error in errors):
            complain(text)
        return 2 if all(isinstance(error, UserError) for error in errors) else 1
    say(f"stopped at {clock.now():%Y-%m-%d %H:%M:%S} UTC; positions stay as they are")
    return 0


def settle_memory() -> None:
    """Have what is there at the start not looked through again: to do so would hold up a beat by a tenth of a second.

    From here on garbage is looked for often, and each look is short.
    """
    gc.set_threshold(OFTEN)
    gc.collect()
    gc.freeze()


def _alive(control: Control) -> str | None:
    """What the engine does, for the service manager; None where it has stopped deciding, so that it is started again."""
    pulse = control.pulse()
    is_beating = pulse.last_beat_age_s is None or pulse.last_beat_age_s <= BEAT_AGE_MAX_S
    return f"openings: {pulse.trading}" if is_beating else None


def _prune(settings: Settings, now: datetime) -> None:
    """Let go of archived chains that are older than the settings keep them."""
    if settings.chain_days is None or not (settings.state / FOLDER).is_dir():
        return
    today = trading_day(now)
    if not old_chains(settings.state, Ledger(), today, settings.chain_days):
        return  # and the journal need not be read for it
    days = old_chains(settings.state, books(settings.state).ledger, today, settings.chain_days)
    remove(days)
    if days:
        say(f"removed {len(days)} days of archived chains, older than {settings.chain_days} days")


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
