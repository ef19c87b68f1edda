"""What an edit would change against what runs, before it is saved."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from engine.api.models.plan import Plan
from engine.cli.client import ask, runs
from engine.cli.folder import SUFFIXES, Unread, read
from engine.cli.instants import chosen
from engine.cli.options import STATE, STRATEGIES, State, Strategies
from engine.cli.past import ledger_at
from engine.cli.show import line, say
from engine.compile.scanner import Scanner
from engine.console.texts.plan import plan_lines
from engine.decide.entry.find import Finder
from engine.domain.errors import UserError
from engine.domain.ledger import Ledger
from engine.runtime.archive import Archive
from engine.runtime.edited import SHARED, Running, edited, hashed
from engine.runtime.plan import plan_row
from engine.runtime.planning import DRAFT, recorded
from engine.runtime.reloads import InForce
from engine.store import chains, journal
from engine.store.recorded import times
from engine.strategy.account import Account
from engine.strategy.common import Common
from engine.strategy.events import Events
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

LOOSENS = 3
"""Exit code of an edit that loosens."""
STDIN = "-"


def plan(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    saved_as: Annotated[str, Parameter(name="--as")] = "",
    chain: Path | None = None,
    at: str | None = None,
    strategies: Strategies = STRATEGIES,
    state: State = STATE,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Show what an edit would change against what runs, without saving it: limits, funnel, candidates, exits of positions.

    A running engine looks at its newest snapshot; without one it is the last that was recorded. Exit code 0 where nothing is
    loosened, 3 where something is, 2 where the file is wrong.

    Parameters
    ----------
    file
        The edited text, saved beside what runs; - reads it from a pipe. A name, as spx_bull_put, stands for its file in the
        folder of strategies where that is not what runs, else for its draft beside it: spx_bull_put.yaml.draft.
    saved_as
        The file that it would be, as account.yaml. A strategy takes the place of the one of its name when empty.
    chain
        A recorded chain, Parquet, CSV or a folder, to look at instead.
    at
        The snapshot of the chain: a day, or a time; the last of all when empty.
    format
        table or json.
    """
    shown, text = _text(file, strategies)
    name = saved_as or Path(shown).name.removesuffix(DRAFT)
    name = name if name.endswith(SUFFIXES) else f"{name}.yaml" if file != STDIN or saved_as else "edit.yaml"
    if chain is None and at is None and runs(state):
        word: dict[str, object] = {"text": text.decode("utf-8", "replace"), "file": Path(name).name, "shown": shown}
        heard = ask(state, "POST", "/v1/strategies/plan", word)
        found = Plan.model_validate(heard.found)
    else:
        found = _planned(text, shown, name, _Where(strategies, state, chain, at))
    if format == "json":
        print(found.model_dump_json())
    else:
        for one in plan_lines(found):
            line("".join(part for part, _ in one).rstrip())
    return LOOSENS if found.direction == "loosened" else 0


def _text(file: str, strategies: Path) -> tuple[str, bytes]:
    """What the edited text is called, and the text."""
    if file == STDIN:
        if sys.stdin is None or sys.stdin.isatty():
            raise UserError("- reads the edited text from a pipe, and there is none; as in  spreads plan - < edited.yaml")
        return STDIN, sys.stdin.buffer.read()
    path = Path(file)
    if not path.exists() and path.parent == Path() and not path.suffix:
        whole = strategies / f"{file}.yaml"
        draft = whole.with_name(whole.name + DRAFT)
        path = draft if draft.exists() else whole
    try:
        return str(path), read(path)
    except Unread as error:
        raise UserError(f"{path}: {error.why}\n         {error.hint}") from None


class _Where:
    """What an edit is held against where no engine runs."""

    def __init__(self, strategies: Path, state: Path, chain: Path | None, at: str | None) -> None:
        self.strategies, self.state, self.chain, self.at = strategies, state, chain, at
        self.has_run = (state / journal.FOLDER).is_dir()

    def ledger(self) -> Ledger:
        """What all facts add up to; an empty one where no engine has run here."""
        return ledger_at(self.state, None)[0] if self.has_run else Ledger()


def _planned(text: bytes, shown: str, name: str, where: _Where) -> Plan:
    ledger = where.ledger()
    archive = Archive(where.state / "strategies")
    running = _ran(ledger, archive, where.strategies) if where.has_run else _saved(where.strategies)
    known = "what ran last" if where.has_run else f"the files of {where.strategies}"
    say(f"no engine runs on {where.state}; held against {known}")
    edit = edited(text, shown, name, running)
    held = tuple(ledger.open_positions())
    versions = {one.digest: one for one in running.strategies.values()}
    versions |= {position.digest: found for position in held if (found := archive.strategy(position.digest))}
    path, instant = where.chain or where.state / chains.FOLDER, None
    if where.chain is not None and not where.chain.exists():
        raise UserError(f"{where.chain}: no such chain")
    if where.at is not None:
        instant = chosen(path, times(path), where.at)
    world = recorded(path, instant, ledger, held, versions)
    return Plan.model_validate(plan_row(edit, world, Finder(Scanner())))


def _ran(ledger: Ledger, archive: Archive, folder: Path) -> Running:
    """The files that were in force when the engine ended, as far as their versions are kept."""
    loaded = ledger.files.strategies.values()
    found = {one.strategy: kept for one in loaded if (kept := archive.strategy(one.digest, one.file))}
    digests = {file: one.digest for file, one in ledger.files.shared_files.items()}
    texts = {file: kept for file, digest in digests.items() if digest and (kept := archive.shared(file, digest))}
    return Running(found, _shared(texts, digests), ledger.mode == "live", folder, archive.text)


def _saved(folder: Path) -> Running:
    """The files as they lie in the folder, where no engine has run yet; what would be refused is passed over."""
    texts: dict[str, bytes] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix in SUFFIXES and path.is_file() and not path.name.startswith("."):
            texts[path.name] = path.read_bytes()
    shared = _shared(texts, {file: hashed(texts[file]) for file in SHARED if file in texts})
    parsed = (
        parse_strategies(text, str(folder / file), shared.common).value for file, text in texts.items() if file not in SHARED
    )
    found = {one.name: one for strategies in parsed for one in strategies or ()}

    def text_of(strategy: Strategy) -> bytes | None:
        return texts.get(Path(strategy.file).name)

    return Running(found, shared, is_real_money=False, folder=folder, text_of=text_of)


def _shared(texts: dict[str, bytes], digests: dict[str, str]) -> InForce:
    account: Account | None = parse_account(texts[ACCOUNT_FILE]).value if ACCOUNT_FILE in texts else None
    common: Common | None = parse_common(texts[COMMON_FILE]).value if COMMON_FILE in texts else None
    events: Events | None = parse_events(texts[EVENTS_FILE]).value if EVENTS_FILE in texts else None
    return InForce(digests, account, common, events)
