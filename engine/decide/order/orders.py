"""What is due on orders that are on their way: previewed, waiting for a yes, sent, working, or silent too long.

    proposed        an opening waits for the broker's what-if; a close is approved by its exit rule, once no opening is in its way
    previewed       gates are asked again; then a person, a policy, or nobody is asked
    approved        sent, once
    sent            acknowledged in time, else unknown
    working         walked toward natural, and given up when its time is over
    unknown         left alone: the shell asks the broker, nothing is sent

Every function is pure: the same snapshot gives the same decisions.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial

from engine.decide.apart import apart
from engine.decide.asking import ask_silent
from engine.decide.exit.cuts import shortage
from engine.decide.exit.resting import is_in_the_way, smaller, withdrawn
from engine.decide.order.approval import auto_refusal
from engine.decide.order.price import (
    closing_plan,
    combo_tick,
    has_moved,
    next_closing_limit,
    next_limit,
    opening_plan,
)
from engine.decide.order.unwanted import cannot_join, left_behind, spot_of, stopped, unseen, unwanted
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.exposure import crosses
from engine.decide.risk.recheck import recheck
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import (
    CANCEL_AGAIN,
    CANCEL_PATIENCE,
    CLOSE_PATIENCE,
    CLOSE_STEP,
    PRICED_WITHIN,
    URGENT_STEP,
)
from engine.domain.decision import (
    Approve,
    Ask,
    Cancel,
    Decision,
    Decline,
    Deny,
    Expire,
    MarkUnknown,
    Reply,
    Reprice,
    Send,
)
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.order import Order
from engine.domain.snapshot import Answer, Snapshot
from engine.pricing.mark import Mark
from engine.strategy.model import Policy, Strategy

PREVIEW_PATIENCE = timedelta(seconds=30)
"""Longer than the deadline of the what-if: without an answer by now the preview was lost with its session."""
ASK_PATIENCE = timedelta(seconds=60)
"""A candidate that could be neither approved nor shown within a minute was found in another market."""
ACK_PATIENCE = timedelta(seconds=10)
"""Combinations of options have been seen to take five seconds to be acknowledged; twice that is silence."""
APPROVED_PATIENCE = timedelta(seconds=60)
"""An approval that could not be sent within a minute is stale."""
APPROVAL_BEFORE_CLOSE = timedelta(seconds=30)
ONE_MINUTE = timedelta(minutes=1)


def tend(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> list[Decision]:
    """What is due on every order that is not over, oldest first."""
    answers = {answer.order_ref: answer for answer in snapshot.answers}
    decisions: list[Decision] = []
    for order in snapshot.ledger.working():
        due = partial(_due, order, answers.get(order.ref), snapshot, rulebook, rows)
        decisions += apart(f"order {order.ref}", due, snapshot)
    known = {order.ref for order in snapshot.ledger.working()}
    decisions += [Reply(ref, "late", "this order no longer waits for an answer") for ref in answers if ref not in known]
    return decisions


def _due(order: Order, answer: Answer | None, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    match order.state:
        case "proposed":
            yield from _proposed(order, snapshot, rulebook, rows)
        case "previewed":
            yield from _previewed(order, answer, snapshot, rulebook, rows)
        case "approved":
            yield from _approved(order, snapshot, rulebook, rows)
        case "sent":
            if snapshot.waited(order.changed_at) > snapshot.patience(ACK_PATIENCE):
                yield MarkUnknown(order.ref, f"no acknowledgement within {ACK_PATIENCE.seconds} s")
        case "working" | "partly_filled":
            yield from _working(order, snapshot, rulebook, rows)
        case _:
            return


def _proposed(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    if order.purpose == "close":
        quote = spread_quote(order.spread, rows, "close")
        waits = is_in_the_way(order, snapshot)
        gone = None if waits else _gone(order, snapshot, rulebook)
        is_clear = not waits and not _is_blocked(order, snapshot)
        if gone is not None:
            yield smaller(order, snapshot) or Expire(order.ref, gone)
        elif is_clear and _can_send(snapshot) and quote is not None and quote.stands(PRICED_WITHIN):
            yield Approve(order.ref, order.proposed.asked_by or "exit rule", _first_limit(order, quote))
        elif snapshot.waited(order.proposed_at) > snapshot.patience(APPROVED_PATIENCE):
            why = ": the profit taker that rested did not end in time" if waits else ""
            yield Expire(order.ref, f"could not be sent in time{why}")
        elif quote is None or not quote.stands(PRICED_WITHIN):
            yield from ask_silent(order.spread.legs, snapshot, rows)
    elif snapshot.waited(order.proposed_at) > snapshot.patience(PREVIEW_PATIENCE):
        yield Expire(order.ref, "the preview was never answered")


def _first_limit(close: Order, mark: Mark) -> Decimal:
    """The first price of a close as the quotes are now: mid, or natural where it was proposed at that; one that rests has one."""
    proposed = close.proposed
    if proposed.resting:
        return proposed.limit
    return max(proposed.worst, closing_plan(close.spread, mark, urgent=True, at_natural=proposed.at_natural).limit)


def _previewed(order: Order, answer: Answer | None, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    preview, strategy = order.preview, rulebook.versions.get(order.proposed.digest)
    assert preview is not None, "the state previewed is reached through OrderPreviewed only"
    if answer is not None and not answer.approve:
        yield Decline(order.ref, answer.by, answer.reason)
        return
    if preview.outcome == "refused":
        yield Deny(order.ref, Verdict("preview", "fail", preview.text or "refused", "the broker accepts it", "broker"))
        return
    reason = _too_late(order, snapshot, rulebook)
    if strategy is None or reason is not None:
        yield Expire(order.ref, reason or "its strategy is gone")
        return
    quote = spread_quote(order.spread, rows, "open")
    if quote is None or quote.obstacle is not None or quote.age_s > PRICED_WITHIN.total_seconds() or not _can_send(snapshot):
        if answer is not None:
            reason = (quote.obstacle if quote else None) or "quotes are too old or the broker is out of reach"
            yield Reply(order.ref, "unknown", f"nothing was sent: {reason}")
        return
    verdicts = recheck(order, quote, snapshot, rulebook, rows)
    failed = first_obstacle(tuple(verdict for verdict in verdicts if verdict.answer == "fail"))
    if failed is not None:
        yield Deny(order.ref, failed)
        return
    yield from _approval(order, answer, snapshot, quote, verdicts, strategy, rulebook, rows)


def _too_late(order: Order, snapshot: Snapshot, rulebook: Rulebook) -> str | None:
    """Why nobody can say yes any more; None while somebody can."""
    if order.asked is not None and snapshot.at >= order.asked.expires_at:
        return "nobody answered in time"
    if order.asked is None and snapshot.waited(order.proposed_at) > snapshot.patience(ASK_PATIENCE):
        return "nobody could be asked in time"
    if snapshot.session is None or snapshot.at >= snapshot.session.close - APPROVAL_BEFORE_CLOSE:
        return "the session is over"
    return cannot_join(order, snapshot) or stopped(order.strategy, snapshot, rulebook)


def _approval(
    order: Order,
    answer: Answer | None,
    snapshot: Snapshot,
    quote: Mark,
    verdicts: tuple[Verdict, ...],
    strategy: Strategy,
    rulebook: Rulebook,
    rows: Rows,
) -> Iterator[Decision]:
    plan, spot = opening_plan(order.spread, quote, strategy.walk), spot_of(order, rows)
    unknown = first_obstacle(verdicts)
    if answer is not None:
        shown = answer.shown_net if answer.shown_net is not None else order.asked.shown_net if order.asked else None
        if unknown is not None or plan is None:
            yield Reply(order.ref, "unknown", f"nothing was sent: {unknown or 'no price keeps the bounds of the spread'}")
        elif shown is not None and has_moved(shown, quote.mid, combo_tick(order.spread)):
            yield Ask(_question(order, snapshot, quote, strategy, "the price moved while it was shown"))
            yield Reply(order.ref, "moved", f"net went from {shown} to {quote.mid}; approve again to accept")
        else:
            yield Approve(order.ref, answer.by, max(order.proposed.worst, plan.limit), spot)
        return
    if order.asked is not None:
        return
    picked_by = order.proposed.asked_by
    # Who has picked it has said yes to it, at the price of then.
    refusal = None if picked_by is not None else auto_refusal(order, strategy, verdicts, snapshot, rulebook, rows)
    refusal = refusal or _moved_since_found(order, quote)
    approval = strategy.entry.approval
    if refusal is None and unknown is None and plan is not None:
        yield Approve(order.ref, picked_by or "policy", max(order.proposed.worst, plan.limit), spot)
    elif picked_by is None and isinstance(approval, Policy) and approval.otherwise == "decline":
        yield Decline(order.ref, "policy", refusal or "no price keeps the bounds of the spread")
    else:
        yield Ask(_question(order, snapshot, quote, strategy, str(unknown) if unknown else refusal or "no price yet"))


def _moved_since_found(order: Order, quote: Mark) -> str | None:
    """Why the price is not the one that the strategy's rules let through any more; None while it is."""
    net = (order.proposed.candidate or {}).get("net")
    found = Decimal(repr(net)) if isinstance(net, int | float) else order.proposed.limit
    moved = has_moved(found, quote.mid, combo_tick(order.spread))
    return f"net went from {found} to {quote.mid} since it was found" if moved else None


def _question(order: Order, snapshot: Snapshot, quote: Mark, strategy: Strategy, reason: str) -> ApprovalAsked:
    expires = order.asked.expires_at if order.asked else snapshot.at + timedelta(seconds=strategy.entry.approval.expires_s)
    return ApprovalAsked(order.ref, expires, quote.mid, reason)


def _approved(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    is_open = order.purpose == "open"
    reason = unwanted(order, snapshot, rulebook) if is_open else _gone(order, snapshot, rulebook)
    if reason is not None:
        yield Expire(order.ref, reason)
    elif _can_send(snapshot) and (snapshot.is_reconciled or not is_open):
        yield Send(order.ref, order.limit, *_shown(spread_quote(order.spread, rows, order.purpose)))
    elif snapshot.waited(order.changed_at) > snapshot.patience(APPROVED_PATIENCE):
        yield Expire(order.ref, "could not be sent in time")


def _working(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    if snapshot.link_obstacle is not None:
        return
    if order.cancel_requested_at is not None:
        if snapshot.waited(order.cancel_requested_at) > snapshot.patience(CANCEL_PATIENCE):
            yield MarkUnknown(order.ref, "the cancel was not answered")
        return
    reason = _give_up(order, snapshot, rulebook, rows)
    if reason is not None:
        if order.last_cancel_at is None or snapshot.waited(order.last_cancel_at) >= CANCEL_AGAIN.wait(order.cancels):
            yield Cancel(order.ref, reason)
        return
    if order.purpose == "close":
        yield from _walk_close(order, snapshot, rulebook, rows)
    else:
        yield from _walk_open(order, snapshot, rulebook, rows)


def _give_up(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> str | None:
    assert order.sent_at is not None, "a working order was sent"
    worked = snapshot.waited(order.sent_at)
    if order.revived:
        return "the broker holds it although it was over"
    if order.purpose == "close":
        short_of = shortage(order, snapshot)
        if short_of is not None:
            return short_of
        if order.proposed.resting:
            return withdrawn(order, snapshot, rulebook)
        return "not filled in time, to be decided anew" if worked > CLOSE_PATIENCE else None
    strategy, why = (
        rulebook.versions.get(order.proposed.digest),
        unwanted(order, snapshot, rulebook) or unseen(order, snapshot, rows),
    )
    if strategy is None or why is not None:
        return why or "its strategy is gone"
    if worked > timedelta(seconds=strategy.walk.give_up_after_s):
        return f"not filled within {strategy.walk.give_up_after_s} s"
    return left_behind(order, rows)


def _is_blocked(close: Order, snapshot: Snapshot) -> bool:
    """Whether an order at the broker must end first: an opening that trades a contract of this close the other way, which the
    broker would reject, or one that joins its position, which could owe what this close leaves bare; for a leg alone, any order
    that trades its contract, whose fills must be counted before."""
    at_broker = [order for order in snapshot.ledger.working() if order.is_at_broker and order.ref != close.ref]
    if any(order.joins == close.proposed.position for order in at_broker):
        return True
    if len(close.spread.legs) == 1:
        contract = close.spread.legs[0].contract
        return any(leg.contract == contract for order in at_broker for leg in order.spread.legs)
    return any(order.purpose == "open" and crosses(close, order) for order in at_broker)


def _gone(close: Order, snapshot: Snapshot, rulebook: Rulebook) -> str | None:
    """Why a close that was not sent yet would close what is not there, or leave a short uncovered; None while it would not."""
    if not snapshot.holds(close.spread):
        return "the broker does not hold all that it would close"
    return shortage(close, snapshot) or (withdrawn(close, snapshot, rulebook) if close.proposed.resting else None)


def _walk_open(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    strategy = rulebook.versions.get(order.proposed.digest)
    if strategy is None or not _is_due(order, snapshot, timedelta(seconds=strategy.walk.every_s), rulebook):
        return
    messages = sum(1 for at in snapshot.ledger.messages.of_openings if snapshot.waited(at) < ONE_MINUTE)
    if messages >= rulebook.account.counts.messages_per_minute:
        return
    quote = _fresh(order, snapshot, rows)
    if quote is None or quote.obstacle is not None:
        return
    limit = next_limit(order.spread, quote, strategy.walk, order.limit, order.proposed.worst)
    if limit is not None:
        yield Reprice(order.ref, limit, order.reprices + 1, *_shown(quote))


def _walk_close(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    if order.proposed.resting:
        return
    urgent = order.proposed.urgent
    every = (URGENT_STEP if urgent else CLOSE_STEP).wait(max(1, order.reprices))
    if not _is_due(order, snapshot, every, rulebook):
        return
    quote = _fresh(order, snapshot, rows)
    if quote is None:
        if _can_send(snapshot):
            yield from ask_silent(order.spread.legs, snapshot, rows)
        return
    limit = next_closing_limit(order.spread, quote, order.limit, order.proposed.worst, urgent=urgent)
    if limit is not None:
        yield Reprice(order.ref, limit, order.reprices + 1, *_shown(quote))


def _shown(quote: Mark | None) -> tuple[Decimal, Decimal] | tuple[None, None]:
    """Mid and natural that a price is asked in: what a fill is worth is measured by them."""
    return (None, None) if quote is None else (quote.mid, quote.natural)


def _is_due(order: Order, snapshot: Snapshot, every: timedelta, rulebook: Rulebook) -> bool:
    return order.reprices < rulebook.account.counts.changes_per_order and snapshot.waited(order.priced_at) >= every


def _fresh(order: Order, snapshot: Snapshot, rows: Rows) -> Mark | None:
    if not _can_send(snapshot):
        return None
    quote = spread_quote(order.spread, rows, order.purpose)
    if quote is None:
        return None
    is_fresh = quote.stands(PRICED_WITHIN) if order.purpose == "close" else quote.age_s <= PRICED_WITHIN.total_seconds()
    return quote if is_fresh else None


def _can_send(snapshot: Snapshot) -> bool:
    """Whether an order message may leave now: linked, reconciled once, in session, on live quotes."""
    return (
        snapshot.link_obstacle is None and snapshot.ledger.reconciled is not None and snapshot.is_open and snapshot.data == "live"
    )
