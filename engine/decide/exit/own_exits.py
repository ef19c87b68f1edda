"""No opening on which an exit of its own file already holds: it would be closed again at once, for the fees and the width.

The exits of the file are asked of the position that the opening would make at its present mid. So profit and loss are nothing,
and what holds is a date, a time, a delta or a strike. An alert closes nothing, and what is left to expire stops at its line.

Where an exit on a price, a profit or a delta of the spread cannot be answered now, nobody knows whether it holds, nor whether it
would ever protect: unknown is no pass. An exit on something that may have no answer for weeks, such as the days to a dividend
that is not announced, stops nothing: it does not act before it has one.
"""

from engine.decide.entry.find import ExitAnswer
from engine.decide.entry.rolls import is_spent
from engine.decide.exit.tested import of_its_side
from engine.decide.positions import market_columns, measured, needs_prices
from engine.decide.quotes import Rows, closing_marks, mids
from engine.decide.risk.asked import Opening
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict
from engine.domain.position import newly_opened
from engine.domain.snapshot import Snapshot
from engine.strategy.conditions import LEFT_SIDES, LET_EXPIRE
from engine.strategy.model import Strategy

GATE = "own_exits"
_BOUND = "no exit of its own file that holds already"


def own_exits(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Verdict:
    """Whether an opening would stay open by the exits of its own file; of one that joins a position, all of that."""
    strategy, spread = opening.strategy, opening.spread
    position = opening.after or newly_opened(
        "", strategy.name, strategy.digest, spread, opening.contracts, opening.quote.mid, snapshot.at, mids(spread.legs, rows)
    )
    marks = closing_marks(position, rows)
    believed = marks if marks is not None and all(mark.obstacle is None for mark in marks) else None
    market = snapshot.market.get(spread.underlying)
    row = measured(position, believed, rows, market, snapshot.at, snapshot.session)
    row |= market_columns(strategy, spread.underlying, snapshot)
    unknown: ExitAnswer | None = None
    for answer in (of_its_side(one, position, row) for one in rulebook.finder.exits(strategy, [row])[0]):
        if answer.rule.action == LET_EXPIRE and answer.holds is True:
            break
        if answer.rule.action in {"alert", LET_EXPIRE, *LEFT_SIDES}:
            continue
        if answer.rule.rolls and _stays(opening, strategy, snapshot):
            continue  # it has been rolled often enough then, and stays
        if answer.holds is True:
            return Verdict(GATE, "fail", f"{answer.rule.text} holds", _BOUND, strategy.name)
        if answer.holds is None and any(needs_prices(name) and value is None for name, value in answer.values.items()):
            unknown = unknown or answer
    if unknown is not None:
        return Verdict(GATE, "unknown", f"{unknown.rule.text} cannot be answered", _BOUND, strategy.name)
    return Verdict(GATE, "pass", "none holds", _BOUND, strategy.name)


def _stays(opening: Opening, strategy: Strategy, snapshot: Snapshot) -> bool:
    """Whether a line that rolls leaves the position open once this opening has joined it."""
    after, roll = opening.after, strategy.roll
    return after is not None and roll is not None and roll.otherwise != "close" and is_spent(after, strategy, snapshot.ledger)
