"""The orders of this session: sends, changes and cancels them, and turns TWS's own words about them into facts.

ib_async's bookkeeping of orders is not used: it takes most errors for the death of an order that works on. What counts is

1. orderStatus and openOrder as TWS sent them: they say that an order works, and orderStatus alone that it is over;
2. executions, which count whatever the status says;
3. an error only as far as the table of codes goes: a notice is passed on, the refusal of an order that TWS never
   acknowledged is its end, and anything else leaves the order unknown, unless a status clears it up at once.

Nothing here waits, and nothing is sent that the loop did not ask for.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ib_async import Client, OrderState
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.asking import machine_s
from engine.broker.combos import bag, limit_order
from engine.broker.errors import Meaning, meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.translate import ACKNOWLEDGED, STANDING, Executions
from engine.domain.errors import Transient, UserError
from engine.domain.facts import (
    ErrorHeard,
    LegFilled,
    OrderAcknowledged,
    OrderCanceled,
    OrderRejected,
    OrderUnknown,
)
from engine.domain.order import Order, fill_key
from engine.ports import Hear

GRACE_S = 0.5
"""A status and the error that belongs to it come milliseconds apart, in either order; so long the second is waited for."""
DUPLICATE_ID = 103
"""TWS's counter is ahead of ours: its answer to reqIds says by how much."""
HELD_MAX = 2_000
"""Orders remembered; the oldest that are over make room. A busy day has some tens."""


@dataclass(slots=True)
class Held:
    """What TWS has said of one of our orders."""

    order_ref: str
    order_id: int
    client_id: int
    perm_id: int = 0
    told_perm_id: int = 0
    contract: IbContract | None = None
    """The combination as TWS returned it: changes must use it, TWS may have rewritten the legs."""
    wanted: dict[int, int] = field(default_factory=dict[int, int])
    """Contracts of each leg in the whole order, by contract number."""
    done: dict[str, LegFilled] = field(default_factory=dict[str, LegFilled])
    status: str = ""
    sent_at: float | None = None
    """Loop seconds; None once acknowledged or when another session sent it."""
    is_acknowledged: bool = False
    is_doubted: bool = False
    """OrderUnknown went out and nothing has cleared it up."""
    is_inactive: bool = False
    is_over: bool = False
    last_error: tuple[Meaning, str] | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def is_whole(self) -> bool:
        """True when the executed legs make up the whole order."""
        return bool(self.wanted) and all(
            sum(fill.quantity for fill in self.done.values() if fill.con_id == con_id) >= quantity
            for con_id, quantity in self.wanted.items()
        )


class Desk:
    """Our orders at TWS, by our reference; `client` encodes and sends."""

    def __init__(self, client: Client, client_id: int, hear: Hear, executions: Executions, gauges: BrokerGauges) -> None:
        self._client = client
        self._client_id = client_id
        self._hear = hear
        self._executions = executions
        self._gauges = gauges
        self._held: dict[str, Held] = {}
        self._by_id: dict[int, Held] = {}
        self.highest_order_id = 0

    # What the loop asks for.

    def send(self, order: Order, limit: Decimal, account: str) -> None:
        """Place the order. Raises Transient when it surely did not leave."""
        try:
            order_id = self._next_id()
            held = Held(order.ref, order_id, self._client_id, sent_at=asyncio.get_running_loop().time())
            held.wanted = {leg.contract.con_id: leg.ratio * order.quantity for leg in order.spread.legs}
            request = limit_order(order.ref, order.purpose, order.quantity, limit, account)
            self._client.placeOrder(order_id, bag(order.spread), request)
            self._remember(held)
        except ConnectionError as problem:
            raise Transient(f"order {order.ref} was not sent: {problem}; it may be sent when the link is up") from problem

    def reprice(self, order: Order, limit: Decimal, account: str) -> None:
        """Change the price of a working order, which may have been found again after a restart."""
        held = self._known(order)
        request = limit_order(order.ref, order.purpose, order.quantity, limit, account)
        self._client.placeOrder(held.order_id, held.contract or bag(order.spread), request)

    def cancel(self, order: Order) -> None:
        self._client.cancelOrder(self._known(order).order_id)

    # What TWS says.

    def open_order(self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        if not self._executions.is_ours(order.orderRef):
            return
        self._executions.belongs(order.permId, order.orderRef)
        held = self._held.get(order.orderRef)
        if held is None:
            held = Held(order.orderRef, order_id, order.clientId)
            held.wanted = {leg.conId: int(leg.ratio * order.totalQuantity) for leg in contract.comboLegs}
            self._remember(held)
        held.perm_id = order.permId or held.perm_id
        if contract.comboLegs:
            held.contract = contract
        if state.status in ACKNOWLEDGED:
            self._alive(held, state.status)

    def order_status(self, client_id: int, order_id: int, status: str, perm_id: int) -> None:
        held = self._by_id.get(order_id)
        if held is None or client_id != held.client_id:
            return
        held.perm_id = perm_id or held.perm_id
        self._executions.belongs(held.perm_id, held.order_ref)
        if held.is_over:
            return
        match STANDING.get(status):
            case "canceled":
                self._settle(held)
                held.is_over = True
                self._hear(OrderCanceled(held.order_ref, _reason(held) or "TWS reports it cancelled"))
            case "inactive":
                self._inactive(held)
            case "filled":
                self._alive(held, status)
                held.is_over = True
            case "working" if status in ACKNOWLEDGED:
                self._alive(held, status)
            case _:
                pass

    def error(self, order_id: int, code: int, text: str) -> bool:
        """Take an error that is addressed to an order; False where the id is none of our orders'."""
        held = self._by_id.get(order_id)
        if held is None or held.client_id != self._client_id:
            return False
        row = meaning(code)
        if row.order == "notice" or held.is_over:
            if not row.is_quiet and not _is_bare_cancel(code, text):
                self._tell(held, row, text)
            return True
        held.last_error = (row, text)
        if code == DUPLICATE_ID:
            self._client.reqIds(1)
        if row.order == "rejects_new" and (held.is_inactive or not held.is_acknowledged):
            self._rejected(held)
        else:
            self._later(held, self._doubt)
        return True

    def filled(self, fact: LegFilled) -> None:
        """A leg was executed: the order was alive, and is over when its legs are complete."""
        held = self._held.get(fact.order_ref)
        if held is None:
            return
        held.is_acknowledged = True
        held.done[fill_key(fact)] = fact
        if held.is_whole:
            self._settle(held)
            held.is_over = True

    def link_lost(self, unsent: Iterable[str]) -> None:
        """The link is gone, and these messages never left: every order they concern must be asked about."""
        for message in unsent:
            fields = message.split("\0")
            held = self._by_id.get(int(fields[_ORDER_ID_AT[fields[0]]])) if fields[0] in _ORDER_ID_AT else None
            if held is not None and not held.is_over:
                self._unknown(held, f"its {_MESSAGE_NAMES[fields[0]]} was still waiting to leave when the link was lost")
        for held in self._held.values():
            if held.timer is not None:
                self._doubt(held)

    def unreadable(self) -> None:
        """A message about orders could not be read: any of them may have changed."""
        for held in self._held.values():
            if not held.is_over:
                self._unknown(held, "a message of TWS about orders could not be read")

    # Inside.

    def _next_id(self) -> int:
        self._client.updateReqId(self.highest_order_id + 1)
        self.highest_order_id = self._client.getReqId()
        return self.highest_order_id

    def _remember(self, held: Held) -> None:
        if len(self._held) >= HELD_MAX:
            oldest = next((ref for ref, old in self._held.items() if old.is_over), None)
            if oldest is not None:
                self._by_id.pop(self._held.pop(oldest).order_id, None)
        self._held[held.order_ref] = held
        if held.client_id == self._client_id:
            self._by_id[held.order_id] = held
            self.highest_order_id = max(self.highest_order_id, held.order_id)

    def _known(self, order: Order) -> Held:
        if not self._client.isReady():
            raise Transient(f"order {order.ref}: not connected to TWS")
        held = self._held.get(order.ref)
        if held is None:
            if order.order_id is None:
                raise Transient(f"order {order.ref}: TWS has not told its order id yet; ask for the open orders first")
            held = Held(order.ref, order.order_id, self._client_id, order.perm_id or 0, is_acknowledged=True)
            held.wanted = {leg.contract.con_id: leg.ratio * order.quantity for leg in order.spread.legs}
            self._remember(held)
        if held.client_id != self._client_id:
            raise UserError(
                f"order {order.ref} belongs to client id {held.client_id}, and only that one may change it: "
                f"start the engine with --client-id {held.client_id} or cancel it in TWS"
            )
        return held

    def _alive(self, held: Held, status: str) -> None:
        """TWS says that the order works (or worked until it filled)."""
        if held.last_error is not None:
            self._tell(held, *held.last_error)
            held.last_error = None
        self._settle(held)
        if held.sent_at is not None:
            self._gauges.count_acknowledgement(asyncio.get_running_loop().time() - held.sent_at)
            held.sent_at = None
        if status != held.status or held.told_perm_id != held.perm_id or held.is_doubted or not held.is_acknowledged:
            self._hear(OrderAcknowledged(held.order_ref, held.perm_id, held.order_id, status))
        held.status, held.told_perm_id = status, held.perm_id
        held.is_acknowledged = True
        held.is_doubted = False
        held.is_inactive = False

    def _inactive(self, held: Held) -> None:
        """TWS holds the order without working it: refused, or stopped by a precaution and waiting for a person."""
        held.is_inactive = True
        if held.last_error is None:
            self._later(held, self._rejected)
        elif held.last_error[0].order == "rejects_new":
            self._rejected(held)
        else:
            self._doubt(held)

    def _rejected(self, held: Held) -> None:
        self._settle(held)
        held.is_over = True
        code, reason = 0, "TWS holds the order inactive and gives no reason; look at it in TWS"
        if held.last_error is not None:
            row, text = held.last_error
            code, reason = row.code, row.sentence(text)
        self._hear(OrderRejected(held.order_ref, code, reason))

    def _doubt(self, held: Held) -> None:
        self._unknown(held, _reason(held) or "TWS left its standing open")

    def _unknown(self, held: Held, reason: str) -> None:
        self._settle(held)
        held.is_doubted = True
        self._hear(OrderUnknown(held.order_ref, reason))

    def _later(self, held: Held, act: Callable[[Held], None]) -> None:
        self._settle(held)
        held.timer = asyncio.get_running_loop().call_later(machine_s(GRACE_S), act, held)

    def _settle(self, held: Held) -> None:
        if held.timer is not None:
            held.timer.cancel()
            held.timer = None

    def _tell(self, held: Held, row: Meaning, text: str) -> None:
        self._hear(ErrorHeard(row.code, f"order {held.order_ref}: {row.sentence(text)}"))


_ORDER_ID_AT = {"3": 1, "4": 2}
"""Where the order id stands in the messages that carry one: place (or change) and cancel."""
_MESSAGE_NAMES = {"3": "price or the order itself", "4": "cancel"}


def _is_bare_cancel(code: int, text: str) -> bool:
    """True for the notice that follows a cancelled order and gives no reason."""
    return code == 202 and text.rstrip().endswith("reason:")


def _reason(held: Held) -> str:
    if held.last_error is None:
        return ""
    row, text = held.last_error
    return f"{row.code}: {row.sentence(text)}"
