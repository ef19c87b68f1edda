"""Positions moved to the rules in force, as a person wants it: what that would change of each, and the word that does it."""

from collections.abc import Callable, Sequence

from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.facts.positions import PositionMigrated
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.runtime.inbox import Inbox
from engine.runtime.plain import Row
from engine.runtime.plan import exit_answers, fires, said
from engine.runtime.seams import SnapshotSource
from engine.strategy.changes import changes_of
from engine.strategy.model import Strategy


class Migrating:
    """The open positions whose rules are not those in force."""

    def __init__(self, snapshot: Callable[[], Snapshot], snapshots: SnapshotSource, inbox: Inbox) -> None:
        self._snapshot, self._snapshots, self._inbox = snapshot, snapshots, inbox

    def rows(self, name: str) -> list[Row] | None:
        """What moving a position, or all of a strategy, to the version in force would change; None where nothing open is called
        so. A position that keeps the rules in force already is left out.
        """
        snapshot, rulebook = self._snapshot(), self._snapshots.rulebook()
        named = [one for one in snapshot.ledger.open_positions() if name in {one.id, one.strategy}]
        if not named:
            return None
        rows = Rows(snapshot.chain)
        return [_row(one, snapshot, rulebook, rows) for one in named if not _keeps(one, rulebook)]

    def move(self, positions: Sequence[str], digest: str, by: str, reason: str) -> tuple[bool, str]:
        """Have positions keep the rules of this version: (whether they will, what becomes of it). `digest` is that of the version
        that the person saw.
        """
        snapshot, rulebook = self._snapshot(), self._snapshots.rulebook()
        held = {one.id: one for one in snapshot.ledger.open_positions()}
        for name in positions:
            obstacle = f"no open position {name}" if name not in held else _obstacle(held[name], rulebook)
            target = None if name not in held else _in_force(held[name], rulebook)
            if obstacle is None and (target is None or target.digest != digest):
                obstacle = f"another version of {held[name].strategy} is in force by now; look at it, then move {name} to that"
            if obstacle is not None:
                return False, f"nothing was moved: {obstacle}"
        for name in positions:
            self._inbox.publish(PositionMigrated(name, digest, by, reason))
        return True, f"moving {', '.join(positions)} to the rules in force"


def _row(position: Position, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Row:
    own, target, obstacle = rulebook.rules_of(position), _in_force(position, rulebook), _obstacle(position, rulebook)
    found = changes_of(own, target) if own is not None and target is not None else None
    now = exit_answers(own, position, snapshot, rows, rulebook.finder) if own is not None else ()
    then = exit_answers(target, position, snapshot, rows, rulebook.finder) if target is not None and obstacle is None else ()
    holds, would = fires(now), fires(then)
    lines = [] if found is None else [line for line in found.said if line.startswith(("exits", "roll"))]
    return {
        "position": position.id,
        "strategy": position.strategy,
        "spread": str(position.spread),
        "digest": target.digest if target is not None else "",
        "obstacle": obstacle,
        "changes": [{"said": line, "loosens": found is not None and line in found.looser} for line in lines],
        "fires": holds and said(holds),
        "would_fire": would and said(would),
        "unknown": [one.rule.condition.text for one in then if one.holds is None],
    }


def _in_force(position: Position, rulebook: Rulebook) -> Strategy | None:
    return next((one for one in rulebook.strategies if one.name == position.strategy), None)


def _keeps(position: Position, rulebook: Rulebook) -> bool:
    target = _in_force(position, rulebook)
    return target is not None and target.digest == position.digest


def _obstacle(position: Position, rulebook: Rulebook) -> str | None:
    """Why its rules cannot be those in force."""
    target = _in_force(position, rulebook)
    if target is None:
        return f"no version of {position.strategy} is in force"
    if target.spread.name() != position.spread.structure:
        return f"{position.id} is of {position.spread.structure}, and {target.file} trades {target.spread.name()} now"
    return None
