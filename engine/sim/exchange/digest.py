"""What an exchange has come to, as one digest: equal for equal seeds and requests."""

import hashlib
import json

from engine.sim.exchange.exchange import Exchange


def state_digest(exchange: Exchange) -> str:
    """SHA-256 of ids, cash, positions, orders and executions."""
    ids, account = exchange.ids, exchange.account
    state = {
        "ids": [ids.next_order_id, ids.next_perm_id, ids.next_fill],
        "cash": str(account.cash),
        "positions": [[p.instrument.con_id, p.quantity, str(p.cost), str(p.realized)] for p in account.held()],
        "orders": [[o.perm_id, o.client_id, o.order_id, o.status, o.filled, str(o.paid)] for o in exchange.orders.values()],
        "executions": [[row.exec_id, str(row.price), row.shares, row.side] for row in exchange.booking.executions.values()],
    }
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
