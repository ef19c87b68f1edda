"""Orders as the exchange holds them, and what it tells about them.

An `Order` is the one mutable thing here; all that leaves the exchange is a frozen notice, in the order in which TWS
would send it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from engine.sim.exchange.instruments import ComboLeg, Instrument, signed_legs

Status = Literal["PreSubmitted", "Submitted", "Filled", "Cancelled", "Inactive"]
DONE: frozenset[Status] = frozenset({"Filled", "Cancelled", "Inactive"})

BAG_CON_ID = 28812380
"""The number TWS gives to every combination."""


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What a client asks for. `limit` is signed, USD per share of one combination; None for a market order.

    `action` may be anything until the order has been checked: BUY or SELL where it was accepted.
    """

    sec_type: str
    symbol: str
    con_id: int
    legs: tuple[ComboLeg, ...]
    action: str
    quantity: Decimal
    order_type: str
    limit: Decimal | None
    tif: str
    account: str
    order_ref: str = ""
    oca_group: str = ""
    oca_type: int = 0
    parent_id: int = 0
    what_if: bool = False
    transmit: bool = True
    smart_params: tuple[tuple[str, str], ...] = ()
    leg_prices: tuple[Decimal | None, ...] = ()
    echo: Mapping[str, object] = field(default_factory=dict)
    """Fields of the request that TWS repeats in its answers and that decide nothing here."""

    @property
    def is_combo(self) -> bool:
        return self.sec_type == "BAG"

    def trades(self) -> tuple[tuple[int, int], ...]:
        """(con_id, signed quantity) traded for one unit of the order."""
        if self.is_combo:
            return signed_legs(self.legs, self.action)
        return ((self.con_id, 1 if self.action == "BUY" else -1),)


@dataclass(slots=True, eq=False)
class Order:
    """An order that was accepted."""

    client_id: int
    order_id: int
    perm_id: int
    terms: OrderTerms
    accepted_at: datetime
    status: Status = "PreSubmitted"
    filled: int = 0
    paid: Decimal = Decimal(0)
    """Sum of fill price times quantity, signed, per share."""
    last_price: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    done_at: datetime | None = None
    done_text: str = ""

    @property
    def quantity(self) -> int:
        return int(self.terms.quantity)

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def is_working(self) -> bool:
        return self.status not in DONE

    @property
    def average_price(self) -> Decimal:
        return self.paid / self.filled if self.filled else Decimal(0)


@dataclass(frozen=True, slots=True)
class Execution:
    """One line of the day's executions: a whole combination (sec_type BAG) or one contract."""

    exec_id: str
    at: datetime
    order_id: int
    client_id: int
    perm_id: int
    order_ref: str
    account: str
    instrument: Instrument | None
    """None for the line of a combination."""
    symbol: str
    side: Literal["BOT", "SLD"]
    shares: int
    price: Decimal
    cum_quantity: int
    average_price: Decimal
    exchange: str

    @property
    def sec_type(self) -> str:
        return "BAG" if self.instrument is None else self.instrument.sec_type


@dataclass(frozen=True, slots=True)
class Commission:
    """Fee of one execution; `realized` is None where the trade opened."""

    exec_id: str
    amount: Decimal
    currency: str
    realized: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderShown:
    """The order as it is now: TWS sends its openOrder message. `with_fee` once the commission is known."""

    order: Order
    status: Status
    with_fee: bool = False


@dataclass(frozen=True, slots=True)
class StatusShown:
    """The order's orderStatus, frozen at the moment it was true."""

    client_id: int
    order_id: int
    perm_id: int
    parent_id: int
    status: Status
    filled: int
    remaining: int
    average_price: Decimal
    last_price: Decimal
    why_held: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    execution: Execution


@dataclass(frozen=True, slots=True)
class Charged:
    client_id: int
    commission: Commission


@dataclass(frozen=True, slots=True)
class ErrorShown:
    """An error message about an order."""

    client_id: int
    order_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """The answer to a what-if."""

    client_id: int
    order_id: int
    terms: OrderTerms
    preview: "Preview"


@dataclass(frozen=True, slots=True)
class PositionMoved:
    """A position changed: by a trade, at expiry, or by hand."""

    con_id: int


Notice: TypeAlias = OrderShown | StatusShown | Executed | Charged | ErrorShown | Previewed | PositionMoved


@dataclass(frozen=True, slots=True)
class Funds:
    """What a deposit account needs and has, USD."""

    initial: Decimal
    maintenance: Decimal
    equity_with_loan: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do to the account; commissions in USD."""

    before: Funds
    after: Funds
    commission: Decimal
    warning: str = ""


def status_shown(order: Order, why_held: str = "") -> StatusShown:
    """The order's status as of now."""
    return StatusShown(
        client_id=order.client_id,
        order_id=order.order_id,
        perm_id=order.perm_id,
        parent_id=order.terms.parent_id,
        status=order.status,
        filled=order.filled,
        remaining=0 if order.status == "Inactive" else order.remaining,
        average_price=order.average_price,
        last_price=order.last_price,
        why_held=why_held,
    )
