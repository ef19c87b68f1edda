"""Turns an order of ours into the terms that the exchange takes, in the way in which it is sent to TWS.

The combination always has the legs as they are opened: opening buys it, closing sells it. One leg is no combination. Our limit
is USD per share, + received; the exchange's is + paid for a buy and + received for a sell.
"""

from decimal import Decimal

from engine.broker.orders.combos import is_bought, is_combination
from engine.domain.facts.orders import Purpose
from engine.domain.spread import Spread
from engine.sim.exchange.instruments import ComboLeg
from engine.sim.exchange.orders import OrderTerms


def terms_of(
    order_ref: str, spread: Spread, purpose: Purpose, quantity: int, limit: Decimal, account: str, *, what_if: bool = False
) -> OrderTerms:
    """A day order for `quantity` spreads at a limit of USD per share, + received."""
    is_combo, is_buy = is_combination(spread), is_bought(spread, purpose)
    first = spread.legs[0]
    kind = "BAG" if is_combo else "STK" if first.contract.is_share else "OPT"
    legs = tuple(ComboLeg(leg.contract.con_id, leg.ratio, leg.action.upper()) for leg in spread.legs) if is_combo else ()
    return OrderTerms(
        sec_type=kind,
        symbol=spread.underlying,
        con_id=0 if is_combo else first.contract.con_id,
        legs=legs,
        action="BUY" if is_buy else "SELL",
        quantity=Decimal(quantity if is_combo else quantity * first.ratio),
        order_type="LMT",
        limit=Decimal(0) - limit if is_buy else limit,
        tif="DAY",
        account=account,
        order_ref=order_ref,
        what_if=what_if,
    )
