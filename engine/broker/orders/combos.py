"""Turns a spread into the combination and the order that TWS takes, and a signed net into its price.

The combination always has the legs as they are opened: opening buys it, closing sells it, so that no leg is ever turned
round by hand. Our limit is USD per share, + received; IBKR's price is + paid for a buy and + received for a sell.
"""

from decimal import Decimal

from ib_async import ComboLeg, TagValue
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.domain.facts import Purpose
from engine.domain.spread import Spread

GUARANTEED = TagValue("NonGuaranteed", "0")
"""All legs or none: IBKR guarantees option combinations routed by SMART, and a leg alone is never wanted."""


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


def combo_price(purpose: Purpose, limit: Decimal) -> float:
    """IBKR's price of the combination for a limit in USD per share, + received; 0 is a valid price.

    Source: IBKR, TWS user guide, combination orders: buying for a credit has a negative price, selling for one a positive.
    """
    return float(limit if purpose == "close" else 0 - limit)


def limit_order(order_ref: str, purpose: Purpose, quantity: int, limit: Decimal, account: str) -> IbOrder:
    """A day order for `quantity` spreads. Every field that a TWS preset could fill is set."""
    return IbOrder(
        action="BUY" if purpose == "open" else "SELL",
        totalQuantity=quantity,
        orderType="LMT",
        lmtPrice=combo_price(purpose, limit),
        tif="DAY",
        orderRef=order_ref,
        account=account,
        transmit=True,
        smartComboRoutingParams=[GUARANTEED],
    )
