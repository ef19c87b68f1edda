"""The order of a picked candidate before anybody asks for it, as plain data."""

from engine.decide.order.requests import subject
from engine.decide.quotes import Rows, spread_quote
from engine.domain.facts.orders import OrderPreviewed, OrderProposed
from engine.domain.facts.searches import EntryDenied
from engine.domain.gate import Verdict
from engine.domain.snapshot import OpenAsked
from engine.runtime.plain import Row, number


def pick_row(pick: OpenAsked, outcome: OrderProposed | EntryDenied | str, rows: Rows) -> Row:
    """What would be proposed, or why nothing would, before the broker is asked."""
    spread = None if isinstance(outcome, str) else outcome.spread
    quote = spread_quote(spread, rows, "open") if spread is not None else None
    order = outcome if isinstance(outcome, OrderProposed) else None
    return {
        "candidate": subject(pick),
        "strategy": pick.strategy,
        "spread": str(spread) if spread is not None else None,
        "quantity": order.quantity if order else outcome.contracts if isinstance(outcome, EntryDenied) else None,
        "limit": number(order.limit) if order else None,
        "worst": number(order.worst) if order else None,
        "net_now": number(quote.mid) if quote else None,
        "natural_now": number(quote.natural) if quote else None,
        "quotes_age_s": quote.age_s if quote else None,
        "max_loss_usd": number(order.max_loss) if order else None,
        "fees_usd": number(order.fees) if order else None,
        "preview": None,
        "preview_text": "",
        "initial_margin_change_usd": None,
        "maintenance_margin_change_usd": None,
        "preview_commission_usd": None,
        "gates": [] if isinstance(outcome, str) else [_gate_row(verdict) for verdict in outcome.verdicts],
        "obstacle": _obstacle(outcome),
    }


def previewed(row: Row, answer: OrderPreviewed) -> Row:
    """The same with the broker's what-if, which may be what stops it."""
    stops = None if answer.outcome == "fits" else f"preview: {answer.text or answer.outcome}"
    return {
        **row,
        "preview": answer.outcome,
        "preview_text": answer.text,
        "initial_margin_change_usd": number(answer.initial_margin_change),
        "maintenance_margin_change_usd": number(answer.maintenance_margin_change),
        "preview_commission_usd": number(answer.commission),
        "obstacle": row["obstacle"] or stops,
    }


def _obstacle(outcome: OrderProposed | EntryDenied | str) -> str | None:
    match outcome:
        case OrderProposed():
            return None
        case EntryDenied(obstacle=obstacle):
            return str(obstacle)
        case text:
            return text


def _gate_row(verdict: Verdict) -> Row:
    return {"gate": verdict.gate, "answer": verdict.answer, "text": str(verdict)}
