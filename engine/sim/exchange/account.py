"""Cash and positions of one account, and what they are worth. Amounts in USD."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from engine.sim.exchange.instruments import Instrument, Tape
from engine.sim.exchange.margin import Holding, requirement
from engine.sim.exchange.orders import Funds


@dataclass(slots=True)
class Position:
    """One holding; it stays listed with quantity 0 until the day ends, for the profit it realised."""

    instrument: Instrument
    quantity: int = 0
    cost: Decimal = Decimal(0)
    """Paid for what is held, commissions included; negative where it was received."""
    realized: Decimal = Decimal(0)
    """Profit of what was closed today, commissions included."""
    day_flow: Decimal = Decimal(0)
    """Cash that trades of today brought (paid: negative), commissions included."""
    day_start_value: Decimal = Decimal(0)

    @property
    def average_cost(self) -> Decimal:
        """Per contract or share, as TWS tells it: multiplier and commissions included, positive for a short too."""
        return self.cost / self.quantity if self.quantity else Decimal(0)

    def value(self, tape: Tape) -> Decimal:
        """At the mark; at cost where there is none."""
        mark = tape.quote(self.instrument.con_id).mark
        return self.cost if mark is None else mark * self.quantity * self.instrument.multiplier

    def daily(self, tape: Tape) -> Decimal:
        """Profit since the day began."""
        return self.value(tape) - self.day_start_value + self.day_flow


@dataclass(slots=True)
class Account:
    """One account; a trade changes cash and one position."""

    name: str
    cash: Decimal
    positions: dict[int, Position] = field(default_factory=dict)
    realized: Decimal = Decimal(0)
    asks: Decimal = Decimal(1)
    """How many times the margin of the rules the broker asks for."""

    def trade(self, instrument: Instrument, quantity: int, price: Decimal, fee: Decimal = Decimal(0)) -> Decimal | None:
        """Books a trade (quantity bought > 0) at a price per share; the profit it realised, None where it only opened."""
        position = self.positions.setdefault(instrument.con_id, Position(instrument))
        before, paid = position.quantity, price * quantity * instrument.multiplier
        closed = min(abs(before), abs(quantity)) if before * quantity < 0 else 0
        self.cash -= paid + fee
        position.day_flow -= paid + fee
        position.quantity = before + quantity
        if not closed:
            position.cost += paid + fee
            return None
        part = Decimal(closed) / abs(quantity)
        freed = position.cost * closed / abs(before)
        profit = -(paid + fee) * part - freed
        position.cost += -freed + (paid + fee) * (1 - part)
        position.realized += profit
        self.realized += profit
        return profit

    def held(self) -> list[Position]:
        """Positions that are not flat, by contract number."""
        return [position for _, position in sorted(self.positions.items()) if position.quantity]

    def begin_day(self, tape: Tape) -> None:
        """From here daily profits count; flat positions are forgotten."""
        self.positions = {position.instrument.con_id: position for position in self.held()}
        self.realized = Decimal(0)
        for position in self.positions.values():
            position.realized = position.day_flow = Decimal(0)
            position.day_start_value = position.value(tape)

    def funds(self, tape: Tape, extra: Iterable[Holding] = (), extra_cash: Decimal = Decimal(0)) -> Funds:
        """Requirement and equity with loan, as if `extra` were held and `extra_cash` received on top.

        Equity with loan counts cash and stock, not options. Source: IBKR, margin glossary.
        """
        quantities = {p.instrument.con_id: (p.instrument, p.quantity) for p in self.held()}
        equity = self.cash + extra_cash
        for instrument, quantity in extra:
            held = quantities.get(instrument.con_id, (instrument, 0))[1]
            quantities[instrument.con_id] = (instrument, held + quantity)
        for instrument, quantity in quantities.values():
            if instrument.option is None:
                equity += quantity * (tape.quote(instrument.con_id).mark or Decimal(0))
        initial, maintenance = requirement(quantities.values(), tape)
        return Funds(initial * self.asks, maintenance * self.asks, equity)

    def net_liquidation(self, tape: Tape) -> Decimal:
        return self.cash + sum((position.value(tape) for position in self.held()), Decimal(0))

    def unrealized(self, tape: Tape) -> Decimal:
        return sum((position.value(tape) - position.cost for position in self.held()), Decimal(0))

    def daily(self, tape: Tape) -> Decimal:
        return sum((position.daily(tape) for position in self.positions.values()), Decimal(0))
