"""Order requests of one client, and what the client hears of its orders."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import assert_never

from engine.domain.session import NEW_YORK
from engine.pricing.exact import exact
from engine.sim.exchange.instruments import Instrument
from engine.sim.exchange.orders import (
    Charged,
    ErrorShown,
    Executed,
    Execution,
    Notice,
    Order,
    OrderShown,
    OrderTerms,
    PositionMoved,
    Previewed,
    StatusShown,
    status_shown,
)
from engine.sim.handlers.context import Client, Context, Find
from engine.sim.handlers.odd import Odd
from engine.sim.handlers.times import instant_of
from engine.sim.messages import (
    action_of,
    commission_report,
    completed_order,
    echo_of,
    error,
    exec_details,
    leg_of,
    open_order,
    order_status,
    unset_what_if,
    what_if,
)
from engine.sim.wire.codec import Message, encode

_PRESET = "Order TIF was set to DAY based on order preset."
_UNSET_FOLLOWS_S = 0.2
"""Seconds between a what-if answer without numbers and the real one."""

_DEFAULT_CLIENT = 0


class OrderHandler:
    """One client's view of the exchange's orders."""

    def __init__(self, context: Context, client: Client, find: Find) -> None:
        self._client_id = client.id
        self._version = client.version
        self._exchange = context.exchange
        self._tape = context.tape
        self._options = context.options
        self._faults = context.faults
        self._find = find
        self._send = Odd(context.faults, context.odd, client.send, context.later, context.now).send
        self._send_fields = client.send_fields
        self._tell = context.tell
        self._arrived = context.arrived
        self._later = context.later
        self._now = context.now
        self._untransmitted: dict[int, OrderTerms] = {}
        """Orders that wait for the last of their family; nobody sees them, and they end with the session."""

    # requests

    def place(self, request: Message) -> None:
        order_id, now = request.whole("order_id"), self._now()
        terms = self.terms_of(request)
        if terms.account != self._exchange.account.name:
            text = f"Error validating request.-'bN' : cause - Invalid account code '{terms.account}'"
            self._send(error(order_id, 321, text))
        elif _unsimulated(request):
            text = f"Error validating request : cause - {_unsimulated(request)} of orders is not simulated"
            self._send(error(order_id, 321, text))
        elif terms.what_if and not terms.transmit:
            self._send(error(order_id, 413, "What-if order should have the transmit flag set to true."))
        elif terms.what_if:
            self._preview(order_id, terms, now)
        elif not terms.transmit:
            self._untransmitted[order_id] = terms
        else:
            self._untransmitted.pop(order_id, None)
            for waiting_id, waiting in self._family_of(terms):
                self._place(waiting_id, waiting, now)
            self._place(order_id, terms, now)

    def cancel(self, request: Message) -> None:
        order_id, now = request.whole("order_id"), self._now()
        if self._untransmitted.pop(order_id, None) is not None:
            self._send(error(order_id, 202, "Order Canceled - reason:"))
            return
        order = self._exchange.find(self._client_id, order_id)
        if order is not None and order.is_working and self._faults.on("cancel_refused"):
            self._send(error(order_id, 10147, f"OrderId {order_id} that needs to be cancelled is not found."))
            return
        if order is not None and order.is_working and self._faults.take("fill_on_cancel", now):
            self._tell(self._exchange.fill(order, now))
            return
        self._tell(self._exchange.cancel(self._client_id, order_id, now))

    def cancel_all(self, _: Message) -> None:
        self._untransmitted.clear()
        self._tell(self._exchange.cancel_all(self._now()))

    def ids(self, _: Message) -> None:
        self._send(Message("next_valid_id", {"order_id": self._exchange.ids.next_order_id}))

    def open_orders(self, _: Message) -> None:
        """This client's working orders; the default client sees those made by hand too."""
        self._show_working([order for order in self._exchange.working() if self._is_own(order)])

    def all_open_orders(self, _: Message) -> None:
        self._show_working(self._exchange.working())

    def auto_open_orders(self, request: Message) -> None:
        if self._client_id != _DEFAULT_CLIENT and request.flag("auto_bind"):
            self._send(error(-1, 327, "Only the default client (i.e 0) can auto bind orders."))

    def completed_orders(self, _: Message) -> None:
        for order in self._exchange.orders.values():
            if not order.is_working:
                self._show_completed(order)
        self._send(Message("completed_orders_end", {}))

    def executions(self, request: Message) -> None:
        """Today's executions that fit the filter, and after them their commissions."""
        req_id = request.whole("req_id")
        rows = [row for row in self._exchange.booking.executions.values() if _fits(row, request)]
        for row in rows:
            self._send(exec_details(row, req_id, self._options.execution_times))
        self._send(Message("exec_details_end", {"req_id": req_id}))
        for row in rows:
            commission = self._exchange.booking.commissions.get(row.exec_id)
            if commission is not None:
                self._send(commission_report(commission))

    # what happens by itself

    def on_notice(self, notice: Notice) -> None:
        """Tells the client what concerns it, or all of it to the master client."""
        if not self._concerns(notice):
            return
        match notice:
            case OrderShown():
                fee = notice.order.commission if notice.with_fee else None
                self._send(open_order(notice.order, self._instrument(notice.order.terms), notice.status, fee))
            case StatusShown():
                self._send(order_status(notice))
            case Executed():
                self._send(exec_details(notice.execution, -1, self._options.execution_times))
            case Charged():
                self._send(commission_report(notice.commission))
            case ErrorShown():
                self._send(error(notice.order_id, notice.code, notice.text))
            case Previewed():
                instrument = self._instrument(notice.terms)
                wide = self._options.what_if_range
                self._send(what_if(self._client_id, notice.order_id, 0, notice.terms, instrument, notice.preview, as_range=wide))
            case PositionMoved():
                pass
            case _:
                assert_never(notice)

    def terms_of(self, request: Message) -> OrderTerms:
        """The order that the request describes."""
        limit = request.number("lmt_price")
        order_type = request.text("order_type").upper()
        params = tuple((row.text("tag"), row.text("value")) for row in request.rows("smart_routing_params"))
        prices = request.values.get("leg_prices", ())
        return OrderTerms(
            sec_type=request.text("sec_type"),
            symbol=request.text("symbol"),
            con_id=self._con_id(request),
            legs=tuple(leg_of(row) for row in request.rows("legs")),
            action=action_of(request.text("action")),
            quantity=request.size("total_quantity") or Decimal(0),
            order_type=order_type,
            limit=None if limit is None or order_type != "LMT" else exact(limit),
            tif=request.text("tif").upper() or "DAY",
            account=request.text("account") or self._exchange.account.name,
            order_ref=request.text("order_ref"),
            oca_group=request.text("oca_group"),
            oca_type=request.whole("oca_type"),
            parent_id=request.whole("parent_id"),
            what_if=request.flag("what_if"),
            transmit=request.flag("transmit"),
            smart_params=params,
            leg_prices=tuple(exact(price) if isinstance(price, float) else None for price in prices)
            if isinstance(prices, tuple)
            else (),
            echo=echo_of(request.values),
        )

    def _place(self, order_id: int, terms: OrderTerms, now: datetime) -> None:
        known = self._exchange.find(self._client_id, order_id)
        if known is None and self._faults.take("order_lost", now):
            return
        refused = self._faults.take("reject" if known is None else "reject_modify", now)
        if refused is not None:
            text = "Order rejected - reason:The simulator was told to refuse it."
            self._tell([ErrorShown(self._client_id, order_id, int(refused.number()), text)])
            return
        if self._faults.take("tick_refused", now):
            text = "The price does not conform to the minimum price variation for this contract."
            self._tell([ErrorShown(self._client_id, order_id, 110, text)])
            return
        notices = self._exchange.place(self._client_id, order_id, terms, now)
        order = self._exchange.find(self._client_id, order_id)
        if order is not None and order is not known:
            notices = self._commented(order, notices, now)
        self._tell(notices)
        if order is not None:
            self._arrived(order)

    def _commented(self, order: Order, notices: list[Notice], now: datetime) -> list[Notice]:
        """The acknowledgement of a new order with what TWS adds to it."""
        if self._faults.take("preset_notice", now):
            notices.append(ErrorShown(self._client_id, order.order_id, 10349, _PRESET))
        if not self._exchange.is_open:
            text = f"Order Message:\n{order.terms.action} {order.quantity} {order.terms.symbol}\nWarning: Your order will not be "
            text += f"placed at the exchange until {self._next_open(now)}"
            notices.append(ErrorShown(self._client_id, order.order_id, 399, text))
        return notices

    def _next_open(self, now: datetime) -> str:
        days = (now.astimezone(NEW_YORK).date() + timedelta(days=ahead) for ahead in range(10))
        opens = [session.open for day in days if (session := self._tape.session_of(day)) is not None and session.open > now]
        return f"{opens[0].astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S} US/Eastern" if opens else "the market opens"

    def _preview(self, order_id: int, terms: OrderTerms, now: datetime) -> None:
        if self._faults.take("what_if_silent", now):
            return
        failed = self._faults.take("what_if_error", now)
        if failed is not None:
            text = "Order rejected - reason:The simulator was told to refuse it."
            self._send(error(order_id, int(failed.number()), text))
            return
        answer = self._exchange.place(self._client_id, order_id, terms, now)
        if self._faults.take("what_if_unset", now):
            warning = "The preview is not complete yet."
            self._send(unset_what_if(self._client_id, order_id, terms, self._instrument(terms), warning))
            self._later(_UNSET_FOLLOWS_S, lambda: self._tell(answer))
            return
        self._tell(answer)

    def _show_working(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self._send(open_order(order, self._instrument(order.terms), order.status))
            self._send(order_status(status_shown(order)))
        self._send(Message("open_order_end", {}))

    def _show_completed(self, order: Order) -> None:
        message = completed_order(order, self._instrument(order.terms))
        if not order.terms.is_combo or not self._faults.take("completed_extra_field", self._now()):
            self._send(message)
            return
        fields = encode(message, self._version)
        fields.insert(fields.index(message.text("combo_legs_description")), "")
        self._send_fields(fields)

    def _family_of(self, terms: OrderTerms) -> list[tuple[int, OrderTerms]]:
        """The untransmitted parent and siblings of a child, which go out with it, the parent first."""
        held, parent_id = self._untransmitted, terms.parent_id
        numbers = [number for number, other in held.items() if parent_id in {number, other.parent_id}]
        return [(number, held.pop(number)) for number in sorted(numbers, key=parent_id.__ne__)] if parent_id else []

    def _con_id(self, request: Message) -> int:
        """The contract's number, 0 where there is none; clients may name a contract by its terms instead."""
        con_id = request.whole("con_id")
        if con_id or request.text("sec_type") == "BAG":
            return con_id
        found = self._find(request)
        return found[0].con_id if len(found) == 1 else 0

    def _instrument(self, terms: OrderTerms) -> Instrument | None:
        return None if terms.is_combo else self._tape.instrument(terms.con_id)

    def _is_own(self, order: Order) -> bool:
        by_hand = self._client_id == _DEFAULT_CLIENT and order.order_id <= 0
        return order.client_id == self._client_id or by_hand

    def _concerns(self, notice: Notice) -> bool:
        if self._options.master_client == self._client_id:
            return True
        match notice:
            case OrderShown():
                return notice.order.client_id == self._client_id
            case Executed():
                return notice.execution.client_id == self._client_id
            case StatusShown() | Charged() | ErrorShown() | Previewed():
                return notice.client_id == self._client_id
            case PositionMoved():
                return False
        assert_never(notice)


def _unsimulated(request: Message) -> str:
    """What of the request would decide when or how it trades and is not simulated; empty where there is nothing."""
    for name in ("conditions", "good_after_time", "hedge_type", "scale_price_increment"):
        if request.values.get(name):
            return name
    return ""


def _fits(row: Execution, request: Message) -> bool:
    """Whether an execution passes the filter; empty fields pass everything."""
    since = instant_of(request.text("time"))
    return (
        request.whole("client_id") in {0, row.client_id}
        and request.text("account") in {"", row.account}
        and request.text("symbol") in {"", row.symbol}
        and request.text("sec_type") in {"", row.sec_type}
        and request.text("exchange") in {"", row.exchange, "SMART"}
        and request.text("side").upper() in {"", row.side, "BUY" if row.side == "BOT" else "SELL"}
        and (since is None or row.at >= since)
    )
