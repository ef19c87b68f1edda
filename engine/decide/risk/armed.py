"""The gates of real money: is the strategy armed, does the opening fit what may be lost in a day, and how many at once.

They answer with real money only; the simulator and paper accounts are traded without an arm.
"""

from collections.abc import Iterator

from engine.decide.risk.asked import Asked, at_most, at_most_usd
from engine.domain.facts.files import StrategyArmed
from engine.domain.gate import Verdict
from engine.domain.snapshot import Snapshot

SOURCE = "arming"


def armed(asked: Asked) -> Iterator[Verdict]:
    """Whether a person has armed the strategy and nothing has ended that."""
    ledger, name = asked.snapshot.ledger, asked.strategy.name
    if ledger.mode != "live" or asked.snapshot.is_noting:
        return
    arm = ledger.files.arms.of(name, asked.snapshot.at)
    bound = f"`spreads arm {name}`"
    if arm is None:
        yield Verdict("armed", "fail", f"not armed: {ledger.files.arms.why_none(name)}", bound, SOURCE)
    else:
        yield Verdict("armed", "pass", f"armed by {arm.by} until {arm.expires_at:%Y-%m-%d %H:%M} UTC", bound, SOURCE)


def armed_risk(asked: Asked) -> Iterator[Verdict]:
    """What its openings of today can lose together, held against what the person typed; an arm that is none allows nothing."""
    arm = arm_of(asked)
    if arm is not None:
        today = sum((one.max_loss for one in asked.held.opened_today if asked.is_ours(one)), asked.opening.max_loss)
        yield at_most_usd("armed_risk", today, arm.risk_usd, SOURCE)


def armed_lots(asked: Asked) -> Iterator[Verdict]:
    """On the first rung, one spread an opening."""
    lots = lots_of(asked.strategy.name, asked.snapshot)
    if lots is not None:
        yield at_most("armed_lots", asked.opening.contracts, lots, SOURCE)


def arm_of(asked: Asked) -> StrategyArmed | None:
    """The arm under which the strategy opens; None without real money, and where it has none, which the first gate says."""
    return _arm(asked.strategy.name, asked.snapshot)


def lots_of(strategy: str, snapshot: Snapshot) -> int | None:
    """Spreads that an opening of a strategy may be by its rung; None where only its file and the account bound it."""
    arm = _arm(strategy, snapshot)
    lowered = snapshot.ledger.ladder.lowered.get(strategy)
    return 1 if arm is not None and (arm.rung == "one lot" or (lowered is not None and lowered.rung == "one lot")) else None


def _arm(strategy: str, snapshot: Snapshot) -> StrategyArmed | None:
    return snapshot.ledger.files.arms.of(strategy, snapshot.at) if snapshot.ledger.mode == "live" else None
