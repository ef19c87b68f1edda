"""What the paper broker answers when it is asked what it holds, read from the exchange's own books."""

from decimal import Decimal

from engine.domain.facts.orders import CommissionReported, LegFilled
from engine.domain.facts.union import Fact
from engine.ports import BrokerOrder, BrokerPosition, BrokerState
from engine.sim.exchange.account import Position
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.orders import Commission, Execution, Order

_STANDING = {"Filled": "filled", "Cancelled": "canceled", "Inactive": "inactive"}
"""Words of the port for those of the exchange; every other one is of an order that works."""


def state_of(exchange: Exchange) -> BrokerState:
    """Orders and executions of the day, and what the account holds."""
    told = [_told(order) for order in exchange.orders.values()]
    facts: list[Fact] = []
    for execution in exchange.booking.executions.values():
        if execution.instrument is not None:
            facts.append(filled(execution))
            charged = exchange.booking.commissions.get(execution.exec_id)
            if charged is not None:
                facts.append(paid(execution, charged))
    return BrokerState(
        account=exchange.account.name,
        open_orders=tuple(order for order in told if order.status == "working"),
        completed_orders=tuple(order for order in told if order.status != "working"),
        executions=tuple(facts),
        positions=tuple(_held(position) for position in exchange.account.held()),
    )


def filled(execution: Execution) -> LegFilled:
    """The execution of one leg."""
    assert execution.instrument is not None, "the row of a combination is no leg"
    return LegFilled(
        order_ref=execution.order_ref,
        exec_id=execution.exec_id,
        con_id=execution.instrument.con_id,
        action="buy" if execution.side == "BOT" else "sell",
        quantity=execution.shares,
        price=execution.price,
        executed_at=execution.at,
        perm_id=execution.perm_id,
    )


def paid(execution: Execution, charged: Commission) -> CommissionReported:
    """What the execution of one leg has cost."""
    fill = filled(execution)
    return CommissionReported(fill.order_ref, fill.exec_id, charged.amount, fill.con_id, fill.action)


def _told(order: Order) -> BrokerOrder:
    return BrokerOrder(
        order_ref=order.terms.order_ref,
        perm_id=order.perm_id,
        order_id=order.order_id,
        status=_STANDING.get(order.status, "working"),
        filled=Decimal(order.filled),
        text=order.done_text,
        client_id=order.client_id,
        legs=tuple(sorted(order.terms.trades())),
        quantity=order.terms.quantity,
        ended_at=order.done_at,
    )


def _held(position: Position) -> BrokerPosition:
    instrument, option = position.instrument, position.instrument.option
    return BrokerPosition(
        con_id=instrument.con_id,
        symbol=instrument.symbol,
        text=instrument.local_symbol,
        quantity=Decimal(position.quantity),
        kind=instrument.sec_type,
        root=instrument.trading_class,
        last_trade=None if option is None else instrument.last_trade_day or option.expiry,
        strike=None if option is None else option.strike,
        put_call=None if option is None else option.put_call,
        multiplier=Decimal(instrument.multiplier),
        average_cost=abs(position.average_cost),
        currency=instrument.currency,
    )
