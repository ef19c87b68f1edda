"""Versions of strategies: positions moved to the one in force, and a file put back to the one before."""

import difflib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, cast

from cyclopts import Parameter

from engine.cli.client import ask, named, rows, runs
from engine.cli.options import STATE, STRATEGIES, By, State, Strategies
from engine.cli.past import ledger_at
from engine.cli.remote import say_word
from engine.cli.show import Row, is_attended, is_yes, line, say
from engine.domain.errors import UserError
from engine.domain.facts.files import StrategyLoaded
from engine.runtime.archive import Archive
from engine.runtime.edited import hashed
from engine.runtime.planning import DRAFT
from engine.runtime.reloads import edit_of

HELD_WITHIN_S = 10.0
"""An engine reads a file within a second after it was saved."""
LOOK_S = 0.2

Yes = Annotated[bool, Parameter(show_default=False)]


def migrate(name: str, *, reason: str = "", yes: Yes = False, state: State = STATE, by: By = "") -> int:
    """Move a position, or all open ones of a strategy, to the rules in force. They keep those that opened them until then.

    Each is shown first: which exits would be others, and which would fire now.

    Parameters
    ----------
    name
        A position, as `spreads positions` shows it, or a strategy.
    reason
        Why; kept in the history.
    yes
        Do not ask; needed where there is no terminal.
    """
    heard = ask(state, "GET", f"/v1/migration?name={named(name)}")
    found = cast("list[Row]", heard.found)
    say(heard.engine)
    if not found:
        say(f"{name} keeps the rules in force already")
        return 0
    for row in found:
        for words in _moving(row):
            line(words)
    movable = [row for row in found if row["obstacle"] is None]
    if not movable:
        say("nothing can be moved")
        return 1
    if not yes:
        if not is_attended():
            raise UserError("nothing was moved: there is no terminal to ask at; say --yes to move what is shown")
        if not is_yes(f"\nmove {len(movable)} to the rules in force? [y/N] "):
            say("nothing was moved; the rules that opened them stay")
            return 1
    codes: list[int] = []
    for digest in dict.fromkeys(str(row["digest"]) for row in movable):
        positions = [str(row["position"]) for row in movable if row["digest"] == digest]
        codes.append(say_word(state, "/v1/migration", by, reason, positions=positions, digest=digest))
    return max(codes)


def _moving(row: Row) -> Iterator[str]:
    yield f"{row['position']}  {row['spread']}  ({row['strategy']})"
    if row["obstacle"] is not None:
        yield f"  cannot be moved: {row['obstacle']}"
        return
    changes = cast("list[Row]", row["changes"])
    yield from (f"  {'looser  ' if change['loosens'] else '        '}{change['said']}" for change in changes)
    if not changes:
        yield "  its exits stay as they are"
    if row["would_fire"] and row["would_fire"] != row["fires"]:
        yield f"  FIRES NOW: {row['would_fire']}"
    elif row["fires"] and not row["would_fire"]:
        yield f"  no longer fires: {row['fires']}"
    if row["unknown"]:
        yield f"  not known now: {', '.join(cast('list[str]', row['unknown']))}"


def rollback(
    strategy: str,
    *,
    reason: str = "",
    yes: Yes = False,
    strategies: Strategies = STRATEGIES,
    state: State = STATE,
    by: By = "",
) -> int:
    """Put the file of a strategy back to the version that was accepted before, comments and all.

    Where the file is not what runs (an edit that waits or is refused), that is the version that runs; else the one before it.
    The difference is shown first. What the file says now is kept beside it as a draft, if no version of it was ever in force.

    Parameters
    ----------
    strategy
        Name of the strategy.
    reason
        Why; kept in the history where the engine would ask for a yes.
    yes
        Do not ask; needed where there is no terminal.
    """
    files, archive = ledger_at(state, None)[0].files, Archive(state / "strategies")
    runs_now, before = files.strategies.get(strategy), files.before.get(strategy)
    if runs_now is None:
        raise UserError(f"no strategy {strategy!r} is in force; known: {', '.join(sorted(files.strategies)) or 'none'}")
    path = strategies / Path(runs_now.file).name
    present = path.read_bytes() if path.is_file() else None
    target = runs_now if present is None or hashed(present) != runs_now.digest else before
    if target is None:
        raise UserError(f"{path}: no version was in force before this one")
    text = archive.bytes_of(target.digest)
    if text is None or hashed(text) != target.digest:
        raise UserError(f"{path}: the version {target.digest[:12]} is no longer kept in {archive.folder}")
    _show_difference(path, present, text)
    for said in _told(archive, runs_now, target):
        line(f"  {said}")
    if not yes:
        if not is_attended():
            raise UserError("nothing was changed: there is no terminal to ask at; say --yes")
        if not is_yes("\nput it back? [y/N] "):
            say("nothing was changed")
            return 1
    if present is not None and archive.bytes_of(hashed(present)) is None:
        draft = path.with_name(path.name + DRAFT)
        _write_whole(draft, present)
        say(f"what it said is kept in {draft}")
    _write_whole(path, text)
    print(f"{path} is the version {target.digest[:12]} again")
    return _accepted(state, target.digest, by, reason) if runs(state) else 0


def _show_difference(path: Path, present: bytes | None, text: bytes) -> None:
    one, other = ((part or b"").decode("utf-8", "replace").splitlines() for part in (present, text))
    for words in difflib.unified_diff(one, other, f"{path} now", f"{path} before", lineterm="", n=1):
        print(words)


def _told(archive: Archive, runs_now: StrategyLoaded, target: StrategyLoaded) -> Iterator[str]:
    """What of the limits is different from what runs."""
    known, back = archive.strategy(runs_now.digest, runs_now.file), archive.strategy(target.digest, runs_now.file)
    if known is None or back is None or runs_now.digest == target.digest:
        return
    edit = edit_of(known, back)
    yield from (f"{'looser  ' if said in edit.looser else '        '}{said}" for said in edit.said)


def _accepted(state: Path, digest: str, by: str, reason: str) -> int:
    """A running engine takes it; where it holds it, the yes was given here: it is a version that a person had accepted."""
    until = time.monotonic() + HELD_WITHIN_S
    while time.monotonic() < until:
        held = next((row for row in rows(state, "/v1/edits") if row["digest"] == digest), None)
        if held is not None:
            return say_word(state, "/v1/edits/accept", by, reason or "rolled back", file=held["file"], digest=digest)
        loaded = cast("Row", ask(state, "GET", "/v1/strategies").found)
        if any(digest.startswith(str(row["digest"])) for row in cast("list[Row]", loaded["strategies"])):
            say("it is in force")
            return 0
        time.sleep(LOOK_S)
    say("the engine has not taken it yet; see `spreads status`")
    return 1


def _write_whole(path: Path, text: bytes) -> None:
    """Put the file there whole or not at all, with the permissions that it had."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(text)
    if path.exists():
        fresh.chmod(path.stat().st_mode & 0o7777)
    fresh.replace(path)
