"""What exits remember of a position: how well it has stood at its best, as far as that is believed.

Only where an exit of its asks for it. One odd print must not raise the best, so it is believed as a stop is: on several fresh
looks over some seconds, each leg told anew. What is remembered is the least of these looks, in steps of half a percent of what
opening brought or cost, so that a rising profit does not fill the journal. It is a fact, and outlives a restart.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal

from engine.decide.exit.confirm import counted, pending
from engine.decide.positions import PositionRow
from engine.domain.decision import ConfirmExit, Decision, RememberProfit
from engine.domain.facts.positions import ProfitPeaked
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.strategy.expressions.tree import measures_in
from engine.strategy.model import Strategy

BEST = "best_profit"
"""The measure, and in the place of a rule the name under which looks at it are counted."""
STEP = Decimal("0.005")
"""Of what opening brought or cost: a share that no trailing stop is written in."""
STEP_USD = Decimal(1)


def remembered(
    position: Position, strategy: Strategy, row: PositionRow, quoted_at: Collection[datetime], snapshot: Snapshot
) -> Iterator[Decision]:
    """Counts one more look at a profit that is better than any before, and remembers it once it is believed.

    `quoted_at` are the moments at which its legs were quoted.
    """
    profit, known = row.get("profit"), snapshot.exit_hits.get((position.id, BEST))
    if not snapshot.is_fresh or profit is None or not looks_at(strategy, BEST):
        return
    found, least = Decimal(repr(round(profit, 4))), _least_rise(row)
    if found < position.best_profit + least:
        if known is not None and known.count:
            yield ConfirmExit(position.id, BEST, snapshot.at, 0)
        return
    before = pending(known, snapshot)
    lowest = found if before is None or before.net is None else min(before.net, found)
    count = counted(known, snapshot, quoted_at, at_once=False)
    if not count.is_believed:
        yield ConfirmExit(position.id, BEST, count.first_at, count.count, lowest)
        return
    open_lots = [lot for lot in position.lots if lot.held]
    legs = tuple(lot.leg.contract.con_id for lot in open_lots)
    yield RememberProfit(ProfitPeaked(position.id, lowest, legs, tuple(lot.held for lot in open_lots)))
    yield ConfirmExit(position.id, BEST, snapshot.at, 0)


def looks_at(strategy: Strategy, name: str) -> bool:
    """Whether an exit of a strategy looks at a measure of this name."""
    return any(one.name == name for rule in strategy.exits for one in measures_in(rule.condition.expression))


def _least_rise(row: PositionRow) -> Decimal:
    opening = row.get("credit") or row.get("debit") or 0.0
    return max(STEP_USD, STEP * Decimal(repr(round(opening, 4))))
