"""Turns a fill into executions, commissions and positions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engine.pricing.fees import CommissionTable, FeeLeg, commission
from engine.sim.exchange.account import Account
from engine.sim.exchange.combos import leg_prices
from engine.sim.exchange.fills import Chance, Match
from engine.sim.exchange.ids import Ids, exec_id
from engine.sim.exchange.instruments import Instrument, Tape
from engine.sim.exchange.orders import Charged, Commission, Executed, Execution, Order

_STOCK_FEE = Decimal(1)
"""Minimum commission of a stock order, USD."""

VENUES = ("CBOE", "ISE", "PHLX", "BOX", "NASDAQOM")
"""Where fills of SMART orders are reported from."""


class Booking:
    """The day's executions and the commissions charged for them."""

    def __init__(self, tape: Tape, account: Account, ids: Ids, fees: CommissionTable) -> None:
        self.executions: dict[str, Execution] = {}
        self.commissions: dict[str, Commission] = {}
        self._tape = tape
        self._account = account
        self._ids = ids
        self._fees = fees

    def begin_day(self) -> None:
        self.executions.clear()
        self.commissions.clear()

    def book(self, order: Order, fill: Match, now: datetime, chance: Chance) -> tuple[list[Executed], list[Charged]]:
        """Books the fill; the executions in the order they are reported, and the commission of each leg.

        A combination has one row of its own and one for each leg, in any order; commissions come for legs only.
        """
        prefix = self._ids.new_fill()
        trades = order.terms.trades()
        venue = VENUES[int(chance.random() * len(VENUES))]
        rows: list[Execution] = []
        if order.terms.is_combo:
            rows.append(self._row(order, None, exec_id(prefix, 1), fill.quantity, fill.price, now, venue))
            paid = fill.price if order.terms.action == "BUY" else -fill.price
            prices = leg_prices(trades, paid, self._tape)
        else:
            prices = (fill.price,)
        charged: list[Charged] = []
        first = 2 if order.terms.is_combo else 1
        fees = self._leg_fees(order, trades, prices, fill.quantity)
        for number, ((con_id, ratio), price, fee) in enumerate(zip(trades, prices, fees, strict=True), first):
            instrument = self._tape.instrument(con_id)
            assert instrument is not None, "only listed contracts trade"
            row = self._row(order, instrument, exec_id(prefix, number), ratio * fill.quantity, price, now, venue)
            rows.append(row)
            profit = self._account.trade(instrument, ratio * fill.quantity, price, fee)
            commission_ = Commission(row.exec_id, fee, instrument.currency, profit)
            self.commissions[row.exec_id] = commission_
            charged.append(Charged(order.client_id, commission_))
            order.commission += fee
        for row in rows:
            self.executions[row.exec_id] = row
        return [Executed(row) for row in _shuffled(rows, chance)], charged

    def correct(self, execution: Execution, price: Decimal) -> Execution:
        """The exchange corrects a price: the same id but for its revision, which is one higher."""
        head, revision = execution.exec_id.rsplit(".", 1)
        corrected = replace(execution, exec_id=f"{head}.{int(revision) + 1:02d}", price=price)
        del self.executions[execution.exec_id]
        self.executions[corrected.exec_id] = corrected
        if execution.instrument is not None:
            sign = 1 if execution.side == "BOT" else -1
            change = (execution.price - price) * sign * execution.shares * execution.instrument.multiplier
            self._account.cash += change
            position = self._account.positions[execution.instrument.con_id]
            position.cost -= change
            position.day_flow += change
        fee = self.commissions.pop(execution.exec_id, None)
        if fee is not None:
            self.commissions[corrected.exec_id] = replace(fee, exec_id=corrected.exec_id)
        return corrected

    def bust(self, execution: Execution) -> Execution:
        """The exchange takes an execution back: the same id with a higher revision and nothing traded; its fee stays."""
        head, revision = execution.exec_id.rsplit(".", 1)
        taken = replace(execution, exec_id=f"{head}.{int(revision) + 1:02d}", shares=0)
        del self.executions[execution.exec_id]
        self.executions[taken.exec_id] = taken
        if execution.instrument is not None:
            back = -execution.shares if execution.side == "BOT" else execution.shares
            self._account.trade(execution.instrument, back, execution.price)
        return taken

    def _row(
        self,
        order: Order,
        instrument: Instrument | None,
        number: str,
        quantity: int,
        price: Decimal,
        now: datetime,
        venue: str,
    ) -> Execution:
        """One line; `quantity` of a leg is signed, of a combination it follows the order's action."""
        bought = order.terms.action == "BUY" if instrument is None else quantity > 0
        done = [row for row in self.executions.values() if row.perm_id == order.perm_id and row.instrument == instrument]
        shares = sum(row.shares for row in done) + abs(quantity)
        paid = sum((row.price * row.shares for row in done), Decimal(0)) + price * abs(quantity)
        return Execution(
            exec_id=number,
            at=now,
            order_id=order.order_id,
            client_id=order.client_id,
            perm_id=order.perm_id,
            order_ref=order.terms.order_ref,
            account=order.terms.account,
            instrument=instrument,
            symbol=order.terms.symbol,
            side="BOT" if bought else "SLD",
            shares=abs(quantity),
            price=price,
            cum_quantity=shares,
            average_price=paid / shares,
            exchange=venue,
        )

    def _leg_fees(
        self, order: Order, trades: Sequence[tuple[int, int]], prices: Sequence[Decimal], quantity: int
    ) -> list[Decimal]:
        """Commission of each leg of this fill; what the order's minimum asks on top falls on the first leg."""
        fees: list[Decimal] = []
        for (con_id, ratio), price in zip(trades, prices, strict=True):
            instrument = self._tape.instrument(con_id)
            if instrument is None or instrument.option is None:
                fees.append(_STOCK_FEE if not order.filled - quantity else Decimal(0))
            else:
                plain = replace(self._fees, minimum_per_order=Decimal(0))
                fees.append(commission([FeeLeg(abs(ratio), price, instrument.trading_class)], quantity, table=plain))
        short = self._fees.minimum_per_order - order.commission - sum(fees)
        if order.filled == quantity and short > 0:
            fees[0] += short
        return fees


def _shuffled(rows: list[Execution], chance: Chance) -> list[Execution]:
    """The rows in an order drawn by chance: recordings show the combination's row first, last or between its legs."""
    rest = list(rows)
    return [rest.pop(int(chance.random() * len(rest))) for _ in range(len(rest))]
