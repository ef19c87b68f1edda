"""Limits that several strategies share: those that name one group of account.yaml in their `limits`."""

from collections.abc import Callable, Iterator

from engine.decide.risk.asked import Asked, at_most, at_most_amount
from engine.decide.risk.breakers import ACCOUNT
from engine.decide.risk.exposure import Holding
from engine.domain.gate import Verdict
from engine.strategy.account import StrategyGroup


def group_counts(asked: Asked) -> Iterator[Verdict]:
    """What the strategies of a group have open together, and have opened today."""
    group = _group_of(asked)
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
    group = _group_of(asked)
    if group is not None and group[1] is not None and group[1].open_risk is not None:
        risked = asked.held.risk(group[2]) + asked.opening.max_loss
        yield at_most_amount("group_open_risk", risked, group[1].open_risk, asked.snapshot, f"{group[0]}, {ACCOUNT}")


def _group_of(asked: Asked) -> tuple[str, StrategyGroup | None, Callable[[Holding], bool]] | None:
    """The group of a strategy with its limits, None where account.yaml has none, and which holdings are of it: also those of
    versions and files that are gone.
    """
    name = asked.strategy.limits.group
    if name is None:
        return None
    known = (*asked.rulebook.strategies, *asked.rulebook.versions.values())
    names = {one.name for one in known if one.limits.group == name}
    return name, asked.rulebook.account.strategy_groups.get(name), lambda holding: holding.strategy in names
