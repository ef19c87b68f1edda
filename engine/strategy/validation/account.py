"""What is wrong across the limits of account.yaml that are each right by themselves."""

from __future__ import annotations

from engine.strategy.account import Account
from engine.strategy.loader.document import Document
from engine.strategy.source import Mapped, place_at
from engine.strategy.spelled import spelled
from engine.strategy.validation.hours import check_hours
from engine.strategy.values.meaning import comparable
from engine.strategy.way_out import write

_SMALLER_FIRST = (
    ("per_trade", "hard_cap"),
    ("per_underlying", "total"),
    ("per_expiry", "total"),
    ("per_strategy", "total"),
    ("per_group", "total"),
)


def check_account(account: Account, document: Document) -> None:
    """Reports every problem across limits."""
    tree = document.tree
    if tree is None:
        return
    for smaller, larger in _SMALLER_FIRST:
        both = comparable(getattr(account.risk, smaller), getattr(account.risk, larger))
        if both is not None and both[0] > both[1]:
            place = place_at(tree, "risk", smaller)
            if smaller == "per_trade":
                document.report(
                    place,
                    f"risk.{smaller} is above risk.{larger}",
                    write(spelled(getattr(account.risk, larger)), note="  or less"),
                )
            else:
                document.report(place, f"risk.{smaller} never binds: it is above risk.{larger}", "make it smaller", "warning")
    _check_order(account, document, tree)
    _check_session(account, document, tree)


def _check_order(account: Account, document: Document, tree: Mapped) -> None:
    margin, breakers = account.margin, account.breakers
    if not margin.cushion_to_open >= margin.cushion_alarm >= margin.cushion_reduce:
        place = place_at(tree, "margin")
        document.report(
            place,
            "the cushion to open must be above the alarm, and the alarm above reducing",
            "write  25%, 15% and 10%  for  cushion_to_open, cushion_alarm and cushion_reduce",
        )
    if breakers.alarm_for_day > breakers.stop_for_day:
        place = place_at(tree, "breakers", "alarm_for_day")
        document.report(place, "the alarm comes before the stop", "write a larger loss than  stop_for_day", "warning")
    if account.counts.contracts_per_order > account.counts.contracts_per_trade:
        place = place_at(tree, "counts", "contracts_per_order")
        document.report(place, "one order may have more contracts than one position", "make it at most  contracts_per_trade")


def _check_session(account: Account, document: Document, tree: Mapped) -> None:
    session = account.session
    for name, window in (("open", session.open), ("close", session.close), ("half_day", session.half_day)):
        check_hours(window, place_at(tree, "session", name), document)
