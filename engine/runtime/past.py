"""What all facts up to a past moment add up to, and why a strategy traded then or did not.

It reads the journal beside a running engine: what is just being written is not seen.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from engine.domain.errors import UserError
from engine.domain.facts.files import SharedFileLoaded, StrategyLoaded, StrategyRefused
from engine.domain.facts.running import EngineStarted
from engine.domain.ledger import Ledger
from engine.runtime.plain import Row
from engine.runtime.schedule import session_of
from engine.runtime.why import stopped_then, when_then, why_row
from engine.store import journal, lines
from engine.store.checkpoint import fold
from engine.store.explanations import latest, recall


def why_then(state: Path, strategy: str, until: datetime | None, told: str = "") -> Row:
    """Why a strategy traded or did not at a past moment (now when None), in the form in which a running engine says it.

    `told` is that moment as it was asked for. Raises UserError where nothing was written by then or the strategy was not known.
    """
    ledger, seen_at, refused = ledger_at(state, until, {strategy}, told)
    if strategy not in ledger.files.strategies and strategy not in ledger.funnels:
        known = ", ".join(sorted({*ledger.files.strategies, *ledger.funnels})) or "none"
        raise UserError(f"no strategy {strategy!r} in the history{_by(until, told)}; known: {known}")
    _, funnel = ledger.funnels.get(strategy, (None, None))
    stopped = stopped_then(strategy, ledger, seen_at, session_of(seen_at))
    return why_row(ledger, strategy, seen_at, stopped, when_then(funnel), refused)


def ledger_at(
    state: Path, until: datetime | None, asked: Collection[str] = (), told: str = ""
) -> tuple[Ledger, datetime, dict[str, str]]:
    """What all facts up to a moment, or all of them, add up to, with that moment and the problems of files refused by then.

    Of the explanations it holds the last ones, and those of the strategies `asked` however long ago they looked.
    """
    folder = state / journal.FOLDER
    head, _ = lines.verified(folder)
    ledger, first, last, refused = Ledger(), None, None, dict[str, str]()
    for line in lines.facts(folder, lines.START, head):
        if isinstance(line, lines.Odd):
            continue
        first = first or line.at
        if until is not None and line.at > until:
            break
        fold(line, ledger, folder)  # what cannot follow was passed over by the engine as well
        last = line.at
        match line.fact:
            case StrategyRefused(file=file, problems=problems):
                refused[file] = problems
            case StrategyLoaded(file=file) | SharedFileLoaded(file=file):
                refused.pop(file, None)
            case EngineStarted():
                refused.clear()  # what is refused still is told anew at every start
            case _:
                pass
    if first is None or last is None or (until is not None and first > until):
        since = f"; the first line was written at {first:%Y-%m-%d %H:%M:%S} UTC" if first else ""
        raise UserError(f"{state}: nothing was recorded{_by(until, told)}{since}")
    explained = latest(state, until, asked)
    recall(ledger, explained)
    return ledger, max([last, *(line.at for line in explained)]) if until is None else until, refused


def _by(until: datetime | None, told: str) -> str:
    return "" if until is None else f" by {told or f'{until:%Y-%m-%d %H:%M:%S %Z}'}"
