"""How many spreads an opening may be: the strategy's risk over what one spread can lose, fees included, rounded down."""

from decimal import ROUND_CEILING, Decimal
from typing import assert_never

from engine.decide.order.price import Plan
from engine.domain.candidate import Candidate
from engine.domain.snapshot import AccountValues
from engine.pricing.sizing import by_risk, smallest
from engine.strategy.account import Account
from engine.strategy.model import Sizing
from engine.strategy.values.meaning import Amount, ShareOf, Usd

CENT = Decimal("0.01")


def contracts(max_loss: Decimal, fees: Decimal, sizing: Sizing, limits: Account, account: AccountValues) -> int | None:
    """Spreads to open, 0 where not even the fewest fit the risk; None where the account's value is not known.

    `max_loss` and `fees` are USD for one spread. The risk is the strategy's own, or what the account allows for one trade where
    that is less; so is the number.
    """
    own, allowed = usd(sizing.risk, account), usd(limits.risk.per_trade, account)
    if own is None or allowed is None:
        return None
    affordable = by_risk(min(own, allowed), max_loss, fees)
    counts = limits.counts
    wanted = smallest((affordable, sizing.contracts.high, counts.contracts_per_order, counts.contracts_per_trade))
    return wanted if wanted >= sizing.contracts.low else 0


def usd(amount: Amount, account: AccountValues) -> Decimal | None:
    """The amount in USD; None where it is a share of a value the broker has not told."""
    match amount:
        case Usd(usd=value):
            return value
        case ShareOf(fraction=fraction, base="net liquidation"):
            return None if account.net_liquidation is None else fraction * account.net_liquidation
        case ShareOf(fraction=fraction):
            return None if account.buying_power is None else fraction * account.buying_power
    assert_never(amount)


def most_lost(candidate: Candidate, plan: Plan | None) -> Decimal:
    """USD that one spread can lose, fees apart, if it fills at the worst price it may get."""
    at_mid = money(candidate.max_loss)
    if plan is None:
        return at_mid
    at_worst = candidate.spread.max_loss(plan.worst) * candidate.spread.multiplier
    if not candidate.spread.is_of_one_expiry:  # a discount has more digits than money has
        at_worst = at_worst.quantize(CENT, rounding=ROUND_CEILING)
    return max(at_mid, at_worst)


def money(amount: float) -> Decimal:
    """A float of the scan as money, to the cent."""
    return Decimal(repr(round(amount, 2)))
