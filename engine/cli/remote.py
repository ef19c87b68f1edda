"""Commands that speak to a running engine through its socket in `state/`."""

import getpass
import http.client
import json
import re
import socket
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, cast

from cyclopts import Parameter

from engine.cli.narrate import dollars
from engine.cli.show import Format, Row, pairs, say, show
from engine.domain.errors import EngineError, UserError
from engine.domain.session import NEW_YORK

SOCKET_NAME = "engine.sock"
PATIENCE_S = 15.0
DOLLARS = frozenset({"net_liquidation", "buying_power", "day_pnl"})
"""Lines of the status that are amounts."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
State = Annotated[Path, Parameter(name="--state")]


def status(*, state: State = Path("state"), format: Literal["table", "json"] = "table") -> None:  # noqa: A002
    """Whether the engine trades, and if not, why.

    Parameters
    ----------
    state
        Folder of the engine.
    format
        table or json.
    """
    found = cast("Row", _ask(state, "GET", "/v1/status"))
    if format == "json":
        print(json.dumps(found))
        return
    strategies = cast("list[Row]", found["strategies"])
    pairs(_told(name, value) for name, value in found.items() if not isinstance(value, list))
    for name in ("differences", "foreign"):
        for line in cast("list[str]", found[name]):
            print(f"{name}: {line}")
    print()
    rows = [{**row, "scanned": _clock(row["scanned_at"])} for row in strategies]
    show(rows, ["name", "candidates", "open", "scanned", "file"], "table", empty="no strategy is loaded")


def approvals(*, state: State = Path("state"), format: Format = "table") -> None:  # noqa: A002
    """Orders that wait for your yes, with their price now.

    Parameters
    ----------
    state
        Folder of the engine.
    format
        table, json or csv.
    """
    rows = cast("list[Row]", _ask(state, "GET", "/v1/approvals"))
    if format == "table":
        rows = [{**row, "expires_in_s": round(cast("float", row["expires_in_s"] or 0))} for row in rows]
    columns = [
        "order_ref",
        "spread",
        "quantity",
        "shown_net",
        "net_now",
        "worst",
        "max_loss_usd",
        "preview",
        "expires_in_s",
        "asked_because",
    ]
    show(rows, columns, format, empty="nothing waits for an approval")


def approve(order_ref: str, *, state: State = Path("state"), by: str = "") -> int:
    """Say yes to a waiting order. It is priced and checked again first; if it moved, nothing is sent and you are told.

    Parameters
    ----------
    order_ref
        The order, as `spreads approvals` shows it.
    state
        Folder of the engine.
    by
        Who says so; your login name when empty.
    """
    return _say_word(state, f"/v1/approvals/{_named(order_ref)}/approve", by, "")


def decline(order_ref: str, reason: str = "", *, state: State = Path("state"), by: str = "") -> int:
    """Say no to a waiting order.

    Parameters
    ----------
    order_ref
        The order, as `spreads approvals` shows it.
    reason
        Why; kept in the history.
    state
        Folder of the engine.
    by
        Who says so; your login name when empty.
    """
    return _say_word(state, f"/v1/approvals/{_named(order_ref)}/decline", by, reason)


def halt(reason: str = "", *, state: State = Path("state"), by: str = "") -> int:
    """Stop opening and cancel working entries at once. Exits keep working. Works without an engine too, through a file.

    Parameters
    ----------
    reason
        Why; kept in the history.
    state
        Folder of the engine.
    by
        Who says so; your login name when empty.
    """
    try:
        return _say_word(state, "/v1/halt", by, reason)
    except EngineError as error:
        if not state.is_dir():
            raise
        (state / "HALT").write_text(f"{by or getpass.getuser()}: {reason}\n", encoding="utf-8")
        say(f"{error}\nwrote {state / 'HALT'}: an engine on this folder halts within a beat, and starts halted;")
        say("`spreads resume` removes it")
        return 0


def resume(*, state: State = Path("state"), by: str = "") -> int:
    """Allow openings again after a halt.

    Parameters
    ----------
    state
        Folder of the engine.
    by
        Who says so; your login name when empty.
    """
    was_there = (state / "HALT").exists()
    (state / "HALT").unlink(missing_ok=True)
    try:
        return _say_word(state, "/v1/resume", by, "")
    except EngineError as error:
        if not was_there or _runs(state):
            raise
        say(f"{error}\nremoved {state / 'HALT'}: an engine that starts on this folder is not halted by it")
        return 0


def why(
    strategy: str,
    *,
    state: State = Path("state"),
    at: str | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> None:
    """Why a strategy trades or does not: its funnel, the nearest miss, the gate that stopped it.

    Parameters
    ----------
    strategy
        Name of the strategy.
    state
        Folder of the engine.
    at
        A past moment from the history, as 2026-11-23 or "2026-11-23 11:30 New York"; now when empty.
    format
        table or json.
    """
    if at is not None or not _runs(state):
        from engine.cli.history import why_then  # noqa: PLC0415

        found = why_then(state, strategy, at)
    else:
        found = cast("Row", _ask(state, "GET", f"/v1/why/{_named(strategy)}"))
    if format == "json":
        print(json.dumps(found))
        return
    print(f"{strategy}, last recorded look: {_clock(found['at']) or 'none yet'}")
    show(cast("list[Row]", found["funnel"]), ["condition", "passed", "unknown"], "table", empty="no funnel recorded yet")
    if found["nearest_miss"]:
        print(f"nearest miss: {found['nearest_miss']}")
    for denial in cast("list[Row]", found["denials"]):
        print(f"stopped: {denial['spread']}: {denial['obstacle']}")
    show(cast("list[Row]", found["orders"]), ["order_ref", "purpose", "spread", "state", "filled", "net_filled", "why"], "table")


def _told(name: str, value: object) -> tuple[str, object]:
    """A line of the status: what it is, in its unit."""
    words = name.replace("_", " ")
    match value:
        case {"by": by, "reason": reason}:
            return words, f"by {by}: {reason}"
        case {"open": opens, "close": closes, "is_open": is_open}:
            return words, f"{'open' if is_open else 'closed'}, from {_clock(opens)} to {_clock(closes)}"
        case str() if name == "at":
            return words, _clock(value)
        case int() | float() if name.endswith("_age_s"):
            return words.removesuffix(" s"), f"{value:,.1f} s"
        case int() | float() if name in DOLLARS:
            return words, dollars(Decimal(repr(value)), signed=name == "day_pnl")
        case float() if name == "cushion":
            return words, f"{value:.1%}"
        case _:
            return words, value


def _clock(instant: object) -> str:
    """An instant of the API on the clock of the exchange; empty where there is none."""
    if not isinstance(instant, str):
        return ""
    return f"{datetime.fromisoformat(instant).astimezone(NEW_YORK):%a %Y-%m-%d %H:%M:%S} New York"


def _say_word(state: Path, path: str, by: str, reason: str) -> int:
    outcome = cast("Row", _ask(state, "POST", path, {"by": by or getpass.getuser(), "reason": reason}))
    print(outcome["text"])
    return 0


def _named(name: str) -> str:
    """The name as a part of an address. Raises UserError where nothing can be called so."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r}: nothing is called so; names have letters, digits, - and _")
    return name


def _runs(state: Path) -> bool:
    """Whether an engine listens on this folder; a socket that a killed one left behind does not count."""
    connection = _Socket(state / SOCKET_NAME)
    try:
        connection.connect()
    except NoEngine:
        return False
    finally:
        connection.close()
    return True


def _ask(state: Path, method: str, path: str, body: dict[str, str] | None = None) -> object:
    connection = _Socket(state / SOCKET_NAME)
    try:
        text = json.dumps(body) if body is not None else None
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        response = connection.getresponse()
        found = json.loads(response.read())
    except NoEngine as error:
        raise EngineError(f"{error}; {_way_out(state)}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineError(f"the engine on {state} does not answer ({error}); see its output or its log") from error
    finally:
        connection.close()
    if response.status == 200:
        return found
    detail = str(found.get("detail", found))
    raise UserError(detail) if response.status in {404, 422} else EngineError(detail)


class NoEngine(EngineError):
    """Nobody listens on the socket of a state folder."""


class _Socket(http.client.HTTPConnection):
    """HTTP over the engine's unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        try:
            self.sock.connect(str(self._path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoEngine(f"no engine runs on {self._path.parent}") from error


def _way_out(state: Path) -> str:
    """What to do where no engine listens: a demonstration has its state in a folder below."""
    demo = state / "demo"
    if _runs(demo):
        return f"one runs on {demo}: say --state {demo}"
    return "start one with `spreads run` or `spreads demo`, or name its folder with --state"
