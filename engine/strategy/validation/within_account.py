"""What a strategy asks for and the limits of the account never allow: each file is right by itself, and nothing is opened."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.strategy.account import Account
from engine.strategy.loader.spelling import nearest
from engine.strategy.spelled import spelled
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import ContractRange, Window
from engine.strategy.way_out import remove, write

_A_DAY = date(2026, 1, 5)
"""Any day will do: hours of different zones are compared within one."""


def check_within_account(validation: Validation, account: Account) -> None:
    """Contracts and hours outside those of the account."""
    if validation.strategy.enabled:
        _check_contracts(validation, account)
        _check_hours(validation, account.session.open)
        _check_group(validation, account)


def _check_group(validation: Validation, account: Account) -> None:
    name, known = validation.strategy.limits.group, account.strategy_groups
    if name is not None and name not in known:
        message = f"account.yaml has no strategy_groups.{name}: what they may do together is unknown, and unknown opens nothing"
        meant = nearest(name, known)
        other = f"add  strategy_groups: {{{name}: {{open: 3}}}}  to account.yaml"
        hint = write(meant, note=f", or {other}") if meant else remove(f", or {other}")
        validation.warn(validation.at("limits", "group"), message, hint)


def _check_contracts(validation: Validation, account: Account) -> None:
    counts, asked = account.counts, validation.strategy.sizing.contracts
    most, limit = min((counts.contracts_per_order, "contracts_per_order"), (counts.contracts_per_trade, "contracts_per_trade"))
    if asked.low > most:
        message = f"the account allows at most {most} (counts.{limit}), so nothing is opened"
        way_out = write(spelled(ContractRange(1, most)), note=f", or raise counts.{limit} in account.yaml")
        validation.warn(validation.at("sizing", "contracts"), message, way_out)


def _check_hours(validation: Validation, shared: Window) -> None:
    """The window of openings, or each of its times, against the hours in which the account opens."""
    entry = validation.strategy.entry
    hours = f"the account opens from {spelled(shared)} (session.open)"
    raised = "change session.open in account.yaml"
    if entry.at is None:
        if not _meet(entry.window, shared):
            message, way_out = f"{hours}, so nothing is opened", write(spelled(shared), note=f", or {raised}")
            validation.warn(validation.at("entry", "window"), message, way_out)
        return
    outside = [at for at in entry.at.times if not _meet(_slot(at, entry.at.within_s, entry.at.zone), shared)]
    if outside:
        said = ", ".join(f"{at:%H:%M}" for at in outside)
        message = f"{hours}, so nothing is opened at {said}"
        validation.warn(validation.at("entry", "at"), message, f"{raised}, or the time")


def _slot(at: time, within_s: int, zone: str) -> Window:
    last = min(datetime.combine(_A_DAY, at) + timedelta(seconds=within_s), datetime.combine(_A_DAY, time.max))
    return Window(at, last.time(), zone)


def _meet(one: Window, other: Window) -> bool:
    """Whether there is a moment in both."""
    (begin, over), (start, end) = ([_moment(at, window.zone) for at in (window.start, window.end)] for window in (one, other))
    return max(begin, start) < min(over, end)


def _moment(at: time, zone: str) -> datetime:
    return datetime.combine(_A_DAY, at, ZoneInfo(zone))
