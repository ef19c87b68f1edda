"""Openings that join a position: the new side of one that was rolled.

They are held against every gate as the position that they would make. So nothing is risked twice: what such an order may lose is
what all of the position can lose once it has filled, and the position without it does not count beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.decide.entry.rolls import Roll
from engine.decide.entry.size import contracts
from engine.decide.order.price import Plan, combo_tick, opening_plan
from engine.decide.order.references import next_ref
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.asked import Opening
from engine.decide.risk.gate import gates, until_one_fails
from engine.decide.risk.joined import joined
from engine.decide.rulebook import Rulebook
from engine.domain.candidate import Candidate, candidate_row
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.searches import EntryDenied
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.parts import SHORTS, of_side, side_of_leg, side_of_right
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Spread
from engine.pricing.fees import FeeLeg, commission
from engine.strategy.model import Strategy

CENT = Decimal("0.01")
"""What a position can lose at the least, for its size: one that can only win with what joins it fits any risk."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What would join which position, and the world it is asked in."""

    strategy: Strategy
    roll: Roll
    candidate: Candidate
    obstacle: Verdict | None
    """What stops the strategy whatever the candidate."""
    snapshot: Snapshot
    rulebook: Rulebook
    rows: Rows


def joining(ask: Joining, *, is_brief: bool = False) -> OrderProposed | EntryDenied:
    """The order of the successor of a side, or its denial with the answers of all gates; a brief one ends with the gate that
    stops it.

    A side is rolled with all of its spreads or not at all.
    """
    roll, snapshot, rulebook, name = ask.roll, ask.snapshot, ask.rulebook, ask.strategy.name
    spread, fees = _named(ask), _fees(ask)
    quote = spread_quote(spread, ask.rows, "open")
    plan = opening_plan(spread, quote, ask.strategy.walk) if quote else None
    verdicts: tuple[Verdict, ...] = (ask.obstacle,) if ask.obstacle else ()
    if plan is None:
        verdicts += (Verdict("price", "fail", "no price", "a price on the ticks within the spread's bounds", "engine"),)
    else:
        least = roll.least_net(combo_tick(spread))
        enough = "pass" if plan.limit >= least else "fail"
        verdicts += (Verdict("roll_net", enough, f"{plan.limit}", f"at least {least}", name),)
        plan = Plan(plan.limit, max(plan.worst, least))
    proposal = _proposal(ask, spread, plan, fees)
    after = joined(proposal, snapshot, ask.rows, roll.closes)
    proposal = replace(proposal, max_loss=after.max_loss)
    verdicts += tuple(_sized(ask, proposal))
    opening = (
        Opening(ask.strategy, spread, roll.count, after.max_loss, quote, roll.position.id, None, after, roll.position.max_loss)
        if quote is not None
        else None
    )
    verdicts += (_no_wider(roll, after, spread, snapshot),)
    if opening is not None and first_obstacle(verdicts) is None:
        asked = gates(opening, snapshot, rulebook, ask.rows)
        verdicts += tuple(until_one_fails(asked) if is_brief else asked)
    stop = first_obstacle(verdicts)
    if stop is not None:
        return EntryDenied(name, snapshot.chain.id, spread, roll.count, stop, verdicts)
    return replace(proposal, verdicts=verdicts)


def _named(ask: Joining) -> Spread:
    """What is found, called as the part of the position that it becomes."""
    portion, found, name = ask.roll.portion, ask.candidate.spread, ask.strategy.spread.name()
    if portion.short:
        called = SHORTS if len(found.shorts) > 1 else "short"
        if len(found.shorts) == 1 and len({leg.put_call for leg in ask.strategy.spread.shape.legs}) > 1:
            called = f"short {side_of_leg(found.shorts[0])}"
        return replace(found, structure=f"{name} {called}", legs=found.shorts)
    return replace(found, structure=f"{name} {portion.side} side")


def _told(ask: Joining, spread: Spread, fees: Decimal) -> Candidate:
    """The candidate as the order trades it: shorts are found with what they stand beside, and have their own price."""
    found = ask.candidate
    traded = [quote for leg, quote in zip(found.spread.legs, found.quotes, strict=True) if leg in spread.legs]
    if len(traded) == len(found.quotes):
        return replace(found, spread=spread)
    bid, offer = (sum(getattr(quote, side) or 0.0 for quote in traded) for side in ("bid", "ask"))
    return replace(found, spread=spread, quotes=tuple(traded), net=(bid + offer) / 2, natural=bid, fees=float(fees))


def _fees(ask: Joining) -> Decimal:
    """USD of one, to open and to close."""
    if not ask.roll.portion.short:
        return _usd(ask.candidate.fees)
    shorts = ask.candidate.spread.shorts
    premiums = [ask.rows.value(leg.contract.con_id, "ask") or 0.0 for leg in shorts]
    legs = [FeeLeg(leg.ratio, premium, leg.contract.root) for leg, premium in zip(shorts, premiums, strict=True)]
    return 2 * commission(legs, 1)


def _proposal(ask: Joining, spread: Spread, plan: Plan | None, fees: Decimal) -> OrderProposed:
    candidate, roll = _told(ask, spread, fees), ask.roll
    net = candidate.net_decimal()
    return OrderProposed(
        order_ref=next_ref(ask.snapshot.ledger, ask.snapshot.at),
        purpose="open",
        strategy=ask.strategy.name,
        digest=ask.strategy.digest,
        snapshot=ask.snapshot.chain.id,
        position=roll.position.id,
        spread=spread,
        quantity=roll.count,
        limit=plan.limit if plan is not None else net,
        worst=plan.worst if plan is not None else net,
        max_loss=Decimal(0),
        fees=fees * roll.count,
        reason=f"roll of {roll.position.id}: rank {candidate.rank}, score {candidate.score:.4g}",
        candidate=candidate_row(candidate),
        rolled_from=roll.position.id,
    )


def _sized(ask: Joining, proposal: OrderProposed) -> Iterator[Verdict]:
    roll, account = ask.roll, ask.snapshot.account
    fees = proposal.fees / roll.count
    one = proposal.max_loss / roll.count - fees
    sized = contracts(max(CENT, one), fees, ask.strategy.sizing, ask.rulebook.account, account)
    if sized is None:
        yield Verdict("size", "unknown", "account value unknown", "a known net liquidation", "broker")
    else:
        told = f"${proposal.max_loss:,.0f} for the position with it"
        answer = "pass" if sized >= roll.count else "fail"
        yield Verdict("size", answer, told, f"{roll.count} within the risk", ask.strategy.name)


def _no_wider(roll: Roll, after: Position, spread: Spread, snapshot: Snapshot) -> Verdict:
    """A side, or a short with what stands beside it, may come to owe no more than what it follows."""
    assert roll.closed is not None, "of a part it is known what was closed"
    scale, now, before = spread.multiplier * roll.count, spread, roll.closed
    if roll.portion.short:
        # Of one side what stands on it: beside shorts of two days nothing bounds what both sides owe together.
        stood, stands = roll.position.formed or snapshot.ledger.orders[roll.position.id].spread, after.formed or spread
        before, now = stood, stands
        if len(roll.rights) == 1:
            before, now = (of_side(one, side_of_right(roll.rights[0])) or one for one in (stood, stands))
    owed, most = max(Decimal(0), -now.floor) * scale, max(Decimal(0), -before.floor) * scale
    return Verdict("roll_loss", "pass" if owed <= most else "fail", f"${owed:,.0f} wide", f"at most ${most:,.0f}", "engine")


def _usd(amount: float) -> Decimal:
    """A float of the scan as money, to the cent."""
    return Decimal(repr(round(amount, 2)))
