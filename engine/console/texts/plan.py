"""What an edit would change, as text to read: limits first, then the funnel and the candidates before and after, then exits."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from engine import words
from engine.api.models.plan import Plan, PlannedExit, PlannedLook, PlannedSpread, PlannedStrategy
from engine.console.text import EMPTY, Line, Tone, line, row
from engine.domain.session import NEW_YORK

SPREADS_SHOWN = 5
"""Of those that an edit adds, and of those that it loses."""
_EFFECTS = {
    "nothing changes": "it is what runs",
    "at once": "saved, it takes effect at once",
    "after a yes": "saved, it waits for a yes (`spreads accept`), and the version before goes on",
    "at once, and real money must be armed anew": "saved, it takes effect at once and ends the arms",
}


def plan_lines(plan: Plan) -> list[Line]:
    """All of it, the most important first."""
    direction = {None: "", "loosened": ", looser", "tightened": ", tighter", "changed": ", no limit"}[plan.direction]
    count = f"{len(plan.changes)} change{'' if len(plan.changes) == 1 else 's'}{direction}"
    told = "new" if plan.is_new and not plan.changes else count if plan.changes else "no change"
    tone = "warn" if plan.direction == "loosened" else ""
    lines = [row((plan.file, "strong"), (f": {told}; ", tone), (_EFFECTS[plan.effect], tone))]
    lines += [row(("  looser  " if one.loosens else "          ", "warn"), (one.said, "")) for one in plan.changes]
    lines += [line(f"  ⚠ line {one.line}: {one.message}", "warn") for one in plan.warnings]
    for one in plan.strategies:
        lines += [EMPTY, *_strategy_lines(one, plan)]
    if plan.as_of is None:
        lines += [EMPTY, line("no snapshot, live or recorded: what it would find is not known", "stale")]
    return lines


def _strategy_lines(one: PlannedStrategy, plan: Plan) -> Iterator[Line]:
    assert plan.as_of is not None, "what is found is found on a snapshot"
    at = f"{plan.as_of.astimezone(NEW_YORK):%Y-%m-%d} {words.clock(plan.as_of)}"
    yield row((one.strategy, "strong"), (f" on {plan.source} of {at}", "stale"))
    if one.after.absent:
        yield line(f"  no chain of {', '.join(one.after.absent)}", "warn")
    if not one.after.enabled:
        yield line("  enabled: false, so it would open nothing", "warn")
    for asked in one.after.when:
        tone = "up" if asked.answer == "yes" else "warn"
        yield row((f"  when    {asked.answer:<8}", tone), (f"{asked.line} ({asked.underlying})", ""))
    yield line(f"  {'before':>9} {'after':>9}", "stale")
    for before, after, condition in _beside(one.before, one.after):
        tone = "" if before == after else "info"
        yield row((f"  {_count(before):>9} {_count(after):>9}  ", tone), (condition, tone))
    before = None if one.before is None else one.before.candidates
    yield row((f"  {_count(before):>9} {_count(one.after.candidates):>9}  ", "strong"), ("candidates", "strong"))
    if one.after.nearest_miss:
        yield row(("  nearest miss  ", "strong"), (one.after.nearest_miss, ""))
    yield from _spread_lines(one.before, one.after)
    for held in one.exits:
        yield from _exit_lines(held)


def _beside(before: PlannedLook | None, after: PlannedLook) -> Iterator[tuple[int | None, int | None, str]]:
    """The lines of both funnels in one order, each with what passed it before and after; None where a version lacks it."""
    old, new = () if before is None else before.funnel, after.funnel
    matcher = SequenceMatcher(None, [step.condition for step in old], [step.condition for step in new], autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from ((a.passed, b.passed, b.condition) for a, b in zip(old[i:j], new[k:m], strict=True))
            continue
        yield from ((step.passed, None, step.condition) for step in old[i:j])
        yield from ((None, step.passed, step.condition) for step in new[k:m])


def _spread_lines(before: PlannedLook | None, after: PlannedLook) -> Iterator[Line]:
    """What the best of one version are and those of the other are not."""
    old, new = () if before is None else before.kept, after.kept
    were, are = {one.spread for one in old}, {one.spread for one in new}
    told: tuple[tuple[str, Tone, list[PlannedSpread]], ...] = (
        ("new", "up", [one for one in new if one.spread not in were]),
        ("gone", "down", [one for one in old if one.spread not in are]),
    )
    for word, tone, found in told:
        for one in found[:SPREADS_SHOWN]:
            text = f"{one.spread}  net {words.number(one.net)}, may lose {words.dollars(one.max_loss_usd)}"
            yield row((f"  {word:<5} ", tone), (text, ""))
        if len(found) > SPREADS_SHOWN:
            yield line(f"  {word:<5} and {len(found) - SPREADS_SHOWN} more", "stale")


def _exit_lines(held: PlannedExit) -> Iterator[Line]:
    """A position that keeps its rules, and what the edited ones would do to it."""
    name = f"{held.position} {held.spread}"
    if held.would_fire and held.would_fire != held.fires:
        text = f"  ⚠ {name}: by the edited exits `{held.would_fire}` would fire now; it keeps its own until `spreads migrate`"
        yield line(text, "warn")
    elif held.would_fire is None and held.fires:
        yield line(f"  ⚠ {name}: `{held.fires}` fires now, and none of the edited exits would", "warn")
    else:
        said = f"`{held.fires}` fires by both" if held.fires else "no exit fires by either"
        yield line(f"  {name}: {said}", "stale")
    if held.unknown:
        yield line(f"    not known: {', '.join(held.unknown)}", "stale")


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"
