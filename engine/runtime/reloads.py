"""What a reading of the trader's folder changes of what is in force, as facts: one for each file, with what is different in it
and whether that loosens.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded, StrategyRemoved
from engine.domain.facts.union import Fact
from engine.runtime.held_edits import is_unattended
from engine.strategy.account import Account
from engine.strategy.changes import Changes, changes_of
from engine.strategy.common import Common
from engine.strategy.events import Events
from engine.strategy.model import Strategy
from engine.strategy.parse import ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE

_LOST = ("the version before is not kept, so nobody knows what is different",)
UNKNOWN_BEFORE = Changes(_LOST, looser=_LOST)
"""Said of a version whose predecessor is lost; what nobody knows counts as looser."""
_NO_EVENTS = Changes(("it is gone: no event is known, and what asks for one opens nothing",))


@dataclass(frozen=True, slots=True)
class InForce:
    """The shared files in force, by name. A file that is absent has the digest "", one that was never told is not among the
    digests; a value is None where the file is absent or its version is lost.
    """

    digests: Mapping[str, str]
    account: Account | None = None
    common: Common | None = None
    events: Events | None = None

    def with_one(self, file: str, of: "InForce") -> "InForce":
        """These, with one file as it was in others."""
        name = file.removesuffix(".yaml")
        return replace(self, digests={**self.digests, file: of.digests[file]}, **{name: getattr(of, name)})


def shared_changes(before: InForce, after: InForce, named: Mapping[str, str]) -> Iterator[Fact]:
    """A fact for each shared file of which another version is in force; `named` has the file names as the trader sees them."""
    for file in (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE):
        old, new = before.digests.get(file), after.digests.get(file, "")
        if new != old and (old is not None or new):
            changes = shared_edit(file, before, after) if old is not None else Changes(())
            yield SharedFileLoaded(named[file], new, changes.said, changes.loosens)


def strategy_changes(before: Mapping[str, Strategy], after: Mapping[str, Strategy], lost: Collection[str]) -> Iterator[Fact]:
    """A fact for each strategy that is new, another one, read from another file, or gone. `lost` are the names whose version
    before is not kept.
    """
    for name, strategy in sorted(after.items()):
        known = before.get(name)
        if known is None:
            renamed = next((one for one in before.values() if one.file == strategy.file and one.name not in after), None)
            changes = edit_of(renamed, strategy) if renamed else UNKNOWN_BEFORE if name in lost else Changes(())
            yield _loaded(strategy, changes)
        elif known.digest != strategy.digest or known.file != strategy.file:
            yield _loaded(strategy, edit_of(known, strategy))
    for name in sorted({*before, *lost} - {*after}):
        yield StrategyRemoved(name)


def edit_of(known: Strategy, strategy: Strategy) -> Changes:
    """What is different in a strategy that takes the place of another, of the same name or of the same file."""
    if known.name != strategy.name:
        said = f"the name is {strategy.name}, it was {known.name}: its limits count from nothing"
        found = changes_of(known, strategy)
        return Changes((said, *found.said), (said, *found.looser))
    found = changes_of(known, strategy) if known.digest != strategy.digest else Changes(())
    moved = (f"the file is {strategy.file}, it was {known.file}",) if known.file != strategy.file else ()
    return Changes((*moved, *found.said), found.looser)


Pair = tuple[Strategy, Strategy]
"""A strategy in force, and what would take its place."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file of which another version was read."""

    before: tuple[Strategy, ...]
    """What is in force of it."""
    pairs: tuple[tuple[Strategy | None, Strategy], ...]
    """Each strategy that was read, with the one whose place it takes."""
    changes: Changes
    """A sentence for each value; where the file has variants, each begins with the name of the strategy."""

    @property
    def loosens_unattended(self) -> bool:
        """Whether it loosens what trades, or would trade, without asking."""
        pairs = ((known, read) for known, read in self.pairs if known is not None)
        return any(is_unattended(known, read) and edit_of(known, read).loosens for known, read in pairs)

    @property
    def digest(self) -> str:
        """By which a person's yes knows it: the version's, and of several that of all of them."""
        digests = [read.digest for _, read in self.pairs]
        return digests[0] if len(digests) == 1 else sha256("\n".join(digests).encode()).hexdigest()


def file_edit(known: Sequence[Strategy], read: Sequence[Strategy], in_force: Mapping[str, Strategy]) -> FileEdit:
    """What is different in the strategies of a file; `known` are those in force of it, and `in_force` of any file, by name."""
    by_name = {one.name: one for one in known}
    alone = known[0] if len(known) == len(read) == 1 else None
    pairs = tuple((by_name.get(one.name) or alone or in_force.get(one.name), one) for one in read)
    said: list[str] = []
    looser: list[str] = []
    for before, one in pairs:
        changes = edit_of(before, one) if before is not None else Changes(())
        name = f"{one.name}: " if one.variant else ""
        said += [f"{name}{sentence}" for sentence in changes.said]
        looser += [f"{name}{sentence}" for sentence in changes.looser]
    taken = tuple(dict.fromkeys([*known, *(before for before, _ in pairs if before is not None)]))
    return FileEdit(taken, pairs, Changes(tuple(said), tuple(looser)))


def with_uses(edit: Changes, pairs: Iterable[Pair]) -> Changes:
    """An edit of common.yaml, with what it changes and loosens of the strategies that use it."""
    said, looser = list(edit.said), list(edit.looser)
    for known, read in pairs:
        if known.digest != read.digest:
            found = edit_of(known, read)
            said += [f"{known.name}: {sentence}" for sentence in found.said]
            looser += [f"{known.name}: {sentence}" for sentence in found.looser]
    return Changes(tuple(dict.fromkeys(said)), tuple(dict.fromkeys(looser)))


def shared_edit(file: str, before: InForce, after: InForce) -> Changes:
    """What is different in one of the shared files."""
    is_lost = bool(before.digests[file])
    match file:
        case "account.yaml":
            known, now = before.account, after.account
        case "common.yaml":
            known, now = before.common, after.common
        case _:
            known, now = before.events, after.events
    if known is None and is_lost:
        return UNKNOWN_BEFORE
    if file == EVENTS_FILE and now is None:
        return _NO_EVENTS
    absent = {ACCOUNT_FILE: Account(schema=1), COMMON_FILE: Common(schema=1), EVENTS_FILE: Events(schema=1, horizon={})}[file]
    return changes_of(known or absent, now or absent)


def _loaded(strategy: Strategy, changes: Changes) -> StrategyLoaded:
    return StrategyLoaded(strategy.name, strategy.file, strategy.digest, changes.said, changes.loosens)
