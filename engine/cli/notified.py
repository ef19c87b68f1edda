"""Who is told of what: the table `[notify]` of spreads.toml, and a message to try it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from engine.cli.given import settings_file
from engine.cli.show import complain, say
from engine.domain.errors import UserError
from engine.notify.choice import KINDS, Choice
from engine.notify.messages import Message
from engine.notify.notifier import Notifier
from engine.notify.postman import apprise_sender

_WANTED = {
    "urls": 'a list of addresses, as  urls = ["ntfy://my-topic"]',
    "urls_file": "a file with an address a line",
    "web": 'where you reach `spreads web`, as  web = "https://trading.example:8480"  (http:// for localhost only)',
    "tell": f"kinds of message, of {', '.join(KINDS)}",
    "quiet": 'hours, as  quiet = "22:00-07:00"',
    "zone": 'a time zone, as  zone = "Europe/Berlin"',
    "digest": 'a time of day, as  digest = "16:30"',
}
_SECRET = frozenset({"urls", "web"})
"""What is wrong with an address is told without the address: a password may be in it."""


def notify(what: Literal["test"]) -> int:
    """Send a message to every address of `[notify]`, to see that it arrives.

    Parameters
    ----------
    what
        `test`, the only thing that can be sent by hand.
    """
    choice = choice_of(os.environ)
    if choice is None:
        raise UserError("nobody is told: spreads.toml has no [notify] with urls, or a urls_file")
    send = apprise_sender(choice.urls, "spreads: ")
    body = "Notifications arrive. This one was asked for by `spreads notify test`."
    if choice.web is not None:
        body = f"{body}\nWhat waits for a yes will have a link to {choice.web}: look whether it opens from here."
    if not send(Message("digest", what, "a test", body)):
        complain("not every address took the message; look at each service, and at the addresses in [notify]")
        return 1
    say(f"sent to {len(choice.urls)} address{'es' if len(choice.urls) != 1 else ''}; look whether it has arrived")
    return 0


def notifier_of(environment: Mapping[str, str], mode: str) -> Notifier | None:
    """What tells a person of the engine's facts; None where nobody wants to be told. Raises UserError as `choice_of` does, and
    where apprise is missing."""
    choice = choice_of(environment)
    return None if choice is None else Notifier(choice, apprise_sender(choice.urls, f"spreads {mode}: "))


def choice_of(environment: Mapping[str, str]) -> Choice | None:
    """The table `[notify]` with its addresses; None where there are none. Raises UserError with everything that is wrong."""
    path, said = settings_file(environment)
    table = said.get("notify")
    if table is None:
        return None
    try:
        choice = Choice.model_validate(table)
    except ValidationError as error:
        raise UserError(
            "\n         ".join(dict.fromkeys(_wrong(path, details) for details in error.errors(include_url=False)))
        ) from None
    if choice.urls_file is not None:
        choice = choice.model_copy(update={"urls": (*choice.urls, *_addresses(path, Path(choice.urls_file)))})
    return choice if choice.urls else None


def _addresses(path: Path, file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserError(f"{path}: notify.urls_file: {file} cannot be read: {why}") from None
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _wrong(path: Path, details: Mapping[str, object]) -> str:
    place = details["loc"]
    key = str(place[0]) if isinstance(place, tuple) and place else ""
    if key not in _WANTED:
        return f"{path}: notify.{key}: no such key; there are {', '.join(_WANTED)}"
    found = "" if key in _SECRET else f"found {details['input']!r}; "
    return f"{path}: notify.{key}: {found}wanted {_WANTED[key]}"
