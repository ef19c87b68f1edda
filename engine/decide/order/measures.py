"""What `auto_when` may ask of one order: its spread as it was proposed, and the account as it would be after it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from engine.compile.conditions import Value
from engine.decide.risk.breakers import day_result
from engine.decide.risk.exposure import exposure
from engine.domain.facts.orders import OrderProposed
from engine.domain.order import Order
from engine.domain.session import days_to_expiry
from engine.domain.snapshot import Snapshot


def order_values(order: Order, snapshot: Snapshot) -> dict[str, Value]:
    """Every measure that a policy may ask of an order, by name; None is unknown."""
    return {**spread_values(order.proposed, order.proposed_at), **_account(order, snapshot)}


def spread_values(order: OrderProposed, at: datetime) -> dict[str, Value]:
    """Every measure of the spread of a proposal, by name, as it was found; None is unknown."""
    row: Mapping[str, object] = order.candidate or {}
    net, natural = _float(row.get("net")), _float(row.get("natural"))
    same = (
        "width",
        "max_profit",
        "max_loss",
        "return_on_risk",
        "pop",
        "expected_value",
        "delta",
        "gamma",
        "theta",
        "vega",
        "fees",
    )
    sold, bought = (_greatest(row, action) for action in ("sell", "buy"))
    return {
        **{name: _float(row.get(name)) for name in same},
        "credit": net,
        "debit": None if net is None else -net,
        "natural_credit": natural,
        "natural_debit": None if natural is None else -natural,
        "slippage": None if net is None or natural is None else net - natural,
        "quote_width": None if net is None or natural is None else 2 * (net - natural),
        "short_delta": sold,
        "long_delta": bought,
        "dte": float(days_to_expiry(at, order.spread.expiry)),
    }


def _account(order: Order, snapshot: Snapshot) -> dict[str, Value]:
    account, preview = snapshot.account, order.preview
    needed = preview.needed if preview is not None else None
    used = None
    if account.net_liquidation and account.available_funds is not None and needed is not None:
        used = (account.net_liquidation - account.available_funds + needed) / account.net_liquidation
    return {
        "net_liquidation": _number(account.net_liquidation),
        "buying_power": _number(account.buying_power),
        "cushion": _number(account.cushion),
        "open_risk": _number(exposure(snapshot.ledger, snapshot.at, without=order.ref).risk()),
        "day_pnl": _number(day_result(snapshot)),
        "order_risk": _number(order.max_loss),
        "contracts": float(order.quantity),
        "post_trade_margin": _number(used),
    }


def _legs(row: Mapping[str, object]) -> list[Mapping[str, object]]:
    legs = row.get("legs")
    return list(legs) if isinstance(legs, list | tuple) else []


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _greatest(row: Mapping[str, object], action: str) -> float | None:
    """The delta of the leg traded this way that has most of it, without its sign; None where that of one is not known."""
    deltas = [_float(leg["delta"]) for leg in _legs(row) if leg["action"] == action]
    known = [abs(delta) for delta in deltas if delta is not None]
    return max(known, default=None) if len(known) == len(deltas) else None


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
