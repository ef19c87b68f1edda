"""The orders of this session: sends, changes and cancels them, and turns TWS's own words about them into facts.

ib_async's bookkeeping of orders is not used: it takes most errors for the death of an order that works on. What counts is

1. orderStatus and openOrder as TWS sent them: they say that an order works, and orderStatus alone that it is over;
2. executions, which count whatever the status says;
3. an error only as far as the table of codes goes: a notice is passed on, the refusal of an order that TWS never
   acknowledged is its end, and anything else leaves the order unknown, unless a status clears it up at once.

An order that is over is listened to as before: where TWS says that it works, it works. What contradicts it makes it unknown:
filled without executions, inactive without a refusal, a cancel that is refused, names that are those of two orders.

Nothing here waits, and nothing is sent that the loop did not ask for.
"""

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal

from ib_async import Client, OrderState
from ib_async import Contract as IbContract
from ib_async import Order as IbOrder

from engine.broker.asking import machine_s
from engine.broker.classes import class_of
from engine.broker.errors import CANCEL_REFUSED, Meaning, meaning
from engine.broker.gauges import BrokerGauges
from engine.broker.orders.combos import instrument, limit_order
from engine.broker.orders.held import Held
from engine.broker.orders.names import Names, RowNames, Sent, any_fits, order_fits
from engine.broker.session.pacing import Pacing
from engine.broker.translate import ACKNOWLEDGED, ID_MAX, QUANTITY_MAX, STANDING, whole
from engine.broker.unread import Unreadable
from engine.domain.errors import Transient, UserError
from engine.domain.facts.orders import LegFilled, OrderAcknowledged, OrderCanceled, OrderRejected, OrderUnknown
from engine.domain.facts.running import ErrorHeard
from engine.domain.facts.union import OrderFact
from engine.domain.order import Order
from engine.ports import Publish

GRACE_S = 0.5
"""A status and the error or the execution that belongs to it come milliseconds apart, in either order; so long the second is
waited for."""
DUPLICATE_ID = 103
"""TWS's counter is ahead of ours: its answer to reqIds says by how much."""
HELD_MAX = 2_000
"""Orders remembered; the oldest that are over make room. A busy day has some tens."""
REFUSALS_MAX = 3
"""Refused cancels of one order after which a person is called."""


class OrderGateway:
    """Our orders at TWS, by our reference; `client` encodes and sends."""

    def __init__(
        self, client: Client, pacing: Pacing, client_id: int, publish: Publish, names: Names, gauges: BrokerGauges
    ) -> None:
        self._client = client
        self._pacing = pacing
        self._client_id = client_id
        self._out = publish
        self._names = names
        self._gauges = gauges
        self._held: dict[str, Held] = {}
        self._by_id: dict[int, Held] = {}
        """Of this connection."""
        self.highest_order_id = 0

    # What the loop asks for.

    def send(self, order: Order, limit: Decimal, account: str) -> None:
        """Place the order. Raises Transient when it surely did not leave."""
        try:
            order_id = self._next_id()
            held = Held(order.ref, order_id, self._client_id, sent_at=asyncio.get_running_loop().time())
            held.wanted = {leg.contract.con_id: leg.ratio * order.quantity for leg in order.spread.legs}
            request = limit_order(order.ref, order.spread, order.purpose, order.quantity, limit, account)
            with self._pacing.at(class_of(order.purpose)):
                self._client.placeOrder(order_id, instrument(order.spread), request)
            self._remember(held)
            turn = 1 if order.purpose == "open" else -1
            legs = {leg.contract.con_id: turn * leg.sign * leg.ratio * order.quantity for leg in order.spread.legs}
            self._names.sent(order_id, Sent(order.ref, request.action, order.quantity, legs))
        except ConnectionError as problem:
            raise Transient(f"order {order.ref} was not sent: {problem}; it may be sent when the link is up") from problem

    def reprice(self, order: Order, limit: Decimal, account: str) -> None:
        """Change the price of a working order, which may have been found again after a restart."""
        held = self._known(order)
        request = limit_order(order.ref, order.spread, order.purpose, order.quantity, limit, account)
        with self._pacing.at(class_of(order.purpose)):
            self._client.placeOrder(held.order_id, held.contract or instrument(order.spread), request)

    def cancel(self, order: Order) -> None:
        self._client.cancelOrder(self._known(order).order_id)

    # What TWS says.

    def open_order(self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState) -> None:
        """Raises Disagreement where the row names two orders, Unreadable where nobody can tell what it would trade."""
        names = RowNames(order.orderRef, order.permId, order_id, order.clientId, order.account)
        ref = self._names.match(names, order_fits(contract, order))
        if not ref:
            return
        held = self._held.get(ref) or Held(ref, order_id, order.clientId, is_bound=False)
        if not held.is_bound:
            held.order_id, held.client_id, held.is_bound = order_id, order.clientId, True
            self._remember(held)
        if state.status in ACKNOWLEDGED:
            self._standing(held, state.status)
        wanted = _wanted(contract, order)
        held.wanted = held.wanted or wanted
        if contract.comboLegs:
            held.contract = contract

    def order_status(self, client_id: int, order_id: int, status: str, perm_id: int) -> None:
        """Raises Disagreement where the row names two orders, Unreadable where the status is no word of TWS."""
        held = self._held.get(self._names.match(RowNames("", perm_id, order_id, client_id), any_fits))
        if held is None:
            return
        match STANDING.get(status):
            case "canceled":
                if not held.is_over:
                    self._tell(held, OrderCanceled(held.order_ref, held.reason or "TWS reports it cancelled"))
            case "inactive":
                self._inactive(held)
            case "filled" | "working":
                if status in ACKNOWLEDGED:
                    self._standing(held, status)
            case _:
                self.doubt([held.order_ref], f"TWS tells {status!r} of it, which is no standing of an order")
                raise Unreadable("status", status)

    def error(self, order_id: int, code: int, text: str) -> bool:
        """Take an error that is addressed to an order; False where the id is none of our orders'."""
        held = self._by_id.get(order_id)
        if held is None or held.client_id != self._client_id:
            return False
        row = meaning(code)
        if row.order == "notice" or held.is_over:
            if not row.is_quiet and not _is_bare_cancel(code, text):
                self._notice(held, row, text)
            return True
        held.last_error = (row, text)
        if code == DUPLICATE_ID:
            self._client.reqIds(1)
        if code in CANCEL_REFUSED:
            self._cancel_refused(held, row, text)
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
        held.is_acknowledged, held.is_doubted = True, False
        held.take(fact)
        if held.is_whole:
            held.settle()

    def link_lost(self, unsent: Iterable[str]) -> None:
        """The link is gone, and these messages never left: every order they concern must be asked about."""
        for message in unsent:
            fields = message.split("\0")
            held = self._by_id.get(int(fields[_ORDER_ID_AT[fields[0]]])) if fields[0] in _ORDER_ID_AT else None
            if held is not None and not held.is_over:
                self._doubt(held, f"its {_MESSAGE_NAMES[fields[0]]} was still waiting to leave when the link was lost")
        for held in self._held.values():
            if held.timer is not None:
                self._doubt(held)
            held.is_bound = False
        self._by_id.clear()

    def doubt(self, refs: Iterable[str], reason: str) -> None:
        """Something that was said may concern these orders, and nobody knows what it was."""
        for ref in refs:
            held = self._held.get(ref)
            if held is not None and not held.is_over and not held.is_doubted:
                self._doubt(held, reason)

    def doubt_all(self, reason: str) -> None:
        self.doubt(list(self._held), reason)

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
        if held.client_id == self._client_id and 0 < held.order_id <= ID_MAX:
            self._by_id[held.order_id] = held
            self.highest_order_id = max(self.highest_order_id, held.order_id)

    def _known(self, order: Order) -> Held:
        if not self._client.isReady():
            raise Transient(f"order {order.ref}: not connected to TWS")
        held = self._held.get(order.ref)
        if held is None or not held.is_bound:
            raise Transient(
                f"order {order.ref}: TWS has not told of it since the connection was made, so its order id may be another's; "
                f"ask for the open orders first"
            )
        if held.client_id != self._client_id:
            raise UserError(
                f"order {order.ref} belongs to client id {held.client_id}, and only that one may change it: "
                f"start the engine with --client-id {held.client_id} or cancel it in TWS"
            )
        return held

    def _standing(self, held: Held, status: str) -> None:
        """TWS says that the order works, or that it worked until it filled: then its executions come with it."""
        if held.sent_at is not None:
            self._gauges.acknowledgement_seconds.add(asyncio.get_running_loop().time() - held.sent_at)
            held.sent_at = None
        if held.is_whole:
            held.settle()
        elif status == "Filled":
            self._later(held, self._filled_without_executions)
        else:
            self._works(held, status)

    def _works(self, held: Held, status: str) -> None:
        if held.last_error is not None:
            self._notice(held, *held.last_error)
            held.last_error = None
        held.settle()
        perm_id = self._names.perm_id_of(held.order_ref)
        is_news = status != held.status or held.reported_perm_id != perm_id or held.is_over
        if is_news or held.is_doubted or not held.is_acknowledged:
            self._tell(held, OrderAcknowledged(held.order_ref, perm_id, held.order_id, status))
        held.status, held.reported_perm_id = status, perm_id
        held.is_acknowledged = True
        held.is_doubted = held.is_inactive = False

    def _filled_without_executions(self, held: Held) -> None:
        """Where the first word of an order is that it filled, its permanent id is worth more than the rest."""
        if held.is_whole or held.is_doubted:
            held.settle()
            return
        if not held.is_acknowledged:
            self._works(held, "Filled")
        done = ", ".join(f"{held.leg_done(con_id)} of {quantity}" for con_id, quantity in held.wanted.items())
        self._doubt(held, f"TWS has it as filled and told executions of {done or 'none'} contracts")

    def _inactive(self, held: Held) -> None:
        """TWS holds the order without working it: refused, or stopped by a precaution and waiting for a person to transmit it.

        Only a refusal ends it: one that says nothing may come back the next moment.
        """
        held.is_inactive = True
        if held.last_error is None:
            if not held.is_over:
                self._later(held, self._doubt)
        elif held.last_error[0].order == "rejects_new":
            self._rejected(held)
        else:
            self._doubt(held)

    def _rejected(self, held: Held) -> None:
        held.settle()
        if held.is_over or held.last_error is None:
            return
        row, text = held.last_error
        self._tell(held, OrderRejected(held.order_ref, row.code, row.sentence(text)))

    def _cancel_refused(self, held: Held, row: Meaning, text: str) -> None:
        held.cancels_refused += 1
        if held.cancels_refused == REFUSALS_MAX:
            told = f"TWS has refused to cancel it {REFUSALS_MAX} times: cancel it there by hand; {row.sentence(text)}"
            self._out(ErrorHeard(row.code, f"order {held.order_ref}: {told}"))

    def _doubt(self, held: Held, reason: str = "") -> None:
        held.settle()
        held.is_doubted = True
        inactive = "TWS holds the order inactive and gives no reason; look at it in TWS" if held.is_inactive else ""
        self._tell(held, OrderUnknown(held.order_ref, reason or held.reason or inactive or "TWS left its standing open"))

    def _later(self, held: Held, act: Callable[[Held], None]) -> None:
        held.settle()
        held.timer = asyncio.get_running_loop().call_later(machine_s(GRACE_S), act, held)

    def _tell(self, held: Held, fact: OrderFact) -> None:
        if isinstance(fact, OrderCanceled):
            held.settle()
        held.take(fact)
        self._out(fact)

    def _notice(self, held: Held, row: Meaning, text: str) -> None:
        self._out(ErrorHeard(row.code, f"order {held.order_ref}: {row.sentence(text)}"))


_ORDER_ID_AT = {"3": 1, "4": 2}
"""Where the order id stands in the messages that carry one: place (or change) and cancel."""
_MESSAGE_NAMES = {"3": "price or the order itself", "4": "cancel"}


def _wanted(contract: IbContract, order: IbOrder) -> dict[int, int]:
    """Contracts of each leg in the whole order. Raises Unreadable where nobody can tell how many."""
    quantity = whole(order.totalQuantity, "quantity")
    if not contract.comboLegs:
        return {} if contract.secType == "BAG" else {contract.conId: quantity}
    return {leg.conId: whole(leg.ratio, "ratio", QUANTITY_MAX) * quantity for leg in contract.comboLegs}


def _is_bare_cancel(code: int, text: str) -> bool:
    """True for the notice that follows a cancelled order and gives no reason."""
    return code == 202 and text.rstrip().endswith("reason:")
