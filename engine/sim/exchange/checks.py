"""What an order has to satisfy before it is accepted, in the order in which TWS complains.

1. The contract: known, whole, sound legs.
2. The order itself: type, size, price on its increment.
3. The book: no working order on the other side of a leg, not too many on one.
4. The account: funds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import gcd

from engine.domain.contract import Contract
from engine.domain.spread import Leg, Spread
from engine.sim.exchange.instruments import ComboLeg, Tape
from engine.sim.exchange.orders import Order, OrderTerms
from engine.sim.exchange.rules import combo_tick, lies_on_tick, single_tick

MAX_WORKING_PER_SIDE = 20
"""Working orders per contract, side and account. Source: IBKR, API limitations of orders."""

MAX_LEGS = 6
"""Legs of a SMART combination that TWS accepts."""

MOST_TO_ONE = 3
"""How many times the ratio of one option leg may be that of another. Source: Cboe rules, ratios of complex orders."""

MAX_RATIO = 10_000
MAX_SIZE = 10_000_000
MAX_PRICE = 10_000_000
"""Bounds of the precautionary settings; every amount made of them is exact in the decimals used here."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error TWS answers with."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What differs between accounts, versions and settings of TWS."""

    market_combos: bool = False
    """Whether a combination may be sent as a market order."""
    combo_oca: bool = False
    """Whether a combination may be in a one-cancels-all group, reduce-on-fill (type 3) only."""
    both_sides: bool = False
    """Whether working orders on both sides of one option are allowed."""
    riskless_combos: bool = False
    """Whether a combination may be priced so that one side cannot lose."""
    mixed_settlements: bool = False
    """Whether legs of one day may settle some in the morning and some at the close."""


def contract_refusal(terms: OrderTerms, tape: Tape, rules: HouseRules) -> Refusal | None:
    """Why the contract of the order cannot be traded."""
    if terms.is_combo:
        return _combo_refusal(terms, tape, rules)
    instrument = tape.instrument(terms.con_id)
    if instrument is None or not tape.is_listed(terms.con_id):
        return Refusal(200, "No security definition has been found for the request")
    if instrument.sec_type == "IND":
        return _rejected("No trading permissions: an index cannot be traded.")
    return None


def order_refusal(terms: OrderTerms, tape: Tape, rules: HouseRules) -> Refusal | None:
    """Why these terms cannot be worked for a contract that can be traded."""
    return (
        _account_refusal(terms)
        or _type_refusal(terms, rules)
        or _size_refusal(terms)
        or _attachment_refusal(terms, rules)
        or _price_refusal(terms, tape, rules)
    )


def book_refusal(terms: OrderTerms, working: Iterable[Order], tape: Tape, rules: HouseRules) -> Refusal | None:
    """Why the order cannot stand beside the orders that work already."""
    sides = {con_id: ratio > 0 for con_id, ratio in terms.trades()}
    same_side = dict.fromkeys(sides, 0)
    for order in working:
        for con_id, ratio in order.terms.trades():
            if con_id in sides and sides[con_id] == (ratio > 0):
                same_side[con_id] += 1
            elif con_id in sides and not rules.both_sides and _option(con_id, tape) is not None:
                return _rejected("Cannot have open orders on both sides of the same US Option contract in the same account.")
    if any(count >= MAX_WORKING_PER_SIDE for count in same_side.values()):
        return _rejected(f"more than {MAX_WORKING_PER_SIDE} orders are working on one side of this contract.")
    return None


def funds_refusal(available: Decimal, equity: Decimal, needed: Decimal) -> Refusal | None:
    """Why the account cannot carry the order; `available` is what would be left of the funds, USD."""
    if available >= 0:
        return None
    return Refusal(
        201,
        "Order rejected - reason:We are unable to accept your order. Your Available Funds are insufficient to cover the "
        f"margin. EQUITY WITH LOAN VALUE: {equity:.2f} USD, INITIAL MARGIN REQUIRED: {needed:.2f} USD",
    )


def legs_refusal(symbol: str, legs: Sequence[ComboLeg], tape: Tape) -> Refusal | None:
    """Why these legs make no combination of the symbol, for an order as for a quote."""
    if not legs:
        return Refusal(314, "Security type 'BAG' requires combo leg details.")
    if len(legs) < 2 or len(legs) > MAX_LEGS or len({leg.con_id for leg in legs}) < len(legs):
        return Refusal(312, "The combo details are invalid.")
    for number, leg in enumerate(legs, 1):
        if not 1 <= leg.ratio <= MAX_RATIO or leg.action not in {"BUY", "SELL"}:
            return Refusal(313, f"The combo details for leg {number} are invalid.")
        instrument = tape.instrument(leg.con_id)
        if instrument is None or not tape.is_listed(leg.con_id):
            return Refusal(200, f"No security definition has been found for the request: leg {number}, conid {leg.con_id}")
        if instrument.sec_type == "IND" or instrument.symbol != symbol:
            return Refusal(313, f"The combo details for leg {number} are invalid.")
    if gcd(*(leg.ratio for leg in legs)) > 1:  # two of each are two of the combination
        return Refusal(312, "The combo details are invalid.")
    return None


def _combo_refusal(terms: OrderTerms, tape: Tape, rules: HouseRules) -> Refusal | None:
    return legs_refusal(terms.symbol, terms.legs, tape) or _market_refusal(terms, tape, rules) or _routing_refusal(terms)


def _market_refusal(terms: OrderTerms, tape: Tape, rules: HouseRules) -> Refusal | None:
    """Why no exchange takes these options together."""
    options = [(leg.ratio, option) for leg in terms.legs if (option := _option(leg.con_id, tape)) is not None]
    ratios = [ratio for ratio, _ in options]
    if ratios and max(ratios) > MOST_TO_ONE * min(ratios):
        return _rejected(f"The ratio of the legs is beyond {MOST_TO_ONE} to 1.")
    if not rules.mixed_settlements:
        settlements: dict[date, str] = {}
        for _, option in options:
            if settlements.setdefault(option.expiry, option.rule.settlement) != option.rule.settlement:
                return _rejected("Legs of one expiration settle at different times.")
    return None


def _routing_refusal(terms: OrderTerms) -> Refusal | None:
    loose = dict(terms.smart_params).get("NonGuaranteed") == "1"
    if any(price is not None for price in terms.leg_prices) and not (loose and len(terms.legs) == 2):
        return Refusal(
            10058,
            "Combo per-leg prices are only supported for non-guaranteed smart combos with two legs and the "
            '"IECOMBOPERLEGPRICE" feature enabled.',
        )
    if loose and len(terms.legs) > 3:
        return Refusal(10002, "Invalid non-guaranteed legs.")
    return None


def _account_refusal(terms: OrderTerms) -> Refusal | None:
    if terms.account:
        return None
    return Refusal(435, "You must specify an account.")


def _type_refusal(terms: OrderTerms, rules: HouseRules) -> Refusal | None:
    if terms.action not in {"BUY", "SELL"}:
        return Refusal(321, "Error validating request.-'bN' : cause - The action must be BUY or SELL.")
    if terms.tif not in {"DAY", "GTC", "IOC"}:
        return Refusal(387, "Unsupported order type for this exchange and security type.")
    if terms.order_type == "LMT":
        return None
    if terms.order_type != "MKT" or (terms.is_combo and not rules.market_combos):
        return Refusal(387, "Unsupported order type for this exchange and security type.")
    return None


def _size_refusal(terms: OrderTerms) -> Refusal | None:
    if terms.quantity == 0:
        return Refusal(434, "The order size cannot be zero.")
    if terms.quantity < 0 or terms.quantity != int(terms.quantity):
        return Refusal(355, "Order size does not conform to market rule.")
    if terms.quantity > MAX_SIZE:
        return Refusal(383, f"The order size exceeds the Size Limit of {MAX_SIZE}. Restrict the order size.")
    return None


def _attachment_refusal(terms: OrderTerms, rules: HouseRules) -> Refusal | None:
    if not terms.is_combo:
        return None
    if terms.oca_group and not rules.combo_oca:
        return Refusal(356, "Smart combo orders cannot be part of an OCA group.")
    if terms.oca_group and terms.oca_type != 3:
        return Refusal(359, "Smart combo orders support only the OCA type reduce on fill without block.")
    if terms.parent_id:
        return Refusal(358, "A smart combo order cannot be a child order.")
    return None


def _price_refusal(terms: OrderTerms, tape: Tape, rules: HouseRules) -> Refusal | None:
    if terms.order_type != "LMT":
        return None
    if terms.limit is None:
        return Refusal(321, "Error validating request.-'bN' : cause - A limit order needs a limit price.")
    instrument = tape.instrument(terms.legs[0].con_id if terms.is_combo else terms.con_id)
    assert instrument is not None, "the contract was checked before the price"
    if abs(terms.limit) > MAX_PRICE:
        return Refusal(109, "Price is out of the range defined by the Percent Setting at order defaults frame.")
    if not terms.is_combo and terms.limit <= 0:
        return _rejected("The limit price of a single instrument has to be above zero.")
    tick = combo_tick(instrument, len(terms.legs)) if terms.is_combo else single_tick(instrument, terms.limit)
    if not lies_on_tick(terms.limit, tick):
        return Refusal(110, "The price does not conform to the minimum price variation for this contract.")
    if terms.is_combo and not rules.riskless_combos and _is_riskless(terms, terms.limit, tape):
        return _rejected("Riskless combination orders are not allowed.")
    return None


def _is_riskless(terms: OrderTerms, limit: Decimal, tape: Tape) -> bool:
    """Whether the price lies outside of all that the combination can be worth when it expires."""
    legs = tuple(
        Leg(option, "buy" if leg.sign > 0 else "sell", leg.ratio)
        for leg in terms.legs
        if (option := _option(leg.con_id, tape)) is not None
    )
    if len(legs) < len(terms.legs) or len({leg.contract.expiry for leg in legs}) > 1:
        return False
    spread = Spread("combination", legs)
    return not spread.floor <= limit <= spread.cap


def _option(con_id: int, tape: Tape) -> Contract | None:
    instrument = tape.instrument(con_id)
    return None if instrument is None else instrument.option


def _rejected(reason: str) -> Refusal:
    return Refusal(201, f"Order rejected - reason:{reason}")
