"""How a command speaks to a running engine: HTTP over the socket in its state folder."""

import http.client
import json
import os
import re
import socket
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import cast

from engine.api.names import ENGINE_HEADER, SOCKET_NAME, VERSION_HEADER
from engine.cli.show import Row
from engine.domain.errors import EngineError, UserError
from engine.store import journal
from engine.store.folder import no_folder

VERSION = version("ibkr-spreads")
PATIENCE_S = 15.0
NAME_IT = "name the state folder of an engine with --state"
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class NoEngine(EngineError):
    """Nobody listens on the socket of a state folder."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an engine said."""

    found: object
    engine: str
    """Which engine it is, as people are told."""


def ask(state: Path, method: str, path: str, body: dict[str, object] | None = None, *, any_version: bool = False) -> Reply:
    """The answer of the engine on this folder, which must be of this version unless that does not matter.

    Raises NoEngine where none listens, UserError for what it does not know, EngineError for what it refuses or where its answer
    cannot be read.
    """
    connection = _Socket(state / SOCKET_NAME)
    try:
        text = json.dumps(_legible(body)) if body is not None else None
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        response = connection.getresponse()
        found = json.loads(response.read())
    except NoEngine as error:
        raise NoEngine(f"{error}; {_way_out(state)}") from error
    except PermissionError as error:
        raise EngineError(f"{state}: its engine may only be asked by who started it ({error.strerror})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineError(f"the engine on {state} does not answer ({error}); see its output or its log") from error
    finally:
        connection.close()
    engine = f"{response.getheader(ENGINE_HEADER, '')}, engine on {state}".removeprefix(", ")
    told = response.getheader(VERSION_HEADER, "")
    if told != VERSION and not any_version:
        older = f"version {told}" if told else "another version"
        raise EngineError(
            f"{engine}: it is {older} and this command is {VERSION}, so they do not understand each other; restart the engine, "
            "or ask with the version that it was started from. `spreads halt` works all the same"
        )
    if response.status == http.HTTPStatus.OK:
        return Reply(found, engine)
    detail = _detail(found)
    if response.status in {404, 422} and told == VERSION:
        raise UserError(detail)
    raise EngineError(f"{engine}: {detail}")


def rows(state: Path, path: str) -> list[Row]:
    """The rows that the engine answers with."""
    return cast("list[Row]", ask(state, "GET", path).found)


def runs(state: Path) -> bool:
    """Whether an engine listens on this folder; a socket that a killed one left behind does not count."""
    connection = _Socket(state / SOCKET_NAME)
    try:
        connection.connect()
    except (NoEngine, OSError):
        return False
    finally:
        connection.close()
    return True


def named(name: str) -> str:
    """The name as a part of an address. Raises UserError where nothing can be called so."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r}: nothing is called so; names have letters, digits, - and _")
    return name


def _legible(body: dict[str, object]) -> dict[str, object]:
    """Bytes of a command line that are no text are marked: a halt must not fail for them."""
    return {name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for name, value in body.items()}


def needs_journal(state: Path) -> None:
    """Raises UserError where no engine has written a journal that may be read, with the folder that may have been meant."""
    try:
        is_there = (state / journal.FOLDER).is_dir()
        is_shut = is_there and not os.access(state / journal.FOLDER, os.R_OK | os.X_OK)
    except PermissionError:
        is_there, is_shut = False, True
    if is_shut:
        raise UserError(f"{state}: its journal may not be read by you; ask as the user who runs the engine")
    if is_there:
        return
    if (wrong := no_folder(state)) is not None:
        raise UserError(f"{state}: {wrong}, so no journal; {NAME_IT}")
    demo = state / "demo"
    way_out = f"the demonstration's is in {demo}: say --state {demo}" if (demo / journal.FOLDER).is_dir() else NAME_IT
    raise UserError(f"{state}: no journal here; {way_out}")


def _detail(found: object) -> str:
    """What was refused, in words."""
    row = cast("Row", found) if isinstance(found, dict) else {}
    detail = row.get("detail") or row.get("because") or found
    if not isinstance(detail, list):
        return str(detail)
    problems = cast("list[Row]", detail)
    return "; ".join(f"{str(_last(problem.get('loc'))).replace('_', '-')}: {problem.get('msg')}" for problem in problems)


def _last(place: object) -> object:
    return cast("list[object]", place)[-1] if isinstance(place, list) and place else "?"


class _Socket(http.client.HTTPConnection):
    """HTTP over the engine's unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        folder = self._path.parent
        if (wrong := no_folder(folder)) is not None:
            raise NoEngine(f"{folder}: {wrong}, and no engine runs on it")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        try:
            self.sock.connect(bytes(self._path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoEngine(f"no engine runs on {folder}") from error
        except OSError as error:
            if self._path.exists():
                raise
            raise NoEngine(f"no engine runs on {folder}") from error


def _way_out(state: Path) -> str:
    """What to do where no engine listens: a demonstration has its state in a folder below."""
    demo = state / "demo"
    if runs(demo):
        return f"one runs on {demo}: say --state {demo}"
    return "start one with `spreads run` or `spreads demo`, or name its folder with --state"
