"""What the answers of a TWS mean for trading, and the menu path or command that mends each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, time, timedelta
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from engine.cli.doctor.check import Check, fail, ok, unknown, warn
from engine.cli.doctor.tws import PORTS, Answers, Quality, local_instant
from engine.domain.maintenance import Restart, restart_in_session
from engine.domain.session import NEW_YORK, Session

API = "TWS: File, Global Configuration (Gateway: Configure, Settings), API, Settings"
SKEW_WARNED_S, SKEW_MAX_S = 2.0, 10.0
"""Windows and expiries are read from the machine's clock: two seconds are an old time service, ten are a wrong clock. TWS tells
whole seconds, so less than one cannot be seen."""
LINES_EACH = 10
"""An underlying's own line, and a handful of its options: with fewer hardly a spread has both legs quoted."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the engine is to be run with."""

    mode: str
    account: str | None
    lines: int
    tws_zone: str
    tws_restart: str
    """HH:MM on the clock of TWS's machine."""
    needs: int
    """Underlyings of the enabled strategies."""


def ports_check(host: str, found: Sequence[int], asked: int | None) -> Check:
    """Whether anybody listens where a TWS would."""
    if found:
        return ok("TWS or Gateway", ", ".join(f"{host}:{port} ({PORTS.get(port, 'your port')})" for port in found))
    ports = f"port {asked}" if asked is not None else f"ports {', '.join(map(str, PORTS))}"
    return fail(
        "TWS or Gateway",
        f"nobody listens at {host}, {ports}",
        f"start TWS or IB Gateway and log in; then {API}: tick Enable ActiveX and Socket Clients, and read the Socket port there",
    )


def network(host: str) -> Iterator[Check]:
    """Whether the connection leaves the machine for the open network; nothing is said where it cannot."""
    try:
        is_open = ip_address(host).is_global
    except ValueError:
        return  # a name: what it means is the network's business
    if is_open:
        found = f"{host} is reached over the open network, and the protocol has neither password nor encryption"
        yield fail("network", found, f"ssh -N -L 7497:127.0.0.1:7497 {host}, and --host 127.0.0.1")


def handshake(answers: Answers) -> Check:
    """Whether the API answers as a TWS does."""
    name, place = "API", answers.place
    match answers.step:
        case "answered":
            return ok(name, f"{place} answers, protocol {answers.version}")
        case "silent":
            return fail(
                name,
                f"{place} takes the connection and does not answer",
                "look at its window: it may ask whether to accept the connection, or be logging in; else restart it",
            )
        case "closed":
            return fail(
                name,
                f"{place} hangs up before it has answered",
                f"{API}: add the address of this machine to Trusted IPs, or untick Allow connections from localhost only",
            )
        case "no TWS":
            return fail(name, f"{place} is no TWS: {answers.why}", "give the right port with --port")
        case "id taken":
            return fail(name, f"{place}: client ids are in use: {answers.why}", "wait half a minute; old sessions linger")
        case "refused":
            return fail(name, f"{place}: {answers.why}", f"start TWS or IB Gateway; {API}: Socket port")


def of_answers(answers: Answers, wanted: Wanted) -> Iterator[Check]:
    """Everything that a TWS which answers has told."""
    if answers.link_lost:
        yield fail("link to IBKR", answers.link_lost, "wait; if it lasts, log in to TWS again, and look at IBKR's system status")
    yield read_only(answers)
    yield from account(answers, wanted)
    yield from data(answers.data)
    if wanted.mode != "sim":  # a simulated TWS keeps its own time, and an engine against it lives in that
        yield clock(answers.ahead_s)
    yield zone(answers, wanted)


def read_only(answers: Answers) -> Check:
    """Whether orders can be sent."""
    match answers.read_only:
        case True:
            return fail("orders", "the API is read-only", f"{API}: untick Read-Only API")
        case False:
            return ok("orders", "the API takes orders")
        case None:
            return unknown("orders", "TWS did not say whether the API is read-only", f"{API}: Read-Only API must be unticked")


def account(answers: Answers, wanted: Wanted) -> Iterator[Check]:
    """Which account would be traded, of which kind, and in which currency it is kept."""
    names = answers.accounts
    if len(names) == 0:
        yield fail("account", "TWS tells of no account", "log in to TWS again; the user must have an account that may be traded")
        return
    if wanted.account is not None and wanted.account not in names:
        yield fail(
            "account", f"{wanted.account} is not among {', '.join(names)}", f"SPREADS_ACCOUNT={names[0]}, or log in as its user"
        )
        return
    if wanted.account is None and len(names) > 1:
        yield fail("account", f"there are several: {', '.join(names)}", f"name one: SPREADS_ACCOUNT={names[0]}")
        return
    chosen = wanted.account or names[0]
    is_paper = chosen.startswith(("DU", "DF"))
    kind = "paper" if is_paper else "real money"
    worth = "" if answers.net_liquidation is None else f", {answers.net_liquidation:,.0f} {answers.currency} net liquidation"
    if is_paper == (wanted.mode == "live"):
        yield fail(
            "account",
            f"{chosen} is {kind}, and the engine is to run with --{wanted.mode}",
            "log in to TWS as the paper user" if wanted.mode != "live" else "log in to TWS as the user of the live account",
        )
    else:
        yield ok("account", f"{chosen}, {kind}{worth}")
    if answers.net_liquidation is None:
        yield unknown(
            "account values", "TWS did not tell what the account is worth", "wait for TWS to finish its login, and ask again"
        )
    elif answers.currency not in {"USD", "BASE", ""}:
        yield fail(
            "account values",
            f"the account is kept in {answers.currency}",
            "Client Portal, Settings, Account Settings, Base Currency: USD",
        )


_TOLD: Mapping[Quality, str] = {
    "live": "live",
    "frozen": "frozen, as the market is closed",
    "delayed": "delayed",
    "none": "not subscribed",
    "taken": "taken by another session of the same user",
    "unknown": "not known",
}
SUBSCRIBE = "Client Portal, Settings, Market Data Subscriptions: live data for US options and indexes, shared with the paper user"


def data(found: Mapping[str, Quality]) -> Iterator[Check]:
    """Whether live quotes come; delayed ones are looked at and never traded."""
    if not found:
        yield unknown("market data", "no underlying was asked for", "write a strategy: spreads new NAME")
        return
    told = ", ".join(f"{symbol} {_TOLD[quality]}" for symbol, quality in found.items())
    worst = set(found.values())
    if "taken" in worst:
        yield fail("market data", told, "close the other session: TWS, Client Portal or phone of the same user")
    elif worst & {"none", "delayed"}:
        yield fail("market data", told, SUBSCRIBE)
    elif "unknown" in worst:
        yield unknown("market data", told, "ask again while the market is open; if it stays so, check symbols and subscriptions")
    else:
        yield ok("market data", told)


def lines(wanted: Wanted) -> Check:
    """Whether there is a data line for each underlying and some for its options. TWS does not tell how many the user has."""
    told = f"{wanted.lines} by your settings; TWS does not tell"
    if wanted.lines >= LINES_EACH * wanted.needs:
        return ok("data lines", told)
    return warn(
        "data lines",
        f"{told}; {wanted.needs} underlyings share them",
        "SPREADS_LINES: what your subscriptions give (100, and more with quote boosters), or fewer underlyings",
    )


def lines_used(used: int, most: int) -> Check:
    """How many lines a running engine has open."""
    return ok("data lines", f"{used} of {most} in use; the engine gives them to what can open")


def clock(ahead_s: float | None) -> Check:
    """Whether the machine's clock and TWS's agree."""
    if ahead_s is None:
        return unknown("clock", "TWS did not tell the time", "look whether the machine keeps time: timedatectl status")
    off = f"{abs(ahead_s):.1f} s {'behind' if ahead_s > 0 else 'ahead of'} TWS"
    mend = "sudo timedatectl set-ntp true; where TWS runs on Windows: Settings, Time and language, Sync now"
    if abs(ahead_s) > SKEW_MAX_S:
        return fail("clock", f"this machine is {off}", mend)
    return warn("clock", f"this machine is {off}", mend) if abs(ahead_s) > SKEW_WARNED_S else ok("clock", "agrees with TWS")


def zone(answers: Answers, wanted: Wanted) -> Check:
    """Whether TWS runs in the time zone that the settings name: times of executions may name none."""
    local, at = local_instant(answers), answers.greeted_at
    if local is None or at is None:
        return unknown("time zone", f"TWS greets with the time '{answers.local_time}'", "set SPREADS_TWS_ZONE to TWS's time zone")
    at += timedelta(seconds=answers.ahead_s or 0.0)
    named = at.astimezone(ZoneInfo(wanted.tws_zone)).replace(tzinfo=UTC)
    if abs(named - local) <= 2 * _MINUTE:
        return ok("time zone", f"TWS runs on {wanted.tws_zone}")
    hours = (local - at).total_seconds() / 3600
    return fail(
        "time zone",
        f"TWS's clock shows {local:%H:%M}, which is not {wanted.tws_zone} ({named:%H:%M}) but UTC{hours:+.3g} h",
        "--tws-zone, or SPREADS_TWS_ZONE: the zone of TWS's machine, as Europe/Berlin or UTC",
    )


def restart(wanted: Wanted, sessions: Sequence[Session]) -> Check:
    """Whether the daily restart of TWS lies outside of the sessions that are ahead."""
    at = restart_in_session(Restart(time.fromisoformat(wanted.tws_restart), ZoneInfo(wanted.tws_zone)), sessions)
    if at is None:
        return ok("restart of TWS", f"at {wanted.tws_restart} {wanted.tws_zone} by your settings, outside of the sessions")
    return fail(
        "restart of TWS",
        f"at {wanted.tws_restart} {wanted.tws_zone}, which is {at.astimezone(NEW_YORK):%H:%M} in New York: the market is open",
        "TWS: File, Global Configuration, Lock and Exit: Auto restart while it is closed, and SPREADS_TWS_RESTART",
    )
