"""`spreads doctor`: everything that could stop trading, each with one command or menu path that mends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, cast

from cyclopts import Parameter

from engine.cli.client import ask as ask_engine
from engine.cli.client import runs
from engine.cli.doctor import judge, place
from engine.cli.doctor.api import over_tcp
from engine.cli.doctor.check import Check, fail, ok, show_checks, unknown, warn
from engine.cli.doctor.tws import PORTS, Answers, ask, listens
from engine.cli.given import settings_of
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.show import Row, say
from engine.domain.errors import EngineError
from engine.domain.session import trading_day
from engine.runtime.clock import SystemClock
from engine.runtime.control import NOT_RECONCILED
from engine.runtime.schedule import sessions_between
from engine.settings import Settings

UNDERLYINGS_ASKED = 10
"""Data lines that are taken for a moment; the kind of data is that of an exchange, not of a symbol."""
SESSIONS_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found, and what of it the wizard goes on with."""

    checks: tuple[Check, ...]
    answers: Answers | None
    """Of the TWS that was asked; None where nobody listens."""


def doctor(
    *,
    state: State = STATE,
    strategies: Strategies = STRATEGIES,
    host: Annotated[str | None, Parameter(show_default=False)] = None,
    port: Annotated[int | None, Parameter(show_default=False)] = None,
    live: bool = False,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Look at everything that could stop trading, and say what mends it. Exit code 1 when something would.

    It asks TWS or Gateway over its API and changes nothing there; a running engine is asked too.

    Parameters
    ----------
    host
        Where TWS runs; 127.0.0.1 when not given.
    port
        Where it listens. When not given, 7497, 4002, 7496 and 4001 are looked at.
    live
        For an engine with real money: the account must hold some, and the ports of live logins come first.
    format
        table or json.
    """
    given = {"state": state, "strategies": strategies, "host": host, "port": port, "mode": "live" if live else None}
    settings = settings_of({name: value for name, value in given.items() if value is not None})
    checks = examine(settings, SystemClock().now).checks
    show_checks(checks, format)
    failed = sum(one.state == "fail" for one in checks)
    if failed:
        say(f"{failed} of {len(checks)} checks would stop trading")
    elif warned := sum(one.state != "ok" for one in checks):
        say(f"nothing would stop trading; {warned} of {len(checks)} checks want a look")
    else:
        say(f"all {len(checks)} checks pass")
    return 1 if failed else 0


def examine(settings: Settings, now: Callable[[], datetime]) -> Examined:
    """Every check, in the order in which a person would mend them."""
    at = now()
    read, strategies = place.files(settings.strategies, at)
    symbols = place.underlyings(strategies)
    told = _status(settings) if runs(settings.state) else None
    # An engine that runs knows whether its TWS is simulated: then both live in that one's time.
    mode = "sim" if isinstance(told, dict) and told["mode"] == "sim" else settings.mode
    wanted = judge.Wanted(mode, settings.account, settings.lines, settings.tws_zone, settings.tws_restart, needs=len(symbols))
    engine = _running(told) if told is not None else None
    # A running engine has its own data lines and tells of them: none is taken from it.
    checks, answers = of_tws(settings, wanted, () if engine else symbols[:UNDERLYINGS_ASKED], now, asks_data=engine is None)
    sessions = sessions_between(trading_day(at), trading_day(at) + SESSIONS_AHEAD)
    checks += engine or [judge.lines(wanted)]
    checks += [
        judge.restart(wanted, sessions),
        place.disk(settings.state),
        place.rights(settings.state),
        place.contracts(settings.state, symbols, at),
        place.calendar(at),
        *over_tcp(settings, at),
        *read,
    ]
    return Examined(tuple(checks), answers)


def of_tws(
    settings: Settings, wanted: judge.Wanted, symbols: Sequence[str], now: Callable[[], datetime], *, asks_data: bool
) -> tuple[list[Check], Answers | None]:
    """The checks of the TWS that an engine would trade through, and its answers."""
    looked = (settings.port,) if settings.port is not None else (*settings.ports(), *PORTS)
    found = [port for port in dict.fromkeys(looked) if listens(settings.host, port)]
    checks = [judge.ports_check(settings.host, found, settings.port), *judge.network(settings.host)]
    if not found:
        return checks, None
    answers = ask(settings.host, found[0], symbols, now)
    checks.append(judge.handshake(answers))
    if answers.step == "answered":
        told = judge.of_answers(answers, wanted)
        checks += [check for check in told if asks_data or check.name != "market data"]
    return checks, answers


def _status(settings: Settings) -> Row | EngineError:
    try:
        return cast("Row", ask_engine(settings.state, "GET", "/v1/status").found)
    except EngineError as error:
        return error


def _running(status: Row | EngineError) -> list[Check]:
    """What an engine that runs tells of itself, or why it does not."""
    name = "engine"
    if isinstance(status, EngineError):
        return [fail(name, str(status), "look at its output, or at engine.log in the state folder")]
    trading = str(status["trading"])
    told = f"runs, version {status['version']}, {status['mode']}, account {status['account']}"
    checks = [ok(name, told) if trading == "on" else warn(name, f"{told}; it opens nothing: {trading}", "spreads status")]
    if not status["connected"]:
        checks.append(fail("engine's link", str(status["link"]), "the checks of TWS above say what is wrong"))
    data = str(status["data"])
    if data in {"live", "frozen"}:
        checks.append(ok("market data", data))
    elif data == "delayed":
        checks.append(fail("market data", "delayed", judge.SUBSCRIBE))
    else:
        checks.append(unknown("market data", "not known yet", "ask again while the market is open"))
    differences = cast("list[str]", status["differences"])
    if differences == [NOT_RECONCILED]:
        checks.append(unknown("books", "not held against the broker's yet", "ask again in a minute"))
    elif differences:
        checks.append(fail("books", differences[0], "hold positions and orders against TWS: spreads positions, spreads orders"))
    used, most = cast("int | None", status["lines_used"]), cast("int | None", status["lines_max"])
    if used is not None and most is not None:
        checks.append(judge.lines_used(used, most))
    return checks
