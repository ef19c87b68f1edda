"""Rolls: a position is closed, and what takes its place is an opening like any other that must bring enough.

Its successor is looked for before anything is sent (`successors`). The close comes first and alone. Once it has filled, the same
strategy looks in the same session for a spread on the same underlying whose days are those of `roll.to`, whose net, together with
what the close brought or cost, is at least what `roll.for` asks, and that cannot lose more than the closed one could. An opening
that was sent and did not fill is not tried again: then the position stays closed.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.strategy.conditions import Deed, ExitRule
from engine.strategy.model import Strategy

Done = Deed | Literal["keep"]
"""What is done about a position: an action, or what a roll that cannot be made leaves it to."""
PREFIX = "roll: "
"""Begins the reason of a close that makes room for a successor."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A position that was closed to be rolled and has no successor yet."""

    position: Position
    wanted: Decimal
    """What closing and opening together must bring at the least, USD per share, + received; 0 is more than nothing."""

    def most_loss(self) -> Decimal:
        """USD that the successor may lose at the most, fees apart: what the closed spreads could when they were opened."""
        position, spread = self.position, self.position.spread
        return max(Decimal(0), spread.max_loss(position.opening_net) * spread.multiplier * position.closed)

    def least_net(self, tick: Decimal) -> Decimal:
        """The least net that the opening may be filled at, USD per share, on the ticks."""
        assert self.position.closing_net is not None, "only a position that was closed is rolled"
        needed = self.wanted - self.position.closing_net
        on_tick = (needed / tick).to_integral_value(rounding=ROUND_CEILING) * tick
        return on_tick + tick if self.wanted == 0 and on_tick == needed else on_tick


def pending_roll(strategy: Strategy, snapshot: Snapshot) -> Roll | None:
    """The roll that a strategy still owes in this session; None without one."""
    if strategy.roll is None:
        return None
    ledger, today = snapshot.ledger, trading_day(snapshot.at)
    for position in ledger.closed_on(strategy.name, today):
        if position.close_reason.startswith(PREFIX) and not _has_successor(position, ledger):
            return Roll(position, strategy.roll.for_.least_net)
    return None


def search_for(strategy: Strategy, roll: Roll) -> Strategy:
    """The strategy as it looks for the successor: one underlying, the days of the roll, and queries of its own by its digest."""
    assert strategy.roll is not None, "a roll is owed only where the strategy has one"
    underlying = roll.position.spread.underlying
    return strategy.model_copy(
        update={
            "universe": (underlying,),
            "spread": strategy.spread.model_copy(update={"expiry": strategy.roll.to}),
            "digest": f"{strategy.digest} roll {underlying}",
        }
    )


def action_of(rule: ExitRule, position: Position, strategy: Strategy, ledger: Ledger) -> Done:
    """What an exit rule does to this position: a position that was rolled often enough is not rolled again."""
    match rule.action:
        case "let expire" | "let put side expire" | "let call side expire":
            raise AssertionError("what is left to expire has nothing done to it")
        case "roll":
            pass
        case _:
            return rule.action
    roll = strategy.roll
    if roll is None:
        return "close"
    return "roll" if times_rolled(position, ledger) < roll.at_most else roll.otherwise


def times_rolled(position: Position, ledger: Ledger) -> int:
    """How many positions were closed, one after the other, to make this one."""
    count, before = 0, position.rolled_from
    while before is not None and before in ledger.positions:
        count, before = count + 1, ledger.positions[before].rolled_from
    return count


def _has_successor(position: Position, ledger: Ledger) -> bool:
    return any(order.sent_at is not None or not order.is_over for order in ledger.successors_of(position.id))
