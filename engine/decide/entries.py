"""Entries: the best candidate of each strategy that is sized and passes every gate becomes an order.

obstacle   what stops the strategy whatever the candidate is asked first: a scan that cannot end in an order is only made
           as often as the funnel is recorded
find       candidates, best first
pass over  spreads that are held or worked already, and underlyings that cool down after a failed walk
size, gate the first that passes is proposed; the first denial of the best is written when it is new
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import islice

from engine.decide.book import Book
from engine.decide.find import Found
from engine.decide.gate import ACCOUNT, Opening, gate, strategy_obstacle
from engine.decide.price import opening_plan
from engine.decide.quotes import Rows, spread_quote
from engine.decide.refs import next_ref
from engine.decide.rows import ChainRows
from engine.decide.size import contracts
from engine.domain.candidate import Candidate, candidate_row
from engine.domain.decision import Decision, DenyEntry, Propose, RecordFunnel
from engine.domain.facts import CandidatesRecorded, EntryDenied, OrderProposed
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

COOL_DOWN = timedelta(minutes=15)
"""After an opening that did not fill, or that nobody wanted, its underlying is left alone by that strategy."""
TRIED_MAX = 5
"""Candidates of one strategy that are gated in one beat; the rest waits for the next look at the market."""


def entries(snapshot: Snapshot, book: Book, rows: Rows, given: int = 0) -> list[Decision]:
    """Proposals, denials and funnels of all strategies; at most one proposal, so that the next one sees it in the ledger.

    `given` counts the order references given at this instant already.
    """
    if not snapshot.is_open or not snapshot.is_fresh or not snapshot.chain.table.num_rows:
        return []
    decisions: list[Decision] = []
    chain: ChainRows | None = None
    proposed = False
    for strategy in book.strategies:
        if not strategy.enabled or strategy.name in snapshot.paused:
            continue
        obstacle = strategy_obstacle(strategy, snapshot, book)
        busy = _has_opening(strategy, snapshot)
        due = _is_funnel_due(strategy, snapshot, book)
        if not due and (obstacle is not None or busy or proposed):
            continue
        chain = chain or book.finder.rows(snapshot.chain, snapshot.market, snapshot.at)
        found = book.finder.find(strategy, chain, snapshot.market, snapshot.at, snapshot.session)
        if due:
            decisions.append(_funnel(strategy, found, snapshot, book, chain))
        if busy or (obstacle is not None and obstacle.gate == "hours"):
            continue
        made = _try(strategy, found.candidates, obstacle, snapshot, book, rows, given)
        if made is not None and not (proposed and isinstance(made, Propose)):
            proposed = proposed or isinstance(made, Propose)
            decisions.append(made)
    return decisions


def _try(
    strategy: Strategy,
    candidates: Sequence[Candidate],
    obstacle: Verdict | None,
    snapshot: Snapshot,
    book: Book,
    rows: Rows,
    given: int,
) -> Propose | DenyEntry | None:
    """The proposal of the first candidate that passes; else the denial of the best, where it is new."""
    denied: EntryDenied | None = None
    wanted = (candidate for candidate in candidates if not _is_passed_over(strategy, candidate, snapshot))
    for candidate in islice(wanted, TRIED_MAX):
        outcome = _outcome(strategy, candidate, obstacle, snapshot, book, rows, given)
        if isinstance(outcome, OrderProposed):
            return Propose(outcome)
        denied = denied or outcome
    return DenyEntry(denied) if denied is not None and _is_new(denied, snapshot) else None


def _outcome(
    strategy: Strategy,
    candidate: Candidate,
    obstacle: Verdict | None,
    snapshot: Snapshot,
    book: Book,
    rows: Rows,
    given: int,
) -> OrderProposed | EntryDenied:
    quantity = contracts(candidate, strategy.sizing, book.account.risk.per_trade, snapshot.account)
    count = quantity or strategy.sizing.contracts.low
    loss = _usd(candidate.max_loss + candidate.fees) * count
    quote = spread_quote(candidate.spread, rows, "open")
    verdicts: tuple[Verdict, ...] = (obstacle,) if obstacle else ()
    if quantity is None:
        verdicts += (Verdict("size", "unknown", "account value unknown", "a known net liquidation", "broker"),)
    elif quantity == 0:
        least = f"{strategy.sizing.contracts.low} spread within the risk"
        verdicts += (Verdict("size", "fail", f"${loss:,.0f} at the least", least, f"{strategy.name}, {ACCOUNT}"),)
    plan = opening_plan(candidate.spread, quote, strategy.walk) if quote else None
    if quote is not None:
        opening = Opening(strategy, candidate.spread, count, loss, quote)
        verdicts += gate(opening, snapshot, book, rows) if not first_obstacle(verdicts) else ()
    if plan is None:
        verdicts += (Verdict("price", "fail", "no price", "a price on the ticks within the spread's bounds", "engine"),)
    stop = first_obstacle(verdicts)
    if stop is not None or plan is None or quantity is None:
        assert stop is not None, "without a plan or a quantity there is a verdict that says so"
        return EntryDenied(strategy.name, snapshot.chain.id, candidate.spread, count, stop, verdicts)
    ref = next_ref(snapshot.ledger, snapshot.at, given)
    return OrderProposed(
        order_ref=ref,
        purpose="open",
        strategy=strategy.name,
        digest=strategy.digest,
        snapshot=snapshot.chain.id,
        position=ref,
        spread=candidate.spread,
        quantity=quantity,
        limit=plan.limit,
        worst=plan.worst,
        max_loss=loss,
        fees=_usd(candidate.fees) * quantity,
        reason=f"best of {strategy.name}: rank {candidate.rank}, score {candidate.score:.4g}",
        candidate=candidate_row(candidate),
        verdicts=verdicts,
    )


def _funnel(strategy: Strategy, found: Found, snapshot: Snapshot, book: Book, chain: ChainRows) -> RecordFunnel:
    # Where the market says no, nothing was searched: the funnel is still made, it answers what would have been there.
    looked_at = found.searched or tuple(name for name in strategy.universe if name in snapshot.chain.underlyings)
    funnel = book.finder.funnel(strategy, chain, looked_at, snapshot.at)
    best = tuple(candidate_row(candidate) for candidate in found.candidates)
    return RecordFunnel(funnel, CandidatesRecorded(strategy.name, snapshot.chain.id, best))


def _is_funnel_due(strategy: Strategy, snapshot: Snapshot, book: Book) -> bool:
    at, _ = snapshot.ledger.funnels.get(strategy.name, (None, None))
    return at is None or snapshot.at - at >= book.funnel_every


def _has_opening(strategy: Strategy, snapshot: Snapshot) -> bool:
    """One opening of a strategy at a time: the next is decided when it is known what became of this one."""
    return any(order.purpose == "open" and order.strategy == strategy.name for order in snapshot.ledger.working())


def _is_passed_over(strategy: Strategy, candidate: Candidate, snapshot: Snapshot) -> bool:
    key, underlying = candidate.spread.key, candidate.spread.underlying
    if any(position.spread.key == key for position in snapshot.ledger.open_positions()):
        return True
    return any(
        order.purpose == "open"
        and order.strategy == strategy.name
        and order.spread.underlying == underlying
        and order.is_over
        and order.filled == 0
        and snapshot.at - order.changed_at < COOL_DOWN
        for order in snapshot.ledger.orders.values()
    )


def _is_new(denied: EntryDenied, snapshot: Snapshot) -> bool:
    known = snapshot.ledger.denials.get((denied.strategy, denied.spread.underlying))
    return known is None or (known.obstacle.gate, known.obstacle.bound) != (denied.obstacle.gate, denied.obstacle.bound)


def _usd(amount: float) -> Decimal:
    """A float of the scan as money, to the cent."""
    return Decimal(repr(round(amount, 2)))
