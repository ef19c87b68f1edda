"""Rolls that a person asks for: what a rule of the file would do, now.

The roll is that of the file in force: where it leads, what it must bring, how often. Its successor is looked for before
anything is sent, as for a rule, and where none is found nothing is. The close is an order in the person's name; what takes its
place is an opening of the strategy like any other, by its gates, its walk and its approval.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.decide.entry.rolls import is_spent, reason_of
from engine.decide.entry.successors import Search, search
from engine.decide.exit.closing import Why, close
from engine.decide.exit.cuts import Cut, is_done, portion_cuts
from engine.decide.order.by_hand import by_whom, close_obstacle
from engine.decide.order.price import combo_tick, has_moved
from engine.decide.quotes import Rows, spread_quote
from engine.decide.rulebook import Rulebook
from engine.domain.decision import Decision, Reply
from engine.domain.deeds import PORTIONS, RollDeed
from engine.domain.facts.orders import OrderProposed
from engine.domain.parts import ALL
from engine.domain.position import Position
from engine.domain.rolled import times_rolled
from engine.domain.snapshot import RollAsked, Snapshot
from engine.strategy.model import Strategy
from engine.strategy.spreads.sides import leads_on

WAITS = "the account's values are being asked for anew; ask again in some seconds"
DEEDS: tuple[RollDeed, ...] = ("roll", "roll put side", "roll call side", "roll short", "roll put short", "roll call short")
"""As they are offered to a person."""


@dataclass(frozen=True, slots=True)
class HandRoll:
    """What a roll would be at this instant. Nets are USD per share of one combination that is closed, + received."""

    cut: Cut | None
    """What would be closed; None where it is not one combination."""
    opening: OrderProposed | None
    """What would follow; None where nothing could."""
    mid: Decimal | None
    """Closing and opening together at mid; None where one of them has no quote."""
    natural: Decimal | None
    """The same at natural."""
    wanted: Decimal | None
    """What the file asks both to bring at the least; 0 is more than nothing. None where it says not where to roll."""
    obstacle: str | None
    """Why nothing can be sent; None where it can."""
    asks: tuple[Decision, ...] = ()
    """What is asked of the broker meanwhile, or noted."""


def hand_roll(position: Position, deed: RollDeed, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> HandRoll:
    """What rolling a position, or a part of it, would do now."""
    strategy = next((one for one in rulebook.strategies if one.name == position.strategy), None)
    cuts = portion_cuts(position, PORTIONS.get(deed, ALL), rows)
    cut = cuts[0] if len(cuts) == 1 else None
    obstacle = close_obstacle(position, cuts, snapshot, rulebook, rows, PORTIONS.get(deed, ALL))
    if strategy is None or strategy.roll is None:
        return HandRoll(cut, None, None, None, None, obstacle or _leads_nowhere(position, strategy))
    obstacle = obstacle or _unrollable(position, deed, cut, strategy, snapshot)
    found = Search(None, "") if obstacle is not None or cut is None else _searched(position, deed, cut, snapshot, rulebook, rows)
    if obstacle is None and found.found is None:
        obstacle = WAITS if found.waits else f"not rolled: {found.text}"
    mid, natural = _together(cut, found.found, rows)
    return HandRoll(cut, found.found, mid, natural, strategy.roll.for_.least_net, obstacle, found.decisions)


def deeds_of(position: Position, snapshot: Snapshot, rulebook: Rulebook) -> tuple[RollDeed, ...]:
    """The rolls that the file in force can make of what is open of a position; none where it says not where to."""
    strategy = next((one for one in rulebook.strategies if one.name == position.strategy), None)
    if strategy is None or strategy.roll is None or not position.is_open:
        return ()
    return tuple(deed for deed in DEEDS if _leads_on(position, deed, strategy, snapshot))


def rolling(request: RollAsked, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, proposed: int) -> Iterator[Decision]:
    """The close that makes room for the successor, or the reply that says why there is none."""
    position = snapshot.ledger.positions.get(request.position)
    if position is None:
        yield Reply(request.position, "unknown", f"no position {request.position}")
        return
    roll = hand_roll(position, request.deed, snapshot, rulebook, rows)
    yield from roll.asks
    if roll.obstacle is not None or roll.cut is None or roll.mid is None:
        yield Reply(position.id, "late", f"nothing was sent: {roll.obstacle or 'a leg has no quote'}")
        return
    if request.shown_net is not None and has_moved(request.shown_net, roll.mid, combo_tick(roll.cut.spread)):
        text = f"rolling it {_brings(roll.mid)} now, you were shown that it {_brings(request.shown_net)}; ask again to accept"
        yield Reply(position.id, "moved", f"nothing was sent: {text}")
        return
    why = Why(reason_of(request.deed, by_whom(request)), roll=request.deed, asked_by=request.by)
    yield from close(position, roll.cut, why, snapshot, rows, urgent=False, proposed=proposed)


def _brings(net: Decimal) -> str:
    return f"{'brings' if net > 0 else 'costs'} {abs(net)}"


def _leads_nowhere(position: Position, strategy: Strategy | None) -> str:
    if strategy is None:
        return f"{position.strategy} is not in force, so nothing says where to roll"
    return f"{strategy.name} says not where to roll: give its file `roll: {{to: 30-60 days, for: a credit}}`"


def _leads_on(position: Position, deed: RollDeed, strategy: Strategy, snapshot: Snapshot) -> bool:
    portion = PORTIONS.get(deed, ALL)
    assert strategy.roll is not None, "asked of strategies that roll"
    return leads_on(strategy.spread, portion, strategy.roll.to) and not is_done(position, portion, "", snapshot)


def _unrollable(position: Position, deed: RollDeed, cut: Cut | None, strategy: Strategy, snapshot: Snapshot) -> str | None:
    """Why there is no such roll, whatever the market does."""
    assert strategy.roll is not None, "asked of strategies that roll"
    if not _leads_on(position, deed, strategy, snapshot):
        can = ", ".join(one for one in DEEDS if _leads_on(position, one, strategy, snapshot))
        return f"`{deed}` leads nowhere by the roll of {strategy.name}" + (f"; it can: {can}" if can else "")
    if cut is None:
        return "what would be closed does not stand in one combination; close its parts, or roll one side"
    orders = snapshot.ledger.working()
    opening = next((one for one in orders if one.purpose == "open" and one.strategy == strategy.name), None)
    if opening is not None:
        return f"{strategy.name} opens one at a time, and {opening.ref} is on its way: answer or cancel it first"
    if is_spent(position, strategy, snapshot.ledger):
        count = times_rolled(position, snapshot.ledger)
        return (
            f"it was rolled {count} {'time' if count == 1 else 'times'}, as often as {strategy.name} lets it be (roll: at_most)"
        )
    return None


def _searched(position: Position, deed: RollDeed, cut: Cut, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Search:
    mark = rows.mark(cut.spread, "close")
    if mark is None:
        return Search(None, "what would be closed of it is not quoted")
    return search(position, mark, snapshot, rulebook, rows, PORTIONS.get(deed, ALL), () if deed == "roll" else (cut,))


def _together(cut: Cut | None, opening: OrderProposed | None, rows: Rows) -> tuple[Decimal | None, Decimal | None]:
    """Closing and opening at mid and at natural."""
    out = rows.mark(cut.spread, "close") if cut is not None else None
    into = spread_quote(opening.spread, rows, "open") if opening is not None else None
    if cut is None or opening is None or out is None or into is None:
        return None, None
    share = Decimal(opening.quantity) / cut.quantity
    return out.mid + into.mid * share, out.natural + into.natural * share
