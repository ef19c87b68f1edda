"""Holds an opening that was previewed against every gate once more, before anybody says yes to it."""

from engine.decide.quotes import Rows
from engine.decide.risk.gate import gate
from engine.decide.risk.joined import opening_of
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict
from engine.domain.order import Order
from engine.domain.snapshot import Snapshot
from engine.pricing.mark import Mark


def recheck(order: Order, quote: Mark, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> tuple[Verdict, ...]:
    """All gates again, at the loss of the worst price: that is frozen, whatever the net is by now.

    The order itself is not counted twice.
    """
    strategy = rulebook.versions.get(order.proposed.digest)
    preview = order.preview
    assert strategy is not None, "an order whose version is gone expires before its gates are asked"
    assert preview is not None, "only previewed orders are asked again"
    needed = preview.initial_margin_change if preview.needed is None else preview.needed
    opening = opening_of(order, strategy, quote, needed, snapshot, rows)
    answer = {"fits": "pass", "refused": "fail", "unknown": "unknown"}[preview.outcome]
    text = preview.text or preview.outcome
    previewed = Verdict("preview", answer, text, "the broker's what-if accepts it", "broker")  # type: ignore[arg-type]
    return (*gate(opening, snapshot, rulebook, rows), previewed)
