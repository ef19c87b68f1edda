"""`spreads console`: the live screen of a running engine."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.cli.options import STATE, By, State, somebody
from engine.client.asynchronous import AsyncClient
from engine.console.app import Console, scopes
from engine.console.host import Setup
from engine.console.keys import read_keys
from engine.console.themes import COLOUR_SAFE, CONTRAST, DARK, LIGHT
from engine.domain.errors import UserError

KEYS, MEMORY = "keys.yaml", "console.json"
THEMES = {"dark": DARK, "light": LIGHT, "high-contrast": CONTRAST, "colour-safe": COLOUR_SAFE}


def console(
    *,
    state: State = STATE,
    readonly: bool = False,
    keys: Annotated[Path | None, Parameter(help="File of keys of your own.", show_default=False)] = None,
    theme: Literal["dark", "light", "high-contrast", "colour-safe"] = "dark",
    by: By = "",
) -> None:
    """Open the live screen of a running engine: see everything, approve, close, halt.

    Leaving it changes nothing: the engine goes on.

    Parameters
    ----------
    readonly
        Only look: what sends something is not there.
    theme
        Colours.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("the console needs a terminal; `spreads status`, `approvals` and `positions` tell the same without one")
    chosen = own_keys(keys)
    setup = Setup(state=state, by=somebody(by), is_read_only=readonly, keys=chosen, theme=THEMES[theme], memory=own_memory())
    open_console(state, setup)


def open_console(state: Path, setup: Setup) -> None:
    """Run the console until it is left."""
    Console(AsyncClient(state, by=setup.by), time.monotonic, setup).run()


def own_memory() -> Path:
    """The file in which a console remembers how this person likes to see it."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "spreads" / MEMORY


def own_keys(named: Path | None) -> dict[str, str]:
    """The keys of the file that is named, or of that in the person's folder of settings where there is one."""
    if named is not None:
        return read_keys(named, scopes())
    usual = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "spreads" / KEYS
    return read_keys(usual, scopes()) if usual.is_file() else {}
