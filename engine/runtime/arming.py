"""Arming as the faces ask for it: what it would mean, and a person's word that begins or ends it."""

from collections.abc import Callable

from engine.decide.entry.size import usd
from engine.decide.risk.arms import PROVEN, Wish, armed, disarmed, proven
from engine.decide.risk.breakers import dollars
from engine.domain.snapshot import Snapshot
from engine.runtime.inbox import Inbox
from engine.runtime.rows import Row, number
from engine.runtime.seams import SnapshotSource


class Arming:
    """Real money, strategy by strategy."""

    def __init__(self, account: str, snapshot: Callable[[], Snapshot], snapshots: SnapshotSource, inbox: Inbox) -> None:
        self._account, self._snapshot, self._snapshots, self._inbox = account, snapshot, snapshots, inbox

    def row(self, name: str) -> Row | None:
        """What arming a strategy would mean, and the arm that it has; None where none of that name is in force."""
        snapshot, rulebook = self._snapshot(), self._snapshots.rulebook()
        strategy = next((one for one in rulebook.strategies if one.name == name), None)
        if strategy is None:
            return None
        arm, stop = snapshot.ledger.files.arms.of(name, snapshot.at), strategy.limits.stop_for_day
        told = arm and {
            "by": arm.by,
            "expires_at": arm.expires_at.isoformat(),
            "risk_usd": number(arm.risk_usd),
            "rung": arm.rung,
            "reason": arm.reason,
        }
        return {
            "strategy": name,
            "file": strategy.file,
            "file_mode": strategy.mode,
            "account": self._account,
            "is_real_money": snapshot.ledger.mode == "live",
            "armed": told,
            "why_not_armed": None if arm is not None else snapshot.ledger.files.arms.why_none(name),
            "risk_per_trade_usd": number(usd(strategy.sizing.risk, snapshot.account)),
            "per_day": strategy.limits.per_day,
            "open": strategy.limits.open,
            "stop_for_day_usd": None if stop is None else number(usd(stop, snapshot.account)),
            "new_per_day_usd": number(usd(rulebook.account.risk.new_per_day, snapshot.account)),
            "closed_positions": proven(snapshot.ledger, name),
            "closed_positions_for_full": PROVEN,
        }

    def arm(self, name: str, wish: Wish) -> tuple[bool, str]:
        """Let a strategy trade real money: (whether it is done, what became of it)."""
        fact = armed(name, wish, self._account, self._snapshot(), self._snapshots.rulebook())
        if isinstance(fact, str):
            return False, f"not armed: {fact}"
        self._inbox.publish(fact)
        size = "one spread at a time" if fact.rung == "one lot" else "as many spreads as its file says"
        lasts = f"until {fact.expires_at:%Y-%m-%d %H:%M} UTC or an edit that loosens"
        return True, f"arming {name} with account {self._account}: {size}, {dollars(fact.risk_usd)} a day, {lasts}"

    def disarm(self, name: str, by: str, reason: str) -> tuple[bool, str]:
        """End the arm of a strategy: (whether it is done, what became of it)."""
        fact = disarmed(name, by, reason, self._snapshot().ledger)
        if isinstance(fact, str):
            return False, fact
        self._inbox.publish(fact)
        return True, f"disarming {name}: it opens nothing with real money, its openings at work are canceled, exits go on"
