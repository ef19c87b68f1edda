"""Commands that speak to a running engine through its socket in `state/`."""

import getpass
import http.client
import json
import socket
from pathlib import Path
from typing import Annotated, cast

from cyclopts import Parameter

from engine.cli.show import Format, Row, pairs, say, show
from engine.domain.errors import EngineError, UserError

SOCKET_NAME = "engine.sock"
PATIENCE_S = 15.0
State = Annotated[Path, Parameter(name="--state")]


def status(*, state: State = Path("state"), format: Format = "table") -> None:  # noqa: A002
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
    pairs((name.replace("_", " "), value) for name, value in found.items() if not isinstance(value, list | dict) or not value)
    for name in ("differences", "foreign"):
        for line in cast("list[str]", found[name]):
            print(f"{name}: {line}")
    print()
    show(strategies, ["name", "candidates", "open", "scanned_at", "file"], format, empty="no strategy is loaded")


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
    return _say_word(state, f"/v1/approvals/{order_ref}/approve", by, "")


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
    return _say_word(state, f"/v1/approvals/{order_ref}/decline", by, reason)


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
    (state / "HALT").unlink(missing_ok=True)
    return _say_word(state, "/v1/resume", by, "")


def why(strategy: str, *, state: State = Path("state"), at: str | None = None, format: Format = "table") -> None:  # noqa: A002
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
        found = cast("Row", _ask(state, "GET", f"/v1/why/{strategy}"))
    if format == "json":
        print(json.dumps(found))
        return
    print(f"{strategy}, scanned at {found['at'] or 'no time yet'}")
    show(cast("list[Row]", found["funnel"]), ["condition", "passed", "unknown"], "table", empty="no funnel recorded yet")
    if found["nearest_miss"]:
        print(f"nearest miss: {found['nearest_miss']}")
    for denial in cast("list[Row]", found["denials"]):
        print(f"stopped: {denial['spread']}: {denial['obstacle']}")
    show(cast("list[Row]", found["orders"]), ["order_ref", "purpose", "spread", "state", "filled", "net_filled", "why"], "table")


def _say_word(state: Path, path: str, by: str, reason: str) -> int:
    outcome = cast("Row", _ask(state, "POST", path, {"by": by or getpass.getuser(), "reason": reason}))
    print(outcome["text"])
    return 0


def _runs(state: Path) -> bool:
    """Whether an engine listens on this folder; a socket that a killed one left behind does not count."""
    connection = _Socket(state / SOCKET_NAME)
    try:
        connection.connect()
    except EngineError:
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
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineError(f"the engine on {state} does not answer ({error}); see its output or its log") from error
    finally:
        connection.close()
    if response.status == 200:
        return found
    detail = str(found.get("detail", found))
    raise UserError(detail) if response.status in {404, 422} else EngineError(detail)


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
            raise EngineError(
                f"no engine runs on {self._path.parent};"
                " start one with `spreads run` or `spreads demo`, or name its folder with --state"
            ) from error
