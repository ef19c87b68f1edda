"""The trader's files in force: read, checked, archived by digest, and swapped between two beats.

A file that does not pass keeps its last good version in force, also across a restart. Every version that was ever in force stays
in `state/strategies/` under its digest, because positions keep the rules that opened them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from engine.domain.errors import UserError
from engine.domain.facts import Fact, StrategyLoaded, StrategyRefused, StrategyRemoved
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.strategy.account import Account
from engine.strategy.common import Common
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
    parse_strategy,
)
from engine.strategy.problems import Problem, render

FILES_MAX = 500
FILE_BYTES_MAX = 1_000_000
"""Read at most this much of a file; the parser refuses far less and says so."""


@dataclass(frozen=True, slots=True)
class Shelf:
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

    def __init__(self, folder: Path, archive: Path) -> None:
        self._folder, self._archive = folder, archive
        self._common: Common | None = None
        self.shelf = Shelf({}, {}, Account(schema=1), None, {})

    def open(self, ledger: Ledger) -> tuple[Fact, ...]:
        """The first reading: files, and from the archive whatever the ledger's orders and positions still need."""
        if not self._folder.is_dir():
            raise UserError(f"{self._folder}: no such folder; `spreads new` writes a first strategy, --strategies names another")
        known = {loaded.file: loaded for loaded in ledger.strategies.values()}
        last_good = {file: found for file, loaded in known.items() if (found := self._from_archive(loaded.digest, file))}
        self.shelf = replace(self.shelf, strategies={found.name: found for found in last_good.values()})
        needed = {order.proposed.digest for order in ledger.orders.values() if not order.is_over}
        needed |= {position.digest for position in ledger.open_positions()}
        pinned = {digest: found for digest in sorted(needed) if (found := self._from_archive(digest))}
        self.shelf = replace(self.shelf, versions=pinned)
        texts = read_folder(self._folder)
        if ACCOUNT_FILE in texts:
            parsed = parse_account(texts[ACCOUNT_FILE], self._named(ACCOUNT_FILE))
            if parsed.value is None:
                raise UserError(_rendered(parsed.problems))
        return self.reload()

    def reload(self) -> tuple[Fact, ...]:
        """Read the folder again; the facts say what changed since the last reading."""
        texts, before = read_folder(self._folder), self.shelf
        refused: dict[str, str] = {}
        common = self._shared(texts, refused)
        by_file = {strategy.file: strategy for strategy in before.strategies.values()}
        found: dict[str, Strategy] = {}
        # Files that are in force come first: a copy under the same name must not take the place of its original.
        for file, text in sorted(texts.items(), key=lambda item: (self._named(item[0]) not in by_file, item[0])):
            if file in {ACCOUNT_FILE, COMMON_FILE, EVENTS_FILE}:
                continue
            known = by_file.get(self._named(file))
            strategy = self._kept(self._strategy(file, text, common, refused), texts, refused) or known
            if strategy is not None and strategy.name in found:
                other = found[strategy.name].file
                refused[self._named(file)] = (
                    f"{self._named(file)}: {other} has a strategy {strategy.name} already; give it a name of its own"
                )
                strategy = known if known is not None and known.name not in found else None
            if strategy is not None:
                found[strategy.name] = strategy
        versions = {**before.versions, **{strategy.digest: strategy for strategy in found.values()}}
        self.shelf = Shelf(found, versions, self._account(texts, refused), self._events(texts, refused), refused)
        return _changes(before, self.shelf)

    def notices(self, now: datetime) -> list[str]:
        """What in the files will soon open nothing: a kind of event that is asked for and not known much longer."""
        return list(ending(self.shelf.strategies.values(), self.shelf.events, trading_day(now)))

    def _strategy(self, file: str, text: bytes, common: Common | None, refused: dict[str, str]) -> Strategy | None:
        parsed = parse_strategy(text, self._named(file), common)
        if parsed.value is None:
            refused[self._named(file)] = _rendered(parsed.problems)
        return parsed.value

    def _shared(self, texts: Mapping[str, bytes], refused: dict[str, str]) -> Common | None:
        if COMMON_FILE not in texts:
            self._common = None
            return None
        parsed = parse_common(texts[COMMON_FILE], self._named(COMMON_FILE))
        if parsed.value is None:
            refused[self._named(COMMON_FILE)] = _rendered(parsed.problems)
        self._common = parsed.value or self._common
        return self._common

    def _account(self, texts: Mapping[str, bytes], refused: dict[str, str]) -> Account:
        if ACCOUNT_FILE not in texts:
            return self.shelf.account
        parsed = parse_account(texts[ACCOUNT_FILE], self._named(ACCOUNT_FILE))
        if parsed.value is None:
            refused[self._named(ACCOUNT_FILE)] = _rendered(parsed.problems)
        return parsed.value or self.shelf.account

    def _events(self, texts: Mapping[str, bytes], refused: dict[str, str]) -> Events | None:
        if EVENTS_FILE not in texts:
            return None
        parsed = parse_events(texts[EVENTS_FILE], self._named(EVENTS_FILE))
        if parsed.value is None:
            refused[self._named(EVENTS_FILE)] = _rendered(parsed.problems)
        return parsed.value or self.shelf.events

    def _kept(self, strategy: Strategy | None, texts: Mapping[str, bytes], refused: dict[str, str]) -> Strategy | None:
        """The strategy once its version is in the archive; None where it could not be put there: a restart would not find it."""
        if strategy is None:
            return None
        try:
            self._keep(strategy, texts)
        except OSError as error:
            refused[strategy.file] = f"{strategy.file}: its version cannot be kept in {self._archive}: {error.strerror}"
            return None
        return strategy

    def _keep(self, strategy: Strategy, texts: Mapping[str, bytes]) -> None:
        """Archive this version under its digest, once, with the lists its universe may name already filled in by the reader."""
        path = self._archive / f"{strategy.digest}.yaml"
        text = texts.get(Path(strategy.file).name)
        if path.exists() or text is None:
            return
        self._archive.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        common = texts.get(COMMON_FILE)
        fresh.write_bytes(text)
        if common is not None:
            (self._archive / f"{strategy.digest}.common.yaml").write_bytes(common)
        fresh.replace(path)

    def _from_archive(self, digest: str, file: str = "") -> Strategy | None:
        path, shared = self._archive / f"{digest}.yaml", self._archive / f"{digest}.common.yaml"
        if not path.is_file():
            return None
        common = parse_common(shared.read_bytes(), shared.name).value if shared.is_file() else None
        found = parse_strategy(path.read_bytes(), file or path.name, common).value
        return None if found is None or found.digest != digest else found

    def _named(self, file: str) -> str:
        return str(self._folder / file)


def read_folder(folder: Path) -> dict[str, bytes]:
    """The YAML files of a folder by name, bounded in number and size; hidden files and editors' swap files are passed over."""
    found = (path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and not path.name.startswith("."))
    files = sorted(path for path in found if path.is_file())
    if len(files) > FILES_MAX:
        raise UserError(f"{folder}: {len(files)} files; {FILES_MAX} is the most")
    texts: dict[str, bytes] = {}
    for path in files:
        try:
            with path.open("rb") as file:
                texts[path.name] = file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    return texts


def _changes(before: Shelf, after: Shelf) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for name, strategy in sorted(after.strategies.items()):
        known = before.strategies.get(name)
        if known is None or known.digest != strategy.digest:
            facts.append(StrategyLoaded(name, strategy.file, strategy.digest))
    facts += [StrategyRemoved(name) for name in sorted(before.strategies) if name not in after.strategies]
    facts += [
        StrategyRefused(file, problems)
        for file, problems in sorted(after.refused.items())
        if before.refused.get(file) != problems
    ]
    return tuple(facts)


def _rendered(problems: Iterable[Problem]) -> str:
    return "\n\n".join(render(problem) for problem in problems)
