"""What a file says about rolls, in sentences."""

from collections.abc import Iterator, Sequence

from engine.strategy.conditions import ExitRule
from engine.strategy.explain_words import in_days, money
from engine.strategy.model import Roll
from engine.strategy.spreads.pairs import RollExpiries
from engine.strategy.values.meaning import DaysAfter


def rolls_told(roll: Roll | None, rules: Sequence[ExitRule]) -> Iterator[str]:
    """Where what is rolled goes, for what, how often, and what happens otherwise; nothing where nothing is rolled."""
    if roll is None:
        return
    net = roll.for_.least_net
    price = "a credit" if net == 0 else f"a credit of at least ${money(net)}" if net > 0 else f"a debit of at most ${money(-net)}"
    other = {"close": "closed", "alert": "reported", "keep": "kept"}[roll.otherwise]
    times = "once" if roll.at_most == 1 else f"{roll.at_most} times"
    moved = "it" if any(rule.action == "roll" for rule in rules) else "that part"
    yield f"Rolling moves {moved} {_where(roll)} for {price}, at most {times}; where that cannot be had it is {other}."
    if roll.near is not None and any(rule.is_of_a_side for rule in rules if rule.rolls):
        yield "A side on another day may lose beside the other one, so the risk must hold both widths."


def _where(roll: Roll) -> str:
    if isinstance(roll.to, RollExpiries):
        far = f"{in_days(roll.to.far)}{'' if isinstance(roll.to.far, DaysAfter) else ' out'}"
        where = f"{in_days(roll.to.near)} out, with what is bought {far},"
    elif roll.near is not None:
        where = f"{in_days(roll.near)} out"
    else:
        where = "to other strikes of the same expiry"
    return f"{where.rstrip(',')}, at the same strikes," if roll.strikes is not None else where
