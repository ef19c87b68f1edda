"""The broker's back office and the exchange in one: orders in, notices out, in the order TWS would send them.

Pure: time, quotes and chance come as arguments, and the same calls give the same notices. The simulator sends the
notices to the clients they concern.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from engine.pricing.fees import IBKR_TIERED, CommissionTable
from engine.sim.exchange.account import Account
from engine.sim.exchange.booking import Booking
from engine.sim.exchange.checks import HouseRules, Refusal, book_refusal, contract_refusal, order_refusal
from engine.sim.exchange.combos import NaturalPrice, best_price
from engine.sim.exchange.credit import Credit
from engine.sim.exchange.fills import Chance, FillModel, Match, PackageFills, is_marketable, match, package_match
from engine.sim.exchange.ids import Ids
from engine.sim.exchange.instruments import Tape
from engine.sim.exchange.orders import (
    ErrorShown,
    Notice,
    Order,
    OrderShown,
    OrderTerms,
    PositionMoved,
    Previewed,
    Status,
    status_shown,
)
from engine.sim.exchange.rules import combo_tick, single_tick
from engine.sim.exchange.settlement import exercise, settle

_LONGEST_STEP_S = 60.0
"""Time without a step counts at most this long for the chance of a fill: a night is no minute of trading."""


class Exchange:
    """Orders, executions and the account behind them."""

    def __init__(
        self,
        tape: Tape,
        account: Account,
        chance: Chance,
        *,
        rules: HouseRules | None = None,
        fills: FillModel | PackageFills | None = None,
        fees: CommissionTable = IBKR_TIERED,
    ) -> None:
        self.account = account
        self.ids = Ids()
        self.orders: dict[int, Order] = {}
        """By permanent id; done orders stay until their day ends."""
        self.booking = Booking(tape, account, self.ids, fees)
        self.credit = Credit(tape, account, fees)
        self.rules = rules or HouseRules()
        self.fills = fills or FillModel()
        self.is_open = False
        self.is_halted = False
        """While trading is halted nothing fills; orders work on."""
        self.others: dict[str, Account] = {}
        """Further accounts of the same login."""
        self._tape = tape
        self._chance = chance
        self._stepped_at: datetime | None = None

    def working(self) -> list[Order]:
        """Orders that can still trade, oldest first."""
        return [order for order in self.orders.values() if order.is_working]

    def find(self, client_id: int, order_id: int) -> Order | None:
        """The newest order a client gave this id."""
        for order in reversed(self.orders.values()):
            if order.client_id == client_id and order.order_id == order_id:
                return order
        return None

    def place(self, client_id: int, order_id: int, terms: OrderTerms, now: datetime) -> list[Notice]:
        """Accepts, modifies or refuses; a what-if is only answered."""
        if terms.what_if:
            return self._preview(client_id, order_id, terms)
        known = self.find(client_id, order_id)
        if known is not None:
            return self._modify(known, terms)
        if self.ids.is_used(client_id, order_id):
            return [ErrorShown(client_id, order_id, 103, "Duplicate order id")]
        refusal = self.refusal(terms, client_id)
        if refusal is not None:
            return self._refuse(client_id, order_id, refusal)
        self.ids.use_order_id(client_id, order_id)
        order = Order(client_id, order_id, self.ids.new_perm_id(), terms, now)
        self.orders[order.perm_id] = order
        return self._acknowledge(order)

    def refusal(self, terms: OrderTerms, client_id: int, beside: Order | None = None) -> Refusal | None:
        """Why the order would be refused now; `beside` is the order that it replaces."""
        others = [order for order in self.working() if order is not beside]
        if terms.parent_id and self.find(client_id, terms.parent_id) is None:
            return Refusal(10006, "Missing parent order.")
        return (
            contract_refusal(terms, self._tape, self.rules)
            or order_refusal(terms, self._tape, self.rules)
            or book_refusal(terms, others, self._tape, self.rules)
            or self.credit.refusal(terms, others)
        )

    def cancel(self, client_id: int, order_id: int, now: datetime) -> list[Notice]:
        """Cancels a working order of this client, or says why not."""
        order = self.find(client_id, order_id)
        if order is None:
            return [ErrorShown(client_id, order_id, 10147, f"OrderId {order_id} that needs to be cancelled is not found.")]
        if not order.is_working:
            text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status}."
            return [ErrorShown(client_id, order_id, 10148, text)]
        return self.end(order, "Cancelled by Trader", "", now)

    def cancel_all(self, now: datetime) -> list[Notice]:
        """Cancels every working order of every client."""
        return self._end_all(self.working(), "Cancelled by Trader", now)

    def end(self, order: Order, done_text: str, reason: str, now: datetime) -> list[Notice]:
        """Cancels a working order, whoever asked for it."""
        self._done(order, "Cancelled", done_text, now)
        notices: list[Notice] = [
            status_shown(order),
            ErrorShown(order.client_id, order.order_id, 202, f"Order Canceled - reason:{reason}"),
        ]
        if self._chance.random() < 0.5:  # recordings show either order
            notices.reverse()
        children = [o for o in self.working() if o.client_id == order.client_id and o.terms.parent_id == order.order_id]
        return notices + [notice for child in children for notice in self.end(child, done_text, reason, now)]

    def _end_all(self, orders: Sequence[Order], done_text: str, now: datetime) -> list[Notice]:
        """Cancels these orders; a child that ended with its parent is not told of twice."""
        return [notice for order in orders if order.is_working for notice in self.end(order, done_text, "", now)]

    def open_session(self, now: datetime) -> list[Notice]:
        """Orders that waited for the market to open begin to work."""
        self.is_open = True
        self._stepped_at = now
        notices: list[Notice] = []
        for order in self.working():
            notices += self._acknowledge(order)
        return notices

    def close_session(self, now: datetime) -> list[Notice]:
        """The market closes: orders for the day end."""
        self.is_open = False
        day = [order for order in self.working() if order.terms.tif == "DAY"]
        return self._end_all(day, "Cancelled: order expired at the close", now)

    def begin_day(self) -> None:
        """A new calendar day: done orders and yesterday's executions leave the lists, daily profits start again."""
        self.orders = {order.perm_id: order for order in self.working()}
        self.booking.begin_day()
        self.account.begin_day(self._tape)

    def step(self, now: datetime) -> list[Notice]:
        """Trades what the quotes of now allow."""
        seconds = min(_LONGEST_STEP_S, (now - (self._stepped_at or now)) / timedelta(seconds=1))
        self._stepped_at = now
        notices: list[Notice] = []
        if not self.is_open or self.is_halted:
            return notices
        for order in self.working():
            if order.is_working and order.status == "Submitted":
                notices += self._match(order, now, seconds)
        return notices

    def arrive(self, order: Order, now: datetime) -> list[Notice]:
        """The trade of an order, placed or changed now, that takes what is quoted; any other waits for the market's next step."""
        is_trading = self.is_open and not self.is_halted and order.status == "Submitted"
        natural = self.natural(order.terms) if is_trading else None
        if natural is None or not is_marketable(self._as_paid(order), natural):
            return []
        return self._match(order, now, 0.0)

    def fill(self, order: Order, now: datetime, quantity: int | None = None) -> list[Notice]:
        """Trades a working order at its limit now, whatever the quotes are; for faults and drills."""
        natural = self.natural(order.terms)
        price = order.terms.limit
        if price is None and natural is not None:
            price = natural.price if order.terms.is_combo or order.terms.action == "BUY" else -natural.price
        if price is None or not order.is_working:
            return []
        return self._trade(order, price, min(order.remaining, quantity or order.remaining), now)

    def natural(self, terms: OrderTerms) -> NaturalPrice | None:
        """What the order would pay at once; both prices as paid, negative where it receives."""
        return best_price(terms.trades(), self._tape, self.fills.complex_book)

    def settle(self, now: datetime) -> list[Notice]:
        """Settles expired options whose settlement value is known, and ends the orders in them."""
        notices: list[Notice] = []
        for position in self.account.held():
            option = position.instrument.option
            level = None if option is None else self._tape.settlement_value(option)
            if level is not None and settle(self.account, position.instrument, level, self._tape) is not None:
                notices += self._moved(position.instrument.con_id)
        for order in self.working():
            if order.is_working and any(not self._tape.is_listed(con_id) for con_id, _ in order.terms.trades()):
                notices += self.end(order, "Cancelled: contract expired", "The contract has expired.", now)
        return notices

    def assign(self, con_id: int, quantity: int | None = None) -> list[Notice]:
        """Early assignment of a short position, or exercise of a long one; all of it unless a quantity is given."""
        position = self.account.positions.get(con_id)
        if position is None or not position.quantity:
            return []
        sign = 1 if position.quantity > 0 else -1
        wanted = min(abs(position.quantity), quantity or abs(position.quantity)) * sign
        done = exercise(self.account, position.instrument, wanted, self._tape)
        return [] if done is None else self._moved(con_id)

    def trade_by_hand(self, con_id: int, quantity: int, price: Decimal) -> list[Notice]:
        """A trade that somebody makes in TWS itself: only the position tells of it."""
        instrument = self._tape.instrument(con_id)
        if instrument is None:
            return []
        self.account.trade(instrument, quantity, price)
        return [PositionMoved(con_id)]

    def _preview(self, client_id: int, order_id: int, terms: OrderTerms) -> list[Notice]:
        refusal = (
            contract_refusal(terms, self._tape, self.rules)
            or order_refusal(terms, self._tape, self.rules)
            or book_refusal(terms, self.working(), self._tape, self.rules)
        )
        if refusal is not None:
            return [ErrorShown(client_id, order_id, refusal.code, refusal.text)]
        return [Previewed(client_id, order_id, terms, self.credit.preview(terms))]

    def _refuse(self, client_id: int, order_id: int, refusal: Refusal) -> list[Notice]:
        if refusal.code not in {103, 110, 200, 321}:
            self.ids.use_order_id(client_id, order_id)  # a rejected order has burnt its id
        return [ErrorShown(client_id, order_id, refusal.code, refusal.text)]

    def _modify(self, order: Order, terms: OrderTerms) -> list[Notice]:
        client_id, order_id = order.client_id, order.order_id
        if order.status == "Filled":
            return [ErrorShown(client_id, order_id, 104, "Cannot modify a filled order.")]
        if not order.is_working:
            return [ErrorShown(client_id, order_id, 103, "Duplicate order id")]
        if not _same_contract(order.terms, terms):
            return [ErrorShown(client_id, order_id, 105, "Order being modified does not match original order.")]
        if terms.order_type != order.terms.order_type:
            return [ErrorShown(client_id, order_id, 329, "Order modify failed. Cannot change to the new order type.")]
        if terms.quantity <= order.filled:
            return [ErrorShown(client_id, order_id, 201, "Order rejected - reason:The order is filled up to this quantity.")]
        wanted = replace(order.terms, limit=terms.limit, quantity=terms.quantity, transmit=terms.transmit)
        refusal = self.refusal(wanted, client_id, beside=order)
        if refusal is not None:
            return [ErrorShown(client_id, order_id, refusal.code, refusal.text)]
        order.terms = wanted
        return self._acknowledge(order)

    def _acknowledge(self, order: Order) -> list[Notice]:
        """What TWS says when an order begins to work, or waits to."""
        order.status = "Submitted" if self.is_open and not self._why_held(order) else "PreSubmitted"
        return [OrderShown(order, order.status), status_shown(order, self._why_held(order))]

    def _why_held(self, order: Order) -> str:
        parent = self.find(order.client_id, order.terms.parent_id) if order.terms.parent_id else None
        return "child,locate" if parent is not None and parent.status != "Filled" else ""

    @staticmethod
    def _as_paid(order: Order) -> Decimal | None:
        """The limit as paid: a seller's is received, so it has the other sign."""
        limit = order.terms.limit
        return -limit if limit is not None and order.terms.action == "SELL" else limit

    def _match(self, order: Order, now: datetime, seconds: float) -> list[Notice]:
        natural = self.natural(order.terms)
        if natural is None:
            return self._end_if_immediate(order, now)
        done = self._done_now(order, natural, seconds)
        if done is None:
            return self._end_if_immediate(order, now)
        price = -done.price if order.terms.action == "SELL" else done.price
        return self._trade(order, price, done.quantity, now) + self._end_if_immediate(order, now)

    def _done_now(self, order: Order, natural: NaturalPrice, seconds: float) -> Match | None:
        """What of the order trades, as paid."""
        limit, model = self._as_paid(order), self.fills
        if isinstance(model, FillModel):
            return match(limit, order.remaining, natural, seconds=seconds, model=model, chance=self._chance)
        legs = order.terms.trades()
        instrument = self._tape.instrument(legs[0][0])
        assert instrument is not None, "only listed contracts trade"
        tick = combo_tick(instrument, len(legs)) if len(legs) > 1 else single_tick(instrument, natural.price)
        return package_match(limit, order.remaining, natural, model.part(len(legs)), tick)

    def _end_if_immediate(self, order: Order, now: datetime) -> list[Notice]:
        if order.terms.tif == "IOC" and order.is_working:
            return self.end(order, "Cancelled: immediate or cancel", "", now)
        return []

    def _trade(self, order: Order, price: Decimal, quantity: int, now: datetime) -> list[Notice]:
        """Books a fill of the order and tells it as recorded sessions do."""
        order.filled += quantity
        order.paid += price * quantity
        order.last_price = price
        if not order.remaining:
            self._done(order, "Filled", f"Filled Size: {order.filled}", now)
        executed, charged = self.booking.book(order, Match(price, quantity), now, self._chance)
        shown: list[Notice] = [
            OrderShown(order, order.status),
            status_shown(order),
            OrderShown(order, order.status, with_fee=True),
        ]
        moved: list[Notice] = [PositionMoved(con_id) for con_id, _ in order.terms.trades()]
        return [*executed, *shown, *charged, *moved, *self._after_fill(order, quantity, now)]

    def _after_fill(self, order: Order, quantity: int, now: datetime) -> list[Notice]:
        """Children of a filled parent begin to work; others of a one-cancels-all group end or shrink."""
        notices: list[Notice] = []
        for other in self.working():
            if other.client_id == order.client_id and other.terms.parent_id == order.order_id and order.status == "Filled":
                notices += self._acknowledge(other)
            elif other is not order and order.terms.oca_group and other.terms.oca_group == order.terms.oca_group:
                if order.terms.oca_type != 3 or other.remaining <= quantity:
                    notices += self.end(other, "Cancelled by OCA group", "OCA group cancelled", now)
                else:
                    other.terms = replace(other.terms, quantity=other.terms.quantity - quantity)
                    notices += self._acknowledge(other)
        return notices

    def _done(self, order: Order, status: Status, text: str, now: datetime) -> None:
        order.status, order.done_text, order.done_at = status, text, now

    def _moved(self, con_id: int) -> list[Notice]:
        """The option's position and its underlying's, which may have taken shares."""
        notices: list[Notice] = [PositionMoved(con_id)]
        instrument = self._tape.instrument(con_id)
        if instrument is not None and instrument.under_con_id in self.account.positions:
            notices.append(PositionMoved(instrument.under_con_id))
        return notices


def _same_contract(original: OrderTerms, modified: OrderTerms) -> bool:
    """Whether a modification names the contract of the order: legs may come in another sequence."""
    if (original.sec_type, original.action) != (modified.sec_type, modified.action):
        return False
    return sorted(original.trades()) == sorted(modified.trades())
