"""Measures of the account and of an order, as the gates ask them."""

from __future__ import annotations

from engine.strategy.measures.declaration import Declaration
from engine.strategy.units import Unit


def _account(name: str, unit: Unit, sentence: str) -> Declaration:
    return Declaration(name, "account", unit, sentence, name, nullable=True)


ACCOUNT = (
    _account("net_liquidation", Unit.USD, "What the account would be worth if everything were closed, as the broker reports it."),
    _account("buying_power", Unit.USD, "What the broker lets the account put into new positions, as it reports it."),
    _account("cushion", Unit.RATIO, "Excess liquidity / net_liquidation."),
    _account("open_risk", Unit.USD, "Sum of the maximum losses of all open positions and working entries."),
    _account("day_pnl", Unit.USD, "Realised and unrealised result since the previous close."),
    _account("order_risk", Unit.USD, "Most that all spreads of this order can lose, fees included."),
    _account("contracts", Unit.COUNT, "Spreads in this order."),
    _account("post_trade_margin", Unit.RATIO, "Funds tied up after this order / net_liquidation, from the broker's preview."),
)
