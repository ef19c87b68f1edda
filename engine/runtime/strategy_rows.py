"""Strategies as plain data: in a line for the status, and with their last look."""

from collections.abc import Mapping
from datetime import UTC, datetime

from engine.decide.entry.size import usd
from engine.decide.quotes import Rows
from engine.decide.risk.ladder import rung_of, why_lowered
from engine.decide.risk.strategy_groups import group_use
from engine.decide.risk.times import next_entry
from engine.decide.rulebook import Rulebook
from engine.domain.facts.halts import OpeningsPaused
from engine.domain.ledger import Ledger
from engine.domain.snapshot import Snapshot
from engine.runtime.plain import Row, number
from engine.runtime.position_rows import unrealised
from engine.runtime.rows import changed_rows, funnel_rows
from engine.runtime.why import stopped_now
from engine.strategy.model import Auto, Policy, Strategy


def summary_row(name: str, snapshot: Snapshot, rulebook: Rulebook) -> Row:
    """One strategy of the ledger in a line."""
    ledger = snapshot.ledger
    loaded = ledger.files.strategies[name]
    written = next((one for one in rulebook.strategies if one.name == name), None)
    at, funnel = ledger.funnels.get(name, (None, None))
    return {
        "name": name,
        "file": loaded.file,
        "digest": loaded.digest[:12],
        "candidates": funnel.candidates if funnel else None,
        "scanned_at": at.isoformat() if at else None,
        "open": sum(1 for position in ledger.open_positions() if position.strategy == name),
        "stopped": next(iter(stopped_now(name, snapshot, rulebook)), None),
        "next_entry": _next_entry(name, snapshot, rulebook),
        "rung": rung_of(written, ledger, snapshot.at) if written is not None else None,
    }


def strategy_row(name: str, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, refused: Mapping[str, str]) -> Row:
    """One strategy of the ledger with its last look and what is wrong with its file."""
    ledger = snapshot.ledger
    written = next((one for one in rulebook.strategies if one.name == name), None)
    held = [position for position in ledger.open_positions() if position.strategy == name]
    _, funnel = ledger.funnels.get(name, (None, None))
    return {
        **summary_row(name, snapshot, rulebook),
        "about": written.about if written else "",
        "structure": written.spread.name() if written else "",
        "universe": list(written.universe) if written else [],
        "approval": _approval(written),
        "mode": written.mode if written else None,
        "variant": written.variant if written else "",
        "takes": list(written.takes) if written else [],
        "group": _group(written, snapshot, rulebook),
        "ladder": _ladder(name, ledger),
        "enabled": written is not None and written.enabled,
        "pause": _pause(ledger.pauses.get(name)),
        "working": sum(1 for order in ledger.working() if order.purpose == "open" and order.strategy == name),
        "unrealised_usd": number(unrealised(held, rows)),
        "stopped_by": stopped_now(name, snapshot, rulebook),
        "funnel": funnel_rows(funnel),
        "nearest_miss": funnel.nearest_miss if funnel else None,
        "problems": refused.get(ledger.files.strategies[name].file),
        "changed": changed_rows(ledger, snapshot.at, name),
    }


def _group(strategy: Strategy | None, snapshot: Snapshot, rulebook: Rulebook) -> Row | None:
    """What of the limits that it shares is used; None where it names no group."""
    used = group_use(strategy, snapshot, rulebook) if strategy is not None else None
    if used is None:
        return None
    limits = used.limits
    most = usd(limits.open_risk, snapshot.account) if limits is not None and limits.open_risk is not None else None
    return {
        "name": used.name,
        "open": used.open,
        "open_at_most": limits.open if limits is not None else None,
        "today": used.today,
        "today_at_most": limits.per_day if limits is not None else None,
        "risk_usd": number(used.risk),
        "risk_at_most_usd": number(most),
        "obstacle": None if limits is not None else f"account.yaml has no strategy_groups.{used.name}",
    }


def _ladder(name: str, ledger: Ledger) -> Row:
    """What it has shown where nothing is sent, and what moved it down."""
    lowered, shown = ledger.ladder.lowered.get(name), ledger.ladder
    return {
        "lowered": f"from {lowered.before} to {lowered.rung}: {why_lowered(lowered)}" if lowered is not None else None,
        "noted": shown.notes.get(name, 0),
        "noted_days": shown.days.get(name, 0),
        "supposed_open": len(shown.open_of(name)),
        "supposed_closed": shown.closed.get(name, 0),
    }


def _next_entry(name: str, snapshot: Snapshot, rulebook: Rulebook) -> str | None:
    written = next((one for one in rulebook.strategies if one.name == name), None)
    if written is None or not written.enabled:
        return None
    at = next_entry(written, rulebook.account, snapshot)
    return at.astimezone(UTC).isoformat() if at is not None else None


def _pause(found: tuple[datetime, OpeningsPaused] | None) -> Row | None:
    return None if found is None else {"by": found[1].by, "reason": found[1].reason, "at": found[0].isoformat()}


def _approval(strategy: Strategy | None) -> str:
    match strategy.entry.approval if strategy is not None else None:
        case None:
            return "unknown"
        case Auto():
            return "auto"
        case Policy():
            return "policy"
        case _:
            return "manual"
