"""The successor of a position that is to be rolled, looked for before anything is sent.

It is found, sized and gated as the opening that would follow: the position that makes room counts as gone, its close at natural,
the worst that is certain. Where there is none, `else` of the roll decides instead. The close may still fill worse, or the market
leave before the opening follows: that is searched, sized and gated anew, and then the position stays closed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.decide.entry.entries import first_outcome
from engine.decide.entry.rolls import Roll, part_rolled
from engine.decide.exit.cuts import Cut
from engine.decide.quotes import Rows, mids
from engine.decide.risk.account_age import account_verdict, must_wait
from engine.decide.risk.gate import strategy_obstacle
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import ACCOUNT_AGAIN_AFTER, ROLL_SEARCHED_AGAIN
from engine.domain.decision import Decision, DenyEntry, RefreshAccount
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.searches import EntryDenied
from engine.domain.parts import ALL, Portion
from engine.domain.position import Position
from engine.domain.snapshot import ExitHits, Snapshot
from engine.domain.supposed import supposed
from engine.pricing.mark import Mark
from engine.strategy.model import Strategy
from engine.strategy.spreads.sides import leads_on


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for a successor came to."""

    found: OrderProposed | None
    """The opening that would follow; None where there is none."""
    text: str = ""
    """Why there is none."""
    decisions: tuple[Decision, ...] = ()
    """What is written or asked beside."""
    waits: bool = False
    """Nothing is decided yet: the account's values are being asked for."""

    @property
    def is_found(self) -> bool:
        return self.found is not None


def search(
    position: Position,
    mark: Mark,
    snapshot: Snapshot,
    rulebook: Rulebook,
    rows: Rows,
    portion: Portion = ALL,
    cuts: Sequence[Cut] = (),
) -> Search:
    """Whether there is a successor now that would pass every gate and bring enough.

    `mark` is that of the whole; of a portion, `cuts` are what would be closed of it.
    """
    strategy = next((one for one in rulebook.strategies if one.name == position.strategy), None)
    if strategy is None or strategy.roll is None:
        return Search(None, text="its strategy is gone, or rolls no more")
    if not strategy.enabled or strategy.name in snapshot.paused:
        return Search(None, text="its strategy opens nothing now")
    asks: tuple[Decision, ...] = ()
    if account_verdict(snapshot).answer != "pass":
        requested_at = snapshot.account_requested_at
        if requested_at is None or snapshot.at - requested_at >= ACCOUNT_AGAIN_AFTER:
            asks = (RefreshAccount("a roll waits"),)
        if must_wait(snapshot):
            return Search(None, decisions=asks, waits=True)
    if not leads_on(strategy.spread, portion, strategy.roll.to):
        return Search(None, text="its strategy trades another structure by now", decisions=asks)
    roll = _whole(position, strategy, mark) if portion == ALL else _part(position, strategy, portion, cuts, snapshot, rows)
    if isinstance(roll, str):
        return Search(None, text=roll, decisions=asks)
    outcome = _outcome(roll, strategy, snapshot, rulebook, rows)
    if isinstance(outcome, OrderProposed):
        return Search(outcome, decisions=asks)
    if outcome is None:
        return Search(None, text="no spread is found that could follow", decisions=asks)
    return Search(None, text=str(outcome.obstacle), decisions=(*asks, *_new(outcome, snapshot)))


def is_searched_again(hits: ExitHits | None, snapshot: Snapshot) -> bool:
    """Whether a position that could not be rolled may be looked at for a successor again."""
    return hits is None or not hits.count or snapshot.at - hits.last_at >= ROLL_SEARCHED_AGAIN


def _whole(position: Position, strategy: Strategy, mark: Mark) -> Roll:
    assert strategy.roll is not None, "asked of strategies that roll"
    closed = replace(position, opened=position.quantity, closed=position.quantity, closing_net=mark.natural)
    return Roll(closed, strategy.roll.for_.least_net, position.quantity, mark.natural)


def _part(
    position: Position, strategy: Strategy, portion: Portion, cuts: Sequence[Cut], snapshot: Snapshot, rows: Rows
) -> Roll | str:
    """The roll of a portion that has not begun, its closes counted as filled at natural; why there is none."""
    assert strategy.roll is not None, "asked of strategies that roll"
    if len(cuts) != 1:
        return "what would be closed of it does not stand in one combination"
    (cut,) = cuts
    mark = rows.mark(cut.spread, "close")
    if mark is None:
        return "what would be closed of it is not quoted"
    proposal = OrderProposed(
        order_ref="",
        purpose="close",
        strategy=position.strategy,
        digest=position.digest,
        snapshot=snapshot.chain.id,
        position=position.id,
        spread=cut.spread,
        quantity=cut.quantity,
        limit=mark.natural,
        worst=mark.natural,
        max_loss=Decimal(0),
        fees=Decimal(0),
        reason="",
    )
    close = supposed(proposal, mark.natural, mids(cut.spread.legs, rows), snapshot.at)
    return part_rolled(position, portion, strategy.roll.for_.least_net, (close,), begun=False)


def _outcome(
    roll: Roll, strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook, rows: Rows
) -> OrderProposed | EntryDenied | None:
    obstacle = strategy_obstacle(strategy, snapshot, rulebook, without=roll.position.id)
    return first_outcome(strategy, obstacle, roll, snapshot, rulebook, rows)


def _new(denied: EntryDenied, snapshot: Snapshot) -> Iterator[Decision]:
    known = snapshot.ledger.denials.get((denied.strategy, denied.spread.underlying))
    if known is None or (known.obstacle.gate, known.obstacle.answer) != (denied.obstacle.gate, denied.obstacle.answer):
        yield DenyEntry(denied)
