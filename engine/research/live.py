"""A day of an engine that traded, asked for again: what would today's code and files decide upon what was seen then?

Where an order was proposed, the chain and the market of that instant were archived. The journal's facts until then add up to the
books; with them `decide` is asked once more, by today's files. Where it decides otherwise, it is asked again with the limits of
then, and with all files of then: what is different even so lies in the code where it was another one, else in the data, as the
archive is rounded and holds the underlying alone. Nothing is sent, and nothing is written into the folder.

What a person said and what was counted from look to look is in no file: stops count as confirmed where they were believed then,
and prices on their way are not asked for again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.compile.scanner import Scanner
from engine.decide.decide import decide
from engine.decide.entry.find import Finder
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import CONFIRMED_BY
from engine.domain.decision import facts_of
from engine.domain.errors import UserError
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.union import Fact
from engine.domain.files import Files
from engine.domain.ledger import Ledger
from engine.domain.session import trading_day
from engine.domain.snapshot import BrokerCount, ExitHits, Snapshot
from engine.ports import Line
from engine.research.decided import Decided, decision
from engine.research.replayed import Cause, Difference, Replayed
from engine.runtime.archive import Archive
from engine.runtime.clock import elapsed_s
from engine.runtime.library import Library, StrategySet
from engine.runtime.schedule import calendar_around, session_of
from engine.runtime.sources import code_digest
from engine.store import chains, lines, scenes
from engine.store.checkpoint import fold
from engine.store.journal import FOLDER
from engine.store.lines import START
from engine.store.scenes import Scene
from engine.strategy.parse import ACCOUNT_FILE

ASKED = ("OrderProposed", "ExitTriggered")
"""What is decided from the archived chain alone."""
_LOOKED_FOR = timedelta(minutes=1)
VERSIONS = "strategies"
"""Folder of every version of the trader's files, in the state folder."""


@dataclass(frozen=True, slots=True)
class _Beat:
    """One instant at which something was proposed."""

    at: datetime
    scene: Scene
    ledger: Ledger
    """As the facts before it add up."""
    then: tuple[Decided, ...]
    believed: frozenset[tuple[str, str]]
    """Exits that were believed then, as (position, rule)."""


def is_live(state: Path) -> bool:
    """Whether an engine has left a journal here that is no backtest's."""
    return (state / FOLDER).is_dir() and not (state / "research").is_dir()


def replay_live(state: Path, strategies: Path, day: date | None) -> Replayed:
    """What was proposed and closed on a day of New York, or on all of them, held against what would be decided now.

    Raises UserError where the journal is damaged, nothing was proposed, or the files of now cannot be used.
    """
    missing: list[str] = []
    differences: list[Difference] = []
    compared, cause, changed, first = 0, None, dict[str, None](), None
    with TemporaryDirectory() as scratch:
        asking = _Asking(state, strategies, Path(scratch))
        try:
            for beat in _beats(state, day, missing):
                compared += len(beat.then)
                changed |= dict.fromkeys(asking.changed(beat.ledger.files))
                found = list(_held_against(beat.then, asking.now(beat)))
                if found and cause is None:
                    cause, first = asking.cause(beat), trading_day(beat.at)
                differences += found
        finally:
            asking.end()
    if not compared and not missing:
        on = f" on {day}" if day else ""
        raise UserError(f"{state}: nothing was proposed{on}, so there is nothing to hold against today; name another day")
    if missing and cause is None:
        cause = "data"  # what cannot be asked for again is not known to be the same
    return Replayed(compared, tuple(differences), cause, (*missing, *changed), first)


class _Asking:
    """Asks `decide` for a beat of then, by files of now or of then."""

    def __init__(self, state: Path, strategies: Path, scratch: Path) -> None:
        self._state, self._strategies, self._scratch = state, strategies, scratch
        self._archive = Archive(state / VERSIONS)
        self._scanner = Scanner()
        self._finder = Finder(self._scanner, elapsed_s)
        self._sets: dict[tuple[tuple[str, str], ...], StrategySet] = {}
        self._today = {path.name: path.read_bytes() for path in sorted(strategies.glob("*.yaml")) if path.is_file()}
        if not self._today:
            raise UserError(f"{strategies}: holds no strategy; name the folder of today's files with --strategies")

    def end(self) -> None:
        self._scanner.close()

    def now(self, beat: _Beat) -> list[Decided]:
        return self._asked(beat, self._today)

    def cause(self, beat: _Beat) -> Cause:
        """What makes the difference of a beat: the first of today's things without which there is none."""
        then = self._of(beat.ledger.files)
        limits = {name: text for name, text in self._today.items() if name != ACCOUNT_FILE}
        limits |= {name: text for name, text in then.items() if name == ACCOUNT_FILE}
        if not any(_held_against(beat.then, self._asked(beat, limits))):
            return "limits"
        if not any(_held_against(beat.then, self._asked(beat, then))):
            return "file"
        return "data" if beat.scene.code == code_digest() else "code"

    def changed(self, files: Files) -> Iterator[str]:
        """The files that are not those of then, for people."""
        then = self._of(files)
        for name in sorted(then.keys() | self._today.keys()):
            if name not in then:
                yield f"{self._strategies / name}: was not there"
            elif name not in self._today:
                yield f"{self._strategies / name}: is not there any more"
            elif then[name] != self._today[name]:
                yield f"{self._strategies / name}: is another version"

    def _of(self, files: Files) -> dict[str, bytes]:
        """The files in force by the facts of then, as far as their versions are kept."""
        loaded = {Path(one.file).name: self._archive.bytes_of(one.digest) for one in files.strategies.values()}
        loaded |= {name: self._archive.shared(name, one.digest) for name, one in files.shared_files.items()}
        return {name: text for name, text in loaded.items() if text is not None}

    def _asked(self, beat: _Beat, texts: Mapping[str, bytes]) -> list[Decided]:
        chain = chains.load(self._state / chains.FOLDER, beat.at, calendar_around(beat.at))
        held = {con_id: Decimal(count) for con_id, count in beat.ledger.contracts_held().items()}
        hits = ExitHits(beat.at - _LOOKED_FOR, beat.at - timedelta(seconds=1), CONFIRMED_BY)
        snapshot = Snapshot(
            at=beat.at,
            chain=replace(chain, id=beat.scene.snapshot),
            market=beat.scene.market,
            ledger=beat.ledger,
            account=beat.scene.account,
            session=session_of(beat.at),
            calendar=calendar_around(beat.at),
            data=beat.scene.data,
            is_connected=True,
            count=BrokerCount(beat.at, held),
            exit_hits=dict.fromkeys(beat.believed, hits),
        )
        in_force = self._in_force(texts)
        pinned = {one.digest for one in beat.ledger.open_positions()} - in_force.versions.keys()
        kept = {digest: found for digest in sorted(pinned) if (found := self._archive.strategy(digest)) is not None}
        rulebook = Rulebook(
            strategies=tuple(in_force.strategies[name] for name in sorted(in_force.strategies)),
            versions={**in_force.versions, **kept},
            account=in_force.account,
            finder=self._finder,
            funnel_every=timedelta(days=1),
            probation=0,
        )
        facts = (fact for one in decide(snapshot, rulebook) for fact in facts_of(one))
        return [one for fact in facts if (one := decision(fact, beat.at)) is not None]

    def _in_force(self, texts: Mapping[str, bytes]) -> StrategySet:
        """The strategies of these files, parsed once."""
        key = tuple(sorted((name, str(hash(text))) for name, text in texts.items()))
        if key not in self._sets:
            folder = self._scratch / f"files-{len(self._sets)}"
            folder.mkdir()
            for name, text in texts.items():
                (folder / name).write_bytes(text)
            library = Library(folder, self._scratch / "versions", shown=self._strategies)
            library.open(Ledger())
            self._sets[key] = library.in_force
        return self._sets[key]


def _beats(state: Path, day: date | None, missing: list[str]) -> Iterator[_Beat]:
    """The beats in which something was proposed, oldest first; those without their scene or chain are told to `missing`."""
    folder = state / FOLDER
    head, _ = lines.verified(folder)
    ledger, waiting = Ledger(), list[Line]()
    known = dict[str, Scene]()
    read = set[date]()
    for line in lines.facts(folder, START, head):
        if not isinstance(line, Line):
            continue
        if waiting and line.at != waiting[0].at:
            yield from _beat(state, ledger, waiting, known, read, missing)
            for one in waiting:
                fold(one, ledger, folder)
            waiting = []
        is_decided = type(line.fact).__name__ in ASKED and day in {None, trading_day(line.at)}
        if waiting or is_decided:
            waiting.append(line)
        else:
            fold(line, ledger, folder)
    if waiting:
        yield from _beat(state, ledger, waiting, known, read, missing)


def _beat(
    state: Path, ledger: Ledger, told: Sequence[Line], known: dict[str, Scene], read: set[date], missing: list[str]
) -> Iterator[_Beat]:
    at = told[0].at
    fired = {fact.position for line in told if isinstance(fact := line.fact, ExitTriggered)}
    facts = [line.fact for line in told if _is_own(line.fact, fired)]
    named = {str(getattr(fact, "snapshot", "")) for fact in facts}
    if at.astimezone(UTC).date() not in read:
        read.add(at.astimezone(UTC).date())
        known |= {one.snapshot: one for one in scenes.scenes(state, at.astimezone(UTC).date())}
    scene = next((known[name] for name in sorted(named) if name in known), None)
    if scene is None:
        missing.append(
            f"{at:%Y-%m-%d %H:%M:%S} UTC: what was seen then was not kept, so {_refs(facts)} cannot be asked for again"
        )
        return
    then = tuple(one for fact in facts if (one := decision(fact, at)) is not None)
    believed = frozenset((fact.position, fact.rule) for fact in facts if isinstance(fact, ExitTriggered))
    yield _Beat(at, scene, ledger, then, believed)


def _is_own(fact: Fact, fired: Collection[str]) -> bool:
    """Whether a fact is decided from what was seen alone: a close that no exit asked for is a person's."""
    if isinstance(fact, OrderProposed):
        return fact.purpose == "open" or fact.position in fired
    return isinstance(fact, ExitTriggered)


def _refs(facts: Collection[Fact]) -> str:
    return ", ".join(fact.order_ref for fact in facts if isinstance(fact, OrderProposed))


def _held_against(then: Sequence[Decided], now: Sequence[Decided]) -> Iterator[Difference]:
    """What is not decided now, or otherwise, and what is and was not; with why not, where that is said."""
    ours = {(one.kind, one.about): one for one in now if one.kind in ASKED}
    theirs = {(one.kind, one.about): one for one in then}
    why = next((one.text for one in now if one.kind not in ASKED), None)
    for key in dict.fromkeys([*theirs, *ours]):
        before, after = theirs.get(key), ours.get(key)
        one = before or after
        assert one is not None, "every key is of one of them"
        was, becomes = (None if found is None else found.text for found in (before, after))
        if was != becomes:
            yield Difference(one.at, one.kind, one.about, was, becomes or (f"not: {why}" if why else None))
