"""What an order would do to the account, and whether the account can carry it. Amounts in USD."""

from collections.abc import Sequence
from decimal import Decimal

from engine.pricing.fees import CommissionTable, FeeLeg, commission
from engine.sim.exchange.account import Account
from engine.sim.exchange.checks import Refusal, funds_refusal
from engine.sim.exchange.combos import natural_price
from engine.sim.exchange.instruments import Tape
from engine.sim.exchange.margin import Holding
from engine.sim.exchange.orders import Funds, Order, OrderTerms, Preview

_STOCK_FEE = Decimal(1)


class Credit:
    """Previews and funds of one account."""

    def __init__(self, tape: Tape, account: Account, fees: CommissionTable) -> None:
        self._tape = tape
        self._account = account
        self._fees = fees

    def preview(self, terms: OrderTerms) -> Preview:
        """What the order would do to the account once it has traded at its limit."""
        fee = self.fee(terms)
        return Preview(self._account.funds(self._tape), self._after(terms, fee), fee)

    def fee(self, terms: OrderTerms) -> Decimal:
        """Commission of the whole order at the quotes of now."""
        legs: list[FeeLeg] = []
        for con_id, ratio in terms.trades():
            instrument = self._tape.instrument(con_id)
            if instrument is not None and instrument.option is not None:
                legs.append(FeeLeg(abs(ratio), self._tape.quote(con_id).mark or 0, instrument.trading_class))
        return commission(legs, int(terms.quantity), table=self._fees) if legs else _STOCK_FEE

    def refusal(self, terms: OrderTerms, others: Sequence[Order]) -> Refusal | None:
        """Why the funds do not cover the order on top of what the other working orders would need."""
        before = self._account.funds(self._tape)
        after = self._after(terms, self.fee(terms))
        needed = _needed(before, after)
        if needed <= 0:
            return None
        reserved = sum((max(Decimal(0), _needed(before, self._after(o.terms, Decimal(0)))) for o in others), Decimal(0))
        available = before.equity_with_loan - before.initial - reserved - needed
        return funds_refusal(available, after.equity_with_loan, after.initial)

    def _after(self, terms: OrderTerms, fee: Decimal) -> Funds:
        """The account once the whole order has traded at its limit, or at natural for a market order."""
        holdings: list[Holding] = []
        quantity = int(terms.quantity)
        for con_id, ratio in terms.trades():
            instrument = self._tape.instrument(con_id)
            assert instrument is not None, "the contract was checked before the funds"
            holdings.append((instrument, ratio * quantity))
        multiplier = max(instrument.multiplier for instrument, _ in holdings)
        return self._account.funds(self._tape, holdings, self._received(terms) * quantity * multiplier - fee)

    def _received(self, terms: OrderTerms) -> Decimal:
        """Cash per share that a fill brings, paid < 0."""
        if terms.limit is not None and terms.order_type == "LMT":
            return -terms.limit if terms.action == "BUY" else terms.limit
        natural = natural_price(terms.trades(), self._tape)
        return Decimal(0) if natural is None else -natural.price


def _needed(before: Funds, after: Funds) -> Decimal:
    """Funds that the change takes: more margin, less equity."""
    return (after.initial - before.initial) - (after.equity_with_loan - before.equity_with_loan)
