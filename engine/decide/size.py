"""How many spreads an opening may be: the strategy's risk over what one spread can lose, fees included, rounded down."""

from decimal import Decimal
from typing import assert_never

from engine.domain.candidate import Candidate
from engine.domain.snapshot import AccountValues
from engine.pricing.sizing import by_risk, smallest
from engine.strategy.model import Sizing
from engine.strategy.values import Amount, ShareOf, Usd


def contracts(candidate: Candidate, sizing: Sizing, per_trade: Amount, account: AccountValues) -> int | None:
    """Spreads to open, 0 where not even the fewest fit the risk; None where the account's value is not known.

    The risk is the strategy's own, or what the account allows for one trade where that is less.
    """
    own, allowed = usd(sizing.risk, account), usd(per_trade, account)
    if own is None or allowed is None:
        return None
    risk = min(own, allowed)
    affordable = by_risk(risk, candidate.max_loss, candidate.fees)
    wanted = smallest((affordable, sizing.contracts.high))
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
