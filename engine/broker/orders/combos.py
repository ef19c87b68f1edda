"""Turns a spread into the combination and the order that TWS takes, and a signed net into its price.

The combination always has the legs as they are opened: opening buys it, closing sells it, so that no leg is ever turned
round by hand. One leg is no combination: it is the option, or the shares, bought or sold. Our limit is USD per share, + received;
IBKR's price is + paid for a buy and + received for a sell.
"""

from decimal import Decimal

from ib_async import ComboLeg, TagValue
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.domain.facts.orders import Purpose
from engine.domain.spread import Spread

GUARANTEED = TagValue("NonGuaranteed", "0")
"""All legs or none: IBKR guarantees option combinations routed by SMART, and a leg of one alone is never wanted."""


def bag(spread: Spread) -> IbContract:
    """The combination as it is opened. It has no contract details and must never be asked for any."""
    return IbContract(
        secType="BAG",
        symbol=spread.underlying,
        exchange="SMART",
        currency="USD",
        comboLegs=[
            ComboLeg(conId=leg.contract.con_id, ratio=leg.ratio, action=leg.action.upper(), exchange="SMART")
            for leg in spread.legs
        ],
    )


def instrument(spread: Spread) -> IbContract:
    """What an order for the spread trades: the combination of its legs, or the option or the shares where it has one."""
    if is_combination(spread):
        return bag(spread)
    leg = spread.legs[0]
    kind = "STK" if leg.contract.is_share else "OPT"
    return IbContract(conId=leg.contract.con_id, secType=kind, symbol=spread.underlying, exchange="SMART", currency="USD")


def is_bought(spread: Spread, purpose: Purpose) -> bool:
    """Whether an order is a BUY: the opening of a combination, and of one leg what it comes to."""
    return (purpose == "open") == (is_combination(spread) or spread.legs[0].sign > 0)


def is_combination(spread: Spread) -> bool:
    return len(spread.legs) != 1


def price_of(limit: Decimal, *, is_buy: bool) -> float:
    """IBKR's price for a limit in USD per share, + received; 0 is a valid price of a combination.

    Source: IBKR, TWS user guide, combination orders: buying for a credit has a negative price, selling for one a positive.
    """
    return float(0 - limit if is_buy else limit)


def limit_order(order_ref: str, spread: Spread, purpose: Purpose, quantity: int, limit: Decimal, account: str) -> IbOrder:
    """A day order for `quantity` spreads. Every field that a TWS preset could fill is set."""
    is_buy = is_bought(spread, purpose)
    return IbOrder(
        action="BUY" if is_buy else "SELL",
        totalQuantity=quantity if is_combination(spread) else quantity * spread.legs[0].ratio,
        orderType="LMT",
        lmtPrice=price_of(limit, is_buy=is_buy),
        tif="DAY",
        orderRef=order_ref,
        account=account,
        transmit=True,
        smartComboRoutingParams=[GUARANTEED] if is_combination(spread) else [],
    )
