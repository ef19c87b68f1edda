"""Options that several commands share, each declared once: its name, its setting in the environment, what it wants and its help.

A setting of the environment means the same for every command that has its option. The flag wins.
"""

import difflib
import getpass
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

from engine.domain.errors import UserError

PREFIX = "SPREADS_"
FILE_SUFFIX = "_FILE"
"""Behind the name of a setting: the value stands in the file of this name."""
SETTINGS_FILE = "spreads.toml"
SETTINGS_VARIABLE = f"{PREFIX}SETTINGS"
"""Names another spreads.toml."""
CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd puts the credentials of a service."""


def variable(name: str) -> str:
    """How a setting is called in the environment."""
    return f"{PREFIX}{name}".upper()


def _folder(_: object, tokens: Sequence[Token]) -> Path:
    """The folder that was named. An empty name would be the folder one happens to stand in."""
    (token,) = tokens
    if not token.value:
        raise UserError(f"{token.keyword}: found ''; wanted a folder")
    return Path(token.value)


State = Annotated[
    Path,
    Parameter(name="--state", env_var=variable("state"), converter=_folder, help="Folder of the engine."),
]
Strategies = Annotated[
    Path,
    Parameter(name="--strategies", env_var=variable("strategies"), converter=_folder, help="Folder of strategies."),
]
Host = Annotated[str, Parameter(name="--host", env_var=variable("host"))]
Port = Annotated[int, Parameter(name="--port", env_var=variable("port"))]
Account = Annotated[str, Parameter(name="--account", env_var=variable("account"))]
By = Annotated[str, Parameter(name="--by", help="Who says so; your login name when not given.", show_default=False)]

STATE = Path("state")
STRATEGIES = Path("strategies")


def strategies_in_force() -> Path:
    """The folder in which commands that name one file look for others like it."""
    return Path(os.environ.get(variable("strategies")) or STRATEGIES)


def misspelled(environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each variable that begins like a setting and is none."""
    if not any(name.startswith(PREFIX) for name in environment):
        return
    from engine.settings import Settings  # noqa: PLC0415 - it takes a third of a second, and is needed where there is a setting

    known = [variable(name) for name in Settings.model_fields]
    for name in environment:
        if name.startswith(PREFIX) and name.removesuffix(FILE_SUFFIX) not in known and name != SETTINGS_VARIABLE:
            close = difflib.get_close_matches(name, known, 1, 0.8)
            way_out = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            yield f"{name} in the environment is no setting; {way_out}"


def files_given(environment: Mapping[str, str]) -> bool:
    """Whether files hold settings; quick, as every command asks."""
    named = any(name.startswith(PREFIX) and name.endswith((FILE_SUFFIX, "_SETTINGS")) for name in environment)
    return named or CREDENTIALS in environment or Path(SETTINGS_FILE).exists()


def somebody(by: str) -> str:
    """Who speaks: the name that was given, or the login name, in the characters that the engine takes."""
    if by:
        return by
    try:
        return re.sub(r"[^\w .@:-]", "_", getpass.getuser())[:60]
    except (KeyError, OSError):  # a container may have no name for its user
        return f"user {os.getuid()}"
