"""How old the account's values may be for an opening, and when they are asked for anew.

TWS tells them every three minutes and at a change of position. Nothing is opened on values older than a minute: before an opening
they are asked for anew, and the opening waits for the answer.
"""

from collections.abc import Iterable

from engine.domain.clocks import (
    ACCOUNT_AGAIN_AFTER,
    ACCOUNT_ANSWERED_WITHIN,
    ACCOUNT_KEPT_WITHIN,
    ACCOUNT_OPENS_WITHIN,
)
from engine.domain.decision import CountBreaker, Decision, RefreshAccount
from engine.domain.gate import Verdict
from engine.domain.snapshot import Snapshot


def account_verdict(snapshot: Snapshot) -> Verdict:
    """Whether the account's values are young enough to open on: a gate."""
    age_s, most_s = _age_s(snapshot), ACCOUNT_OPENS_WITHIN.total_seconds()
    told = "never told" if age_s is None else f"told {age_s:.0f} s ago"
    answer = "pass" if age_s is not None and age_s <= most_s else "unknown"
    return Verdict("account_values", answer, told, f"{most_s:.0f} s", "broker", age_s)


def must_wait(snapshot: Snapshot) -> bool:
    """Whether an opening waits for younger values: they are too old, and the broker may still answer."""
    if account_verdict(snapshot).answer == "pass":
        return False
    since = snapshot.account_awaited_since
    return since is None or snapshot.waited(since) < snapshot.patience(ACCOUNT_ANSWERED_WITHIN)


def refresh(snapshot: Snapshot, decisions: Iterable[Decision], *, wanted: bool) -> list[Decision]:
    """The question for younger values, where an opening wants them, waits on them, or a breaker is not believed yet."""
    requested_at = snapshot.account_requested_at
    if requested_at is not None and snapshot.waited(requested_at) < ACCOUNT_AGAIN_AFTER:
        return []
    doubted = [one.name for one in decisions if isinstance(one, CountBreaker) and one.hits.count and not one.strategy]
    if doubted:
        return [RefreshAccount(f"{doubted[0]} is not believed yet")]
    age_s = _age_s(snapshot)
    waits = any(order.purpose == "open" and order.state in {"proposed", "previewed"} for order in snapshot.ledger.working())
    most = ACCOUNT_KEPT_WITHIN if waits else ACCOUNT_OPENS_WITHIN
    if snapshot.is_connected and (waits or wanted) and (age_s is None or age_s > most.total_seconds()):
        return [RefreshAccount("an opening waits")]
    return []


def _age_s(snapshot: Snapshot) -> float | None:
    reported_at = snapshot.account.reported_at
    return None if reported_at is None else max(0.0, (snapshot.at - reported_at).total_seconds())
