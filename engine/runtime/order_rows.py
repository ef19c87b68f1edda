"""Orders and their executions as plain data."""

from collections.abc import Iterator

from engine.decide.quotes import Rows, spread_quote
from engine.domain.contract import Contract
from engine.domain.executions import commission_key, fill_key
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.runtime.plain import Row, number


def order_row(order: Order, rows: Rows | None = None) -> Row:
    """One order; with the quotes of now what it would bring, where it is not over."""
    quote = None if rows is None or order.is_over else spread_quote(order.spread, rows, order.purpose)
    return {
        "order_ref": order.ref,
        "strategy": order.strategy,
        "purpose": order.purpose,
        "position": order.proposed.position,
        "spread": str(order.spread),
        "quantity": order.quantity,
        "state": order.state,
        "limit": number(order.limit),
        "worst": number(order.proposed.worst),
        "net_now": number(quote.mid) if quote else None,
        "natural_now": number(quote.natural) if quote else None,
        "filled": order.filled,
        "net_filled": number(order.net_filled),
        "commission_usd": number(order.commission),
        "reprices": order.reprices,
        "proposed_at": order.proposed_at.isoformat(),
        "changed_at": order.changed_at.isoformat(),
        "sent_at": order.sent_at.isoformat() if order.sent_at else None,
        "urgent": order.proposed.urgent,
        "resting": order.proposed.resting,
        "asked_by": order.proposed.asked_by,
        "approved_by": order.approved_by,
        "max_loss_usd": number(order.max_loss),
        "reason": order.proposed.reason,
        "why": order.why,
    }


def execution_rows(ledger: Ledger) -> Iterator[Row]:
    """Every execution of every order, those of the newest order first; of one order the newest first."""
    for order in (one for one in reversed(ledger.orders.values()) if not one.is_adopted):
        contracts = {leg.contract.con_id: leg.contract for leg in order.spread.legs}
        yield from sorted(_executions(order, contracts), key=lambda row: str(row["executed_at"]), reverse=True)


def _executions(order: Order, contracts: dict[int, Contract]) -> Iterator[Row]:
    paid = {commission_key(one): one.amount for one in order.commissions.values()}
    for fill in order.fills.values():
        key = fill_key(fill)
        yield {
            "execution": f"{order.ref}:{key}",
            "exec_id": fill.exec_id,
            "order_ref": order.ref,
            "position": order.proposed.position,
            "strategy": order.strategy,
            "purpose": order.purpose,
            "contract": str(contracts.get(fill.con_id, fill.con_id)),
            "con_id": fill.con_id,
            "action": fill.action,
            "quantity": fill.quantity,
            "price": number(fill.price),
            "commission_usd": number(paid.get(key)),
            "executed_at": order.filled_at.get(key, order.changed_at).isoformat(),
            "is_provisional": fill.provisional,
        }
