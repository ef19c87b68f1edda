"""Edits that wait for a person: what they would change, and the yes."""

from typing import Annotated, cast

from cyclopts import Parameter

from engine.cli.client import ask, rows
from engine.cli.options import STATE, By, State
from engine.cli.remote import say_word
from engine.cli.show import Row, is_attended, is_yes, say
from engine.domain.errors import UserError


def accept(
    file: str = "",
    *,
    reason: str = "",
    yes: Annotated[bool, Parameter(show_default=False)] = False,
    state: State = STATE,
    by: By = "",
) -> int:
    """Let an edit take effect that loosens what trades without asking. Until then the version before stays in force.

    Without a file it shows what waits; where that is one edit, on a terminal it asks about it.

    Parameters
    ----------
    file
        Which edit, by the name of its file.
    reason
        Why; kept in the history.
    yes
        Do not ask; needed where there is no terminal.
    """
    heard = ask(state, "GET", "/v1/edits")
    waiting = rows(state, "/v1/edits")
    say(heard.engine)
    if not waiting:
        if file:
            raise UserError(f"no edit of {file} waits")
        say("no edit waits")
        return 0
    chosen = [row for row in waiting if not file or _is_named(row, file)]
    if not chosen:
        raise UserError(f"no edit of {file} waits; {', '.join(str(row['file']) for row in waiting)} waits")
    for row in chosen:
        print(f"\n{_told(row)}")
    if len(chosen) > 1:
        say("\naccept one with `spreads accept FILE`")
        return 0
    (edit,) = chosen
    if not yes:
        if not is_attended():
            raise UserError("nothing was accepted: there is no terminal to ask at; say --yes")
        if not is_yes("\nput it in force? [y/N] "):
            say("nothing was accepted; the version before stays in force")
            return 1
    return say_word(state, "/v1/edits/accept", by, reason, file=edit["file"], digest=edit["digest"])


def _is_named(row: Row, file: str) -> bool:
    """Whether an edit is of this file: by its whole name, by its last part, or by that without its ending."""
    whole = str(row["file"])
    last = whole.rsplit("/", 1)[-1]
    return file in {whole, last, last.rsplit(".", 1)[0]}


def _told(row: Row) -> str:
    gone = "" if row["digest"] else " (the file is gone)"
    return "\n".join((f"{row['file']}{gone} waits:", *(f"  {change}" for change in cast("list[str]", row["changes"]))))
