"""`spreads web`: a running engine in a browser, on this machine or on a phone."""

import asyncio
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.api.access.keys import Keys
from engine.cli.logs import log_to_terminal
from engine.cli.options import STATE, State
from engine.cli.show import say
from engine.domain.errors import UserError
from engine.store.folder import is_state_folder, no_folder
from engine.web.server import Place, listening, serve
from engine.web.site import CONSOLES_MAX, Site

CONSOLE = (sys.executable, "-m", "engine.console.served")
"""What opens a console for somebody who is logged in."""
MOST_CONSOLES = 20
File = Annotated[Path | None, Parameter(show_default=False)]


def web(
    *,
    state: State = STATE,
    engine: Annotated[str, Parameter(show_default=False)] = "",
    ca: File = None,
    host: str = "127.0.0.1",
    port: int = 8480,
    name: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    tls_cert: File = None,
    tls_key: File = None,
    consoles: int = CONSOLES_MAX,
) -> int:
    """Show a running engine in a browser: status, approvals, positions, HALT, the console; also on a phone. Ctrl-C ends it.

    Who wants in logs in with a key of `spreads keys add` and may do what its role may. The engine goes on without the pages.

    Parameters
    ----------
    engine
        https:// of the API of an engine on another machine, instead of a state folder.
    ca
        File that vouches for that API's certificate, where it is your own.
    host
        Address that the pages are served on; beyond this machine with TLS only.
    port
        Port that they are served on.
    name
        Name under which a browser reaches them, where it is not the address itself.
    tls_cert
        Certificate of the pages.
    tls_key
        Its private key, readable by you alone.
    consoles
        So many consoles may be open at once, each a process of some 70 MB; 0 for the pages alone.
    """
    wanted: Path | str = engine or state
    if engine and not engine.startswith("https://"):
        raise UserError(f"--engine {engine}: the API of another machine is reached by https:// only")
    if isinstance(wanted, Path):
        _check(wanted)
    if not 0 < port < 65536:
        raise UserError(f"--port {port}: wanted 1 to 65535")
    if not 0 <= consoles <= MOST_CONSOLES:
        raise UserError(f"--consoles {consoles}: wanted 0 to {MOST_CONSOLES}")
    place = Place(host, port, frozenset(name), tls_cert, tls_key)
    log_to_terminal("engine.web")
    with listening(place) as taken:
        say(f"{place.url} shows the engine on {wanted}; Ctrl-C ends it, and the engine goes on")
        command = CONSOLE if consoles and _has_terminal() else ()
        asyncio.run(serve(Site(wanted, place.hosts, place.is_secure, time.monotonic, ca, command, consoles), place, taken))
    return 0


def _has_terminal() -> bool:
    """Whether a console can be shown in a browser here; where not, it is told why."""
    if find_spec("textual_serve") is not None:
        return True
    say("the pages alone: the console in a browser needs textual-serve; `pip install 'ibkr-spreads[web]'` brings it")
    return False


def _check(state: Path) -> None:
    """Say what is missing before anybody stands before a login."""
    if not is_state_folder(state):
        raise UserError(f"{state}: {no_folder(state) or 'no engine keeps its state here'}; name its folder with --state")
    if not any(key.revoked_at is None for key in Keys(state).all()):
        say("no key is in force yet; `spreads keys add NAME --role trader` makes one to log in with")
