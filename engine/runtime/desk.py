"""What people may see and say while the engine runs. Reading folds nothing; saying goes through the inbox like any other fact."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.decide.quotes import Rows, spread_quote
from engine.domain.facts import FunnelRecorded, Halted, Resumed
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.snapshot import Answer, Snapshot
from engine.ports import Clock
from engine.runtime.engine import Engine, Eyes
from engine.runtime.inbox import Inbox, Said

ANSWER_PATIENCE_S = 10.0
"""A beat comes within a second; ten without an outcome mean the engine has stalled and nothing was promised."""

BEAT_AGE_MAX_S = 120.0
"""The beat comes once a minute when the market is closed; twice that without one is a stall."""

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Identity:
    """Which engine this is."""

    version: str
    mode: str
    account: str
    state: str
    """Folder of the journal."""


class Desk:
    """The engine as the faces know it."""

    def __init__(self, engine: Engine, eyes: Eyes, inbox: Inbox, clock: Clock, identity: Identity) -> None:
        self.identity = identity
        self._engine, self._eyes, self._inbox, self._clock = engine, eyes, inbox, clock

    @property
    def ledger(self) -> Ledger:
        return self._engine.ledger

    def snapshot(self) -> Snapshot:
        return self._eyes.look(self._clock.now(), self.ledger)

    def status(self) -> Row:
        """Everything that decides whether the engine trades, each value with its age where it can age."""
        now, ledger, snapshot = self._clock.now(), self.ledger, self.snapshot()
        gauges = self._engine.gauges
        account = snapshot.account
        return {
            "version": self.identity.version,
            "mode": self.identity.mode,
            "account": self.identity.account,
            "state": self.identity.state,
            "at": now.isoformat(),
            "trading": "halted" if ledger.halt else blocked_because(snapshot) or "on",
            "halt": {"by": ledger.halt.by, "reason": ledger.halt.reason} if ledger.halt else None,
            "connected": snapshot.is_connected,
            "link": ledger.link.text if ledger.link else "",
            "data": snapshot.data,
            "session": _session(snapshot),
            "last_beat_age_s": _age(gauges.last_beat_at, now),
            "beats": gauges.beats,
            "net_liquidation": _number(account.net_liquidation),
            "buying_power": _number(account.buying_power),
            "cushion": _number(account.cushion),
            "day_pnl": _number(account.day_pnl),
            "account_age_s": _age(account.heard_at, now),
            "open_positions": sum(1 for _ in ledger.open_positions()),
            "working_orders": sum(1 for order in ledger.working() if order.is_at_broker),
            "waiting_approvals": sum(1 for _ in waiting(ledger)),
            "differences": list(ledger.reconciled.differences) if ledger.reconciled else ["not reconciled yet"],
            "foreign": list(ledger.reconciled.foreign) if ledger.reconciled else [],
            "strategies": [self._strategy(name) for name in sorted(ledger.strategies)],
        }

    def sick_because(self) -> str | None:
        """Why the engine cannot do its work; None when it can. A closed market and a halt by a person are no sickness."""
        age = _age(self._engine.gauges.last_beat_at, self._clock.now())
        if age is None or age > BEAT_AGE_MAX_S:
            return "no beat yet" if age is None else f"the last beat was {age:.0f} s ago"
        snapshot = self.snapshot()
        if not snapshot.is_connected:
            return "no connection to the broker"
        if not snapshot.is_reconciled:
            return blocked_because(snapshot)
        return None

    def approvals(self) -> list[Row]:
        """Openings that wait for a person, oldest first, with the net as it is now."""
        now, rows = self._clock.now(), Rows(self.snapshot().chain)
        return [_approval(order, rows, now) for order in waiting(self.ledger)]

    def positions(self) -> list[Row]:
        rows = Rows(self.snapshot().chain)
        return [_position(position, rows) for position in self.ledger.positions.values()]

    def orders(self) -> list[Row]:
        return [_order(order) for order in self.ledger.orders.values()]

    def why(self, strategy: str) -> Row | None:
        """Why a strategy trades or does not: its funnel, its nearest miss and the gate that stopped it; None if unknown."""
        ledger = self.ledger
        if strategy not in ledger.strategies and strategy not in ledger.funnels:
            return None
        at, funnel = ledger.funnels.get(strategy, (None, None))
        recorded = ledger.candidates.get(strategy)
        return {
            "strategy": strategy,
            "at": at.isoformat() if at else None,
            "funnel": _funnel(funnel),
            "nearest_miss": funnel.nearest_miss if funnel else None,
            "candidates": list(recorded.candidates) if recorded else [],
            "denials": [
                {"spread": str(denial.spread), "obstacle": str(denial.obstacle), "gate": denial.obstacle.gate}
                for (name, _), denial in ledger.denials.items()
                if name == strategy
            ],
            "orders": [_order(order) for order in ledger.orders.values() if order.strategy == strategy],
        }

    async def answer(self, ref: str, *, approve: bool, by: str, reason: str = "") -> tuple[bool, str]:
        """Say yes or no to a waiting opening: (whether it was done, what became of it).

        The price and every gate are asked again in the beat that hears it; if it moved beyond the tolerance nothing is sent.
        """
        if ref not in {order.ref for order in waiting(self.ledger)}:
            return False, self._why_not_waiting(ref)
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._inbox.put(Said(Answer(ref, approve, by, reason), outcome))
        try:
            async with asyncio.timeout(ANSWER_PATIENCE_S):
                text = await outcome
        except TimeoutError:
            return False, "the engine did not answer; nothing was promised, look at `spreads status`"
        return text.startswith(("approved", "declined")), text

    def halt(self, by: str, reason: str) -> str:
        if self.ledger.halt is not None:
            return f"halted already, by {self.ledger.halt.by}: {self.ledger.halt.reason}"
        self._inbox.hear(Halted(by, reason))
        return "halting: working entries are canceled, nothing is opened, exits keep working"

    def resume(self, by: str) -> str:
        if self.ledger.halt is None:
            return "not halted"
        self._inbox.hear(Resumed(by))
        return f"resuming; it was halted by {self.ledger.halt.by}: {self.ledger.halt.reason}"

    def _strategy(self, name: str) -> Row:
        ledger = self.ledger
        loaded = ledger.strategies[name]
        at, funnel = ledger.funnels.get(name, (None, None))
        return {
            "name": name,
            "file": loaded.file,
            "digest": loaded.digest[:12],
            "candidates": funnel.candidates if funnel else None,
            "scanned_at": at.isoformat() if at else None,
            "open": sum(1 for position in ledger.open_positions() if position.strategy == name),
        }

    def _why_not_waiting(self, ref: str) -> str:
        order = self.ledger.orders.get(ref)
        if order is None:
            return f"no order {ref}"
        return f"{ref} does not wait for an answer: it is {order.state}" + (f" ({order.why})" if order.why else "")


def waiting(ledger: Ledger) -> Iterator[Order]:
    """Orders that a person has been asked about and not answered yet."""
    return (order for order in ledger.working() if order.state == "previewed" and order.asked is not None)


def blocked_because(snapshot: Snapshot) -> str | None:
    """Why nothing can be opened now, in the order in which it should be mended; None when nothing blocks."""
    if not snapshot.is_connected:
        return "no connection to the broker"
    if snapshot.ledger.reconciled is None:
        return "not reconciled with the broker yet"
    if snapshot.ledger.reconciled.differences:
        return "our books differ from the broker's"
    if not snapshot.is_open:
        return "the market is closed"
    if snapshot.data != "live":
        return f"market data is {snapshot.data}"
    return None


def _approval(order: Order, rows: Rows, now: datetime) -> Row:
    asked, preview, proposed = order.asked, order.preview, order.proposed
    quote = spread_quote(order.spread, rows, "open")
    return {
        **_order(order),
        "expires_in_s": max(0.0, (asked.expires_at - now).total_seconds()) if asked else None,
        "shown_net": _number(asked.shown_net) if asked else None,
        "net_now": _number(quote.mid) if quote else None,
        "natural_now": _number(quote.natural) if quote else None,
        "quotes_age_s": quote.age_s if quote else None,
        "asked_because": asked.reason if asked else "",
        "max_loss_usd": _number(proposed.max_loss),
        "fees_usd": _number(proposed.fees),
        "preview": preview.outcome if preview else None,
        "initial_margin_change_usd": _number(preview.initial_margin_change) if preview else None,
        "commission_usd": _number(preview.commission) if preview else None,
        "candidate": proposed.candidate,
        "gates": [str(verdict) for verdict in proposed.verdicts],
    }


def _order(order: Order) -> Row:
    return {
        "order_ref": order.ref,
        "strategy": order.strategy,
        "purpose": order.purpose,
        "spread": str(order.spread),
        "quantity": order.quantity,
        "state": order.state,
        "limit": _number(order.limit),
        "worst": _number(order.proposed.worst),
        "filled": order.filled,
        "net_filled": _number(order.net_filled),
        "commission_usd": _number(order.commission),
        "reprices": order.reprices,
        "proposed_at": order.proposed_at.isoformat(),
        "reason": order.proposed.reason,
        "why": order.why,
    }


def _position(position: Position, rows: Rows) -> Row:
    quote = spread_quote(position.spread, rows, "close") if position.is_open else None
    return {
        "position": position.id,
        "strategy": position.strategy,
        "spread": str(position.spread),
        "opened_at": position.opened_at.isoformat(),
        "quantity": position.quantity,
        "opened": position.opened,
        "opening_net": _number(position.opening_net),
        "closing_net": _number(position.closing_net),
        "realised_usd": _number(position.realised),
        "unrealised_usd": _number(position.unrealised(quote.mid)) if quote else None,
        "fees_usd": _number(position.fees),
        "max_loss_usd": _number(position.max_loss),
        "state": "open" if position.is_open else "closed",
        "close_reason": position.close_reason,
    }


def _funnel(funnel: FunnelRecorded | None) -> list[Row]:
    if funnel is None:
        return []
    return [{"condition": step.condition, "passed": step.passed, "unknown": step.unknown} for step in funnel.steps]


def _session(snapshot: Snapshot) -> Row | None:
    session = snapshot.session
    if session is None:
        return None
    return {"open": session.open.isoformat(), "close": session.close.isoformat(), "is_open": snapshot.is_open}


def _age(then: datetime | None, now: datetime) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
