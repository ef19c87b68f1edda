"""The decider: everything to be done at one instant, from one snapshot, without I/O, clock or chance.

1. Orders on their way are advanced, repriced, given up or doubted (`orders`).
2. Positions whose exit rule holds are closed (`exits`).
3. Candidates of all strategies are found, sized and gated, best first (`entries`); each opening counts against the
   limits of the next, because one order is proposed at a time and the ledger has it at the next beat.
"""

from collections.abc import Callable
from decimal import Decimal

from engine.decide.book import Book
from engine.decide.entries import entries
from engine.decide.exits import exits
from engine.decide.gate import Opening, gate
from engine.decide.orders import Desk, tend
from engine.decide.policy import auto_refusal
from engine.decide.quotes import Rows, SpreadQuote
from engine.domain.decision import Decision, Propose
from engine.domain.gate import Verdict
from engine.domain.order import Order
from engine.domain.snapshot import Snapshot


def decide(snapshot: Snapshot, book: Book) -> list[Decision]:
    """Everything to be done at this instant, closings before openings."""
    rows = Rows(snapshot.chain)
    desk = Desk(
        strategies=book.versions.get,
        recheck=_recheck(snapshot, book, rows),
        auto_refusal=lambda order, strategy, verdicts: auto_refusal(order, strategy, verdicts, snapshot, book),
    )
    closings = exits(snapshot, book, rows)
    given = sum(isinstance(decision, Propose) for decision in closings)
    return [*tend(snapshot, rows, desk), *closings, *entries(snapshot, book, rows, given)]


def _recheck(snapshot: Snapshot, book: Book, rows: Rows) -> Callable[[Order, SpreadQuote], tuple[Verdict, ...]]:
    def recheck(order: Order, quote: SpreadQuote) -> tuple[Verdict, ...]:
        """All gates again at today's net: what is lost at most grows by what the net has fallen."""
        strategy = book.versions.get(order.proposed.digest)
        preview = order.preview
        assert strategy is not None, "an order whose version is gone expires before its gates are asked"
        assert preview is not None, "only previewed orders are asked again"
        fallen = (order.proposed.limit - quote.mid) * order.quantity * order.spread.multiplier
        loss = order.proposed.max_loss + max(Decimal(0), fallen)
        opening = Opening(strategy, order.spread, order.quantity, loss, quote, order.ref)
        answer = {"fits": "pass", "refused": "fail", "unknown": "unknown"}[preview.outcome]
        text = preview.text or preview.outcome
        previewed = Verdict("preview", answer, text, "the broker's what-if accepts it", "broker")  # type: ignore[arg-type]
        return (*gate(opening, snapshot, book, rows), previewed)

    return recheck
