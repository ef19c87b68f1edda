"""`spreads init`: a folder to trade from, with what TWS tells of the account in it. It asks nothing that can be found out."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import Parameter

from engine.cli.doctor import judge
from engine.cli.doctor.check import Check, show_checks
from engine.cli.doctor.doctor import of_tws
from engine.cli.doctor.tws import Answers, local_instant
from engine.cli.given import settings_of
from engine.cli.options import SETTINGS_FILE
from engine.cli.setup import needs_rest, shipped_files, write_new
from engine.cli.show import say
from engine.cli.sized import sized, too_wide
from engine.domain.errors import UserError
from engine.runtime.clock import SystemClock
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, parse_account, parse_common, parse_strategy

ACCOUNT = Path("strategies") / ACCOUNT_FILE
ASKED = ("SPX", "SPY")
"""What the shipped strategies trade: whether their data come is looked at."""
LEAST_USD = 2_000
"""What a margin account must be worth before spreads can be sold. Source: FINRA rule 4210."""
NEW_YORK = "America/New_York"
_PAPER = ("DU", "DF")
_ZONES_ALIKE = timedelta(minutes=2)


def init(
    folder: Path = Path(),
    *,
    host: Annotated[str | None, Parameter(show_default=False)] = None,
    port: Annotated[int | None, Parameter(show_default=False)] = None,
    size: Annotated[float | None, Parameter(show_default=False)] = None,
) -> int:
    """Make a folder to trade from: strategies, limits for the size of your account, events, settings. Never overwrites a file.

    It looks for TWS or Gateway, tests its API as `spreads doctor` does, and takes the account's size from there. Without a TWS
    it writes the same files and says what to do next.

    Parameters
    ----------
    folder
        Where the files are to be; the current folder when not given.
    host
        Where TWS runs; 127.0.0.1 when not given.
    port
        Where it listens. When not given, 7497, 4002, 7496 and 4001 are looked at.
    size
        What the account is worth, USD; asked of TWS when not given.
    """
    if size is not None and not 0 < size <= 10**12:
        raise UserError(f"--size {size:g}: dollars, above 0")
    needs_rest(folder)
    settings = settings_of({name: value for name, value in (("host", host), ("port", port)) if value is not None})
    wanted = judge.Wanted(
        settings.mode, settings.account, settings.lines, zone_name(None), settings.tws_restart, needs=len(ASKED)
    )
    checks, answers = of_tws(settings, wanted, ASKED, SystemClock().now, asks_data=True)
    checks = [check for check in checks if check.name != "time zone"]  # which is found out, and written down
    show_checks(checks, "table")
    print()
    worth = _worth(answers, size)
    texts = shipped_files()
    if worth is not None:
        texts[ACCOUNT] = sized(texts[ACCOUNT].decode(), worth).encode()
    texts[Path(SETTINGS_FILE)] = _settings_file(answers, settings.lines).encode()
    texts[Path(".gitignore")] = b"state/\nsecrets/\n.env\n"
    write_new(folder, texts)
    state = folder / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    for sentence in _advice(folder, worth):
        say(sentence)
    _next(folder, checks, answers, worth)
    return 0


def zone_name(answers: Answers | None, zones: Callable[[], Iterable[str]] | None = None) -> str:
    """The time zone that TWS runs in, by the clock that it showed: New York's, this machine's or UTC; New York's if none fits."""
    local, at = (local_instant(answers), answers.greeted_at) if answers is not None else (None, None)
    if answers is None or local is None or at is None:
        return NEW_YORK
    at += timedelta(seconds=answers.ahead_s or 0.0)
    for name in (NEW_YORK, *(zones or _zones_here)()):
        if abs(at.astimezone(ZoneInfo(name)).replace(tzinfo=UTC) - local) <= _ZONES_ALIKE:
            return name
    return NEW_YORK


def _zones_here() -> Iterator[str]:
    """The zone of this machine, where it has a name, and UTC."""
    _, _, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    try:
        ZoneInfo(name or "UTC")
        yield name or "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        pass
    yield "UTC"


def _worth(answers: Answers | None, size: float | None) -> Decimal | None:
    """What the account is worth, USD; None where nobody has said."""
    if size is not None:
        return Decimal(repr(size))
    if answers is None or answers.net_liquidation is None or answers.currency not in {"USD", "BASE", ""}:
        return None
    return Decimal(repr(answers.net_liquidation)) if answers.net_liquidation > 0 else None


def _settings_file(answers: Answers | None, lines: int) -> str:
    """spreads.toml with what was found; what was not is written as a remark."""
    papers = [name for name in answers.accounts if name.startswith(_PAPER)] if answers is not None else []
    found = answers is not None and bool(papers)
    rows = [
        "# Where TWS is, and how it is set. A flag or a variable SPREADS_… wins over a line here. Secrets do not belong here.",
        f'host = "{answers.host}"' if answers is not None and found else '# host = "127.0.0.1"',
        f"port = {answers.port}"
        if answers is not None and found
        else "# port = 7497                  # IB Gateway: 4002; not written: both are tried",
        f'account = "{papers[0]}"' if len(papers) == 1 else '# account = "DU1234567"       # needed where the user has several',
        f'tws_zone = "{zone_name(answers)}"   # of the machine that TWS runs on',
        'tws_restart = "23:45"          # Lock and Exit: Auto restart, on that machine\'s clock',
        f"lines = {lines}                    # market data lines of your subscriptions",
    ]
    return "\n".join(rows) + "\n"


def _advice(folder: Path, worth: Decimal | None) -> Iterator[str]:
    """What of the written files does not fit the account."""
    if worth is None:
        return
    if worth < LEAST_USD:
        yield f"the account is worth ${worth:,.0f}: a broker lets nobody sell spreads below ${LEAST_USD:,}"
    account = parse_account((folder / ACCOUNT).read_bytes()).value
    common = parse_common((folder / "strategies" / COMMON_FILE).read_bytes()).value
    read = (
        parse_strategy((folder / name).read_bytes(), str(name), common).value for name in shipped_files() if _is_strategy(name)
    )
    if account is not None:
        yield from too_wide([strategy for strategy in read if strategy is not None], account, worth)


def _is_strategy(name: Path) -> bool:
    return name.parts[0] == "strategies" and name.name not in {ACCOUNT_FILE, COMMON_FILE, "events.yaml"}


def _next(folder: Path, checks: list[Check], answers: Answers | None, worth: Decimal | None) -> None:
    """What to do now, a line each."""
    steps = [f"cd {folder}"] if folder != Path() else []
    steps += [f"{check.name}: {check.mend}" for check in checks if check.state == "fail"]
    if worth is None:
        steps.append(f"limits for your account's size: remove {ACCOUNT}, then  spreads init --size DOLLARS")
    steps += [
        "spreads check, and  spreads explain strategies/spy_bear_call.yaml",
        "spreads doctor",
        "spreads run --paper",
        "git init, to keep every version of your rules",
    ]
    if answers is None:
        steps.append("or, without a TWS:  spreads sim, and in another terminal  spreads run --sim;  spreads demo shows it all")
    say("next:")
    for number, step in enumerate(steps, 1):
        say(f"{number}. {step}", "   ")
