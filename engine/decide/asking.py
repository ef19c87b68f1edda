"""Asking anew for the quotes of legs that are held: for a stop that waits, for a close without a price, for a leg that is quiet.

TWS tells what changes, so silence may be a quiet option or a dead line: opened anew, a line begins with the quote as it stands.
Each question is two messages of those that TWS takes in a second, so a leg is asked for only so often.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from engine.decide.quotes import Rows
from engine.domain.clocks import ASKED_AGAIN_AFTER, LOOKED_AT_EVERY, QUIET_FOR
from engine.domain.contract import Contract
from engine.domain.decision import AskQuotes, Decision
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg


def ask_now(legs: Iterable[Leg], snapshot: Snapshot) -> Iterator[AskQuotes]:
    """The question for the quotes of these legs, but for those that were asked for a moment ago."""
    yield from _asked(leg.contract for leg in legs if _may_ask(leg.contract, snapshot, ASKED_AGAIN_AFTER))


def ask_silent(legs: Iterable[Leg], snapshot: Snapshot, rows: Rows) -> Iterator[AskQuotes]:
    """The question for those of the legs that were not told in the last seconds."""
    yield from ask_now((leg for leg in legs if _is_silent(leg.contract, snapshot, rows, ASKED_AGAIN_AFTER)), snapshot)


def ask_quiet(snapshot: Snapshot, rows: Rows, decisions: Iterable[Decision]) -> Iterator[AskQuotes]:
    """The question for held legs that are quiet for so long that exits would soon not believe them; not asked twice in a beat."""
    already = {one.con_id for decision in decisions if isinstance(decision, AskQuotes) for one in decision.contracts}
    yield from _asked(
        contract
        for contract in _held(snapshot)
        if contract.con_id not in already
        and quoted_at(contract, rows) is not None
        and _is_silent(contract, snapshot, rows, QUIET_FOR)
        and _may_ask(contract, snapshot, QUIET_FOR)
    )


def quoted_at(contract: Contract, rows: Rows) -> datetime | None:
    """When the quote of a contract was told last; None where it never was."""
    seconds = rows.value(contract.con_id, "quoted_at")
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def next_quiet(snapshot: Snapshot, rows: Rows) -> datetime | None:
    """When the next held leg becomes so quiet that it must be asked for; None where nothing is held or was ever told."""
    waits: list[datetime] = []
    for contract in _held(snapshot):
        told, asked = quoted_at(contract, rows), snapshot.requested_quotes.get(contract.con_id)
        if told is not None:
            waits.append((told if asked is None else max(told, asked)) + QUIET_FOR)
    return max(min(waits), snapshot.at + LOOKED_AT_EVERY) if waits else None


def _held(snapshot: Snapshot) -> list[Contract]:
    legs = {leg.contract for position in snapshot.ledger.open_positions() for leg in position.legs}
    return sorted(legs, key=_con_id)


def _is_silent(contract: Contract, snapshot: Snapshot, rows: Rows, since: timedelta) -> bool:
    told = quoted_at(contract, rows)
    return told is None or snapshot.at - told >= since


def _may_ask(contract: Contract, snapshot: Snapshot, after: timedelta) -> bool:
    asked = snapshot.requested_quotes.get(contract.con_id)
    return asked is None or snapshot.at - asked >= after


def _asked(contracts: Iterable[Contract]) -> Iterator[AskQuotes]:
    some = tuple(sorted(contracts, key=_con_id))
    if some:
        yield AskQuotes(some)


def _con_id(contract: Contract) -> int:
    return contract.con_id
