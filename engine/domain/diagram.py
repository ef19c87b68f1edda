"""The life of an order as a page for people, drawn from the table that decides it."""

from engine.domain.order import AT_BROKER, BEFORE_SENDING, OVER, OrderState
from engine.domain.order_life import TRANSITIONS

_HEAD = """\
# The life of an order

Drawn from the table in `engine/domain/order_life.py`; a test fails when the two differ and says how to draw it again. A fact
that has no arrow out of a state cannot happen there and is refused: it is written to the journal as `FactRefused`, changes
nothing, and openings wait until the books were agreed with the broker again.

`PartFilled` and `WholeFilled` stand for an execution of a leg (`LegFilled`) that leaves something to fill or completes the
order. Executions are the truth and statuses are hints: a fill counts in every state after the sending, also after a cancel. An
order that was over for us and that the broker says works is working again, and is canceled.
"""
_TAIL = """\
Facts that change nothing but what is known of the order, in the state itself:

| state | facts |
|---|---|
"""


def page() -> str:
    """The page `docs/orders.md`: the states in three groups, the arrows, and the facts that stay in a state."""
    return "\n".join([_HEAD, *_groups(), "", "```mermaid", *_diagram(), "```", "", _TAIL + "\n".join(_stays()), ""])


def _groups() -> list[str]:
    groups = (("Not sent yet", BEFORE_SENDING), ("The broker may hold it", AT_BROKER), ("Over", OVER))
    return [f"- {title}: {', '.join(state for state in TRANSITIONS if state in group)}" for title, group in groups]


def _diagram() -> list[str]:
    lines = ["stateDiagram-v2", "    direction LR", "    [*] --> proposed : OrderProposed"]
    for before, row in TRANSITIONS.items():
        arrows: dict[OrderState, list[str]] = {}
        for event, after in row.items():
            if after != before:
                arrows.setdefault(after, []).append(event)
        lines += [f"    {before} --> {after} : {', '.join(events)}" for after, events in arrows.items()]
    return lines


def _stays() -> list[str]:
    rows: list[str] = []
    for state, row in TRANSITIONS.items():
        events = [event for event, after in row.items() if after == state]
        rows.append(f"| {state} | {', '.join(events) or 'none'} |")
    return rows
