"""Entries: of the candidates of all strategies that are sized and pass every gate, those that go together become orders.

obstacle   what stops the strategy whatever the candidate is asked first: a scan that cannot end in an order is only made
           as often as the funnel is recorded
find       candidates, best first
pass over  spreads that are held or worked already, and underlyings that cool down after a failed walk
roll       where a position was closed to be rolled, its successor is looked for first
size, gate the first that passes is what a strategy would open; the first denial of the best is written when it is new
book       what the strategies would open competes, and the first of the best set is proposed (`book`)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice

from engine.decide.entry.book import Competition, Offer
from engine.decide.entry.find import Look
from engine.decide.entry.funnels import funnel_of, is_funnel_due
from engine.decide.entry.joining import Joining, joining
from engine.decide.entry.noted import on_ladder
from engine.decide.entry.picked import held_against
from engine.decide.entry.rolls import Roll, concerns_rolls, fits, pending_rolls, search_for
from engine.decide.entry.scaled import scaled
from engine.decide.entry.size import contracts, money, most_lost
from engine.decide.order.price import Plan, combo_tick, has_moved, opening_plan
from engine.decide.order.references import next_ref
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.account_age import account_verdict, must_wait
from engine.decide.risk.armed import lots_of
from engine.decide.risk.asked import Opening
from engine.decide.risk.breakers import ACCOUNT
from engine.decide.risk.gate import gates, strategy_obstacle, until_one_fails
from engine.decide.rows import ChainRows
from engine.decide.rulebook import Rulebook
from engine.domain.candidate import Candidate, candidate_row
from engine.domain.decision import Decision, DenyEntry, Propose, RecordFunnel, RefreshAccount
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.searches import EntryDenied
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.snapshot import OpenAsked, Snapshot
from engine.strategy.model import Strategy

COOL_DOWN = timedelta(minutes=15)
"""After an opening that did not fill, or that nobody wanted, its underlying is left alone by that strategy."""
TRIED_MAX = 5
"""Candidates of one strategy that are gated in one beat; the rest waits for the next look at the market."""


def entries(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> list[Decision]:
    """Denials and funnels of all strategies, and the first order of the best set; the next one sees it in the ledger."""
    if not snapshot.is_open or not snapshot.is_fresh or not snapshot.chain.table.num_rows:
        return []
    decisions: list[Decision] = []
    chain: ChainRows | None = None
    rulebook.finder.together(rulebook.strategies)
    proposed, is_old, waits = False, account_verdict(snapshot).answer != "pass", must_wait(snapshot)
    offered: list[_Offered] = []
    for strategy in rulebook.strategies:
        if not strategy.enabled or (strategy.name in snapshot.paused and strategy.name not in snapshot.ledger.pauses):
            continue
        obstacle = strategy_obstacle(strategy, snapshot, rulebook)
        rolls = [(roll, _obstacle_of(roll, strategy, obstacle, snapshot, rulebook)) for roll in pending_rolls(strategy, snapshot)]
        is_stopped = obstacle is not None and all(of_roll is not None for _, of_roll in rolls)
        busy = _has_opening(strategy, snapshot)
        due = is_funnel_due(strategy, snapshot, rulebook)
        if not busy and obstacle is not None and obstacle.answer == "unknown":
            decisions.append(RefreshAccount(str(obstacle)))
        if not due and (is_stopped or busy or proposed):
            continue
        chain = chain or rulebook.finder.rows(snapshot.chain, snapshot.market, snapshot.at, snapshot.calendar)
        found = rulebook.finder.find(strategy, chain, snapshot.market, snapshot.at, snapshot.session)
        rulebook.finder.looks[strategy.name] = Look(snapshot.at, found.candidates)
        if due:
            decisions.append(funnel_of(strategy, found, snapshot, rulebook, chain))
            decisions += on_ladder(strategy, found.candidates, partial(_supposed, strategy, rulebook, rows), snapshot, rows)
        if busy or (obstacle is not None and obstacle.gate == "hours"):
            continue
        if is_old and found.candidates and (obstacle is None or obstacle.answer == "unknown"):
            decisions.append(RefreshAccount("an opening waits"))
            if waits:
                continue
        look = _Look(strategy, obstacle, None, snapshot, rulebook, rows)
        made = _first_roll(rolls, look, chain)
        is_rolled = isinstance(made, Propose)
        made = made or _try(look, found.candidates)
        if isinstance(made, Propose) and not proposed:
            told = None if due else partial(funnel_of, strategy, found, snapshot, rulebook, chain)
            if is_rolled:
                # What was closed to be rolled is rolled before anything new is opened.
                decisions += [*([told()] if told is not None else []), made]
                proposed = True
            else:
                offered.append(_Offered(look, found.candidates, made.order, told))
        elif made is not None and not isinstance(made, Propose):
            decisions.append(made)
    if offered and not proposed:
        decisions += _best_of(offered, snapshot, rulebook, rows)
    return decisions


def _obstacle_of(
    roll: Roll, strategy: Strategy, obstacle: Verdict | None, snapshot: Snapshot, rulebook: Rulebook
) -> Verdict | None:
    """What stops a roll whatever its successor: what joins a position takes no more room than that one has."""
    return strategy_obstacle(strategy, snapshot, rulebook, without=roll.position.id) if roll.is_part else obstacle


def _first_roll(rolls: Sequence[tuple[Roll, Verdict | None]], look: "_Look", chain: ChainRows) -> Propose | DenyEntry | None:
    """The successor of the first of these that has one; else why the first has none, where that is new."""
    first: Propose | DenyEntry | None = None
    for number, (roll, obstacle) in enumerate(rolls):
        made = _try(replace(look, roll=roll, obstacle=obstacle), _rolled(roll, look, chain))
        if isinstance(made, Propose):
            return made
        first = made if number == 0 else first
    return first


def _supposed(
    strategy: Strategy, rulebook: Rulebook, rows: Rows, candidate: Candidate, snapshot: Snapshot
) -> OrderProposed | EntryDenied:
    """What would become of a candidate that is only noted."""
    obstacle = strategy_obstacle(strategy, snapshot, rulebook)
    return _outcome(_Look(strategy, obstacle, None, snapshot, rulebook, rows), candidate, is_brief=True)


@dataclass(frozen=True, slots=True)
class _Offered:
    """What a strategy would open, and how it would be explained."""

    look: "_Look"
    candidates: Sequence[Candidate]
    order: OrderProposed
    told: Callable[[], RecordFunnel] | None
    """What was found at this instant; None where it is recorded already."""

    def others(self) -> list[OrderProposed]:
        """What it would open in place of its first choice, of those that are tried in one beat."""
        wanted = islice((one for one in self.candidates if not _is_passed_over(self.look, one)), TRIED_MAX)
        found = (_outcome(self.look, one) for one in wanted)
        return [one for one in found if isinstance(one, OrderProposed) and one.spread.key != self.order.spread.key]


def _best_of(offered: Sequence[_Offered], snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    """The first order of the best set; what is not in it is told why, where that is new."""
    competition = Competition(snapshot, rulebook, rows)
    offers = [Offer(one.look.strategy, one.order) for one in offered]
    if competition.needs_others(offers):
        offers = [replace(offer, others=one.others()) for offer, one in zip(offers, offered, strict=True)]
    found = competition.result(offers)
    yield from (DenyEntry(one) for one in found.denied if _is_new(one, snapshot))
    if found.opened is not None:
        told = next(one.told for one in offered if one.look.strategy.name == found.opened.strategy)
        if told is not None:
            # The proposal is explained by what was found at its own instant, not by the last look that was recorded.
            yield told()
        yield Propose(found.opened)


def first_outcome(
    strategy: Strategy, obstacle: Verdict | None, roll: Roll, snapshot: Snapshot, rulebook: Rulebook, rows: Rows
) -> OrderProposed | EntryDenied | None:
    """The opening that would follow a roll that has not begun yet; else the denial of the best, None where nothing is found."""
    if not snapshot.chain.table.num_rows:
        return None
    chain = rulebook.finder.rows(snapshot.chain, snapshot.market, snapshot.at, snapshot.calendar)
    look = _Look(strategy, obstacle, roll, snapshot, rulebook, rows, leaves=roll.position.id)
    denied: EntryDenied | None = None
    wanted = (candidate for candidate in _rolled(roll, look, chain) if not _is_passed_over(look, candidate))
    for candidate in islice(wanted, TRIED_MAX):
        outcome = _outcome(look, candidate)
        if isinstance(outcome, OrderProposed):
            return outcome
        denied = denied or outcome
    return denied


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the market for one strategy."""

    strategy: Strategy
    obstacle: Verdict | None
    """What stops the strategy whatever the candidate."""
    roll: Roll | None
    """The roll that this look is for."""
    snapshot: Snapshot
    rulebook: Rulebook
    rows: Rows
    leaves: str | None = None
    """The position that would make room, where it is still open."""
    picked: OpenAsked | None = None
    """Who has picked the candidate, and how many of it at which price."""


def _try(look: _Look, candidates: Sequence[Candidate]) -> Propose | DenyEntry | None:
    """The proposal of the first candidate that passes; else the denial of the best, where it is new."""
    best: tuple[Candidate, EntryDenied] | None = None
    wanted = (candidate for candidate in candidates if not _is_passed_over(look, candidate))
    for candidate in islice(wanted, TRIED_MAX):
        outcome = _outcome(look, candidate, is_brief=True)
        if isinstance(outcome, OrderProposed):
            return Propose(outcome)
        best = best or (candidate, outcome)
    if best is None or not _is_new(best[1], look.snapshot):
        return None
    denied = _outcome(look, best[0])
    assert isinstance(denied, EntryDenied), "what stopped it a moment ago is asked of the same snapshot"
    return DenyEntry(denied)


def _outcome(look: _Look, candidate: Candidate, *, is_brief: bool = False) -> OrderProposed | EntryDenied:
    """The order of a candidate, or its denial with the answers of all gates; a brief one ends with the gate that stops it."""
    if look.roll is not None and look.roll.is_part:
        ask = Joining(look.strategy, look.roll, candidate, look.obstacle, look.snapshot, look.rulebook, look.rows)
        return joining(ask, is_brief=is_brief)
    strategy, snapshot, rulebook = look.strategy, look.snapshot, look.rulebook
    spread = candidate.spread
    quote = spread_quote(spread, look.rows, "open")
    plan = opening_plan(spread, quote, strategy.walk) if quote else None
    one, fees = most_lost(candidate, plan), money(candidate.fees)
    quantity = contracts(one, fees, strategy.sizing, rulebook.account, snapshot.account)
    bounds = [look.roll.count] if look.roll is not None else []
    bounds += [lots] if (lots := lots_of(strategy.name, snapshot)) is not None else []
    if quantity is not None:
        quantity = min([quantity, *bounds])
    smaller: tuple[Verdict, ...] = ()
    if quantity:
        quantity, smaller = scaled(strategy, candidate, quantity, snapshot, rulebook)
    count = quantity or strategy.sizing.contracts.low
    if look.picked is not None and look.picked.quantity is not None:
        count = look.picked.quantity
    loss = (one + fees) * count
    verdicts: tuple[Verdict, ...] = (look.obstacle,) if look.obstacle else ()
    if quantity is None:
        verdicts += (Verdict("size", "unknown", "account value unknown", "a known net liquidation", "broker"),)
    elif smaller:
        verdicts += smaller
    elif quantity == 0:
        least = f"{strategy.sizing.contracts.low} spread within the risk"
        verdicts += (Verdict("size", "fail", f"${loss:,.0f} at the least", least, f"{strategy.name}, {ACCOUNT}"),)
    if look.picked is not None:
        verdicts += tuple(held_against(look.picked, count, quantity, plan, spread, strategy.name))
        quantity = count if quantity else quantity
        if plan is not None and look.picked.limit is not None:
            plan = Plan(max(plan.limit, look.picked.limit), look.picked.limit)
    if plan is None:
        verdicts += (Verdict("price", "fail", "no price", "a price on the ticks within the spread's bounds", "engine"),)
    elif look.roll is not None:
        least_net = look.roll.least_net(combo_tick(spread))
        enough = "pass" if plan.limit >= least_net else "fail"
        verdicts += (Verdict("roll_net", enough, f"{plan.limit}", f"at least {least_net}", strategy.name),)
        plan = Plan(plan.limit, max(plan.worst, least_net))
        risked, most = one * count, look.roll.most_loss()
        verdicts += (
            Verdict("roll_loss", "pass" if risked <= most else "fail", f"${risked:,.0f}", f"at most ${most:,.0f}", "engine"),
        )
    if quote is not None and first_obstacle(verdicts) is None:
        asked = gates(Opening(strategy, spread, count, loss, quote, look.leaves), snapshot, rulebook, look.rows)
        verdicts += tuple(until_one_fails(asked) if is_brief else asked)
    stop = first_obstacle(verdicts)
    if stop is not None or plan is None or quantity is None:
        assert stop is not None, "without a plan or a quantity there is a verdict that says so"
        return EntryDenied(strategy.name, snapshot.chain.id, spread, count, stop, verdicts)
    ref = next_ref(snapshot.ledger, snapshot.at)
    best = f"rank {candidate.rank}, score {candidate.score:.4g}"
    return OrderProposed(
        order_ref=ref,
        purpose="open",
        strategy=strategy.name,
        digest=strategy.digest,
        snapshot=snapshot.chain.id,
        position=ref,
        spread=spread,
        quantity=quantity,
        limit=plan.limit,
        worst=plan.worst,
        max_loss=loss,
        fees=fees * quantity,
        reason=_reason(look, best),
        candidate=candidate_row(candidate),
        verdicts=verdicts,
        rolled_from=look.roll.position.id if look.roll else None,
        asked_by=look.picked.by if look.picked else None,
    )


def _reason(look: _Look, best: str) -> str:
    if look.picked is not None:
        return f"picked by {look.picked.by}{f': {look.picked.reason}' if look.picked.reason else ''}; {best}"
    return f"roll of {look.roll.position.id}: {best}" if look.roll else f"best of {look.strategy.name}: {best}"


def picked_outcome(asked: OpenAsked, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> OrderProposed | EntryDenied | str:
    """The order of the candidate that a person has picked, its denial with the answers of all gates, or why there is neither.

    It must be among what the strategy's rules let through at this instant: what was shown a moment ago may be no more.
    """
    strategy = next((one for one in rulebook.strategies if one.name == asked.strategy), None)
    if strategy is None or not strategy.enabled:
        return f"no strategy {asked.strategy} opens anything"
    if not snapshot.is_open or not snapshot.chain.table.num_rows:
        return "the market is closed" if not snapshot.is_open else "nothing is quoted yet"
    if _has_opening(strategy, snapshot):
        return f"an opening of {strategy.name} is on its way; one at a time"
    chain = rulebook.finder.rows(snapshot.chain, snapshot.market, snapshot.at, snapshot.calendar)
    found = rulebook.finder.find(strategy, chain, snapshot.market, snapshot.at, snapshot.session)
    candidate = next((one for one in found.candidates if one.spread.key == asked.key), None)
    if candidate is None:
        return f"it is not among what the rules of {strategy.name} let through now"
    if any(position.spread.key == asked.key for position in snapshot.ledger.open_positions()):
        return "the same spread is open already"
    now = candidate.net_decimal()
    if asked.shown_net is not None and has_moved(asked.shown_net, now, combo_tick(candidate.spread)):
        return f"its net is {now} now, you were shown {asked.shown_net}; ask again to accept"
    obstacle = strategy_obstacle(strategy, snapshot, rulebook)
    return _outcome(_Look(strategy, obstacle, None, snapshot, rulebook, rows, picked=asked), candidate)


def _rolled(roll: Roll, look: _Look, chain: ChainRows) -> Sequence[Candidate]:
    snapshot = look.snapshot
    search = search_for(look.strategy, roll, snapshot.at)
    found = look.rulebook.finder.find(search, chain, snapshot.market, snapshot.at, snapshot.session).candidates
    return [candidate for candidate in found if fits(roll, candidate, look.strategy)]


def _has_opening(strategy: Strategy, snapshot: Snapshot) -> bool:
    """One opening of a strategy at a time: the next is decided when it is known what became of this one."""
    return any(order.purpose == "open" and order.strategy == strategy.name for order in snapshot.ledger.working())


def _is_passed_over(look: _Look, candidate: Candidate) -> bool:
    strategy, snapshot = look.strategy, look.snapshot
    key, underlying = candidate.spread.key, candidate.spread.underlying
    if any(position.spread.key == key for position in snapshot.ledger.open_positions()):
        return True
    waiting = pending_rolls(strategy, snapshot) if look.roll is None else ()
    if any(roll.position.spread.underlying == underlying for roll in waiting):
        return True  # what was closed to be rolled is rolled or stays closed
    failed = snapshot.ledger.failed_openings(strategy.name, underlying)
    last = next((one for one in failed if look.roll is None or concerns_rolls(one)), None)
    return last is not None and snapshot.at - last.changed_at < COOL_DOWN


def _is_new(denied: EntryDenied, snapshot: Snapshot) -> bool:
    known = snapshot.ledger.denials.get((denied.strategy, denied.spread.underlying))
    # Bounds that are shares of the account change with every tick of it, and are no new reason.
    return known is None or (known.obstacle.gate, known.obstacle.answer) != (denied.obstacle.gate, denied.obstacle.answer)
