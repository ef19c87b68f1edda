"""Which strategies cannot open now, whatever the options quote: their market data lines are better spent on the others."""

from zoneinfo import ZoneInfo

from engine.decide.risk.gate import strategy_obstacle
from engine.decide.risk.times import is_over
from engine.decide.rulebook import Rulebook
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

_FOR_TODAY = frozenset({"stop_for_day", "losses_per_day", "loss_per_week", "open", "per_day", "entries_per_day", "breaker_day"})
"""Gates whose no is unlikely to become a yes within minutes; what stops every strategy makes none of them idler than the rest."""


def idle(snapshot: Snapshot, rulebook: Rulebook) -> frozenset[str]:
    """Strategies that a limit of theirs stops, whose window is over, or whose market is wrong on every underlying.

    A strategy that waits for its window to begin is not one of them: its quotes must be there when it does. Nor is one whose
    market is unknown.
    """
    return frozenset(one.name for one in rulebook.strategies if one.enabled and _is_idle(one, snapshot, rulebook))


def _is_idle(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook) -> bool:
    if strategy.name in snapshot.paused:
        return True
    window, at = strategy.entry.window, strategy.entry.at
    if at is None and snapshot.at.astimezone(ZoneInfo(window.zone)).time() >= window.end:
        return True
    if at is not None and strategy.entry.again is None and is_over(at, snapshot.at):
        return True
    obstacle = strategy_obstacle(strategy, snapshot, rulebook)
    if obstacle is not None and obstacle.answer == "fail" and obstacle.gate in _FOR_TODAY:
        return True
    answers = rulebook.finder.market(strategy, snapshot.market, snapshot.at, snapshot.session, snapshot.calendar).values()
    return bool(answers) and all(any(line.holds is False for line in lines) for lines in answers)
