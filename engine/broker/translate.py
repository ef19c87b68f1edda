"""Turns what TWS says into values and facts of the trade: pure functions.

Sentinels end here: -1, NaN, the greatest double and its text become None once. What cannot be meant raises Unreadable, with the
field and what it says: who asked leaves that row out.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from ib_async import Contract as IbContract
from ib_async import Execution

from engine.broker.unread import Unreadable
from engine.domain.contract import PutCall
from engine.domain.executions import revision
from engine.domain.facts.orders import LegFilled
from engine.ports import BrokerPosition

T = TypeVar("T")
R = TypeVar("R")

HUGE = 1e300
"""Above it a number is TWS's mark for no number: the greatest double, printed in several ways."""
PRICE_MAX = 1e7
"""USD; twelve times the dearest share there is."""
VOLATILITY_MAX = 50.0
"""Decimal: 5,000 % a year. Above it a solver has run away."""
GREEK_MAX = 1e6
QUANTITY_MAX = 1_000_000
"""Contracts of one order or execution: a thousand times what this engine ever orders."""
ID_MAX = 2_000_000_000
"""Order and request numbers. TWS keeps them in 32 bits with a sign, and a number near the end would leave none to give."""
MULTIPLIER_MAX = 100_000
YEARS = range(1990, 2100)
UNREAD_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of an execution that nobody can read, on its way through ib_async."""

STANDING = {
    "PendingSubmit": "working",
    "ApiPending": "working",
    "PreSubmitted": "working",
    "Submitted": "working",
    "PendingCancel": "working",
    "Filled": "filled",
    "Cancelled": "canceled",
    "ApiCancelled": "canceled",
    "Inactive": "inactive",
}
"""TWS's words for the standing of an order, in the port's."""
ACKNOWLEDGED = frozenset({"PreSubmitted", "Submitted", "PendingCancel", "Filled"})
"""Words that say that IBKR holds the order; before them only TWS does."""
_RIGHTS: dict[str, PutCall] = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_SIDES = {"BOT": "buy", "SLD": "sell"}


def number(value: float | str | None) -> float | None:
    """The value, or None where it is absent: empty, not a number, infinite or huge."""
    if value is None or value == "":
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if -HUGE < read < HUGE else None  # not so for what is no number either


def money(value: float | str | None) -> Decimal | None:
    """The exact decimal that TWS printed, or None where there is none."""
    if number(value) is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def price(value: float) -> float | None:
    """A quoted price; None where TWS says that there is none (-1, 0 or no number) or that nothing costs so much."""
    read = number(value)
    return read if read is not None and 0 < read <= PRICE_MAX else None


def size(value: float) -> float | None:
    """A quoted size, 0 included; None where it is none."""
    read = number(value)
    return read if read is not None and read >= 0 else None


def delta(value: float | None) -> float | None:
    """A delta per share; None for TWS's -2 and for what no option has."""
    read = number(value)
    return read if read is not None and -1 <= read <= 1 else None


def greek(value: float | None) -> float | None:
    """Another greek; None for TWS's -2 and for no number.

    A theta of exactly -2 is lost with it, as TWS itself cannot tell it from none.
    """
    read = number(value)
    return None if read is None or read == -2.0 or abs(read) > GREEK_MAX else read


def volatility(value: float | None) -> float | None:
    """An implied volatility, decimal; None for TWS's -1 and -2, for no number and for what no market has shown."""
    read = number(value)
    return read if read is not None and 0 < read <= VOLATILITY_MAX else None


def whole(value: float | str | None, field: str, most: int = QUANTITY_MAX) -> int:
    """A whole number from 0 to `most`. Raises Unreadable where it is none."""
    read = number(value)
    if read is None or read != int(read) or not 0 <= read <= most:
        raise Unreadable(field, value)
    return int(read)


def identifier(value: float | str | None, field: str) -> int:
    """A number that names something: positive and whole. Raises Unreadable where it is none."""
    named = whole(value, field, 2**63 - 1)
    if not named:
        raise Unreadable(field, value)
    return named


def multiplier(text: str) -> int:
    """Shares that one contract stands for; `100.0` is 100. Raises Unreadable where it is no whole number of them."""
    shares = whole(text.strip() or None, "multiplier", MULTIPLIER_MAX)
    if not shares:
        raise Unreadable("multiplier", text)
    return shares


def calendar_day(text: str, field: str = "day") -> date:
    """The day that begins the text, as in `20261218 16:00 US/Eastern`. Raises Unreadable where there is none."""
    match = _DAY.match(text)
    if match is None or (len(text) > 8 and text[8].isalnum()) or int(match[1]) not in YEARS:
        raise Unreadable(field, text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as problem:
        raise Unreadable(field, text) from problem


def put_call(text: str) -> PutCall:
    """Raises Unreadable where it is neither a put nor a call."""
    try:
        return _RIGHTS[text.strip().upper()]
    except KeyError:
        raise Unreadable("right", text) from None


def strike(value: float) -> Decimal:
    """Raises Unreadable where no option has such a strike."""
    read = price(value)
    if read is None:
        raise Unreadable("strike", value)
    return Decimal(str(read)).normalize()


def leg_filled(order_ref: str, contract: IbContract, execution: Execution) -> LegFilled:
    """The execution of one leg. Raises Unreadable when a part of it cannot be meant."""
    if not execution.execId.strip():
        raise Unreadable("execution id", execution.execId)
    if execution.side not in _SIDES:
        raise Unreadable("side", execution.side)
    shares = whole(execution.shares, "shares")
    if not shares and revision(execution.execId) <= 1:  # a correction may take an execution back
        raise Unreadable("shares", execution.shares)
    paid = money(execution.price)
    if paid is None or not 0 <= paid <= Decimal(PRICE_MAX):
        raise Unreadable("price", execution.price)
    return LegFilled(
        order_ref=order_ref,
        exec_id=execution.execId,
        con_id=identifier(contract.conId, "contract number"),
        action="buy" if _SIDES[execution.side] == "buy" else "sell",
        quantity=shares,
        price=paid,
        executed_at=None if execution.time == UNREAD_TIME else execution.time,
        perm_id=execution.permId if execution.permId > 0 else None,
    )


def position(contract: IbContract, quantity: float, average_cost: float) -> BrokerPosition:
    """What the account holds of one instrument. Raises Unreadable where nobody can tell what, or how much.

    Terms that cannot be read are None: whoever knows the contract by its number holds them against its own.
    """
    held = money(quantity)
    is_option = contract.secType in {"OPT", "FOP"}
    if held is None or abs(held) > QUANTITY_MAX * 1000 or (is_option and held != held.to_integral_value()):
        raise Unreadable("quantity", quantity)
    cost = money(average_cost)
    return BrokerPosition(
        con_id=identifier(contract.conId, "contract number"),
        symbol=contract.symbol,
        text=contract.localSymbol or f"{contract.secType} {contract.symbol}",
        quantity=held.normalize() if held else Decimal(0),
        kind=contract.secType,
        root=contract.tradingClass or None,
        last_trade=_or_none(calendar_day, contract.lastTradeDateOrContractMonth) if is_option else None,
        strike=_or_none(strike, contract.strike) if is_option else None,
        put_call=_or_none(put_call, contract.right) if is_option else None,
        multiplier=money(contract.multiplier) if contract.multiplier else None,
        average_cost=abs(cost) if cost is not None else None,
        currency=contract.currency or None,
    )


def _or_none(read: Callable[[T], R], value: T) -> R | None:
    try:
        return read(value)
    except Unreadable:
        return None
