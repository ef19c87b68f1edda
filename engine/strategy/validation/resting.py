"""Lines that are left at the broker: what has no one price, and a second one."""

from __future__ import annotations

from engine.strategy.exit_groups import groups_of
from engine.strategy.resting import target_of
from engine.strategy.validation.validation import Validation
from engine.strategy.way_out import write


def check_resting(validation: Validation) -> None:
    """An order at the broker has one price, and a position has one such order."""
    of = {"credit": "credit", "debit": "debit", "either": "max_profit"}[validation.spread.pays]
    of_each, _ = groups_of(validation.strategy.exits_as_written)
    seen = False
    for at, rule in enumerate(validation.strategy.exit_lines):
        if not rule.rests:
            continue
        if at < len(of_each):
            message = "only a profit of the whole position is left at the broker, not that of a side"
            validation.error(validation.deed_at(at), message, write("close"))
        elif target_of(rule) is None:
            message = "only a profit has a price that can be left at the broker"
            way_out = write("close", note=f"  |  profit >= 50% of {of}: {rule.deed}")
            validation.error(validation.deed_at(at), message, way_out)
        elif seen:
            message = "one line above is left at the broker already, and a position has one such order"
            validation.error(validation.deed_at(at), message, write("close"))
        seen = True
