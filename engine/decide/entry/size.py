"""How many spreads an opening may be: the strategy's risk over what one spread can lose, fees included, rounded down."""

from decimal import Decimal
from typing import assert_never

from engine.domain.snapshot import AccountValues
from engine.pricing.sizing import by_risk, smallest
from engine.strategy.account import Account
from engine.strategy.model import Sizing
from engine.strategy.values.meaning import Amount, ShareOf, Usd


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
