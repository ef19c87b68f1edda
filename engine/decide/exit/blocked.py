"""What becomes of an exit that is due: its close, or the word that it cannot act, and when it is tried again.

    no price    its legs are not quoted, or not so that anybody would believe it: they are asked for
    not sent    no order can leave, the broker does not hold the legs, or it refused the close
    not filled  a close worked and nobody took it
    no bid      nobody bids for what would be sold: tried seldom; on its last day a profit that ends in cash is left to that.
                Where the close must be, the short is bought back alone instead (`cuts`)

A rule that nobody can answer for minutes has no price either, and a close that neither fills nor can be canceled is not filled.

A stop, a date and a time must be done, so they are tried for as long as they hold, ever more seldom. A profit can wait, and so
can what nobody bids for: its messages would only count against the account's order efficiency.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.decide.asking import ask_now, ask_silent
from engine.decide.exit.closing import NOT_HELD, Why, close, proposals, why_not_sent
from engine.decide.exit.confirm import pending
from engine.decide.exit.cuts import Cut, rule_cuts
from engine.decide.quotes import Rows
from engine.domain.clocks import (
    CANCEL_AGAIN,
    CLOSE_AGAIN,
    DECIDED_WITHIN,
    JUDGED_WITHIN,
    MESSAGES_A_DAY,
    NO_PRICE_AGAIN,
    STANDS_FOR,
    TARGET_AGAIN,
)
from engine.domain.decision import BlockExit, ConfirmExit, Decision, FreeExit, TriggerExit
from engine.domain.deeds import RollDeed
from engine.domain.facts.positions import ExitBlocked, ExitFreed, ExitObstacle, ExitTriggered
from engine.domain.order import Order
from engine.domain.parts import ALL, Portion
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import ExitHits, Snapshot
from engine.domain.spread import Leg, Spread
from engine.pricing.mark import Mark

FEWEST = 3
"""Messages that a try which comes to nothing may take: an order, a change of its price, its cancel."""
STUCK_FROM = 3
"""Cancels of one close: two that came to nothing, over most of a minute."""
UNJUDGED = "unjudged"
"""In the place of a rule: since when one of them could not be answered."""

Kind = Literal["stop", "target", "clock", "guard"]


@dataclass(frozen=True, slots=True)
class Due:
    """An exit that is to act now."""

    rule: str
    """The condition as the trader wrote it, or the engine's own rule."""
    reason: str
    """Why the close is sent, as its order says it."""
    kind: Kind
    """A loss, a profit, a date or a time, the last day."""
    triggered: ExitTriggered | None = None
    portion: Portion = ALL
    """How much of the position it closes."""
    runs: bool = False
    """Whether the market runs away from it: its close begins at what is certain to trade."""
    roll: RollDeed | None = None
    """The roll that its close makes room for."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of one of the closes that are due together."""

    decisions: tuple[Decision, ...]
    is_sent: bool
    has_failed: bool
    """Whether one of the same legs came to nothing before."""


def act(
    due: Due,
    position: Position,
    snapshot: Snapshot,
    rows: Rows,
    proposed: int,
    wanted: Sequence[Cut] | None = None,
    *,
    beside: Collection[str] = (),
) -> Iterator[Decision]:
    """The closes of a position whose exit is due, or these of it; where one cannot be now, what is said and asked.

    What another close is at work on is left to that. Of several that cannot be, the first is told. `beside` are other rules of
    the position that are due now: what blocks those goes on.
    """
    tried = list[_Tried]()
    must, is_guard = due.kind != "target", due.kind == "guard"
    if wanted is None:
        wanted = rule_cuts(position, due.portion, due.reason, snapshot, rows, must=must, is_guard=is_guard)
    for cut in wanted:
        number = proposed + sum(proposals(one.decisions) for one in tried)
        tried.append(_try(due, cut, position, snapshot, rows, number))
    known = _known(position, snapshot)
    if known is not None and known.rule not in beside and tried and all(one.is_sent and not one.has_failed for one in tried):
        yield FreeExit(ExitFreed(position.id, known.rule, "it can act again"))
    yield from next((one.decisions for one in tried if not one.is_sent), ())
    sent = [decision for one in tried if one.is_sent for decision in one.decisions]
    yield from (decision for decision in sent if isinstance(decision, BlockExit))
    if due.triggered is not None and sent:
        yield TriggerExit(due.triggered)
    yield from (decision for decision in sent if not isinstance(decision, BlockExit))


def _try(due: Due, cut: Cut, position: Position, snapshot: Snapshot, rows: Rows, proposed: int) -> _Tried:
    """One close that is due, or what is in its way."""
    mark = rows.mark(cut.spread, "close")
    unsent = why_not_sent(snapshot) or (None if snapshot.holds(cut.spread) else NOT_HELD)
    unpriced = unpriced_because(mark, is_guard=due.kind == "guard")
    if unsent is not None or unpriced is not None or mark is None:
        obstacle: ExitObstacle = "not sent" if unsent is not None else "no price"
        told = wait(due.rule, position, obstacle, unsent or unpriced or "", snapshot, rows, legs=cut.spread.legs)
        return _Tried(tuple(told), is_sent=False, has_failed=False)
    if mark.unbid and due.kind == "target" and _is_settled_today(cut.spread, snapshot):
        text = f"nobody bids for {', '.join(mark.unbid)}; the profit is left to the expiry of today, which is settled in cash"
        left = _said(due.rule, position, "no bid", text, 0, _expires_at(cut.spread, snapshot), snapshot)
        return _Tried(tuple(left), is_sent=False, has_failed=False)
    failed = failed_closes(position, snapshot, cut.spread)
    seldom = bool(mark.unbid) or due.kind == "target"
    decisions = list[Decision]()
    if failed:
        again_at = _again_at(failed, position, snapshot, seldom=seldom)
        decisions += _said(due.rule, position, _ended(failed[-1], mark), _told(failed, mark), len(failed), again_at, snapshot)
        if snapshot.at < again_at:
            return _Tried(tuple(decisions), is_sent=False, has_failed=True)
    urgent = due.kind in {"stop", "guard"} or (due.kind == "clock" and bool(failed))
    at_natural = due.runs or (seldom and bool(failed))
    decisions += close(
        position,
        cut,
        Why(due.reason, due.rule, due.roll),
        snapshot,
        rows,
        urgent,
        proposed,
        at_natural=at_natural,
        spares_fees=due.kind != "guard",
    )
    return _Tried(tuple(decisions), is_sent=True, has_failed=bool(failed))


def is_held_up(kind: Kind, position: Position, mark: Mark | None, snapshot: Snapshot, part: Spread | None = None) -> bool:
    """Whether a close of this kind would not be sent now: something is in its way, or it waits for one more try. `part` is what
    would be closed where it is not the whole."""
    if why_not_sent(snapshot) is not None or not snapshot.holds(part or position.spread):
        return True
    if mark is None or unpriced_because(mark, is_guard=kind == "guard") is not None:
        return True
    failed = failed_closes(position, snapshot, part)
    return bool(failed) and snapshot.at < _again_at(failed, position, snapshot, seldom=bool(mark.unbid) or kind == "target")


def wait(
    rule: str,
    position: Position,
    obstacle: ExitObstacle,
    text: str,
    snapshot: Snapshot,
    rows: Rows,
    count: tuple[datetime, int] | None = None,
    legs: Sequence[Leg] | None = None,
) -> Iterator[Decision]:
    """What is asked and said while an exit cannot act: its quotes at once and again, and after a while that it is blocked.

    `count` is since when and how often its rule has held, where this look counts; it goes on as it was otherwise.
    """
    known, legs = _known(position, snapshot), position.legs if legs is None else legs
    if obstacle == "no price" and known is not None and snapshot.at < known.again_at and _waits_its_turn(known, rule):
        return
    is_said = known is not None and (known.rule, known.obstacle) == (rule, obstacle)
    hits = pending(snapshot.exit_hits.get((position.id, rule)), snapshot)
    first_at, number = count or ((hits.first_at, hits.count) if hits else (snapshot.at, 1))
    yield ConfirmExit(position.id, rule, first_at, number, hits.net if hits else None)
    if known is not None and is_said and snapshot.at < known.again_at:
        return
    if not is_said and snapshot.at - first_at < DECIDED_WITHIN:
        if obstacle == "no price":
            yield from ask_silent(legs, snapshot, rows)
        return
    if obstacle == "no price":
        yield from ask_now(legs, snapshot)
    tries = known.tries + 1 if known is not None and is_said else 1
    again_at = snapshot.at + NO_PRICE_AGAIN.wait(tries)
    yield BlockExit(ExitBlocked(position.id, rule, obstacle, text, tries, again_at))


def unjudged(rule: str, position: Position, text: str, snapshot: Snapshot) -> Iterator[Decision]:
    """What is asked and said of a rule that cannot be answered: nothing for some minutes, then that it may be due."""
    hits = snapshot.exit_hits.get((position.id, UNJUDGED))
    if hits is None or not hits.count or snapshot.at - hits.last_at > JUDGED_WITHIN:
        hits = ExitHits(snapshot.at, snapshot.at, 0)
    yield ConfirmExit(position.id, UNJUDGED, hits.first_at, hits.count + 1)
    known = _known(position, snapshot)
    is_said = known is not None and (known.rule, known.obstacle) == (rule, "no price")
    if snapshot.at - hits.first_at < JUDGED_WITHIN or (known is not None and (not is_said or snapshot.at < known.again_at)):
        return
    yield from ask_now(position.legs, snapshot)
    tries = known.tries + 1 if known is not None else 1
    yield BlockExit(ExitBlocked(position.id, rule, "no price", text, tries, snapshot.at + NO_PRICE_AGAIN.wait(tries)))


def stuck(position: Position, snapshot: Snapshot) -> Iterator[Decision]:
    """The word that a close of it neither fills nor ends, where one was canceled more than once or nobody knows it any more."""
    for order in snapshot.ledger.closings_of(position.id):
        if order.is_over or order.cancels < STUCK_FROM:
            continue
        is_lost = order.state == "unknown"
        what = "nobody knows whether it works" if is_lost else "it works on"
        text = f"its close {order.ref} was canceled {order.cancels} times and {what}: look at it in TWS"
        again_at = (order.last_cancel_at or snapshot.at) + CANCEL_AGAIN.wait(order.cancels)
        yield from _said(order.proposed.reason, position, "not filled", text, order.cancels, again_at, snapshot)


def _waits_its_turn(known: ExitBlocked, rule: str) -> bool:
    """Whether a price would not help before the next try: nobody bids, whatever the rule, or this rule's last close came to
    nothing."""
    return known.obstacle == "no bid" or (known.rule == rule and known.obstacle != "no price")


def free(position: Position, text: str, snapshot: Snapshot) -> Iterator[Decision]:
    """The word that nothing blocks a position's exit any more, where something did."""
    known = _known(position, snapshot)
    if known is not None:
        yield FreeExit(ExitFreed(position.id, known.rule, text))


def free_closed(snapshot: Snapshot) -> Iterator[Decision]:
    """The same for positions that are not open any more."""
    for name, (_, blocked) in snapshot.ledger.blocked_exits.items():
        position = snapshot.ledger.positions.get(name)
        if position is None or not position.is_open:
            reason = position.close_reason if position is not None else ""
            yield FreeExit(ExitFreed(name, blocked.rule, f"closed: {reason}" if reason else "closed"))


def failed_closes(position: Position, snapshot: Snapshot, spread: Spread | None = None) -> list[Order]:
    """Closes that rules have sent today and that ended without a fill, since the last one that filled; oldest first.

    With a spread, those of the same legs: what nobody took as a combination holds back no single leg. A profit taker that rested
    is no try: it was there to wait.
    """
    failed: list[Order] = []
    for order in snapshot.ledger.closings_of(position.id):
        if order.proposed.resting or (spread is not None and order.spread.key != spread.key):
            continue
        if order.filled:
            failed = []
        elif order.is_over and order.proposed.asked_by is None and trading_day(order.changed_at) == trading_day(snapshot.at):
            failed.append(order)
    return failed


def unpriced_because(mark: Mark | None, *, is_guard: bool = False) -> str | None:
    """Why a close has no price; None where it has one.

    The last day does not wait for quotes to become clean: the bounds of the spread keep the price sane.
    """
    if mark is None:
        return "nobody offers one of its legs, or it was never quoted"
    if not mark.stands():
        which = "oldest" if mark.age_s > STANDS_FOR.total_seconds() else "newest"
        age_s = mark.age_s if which == "oldest" else min(mark.ages_s)
        return f"the {which} quote of its legs was told {age_s:.0f} s ago"
    return None if is_guard and not mark.unbid else mark.obstacle


def _known(position: Position, snapshot: Snapshot) -> ExitBlocked | None:
    _, blocked = snapshot.ledger.blocked_exits.get(position.id, (None, None))
    return blocked


def _said(
    rule: str, position: Position, obstacle: ExitObstacle, text: str, tries: int, again_at: datetime, snapshot: Snapshot
) -> Iterator[Decision]:
    """What blocks an exit, unless it was said of this try: of this rule, or of another that waits for the same moment."""
    known = _known(position, snapshot)
    is_said = known is not None and (known.obstacle, known.tries) == (obstacle, tries)
    if known is None or not is_said or (known.rule != rule and known.again_at != again_at):
        yield BlockExit(ExitBlocked(position.id, rule, obstacle, text, tries, again_at))


def _again_at(failed: list[Order], position: Position, snapshot: Snapshot, *, seldom: bool) -> datetime:
    again = TARGET_AGAIN if seldom else CLOSE_AGAIN
    due = failed[-1].changed_at + again.wait(len(failed))
    if seldom and messages_today(position, snapshot) + FEWEST > MESSAGES_A_DAY:
        return max(due, snapshot.calendar.after(trading_day(snapshot.at)).open)
    return due


def messages_today(position: Position, snapshot: Snapshot) -> int:
    """Order messages of its closes on this trading day: sends, changes and cancels."""
    today = trading_day(snapshot.at)
    return sum(
        1 + order.reprices + (order.cancel_requested_at is not None)
        for order in snapshot.ledger.closings_of(position.id)
        if order.sent_at is not None and trading_day(order.sent_at) == today
    )


def _ended(last: Order, mark: Mark) -> ExitObstacle:
    if mark.unbid:
        return "no bid"
    return "not sent" if last.sent_at is None or last.state == "rejected" else "not filled"


def _told(failed: list[Order], mark: Mark) -> str:
    times = "one close" if len(failed) == 1 else f"{len(failed)} closes"
    bid = f"; nobody bids for {', '.join(mark.unbid)}" if mark.unbid else ""
    return f"{times} came to nothing, the last at {failed[-1].limit}: {failed[-1].why or failed[-1].state}{bid}"


def _is_settled_today(spread: Spread, snapshot: Snapshot) -> bool:
    """Whether its legs become cash at the end of this session, without anybody's bid."""
    classes = [(leg.contract.rule, leg.contract.expiry) for leg in spread.legs]
    ends = {snapshot.calendar.trades_until(of, expiry) for of, expiry in classes}
    settles = {snapshot.calendar.settles_at(of, expiry) for of, expiry in classes}
    return (
        all(of.cash for of, _ in classes) and ends == settles and {trading_day(at) for at in ends} == {trading_day(snapshot.at)}
    )


def _expires_at(spread: Spread, snapshot: Snapshot) -> datetime:
    return max(snapshot.calendar.settles_at(leg.contract.rule, leg.contract.expiry) for leg in spread.legs)
