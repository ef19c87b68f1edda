"""Lines of versions that said in words for people what is a field of the fact since: read as if they had had the field.

Only a line without the field is looked at, so that what a person writes into a reason is never read as more than that.
"""

from collections.abc import Callable, Mapping
from typing import Any

_ROLLS = ("roll", "roll put side", "roll call side", "roll short")
"""The rolls of those versions, each of which began the reason of its close."""
_CUSHION = "cushion below "
_WHEN = "when "

Held = dict[str, Any]
"""What stands in a line, by key."""


def _proposed(held: Held) -> None:
    """What sent a close, and the roll that it made room for."""
    if held["purpose"] != "close" or held.get("asked_by") is not None:
        return
    deed, _, rule = held["reason"].partition(": ")
    is_roll = deed in _ROLLS
    held |= {"rule": rule if is_roll else held["reason"], "roll": deed if is_roll else None}


def _blocked(held: Held) -> None:
    """Whether the account's cushion asked for it."""
    held["frees_margin"] = held["rule"].startswith(_CUSHION)


def _funnel(held: Held) -> None:
    """Which steps are lines of `when`."""
    for step in held["steps"]:
        if step["condition"].startswith(_WHEN):
            step["line"] = step["condition"].removeprefix(_WHEN)


def _reconciled(held: Held) -> None:
    """How much the broker held of what was not ours."""
    held["foreign_held"] = [dict(zip(("name", "quantity"), told.rsplit(" ", 1), strict=True)) for told in held.get("foreign", ())]


READ: Mapping[str, tuple[bytes, Callable[[Held], None]]] = {
    "OrderProposed": (b'"roll":', _proposed),
    "ExitBlocked": (b'"frees_margin":', _blocked),
    "FunnelRecorded": (b'"line":', _funnel),
    "Reconciled": (b'"foreign_held":', _reconciled),
}
"""By kind, the key that a line of today has, and what reads one that has not."""
