"""What a person has picked, held against what the strategy would have chosen."""

from collections.abc import Iterator

from engine.decide.order.price import Plan, combo_tick
from engine.domain.gate import Verdict
from engine.domain.snapshot import OpenAsked
from engine.domain.spread import Spread


def held_against(
    asked: OpenAsked, count: int, sized: int | None, plan: Plan | None, spread: Spread, source: str
) -> Iterator[Verdict]:
    """What a person has chosen, held against what the strategy would have chosen: fewer and better is always allowed."""
    if sized:
        yield Verdict("size", "pass" if 1 <= count <= sized else "fail", f"{count}", f"1 to {sized}", source)
    limit = asked.limit
    if limit is None or plan is None:
        return
    tick = combo_tick(spread)
    if limit % tick:
        yield Verdict("price", "fail", f"{limit}", f"a price in steps of {tick}", "engine")
    elif limit * plan.worst <= 0 or not spread.is_sane(limit):
        yield Verdict("price", "fail", f"{limit}", "a price at which it can both win and lose", "engine")
    else:
        yield Verdict("price", "pass" if limit >= plan.worst else "fail", f"{limit}", f"not below {plan.worst}", source)
