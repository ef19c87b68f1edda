"""A person's word that a strategy may trade real money, or may not any more: the fact that it makes, or why it makes none."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from engine.decide.entry.size import usd
from engine.decide.risk.breakers import dollars
from engine.decide.risk.ladder import BANDS, measured, why_lowered
from engine.decide.rulebook import Rulebook
from engine.domain.facts.files import Rung, StrategyArmed, StrategyDisarmed
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

LAST = 4
"""Characters of the account that a person types."""
DAYS_MAX = 30
"""An arm that outlives the attention of who gave it is none."""
PROVEN = 5
"""Positions of a strategy that were opened one spread at a time, with real money, and are closed, before it may open more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person typed."""

    by: str
    account: str
    """The last four characters of the account."""
    risk_usd: Decimal
    """Most that what is opened on one day may lose together, USD."""
    days: int
    rung: Rung
    reason: str = ""


def armed(name: str, wish: Wish, account: str, snapshot: Snapshot, rulebook: Rulebook) -> StrategyArmed | str:
    """The arm of a strategy in this account, or why there is none, with a way out."""
    strategy = next((one for one in rulebook.strategies if one.name == name), None)
    if strategy is None:
        return f"no strategy {name} is in force"
    if snapshot.ledger.mode != "live":
        return f"account {account} holds no real money, and {name} trades it without an arm"
    if strategy.mode != "live":
        return f"{strategy.file} says mode: {strategy.mode}; write  mode: live  first, and look at what else that asks for"
    if wish.account != account[-LAST:]:
        return f"{wish.account or 'nothing'} is not how the account ends; look at which account this engine trades"
    if not 1 <= wish.days <= DAYS_MAX:
        return f"{wish.days} days: an arm lasts 1 to {DAYS_MAX} days"
    if wish.rung == "full" and (closed := proven(snapshot.ledger, name)) < PROVEN:
        return f"{closed} of {PROVEN} positions of {name} are closed in this account: until then it opens one spread at a time"
    if wish.rung == "full" and (missing := _not_ready(strategy, snapshot.ledger)):
        return f"{missing}; `spreads readiness {name}` has it all"
    least, most = least_risk(strategy, snapshot), usd(rulebook.account.risk.new_per_day, snapshot.account)
    if wish.risk_usd <= 0:
        return f"{dollars(wish.risk_usd)} a day opens nothing" + (f"; its sizing risks {dollars(least)} a trade" if least else "")
    if most is not None and wish.risk_usd > most:
        return f"{dollars(wish.risk_usd)} a day is more than account.yaml lets all open together: new_per_day is {dollars(most)}"
    expires_at = snapshot.at + timedelta(days=wish.days)
    return StrategyArmed(name, strategy.digest, wish.risk_usd, wish.rung, expires_at, wish.by, wish.reason)


def _not_ready(strategy: Strategy, ledger: Ledger) -> str:
    """What is missing before the last rung, for people; empty where nothing is."""
    lowered = ledger.ladder.lowered.get(strategy.name)
    if lowered is not None:
        return f"{strategy.name} was moved down to {lowered.rung}: {why_lowered(lowered)}"
    for band in BANDS:
        value = measured(band, strategy.name, "one lot", ledger)
        if value is not None and value < band.least:
            return f"{band.asks}: {value:.0%}, at least {band.least:.0%} is wanted"
    if strategy.limits.stop_for_day is None:
        return f"{strategy.file} sets no stop_for_day"
    if any(order.state == "unknown" for order in ledger.working()):
        return "nobody knows what became of an order"
    return ""


def disarmed(name: str, by: str, reason: str, ledger: Ledger) -> StrategyDisarmed | str:
    """The end of an arm, or why there is none to end."""
    if name not in ledger.files.arms.standing:
        return f"{name} is not armed: {ledger.files.arms.why_none(name)}"
    return StrategyDisarmed(name, by, reason)


def proven(ledger: Ledger, strategy: str) -> int:
    """Positions that a strategy has opened and that are closed, in the account of this journal."""
    mine = (one for one in ledger.positions.values() if one.strategy == strategy and not one.is_open)
    return sum(1 for position in mine if not ledger.orders[position.id].is_adopted)


def least_risk(strategy: Strategy, snapshot: Snapshot) -> Decimal | None:
    """What the strategy risks in one trade by its own sizing, USD; None where that hangs on an unknown account value."""
    return usd(strategy.sizing.risk, snapshot.account)
