"""A text that may be saved one day, held against what is in force: what it would change, and when it would take effect.

Which changes loosen is told by `reloads`, as it is of a file that was saved.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.domain.errors import UserError
from engine.runtime.held_edits import is_unattended
from engine.runtime.reloads import InForce, file_edit, shared_edit, with_uses
from engine.strategy.changes import Changes, changes_of, direction_of
from engine.strategy.model import Strategy
from engine.strategy.parse import (
    ACCOUNT_FILE,
    COMMON_FILE,
    EVENTS_FILE,
    check_files,
    parse_account,
    parse_common,
    parse_events,
    parse_strategies,
)
from engine.strategy.problems import Problem, render_all

SHARED = (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE)
Effect = Literal["nothing changes", "at once", "after a yes", "at once, and real money must be armed anew"]
Pair = tuple[Strategy | None, Strategy]
"""A strategy in force, None where there is none, and what would take its place."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs: the files in force."""

    strategies: Mapping[str, Strategy]
    """By name."""
    shared: InForce
    is_real_money: bool
    folder: Path
    """Where the files lie."""
    text_of: Callable[[Strategy], bytes | None]
    """The text of a version in force; None where it is not kept."""


@dataclass(frozen=True, slots=True)
class Edited:
    """One text and what it would change."""

    file: str
    """Which file of the folder it would be."""
    digest: str
    changes: Changes
    is_new: bool
    """Whether nothing of that name runs."""
    effect: Effect
    pairs: tuple[Pair, ...]
    """The strategies that would be others."""
    problems: tuple[Problem, ...]
    """Warnings of the text: what contradicts itself, what can never bind."""

    @property
    def direction(self) -> Literal["loosened", "tightened", "changed"]:
        """Which way the limits would go."""
        return direction_of(self.changes.said, loosens=self.changes.loosens)


def nothing_runs() -> Running:
    """What an engine runs that has read no file."""
    return Running({}, InForce({}), is_real_money=False, folder=Path(), text_of=lambda _: None)


def edited(text: bytes, shown: str, saved_as: str, running: Running) -> Edited:
    """What would change if this text were saved. `shown` is what problems call it, `saved_as` the name that it would have in the
    folder: where no strategy of its name runs, it takes the place of the one of that file.

    Raises UserError with every problem where it would be refused.
    """
    digest = hashed(text)
    problems = _problems(text, shown, saved_as, running)
    name = saved_as.rsplit("/", 1)[-1]
    if name in SHARED:
        return _of_shared(text, shown, name, digest, problems, running)
    parsed = parse_strategies(text, shown, running.shared.common).value
    assert parsed, "a file without an error has a value"
    of_file = [one for one in running.strategies.values() if one.file.rsplit("/", 1)[-1] == name]
    named = next((running.strategies[one.name] for one in parsed if one.name in running.strategies), None)
    file = named.file if named else of_file[0].file if of_file else saved_as
    read = [one.model_copy(update={"file": file}) for one in parsed]
    edit = file_edit([one for one in running.strategies.values() if one.file == file], read, running.strategies)
    is_new = all(known is None for known, _ in edit.pairs)
    affects = edit.loosens_unattended
    is_same = all(known is not None and known.digest == one.digest for known, one in edit.pairs)
    effect = "at once" if is_new else _effect(edit.changes, is_same=is_same, affects=affects, running=running)
    return Edited(file, digest, edit.changes, is_new, effect, edit.pairs, problems)


def hashed(text: bytes) -> str:
    """The digest by which a version is known."""
    return hashlib.sha256(text).hexdigest()


def _problems(text: bytes, shown: str, saved_as: str, running: Running) -> tuple[Problem, ...]:
    """The warnings of a text. Raises UserError where it has an error."""
    name = saved_as.rsplit("/", 1)[-1]
    if name in SHARED:
        found = tuple(replace(one, file=shown) for one in check_files({name: text}))
    else:
        found = parse_strategies(text, shown, running.shared.common).problems
    if any(problem.severity == "error" for problem in found):
        raise UserError(f"{shown} would be refused, and what runs would stay in force:\n\n{render_all(found)}")
    return found


def _of_shared(text: bytes, shown: str, name: str, digest: str, problems: tuple[Problem, ...], running: Running) -> Edited:
    before = running.shared
    known = before.digests.get(name, "")
    after = replace(before, digests={**before.digests, name: digest})
    match name:
        case "account.yaml":
            after = replace(after, account=parse_account(text, shown).value)
        case "common.yaml":
            after = replace(after, common=parse_common(text, shown).value)
        case _:
            after = replace(after, events=parse_events(text, shown).value)
    compared = replace(before, digests={name: "", **before.digests})
    changes = shared_edit(name, compared, after)
    pairs = tuple(_with_other(after, running)) if name == COMMON_FILE else ()
    changes = with_uses(changes, pairs)
    affects = bool(known) and is_unattended(*running.strategies.values())
    effect = _effect(changes, is_same=known == digest, affects=affects, running=running)
    return Edited(name, digest, changes, not known, effect, pairs, problems)


def _with_other(after: InForce, running: Running) -> Iterator[tuple[Strategy, Strategy]]:
    """The strategies that would be others by another common.yaml."""
    for strategy in running.strategies.values():
        text = running.text_of(strategy)
        found = parse_strategies(text, strategy.file, after.common).value if text is not None else None
        read = next((one for one in found or () if one.variant == strategy.variant), None)
        if read is not None and read.digest != strategy.digest and changes_of(strategy, read).said:
            yield strategy, read


def _effect(changes: Changes, *, is_same: bool, affects: bool, running: Running) -> Effect:
    if is_same:
        return "nothing changes"
    if changes.loosens and running.is_real_money:
        return "at once, and real money must be armed anew"
    return "after a yes" if changes.loosens and affects else "at once"
