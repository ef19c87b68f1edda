"""The trader's files in force: read, checked, archived by digest, and swapped between two beats.

A file that does not pass keeps its last good version in force, also across a restart. Every version that was ever in force stays
in `state/strategies/` under its digest, because positions keep the rules that opened them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.domain.errors import UserError
from engine.domain.facts.files import StrategyRefused
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.runtime.archive import Archive
from engine.runtime.edited import Running
from engine.runtime.held_edits import HeldEdit, HeldEdits, is_unattended
from engine.runtime.reading import Reading, SharedT, read_folder
from engine.runtime.reloads import InForce, Pair, file_edit, shared_changes, shared_edit, strategy_changes, with_uses
from engine.strategy.account import Account
from engine.strategy.events import Events
from engine.strategy.horizon import ending
from engine.strategy.model import Strategy
from engine.strategy.parse import (
    ACCOUNT_FILE,
    COMMON_FILE,
    EVENTS_FILE,
    parse_account,
    parse_common,
    parse_events,
    parse_strategies,
)
from engine.strategy.problems import Parsed, Problem, render

SHARED = (ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE)


@dataclass(frozen=True, slots=True)
class StrategySet:
    """What is in force between two beats."""

    strategies: Mapping[str, Strategy]
    """By name: the newest good version of every file."""
    versions: Mapping[str, Strategy]
    """By digest: every version that is in force or that an order or position was born with."""
    account: Account
    events: Events | None
    refused: Mapping[str, str]
    """By file: the problems of files whose present text is refused, as the trader sees them."""


class Library:
    """Reads the folder of strategies. Raises UserError when the folder or account.yaml cannot be used at the start."""

    def __init__(self, folder: Path, archive: Path, shown: Path | None = None) -> None:
        """`shown` is what facts and messages call the folder; itself where nothing is said."""
        self._folder, self._archive, self._shown = folder, Archive(archive), folder if shown is None else shown
        self._shared = InForce({})
        self.edits = HeldEdits()
        self._is_real_money: Callable[[], bool] = lambda: False
        self._read: Reading | None = None
        """The last reading that was swapped in."""
        self._lost: set[str] = set()
        """Strategies that were in force before the start and whose version is not kept."""
        self.in_force = StrategySet({}, {}, Account(schema=1), None, {})

    def open(self, ledger: Ledger) -> tuple[Fact, ...]:
        """The first reading: files, and from the archive whatever the ledger's orders and positions still need."""
        if not self._folder.is_dir():
            raise UserError(f"{self._folder}: no such folder; `spreads new` writes a first strategy, --strategies names another")
        self._is_real_money = lambda: ledger.mode == "live"
        for accepted in ledger.files.accepted.values():
            self.edits.accept(accepted.file, accepted.digest)
        known = ledger.files.strategies
        last_good = {name: found for name, one in known.items() if (found := self._archive.strategy(one.digest, one.file))}
        self._lost = {*known} - {*last_good}
        needed = {order.proposed.digest for order in ledger.working()}
        needed |= {position.digest for position in ledger.open_positions()}
        needed |= {noted.fact.would_open.digest for noted in ledger.ladder.open.values()}
        pinned = {digest: found for digest in sorted(needed) if (found := self._archive.strategy(digest))}
        self._shared = self._kept_before(ledger)
        self.in_force = replace(
            self.in_force,
            strategies={found.name: found for found in last_good.values()},
            versions=pinned,
            account=self._shared.account or self.in_force.account,
            events=self._shared.events,
        )
        texts = read_folder(self._folder)
        if ACCOUNT_FILE in texts:
            parsed = parse_account(texts[ACCOUNT_FILE], self._named(ACCOUNT_FILE))
            if parsed.value is None:
                raise UserError(_rendered(parsed.problems))
        return self.reload()

    def move(self, archive: Path) -> None:
        """Keep the versions in another folder from now on, with all that are known. Raises OSError."""
        self._archive.move(archive)

    def read(self) -> Reading:
        """A reading of the folder, with every file parsed that has changed. It touches nothing that is in force, and is made in
        a thread of its own while the beat goes on. Raises UserError where the folder cannot be read.
        """
        reading = Reading(read_folder(self._folder), self._read)
        shared = self._read_shared(reading, {}, keep=False)
        for file in reading.texts:
            if file not in SHARED:
                reading.strategies(file, self._named(file), shared.common, shared.digests.get(COMMON_FILE, ""))
        return reading

    def reload(self, reading: Reading | None = None) -> tuple[Fact, ...]:
        """Swap in what stands in a reading, or in the folder now; the facts say what changed since the last one.

        Raises UserError where the folder cannot be read: then everything stays as it is.
        """
        reading, before = reading or self.read(), self.in_force
        refused: dict[str, str] = {}
        self.edits.is_on = not self._is_real_money()
        shared = self._unheld(self._read_shared(reading, refused), reading)
        found = self._read_strategies(reading, shared, refused)
        versions = {**before.versions, **{strategy.digest: strategy for strategy in found.values()}}
        self.in_force = StrategySet(found, versions, shared.account or Account(schema=1), shared.events, refused)
        facts = (
            *shared_changes(self._shared, shared, {file: self._named(file) for file in SHARED}),
            *strategy_changes(before.strategies, found, self._lost),
            *_refusals(before, self.in_force),
            *self.edits.settle(),
        )
        self._shared, self._lost, self._read = shared, set(), reading
        reading.forget()
        return facts

    def running(self) -> Running:
        """What runs, for whoever asks what an edit would change."""
        return Running(self.in_force.strategies, self._shared, self._is_real_money(), self._folder, self._archive.text)

    def notices(self, now: datetime) -> list[str]:
        """What in the files will soon open nothing: a kind of event that is asked for and not known much longer."""
        return list(ending(self.in_force.strategies.values(), self.in_force.events, trading_day(now)))

    def _read_strategies(self, reading: Reading, shared: InForce, refused: dict[str, str]) -> dict[str, Strategy]:
        by_file: dict[str, list[Strategy]] = {}
        for strategy in self.in_force.strategies.values():
            by_file.setdefault(strategy.file, []).append(strategy)
        found: dict[str, Strategy] = {}
        is_other = shared.digests.get(COMMON_FILE, "") != self._shared.digests.get(COMMON_FILE, "")
        reused = {known.name: one for known, one in self._with_other(shared, reading)} if is_other else {}
        # Files that are in force come first: a copy under the same name must not take the place of its original.
        for file in sorted(reading.texts, key=lambda name: (self._named(name) not in by_file, name)):
            if file in SHARED:
                continue
            known = by_file.get(self._named(file), [])
            read = self._kept(self._strategies(file, reading, shared, refused), reading, shared, refused)
            strategies = known if read is None else self._let(known, read, reused)
            taken = next((one for one in strategies if one.name in found), None)
            if taken is not None:
                other = found[taken.name].file
                refused[self._named(file)] = (
                    f"{self._named(file)}: {other} has a strategy {taken.name} already; give it a name of its own"
                )
                strategies = known if not any(one.name in found for one in known) else ()
            found |= {strategy.name: strategy for strategy in strategies}
        return found

    def _let(self, known: Sequence[Strategy], read: Sequence[Strategy], reused: Mapping[str, Strategy]) -> Sequence[Strategy]:
        """What was read of a file, or what is in force of it where the edit waits for a person.

        `reused` is what another common.yaml makes of what is in force, by name: that was judged as an edit of common.yaml.
        """
        before = {name: reused.get(name, one) for name, one in self.in_force.strategies.items()}
        edit = file_edit([reused.get(one.name, one) for one in known], read, before)
        if not edit.before:
            return read
        held = HeldEdit(read[0].file, edit.digest, edit.changes.said)
        stays = [self.in_force.strategies[one.name] for one in edit.before]
        return stays if self.edits.holds(held, loosens=edit.loosens_unattended, affects=True) else read

    def _with_other(self, shared: InForce, reading: Reading) -> Iterator[Pair]:
        """What is in force, and what it would be with another common.yaml."""
        digest = shared.digests.get(COMMON_FILE, "")
        for strategy in self.in_force.strategies.values():
            text, file = self._archive.text(strategy), Path(strategy.file).name
            if text is None:
                continue
            if reading.texts.get(file) == text:
                parsed = reading.strategies(file, self._named(file), shared.common, digest)
            else:
                parsed = parse_strategies(text, strategy.file, shared.common)
            yield from ((strategy, one) for one in parsed.value or () if one.variant == strategy.variant)

    def _unheld(self, read: InForce, reading: Reading) -> InForce:
        """What was read of the shared files, with the version before of each whose edit waits for a person."""
        affects = is_unattended(*self.in_force.strategies.values())
        for file in SHARED:
            before, digest = self._shared.digests.get(file), read.digests.get(file, "")
            if before is None or before == digest:
                continue
            edit = shared_edit(file, self._shared, read)
            if file == COMMON_FILE:
                edit = with_uses(edit, self._with_other(read, reading))
            if self.edits.holds(HeldEdit(self._named(file), digest, edit.said), loosens=edit.loosens, affects=affects):
                read = read.with_one(file, self._shared)
        return read

    def _strategies(self, file: str, reading: Reading, shared: InForce, refused: dict[str, str]) -> tuple[Strategy, ...] | None:
        parsed = reading.strategies(file, self._named(file), shared.common, shared.digests.get(COMMON_FILE, ""))
        if parsed.value is None:
            refused[self._named(file)] = _rendered(parsed.problems)
        return parsed.value

    def _read_shared(self, reading: Reading, refused: dict[str, str], *, keep: bool = True) -> InForce:
        """The shared files as they are in force from now on: one that is refused stays as it was, one that is gone is absent.
        With `keep` their versions go to the archive.
        """
        digests = dict(self._shared.digests)
        account = self._one_shared(ACCOUNT_FILE, parse_account, self._shared.account, reading, digests, refused, keep=keep)
        common = self._one_shared(COMMON_FILE, parse_common, self._shared.common, reading, digests, refused, keep=keep)
        events = self._one_shared(EVENTS_FILE, parse_events, self._shared.events, reading, digests, refused, keep=keep)
        return InForce(digests, account, common, events)

    def _one_shared(
        self,
        file: str,
        parse: Callable[[bytes, str], Parsed[SharedT]],
        before: SharedT | None,
        reading: Reading,
        digests: dict[str, str],
        refused: dict[str, str],
        *,
        keep: bool,
    ) -> SharedT | None:
        """What is in force of one shared file; its digest is put into `digests`."""
        if file not in reading.texts:
            if file in digests:
                digests[file] = ""
            return None
        parsed = reading.shared(file, self._named(file), parse)
        if parsed.value is None:
            refused[self._named(file)] = _rendered(parsed.problems)
            return before
        digests[file] = reading.digests[file]
        if keep:
            with suppress(OSError):  # what changed next is told as unknown then; what is in force does not wait for it
                self._archive.keep_shared(file, digests[file], reading.texts[file])
        return parsed.value

    def _kept_before(self, ledger: Ledger) -> InForce:
        """The shared files that were in force when the engine ended, as far as their versions are kept."""
        digests = {file: loaded.digest for file, loaded in ledger.files.shared_files.items()}
        kept = {file: text for file, digest in digests.items() if digest and (text := self._archive.shared(file, digest))}
        account = parse_account(kept[ACCOUNT_FILE]).value if ACCOUNT_FILE in kept else None
        common = parse_common(kept[COMMON_FILE]).value if COMMON_FILE in kept else None
        events = parse_events(kept[EVENTS_FILE]).value if EVENTS_FILE in kept else None
        return InForce(digests, account, common, events)

    def _kept(
        self, read: tuple[Strategy, ...] | None, reading: Reading, shared: InForce, refused: dict[str, str]
    ) -> tuple[Strategy, ...] | None:
        """The strategies of a file once their versions are in the archive; None where they could not be put there: a restart
        would not find them.
        """
        if not read:
            return None
        text, file = reading.texts.get(Path(read[0].file).name), read[0].file
        try:
            for strategy in read if text is not None else ():
                self._archive.keep(strategy, text or b"", self._common_text(reading, shared))
        except OSError as error:
            refused[file] = f"{file}: its version cannot be kept in {self._archive.folder}: {error.strerror}"
            return None
        return read

    def _common_text(self, reading: Reading, shared: InForce) -> bytes | None:
        """The common.yaml in force, which is not the one in the folder where that waits or is refused."""
        digest = shared.digests.get(COMMON_FILE, "")
        if not digest:
            return None
        is_read = reading.digests.get(COMMON_FILE) == digest
        return reading.texts[COMMON_FILE] if is_read else self._archive.shared(COMMON_FILE, digest)

    def _named(self, file: str) -> str:
        return str(self._shown / file)


def _refusals(before: StrategySet, after: StrategySet) -> Iterator[Fact]:
    for file, problems in sorted(after.refused.items()):
        if before.refused.get(file) != problems:
            yield StrategyRefused(file, problems)


def _rendered(problems: Iterable[Problem]) -> str:
    return "\n\n".join(render(problem) for problem in problems)
