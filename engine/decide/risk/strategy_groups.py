"""Limits that several strategies share: those that name one group of account.yaml in their `limits`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from engine.decide.risk.asked import Asked, at_most, at_most_amount
from engine.decide.risk.bands import members
from engine.decide.risk.breakers import ACCOUNT
from engine.decide.risk.exposure import Holding, exposure
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict
from engine.domain.snapshot import Snapshot
from engine.strategy.account import StrategyGroup
from engine.strategy.model import Strategy


@dataclass(frozen=True, slots=True)
class GroupUse:
    """What of the limits of a group its strategies use together."""

    name: str
    limits: StrategyGroup | None
    """None where account.yaml has no such group."""
    open: int
    """Positions open, and openings on their way."""
    today: int
    """Opened today."""
    risk: Decimal
    """USD that they can lose together at the most."""


def group_use(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook) -> GroupUse | None:
    """The group of a strategy as it is used now; None where it names none."""
    group = _group_of(strategy, rulebook)
    if group is None:
        return None
    name, limits, is_member = group
    held = exposure(snapshot.ledger, snapshot.at)
    today = sum(1 for holding in held.opened_today if is_member(holding))
    return GroupUse(name, limits, held.count(is_member), today, held.risk(is_member))


def group_counts(asked: Asked) -> Iterator[Verdict]:
    """What the strategies of a group have open together, and have opened today."""
    group = _group_of(asked.strategy, asked.rulebook)
    if group is None:
        return
    name, limits, is_member = group
    if limits is None:
        wanted = f"strategy_groups.{name} in account.yaml"
        yield Verdict("group_open", "unknown", f"no limits of {name} are known", wanted, asked.strategy.name)
        return
    if limits.open is not None:
        yield at_most("group_open", asked.held.count(is_member) + 1, limits.open, f"{name}, {ACCOUNT}")
    if limits.per_day is not None:
        today = sum(1 for holding in asked.held.opened_today if is_member(holding))
        yield at_most("group_per_day", today + 1, limits.per_day, f"{name}, {ACCOUNT}")


def group_risk(asked: Asked) -> Iterator[Verdict]:
    """What the strategies of a group can lose together."""
    group = _group_of(asked.strategy, asked.rulebook)
    if group is not None and group[1] is not None and group[1].open_risk is not None:
        risked = asked.held.risk(group[2]) + asked.opening.max_loss
        yield at_most_amount("group_open_risk", risked, group[1].open_risk, asked.snapshot, f"{group[0]}, {ACCOUNT}")


def _group_of(strategy: Strategy, rulebook: Rulebook) -> tuple[str, StrategyGroup | None, Callable[[Holding], bool]] | None:
    """The group of a strategy with its limits, None where account.yaml has none, and which holdings are of it: also those of
    versions and files that are gone.
    """
    name = strategy.limits.group
    if name is None:
        return None
    names = members(name, rulebook)
    return name, rulebook.account.strategy_groups.get(name), lambda holding: holding.strategy in names
