"""What people may see and say while the engine runs. Reading folds nothing; saying goes through the inbox like any other fact."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

import numpy as np

from engine.broker.asking import machine_s
from engine.decide.entry.entries import picked_outcome
from engine.decide.quotes import Rows
from engine.domain.facts.halts import Halted, Resumed
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.positions import PositionAdopted
from engine.domain.facts.running import PersonLooked, RequestHandled
from engine.domain.ledger import Ledger
from engine.domain.login import session_end
from engine.domain.parts import ALL, Portion
from engine.domain.session import trading_day
from engine.domain.snapshot import Answer, CancelAsked, CloseAsked, OpenAsked, Request, Snapshot, TightenAsked
from engine.ports import Clock
from engine.runtime.accepting import Accepting
from engine.runtime.adopting import Adoption
from engine.runtime.arming import Arming
from engine.runtime.candidate_rows import live_rows
from engine.runtime.edited import Running, nothing_runs
from engine.runtime.engine import Engine
from engine.runtime.flattening import Flattening
from engine.runtime.held_edits import HeldEdits
from engine.runtime.ideas import Ideas
from engine.runtime.inbox import Inbox, Item, Outcome, PersonAnswer, PersonRequest
from engine.runtime.migrating import Migrating
from engine.runtime.openings import Openings
from engine.runtime.order_rows import execution_rows, order_row
from engine.runtime.pick_rows import pick_row, previewed
from engine.runtime.plain import Row, age_s
from engine.runtime.planning import Planning
from engine.runtime.position_rows import endings, position_detail
from engine.runtime.rolling import Rolling
from engine.runtime.rows import (
    account_values,
    approval_row,
    blocked_rows,
    breaker_rows,
    changed_rows,
    close_row,
    exercised_rows,
    guardian_row,
    refused_rows,
    session_row,
    traffic_row,
)
from engine.runtime.seams import Observer, SnapshotSource
from engine.runtime.standing import Identity, Pulse, Traffic, Vitals, blocked_because, trading, waiting
from engine.runtime.strategy_rows import strategy_row, summary_row
from engine.runtime.timelines import Timelines
from engine.runtime.why import stopped_now, when_now, why_row
from engine.strategy.model import Strategy

ANSWER_PATIENCE_S = 10.0
"""A beat comes within a second; ten without an outcome mean the engine has stalled and nothing was promised."""

NOT_RECONCILED = "not reconciled yet"
"""The only difference that is told before the books were held against the broker's in this run."""
BEAT_AGE_MAX_S = 120.0
"""The beat comes once a minute when the market is closed; twice that without one is a stall."""


class Control:
    """The engine as the faces know it."""

    def __init__(
        self,
        engine: Engine,
        snapshots: SnapshotSource,
        inbox: Inbox,
        clock: Clock,
        identity: Identity,
        notices: Callable[[datetime], Sequence[str]],
        refused: Callable[[], Mapping[str, str]] = dict,
        traffic: Callable[[], Traffic | None] = lambda: None,
        edits: HeldEdits | None = None,
        running: Callable[[], Running] = nothing_runs,
    ) -> None:
        """`notices` says what in the trader's files will soon open nothing, `refused` which of them are not in force, and why."""
        self.identity, self._notices, self._refused, self._traffic = identity, notices, refused, traffic
        self._timelines, self._began_at = Timelines(), clock.now()
        engine.observers.append(self._timelines)
        self._engine, self._snapshots, self._inbox, self._clock = engine, snapshots, inbox, clock
        self.flattening = Flattening(identity.account, self.snapshot, inbox)
        self.adoption = Adoption(self.snapshot, lambda: engine.books, snapshots, inbox)
        self.openings = Openings(self.snapshot, snapshots, inbox)
        self.ideas = Ideas(self.snapshot, snapshots)
        self.rolling = Rolling(self.snapshot, snapshots, self._asked)
        self.edits = Accepting(edits or HeldEdits(), inbox)
        self.plans = Planning(self.snapshot, running, lambda: snapshots.rulebook().versions, Path(identity.state))
        self.migrating = Migrating(self.snapshot, snapshots, inbox)
        self.arming = Arming(identity.account, self.snapshot, snapshots, inbox)

    @property
    def ledger(self) -> Ledger:
        return self._engine.ledger

    def snapshot(self) -> Snapshot:
        return self._snapshots.take(self._clock.now(), self.ledger)

    def now(self) -> datetime:
        return self._clock.now()

    def tell(self, observer: Observer, after_beat: Callable[[], None], during_sync: Callable[[], None]) -> None:
        """Have somebody told of every fact, of the end of every beat, and when what a beat has changed is on its way to disk."""
        self._engine.observers.append(observer)
        self._engine.after_beat.append(after_beat)
        self._engine.during_sync.append(during_sync)

    def keep(self, fact: RequestHandled | PersonLooked) -> None:
        """Keep in the journal who asked for what, and who looked."""
        self._inbox.publish(fact)

    def pulse(self) -> Pulse:
        snapshot = self.snapshot()
        quoted_at = snapshot.chain.table.column("quoted_at").to_numpy()
        known = quoted_at[np.isfinite(quoted_at)]
        return Pulse(
            at=snapshot.at,
            trading=trading(snapshot),
            is_connected=snapshot.is_connected,
            data=snapshot.data,
            last_beat_age_s=age_s(self._engine.gauges.last_beat_at, snapshot.at),
            account_age_s=age_s(snapshot.account.reported_at, snapshot.at),
            quotes_age_s=max(0.0, snapshot.at.timestamp() - float(known.max())) if known.size else None,
        )

    def status(self) -> Row:
        """Everything that decides whether the engine trades, each value with its age where it can age."""
        now, ledger, snapshot = self._clock.now(), self.ledger, self.snapshot()
        gauges = self._engine.gauges
        traffic, rulebook = self._traffic(), self._snapshots.rulebook()
        return {
            "version": self.identity.version,
            "mode": self.identity.mode,
            "account": self.identity.account,
            "state": self.identity.state,
            "at": now.isoformat(),
            "trading": trading(snapshot),
            "breakers": breaker_rows(ledger, now),
            "blocked_exits": blocked_rows(ledger),
            "exercised": exercised_rows(ledger),
            "ending": [one.of(ledger.positions[name]) for name, one in endings(snapshot, rulebook).items()],
            "halt": {"by": ledger.halt.by, "reason": ledger.halt.reason} if ledger.halt else None,
            "flatten": {"by": ledger.flatten.by, "reason": ledger.flatten.reason} if ledger.flatten else None,
            "guardian": guardian_row(Path(self.identity.state), now),
            "connected": snapshot.is_connected,
            "link": ledger.link.text if ledger.link else "",
            "link_state": ledger.link.state if ledger.link else None,
            "link_at": ledger.link_at.isoformat() if ledger.link_at else None,
            "link_age_s": age_s(ledger.link_at, now),
            "login_ends_at": session_end(now).isoformat() if ledger.mode != "sim" else None,
            "data": snapshot.data,
            "session": session_row(snapshot),
            "last_beat_age_s": age_s(gauges.last_beat_at, now),
            "beats": gauges.beats,
            **traffic_row(traffic),
            **account_values(snapshot, rulebook),
            "open_positions": sum(1 for _ in ledger.open_positions()),
            "working_orders": sum(1 for order in ledger.working() if order.is_at_broker),
            "waiting_approvals": sum(1 for _ in waiting(ledger)),
            "differences": list(ledger.reconciled.differences) if ledger.reconciled else [NOT_RECONCILED],
            "foreign": list(ledger.reconciled.foreign) if ledger.reconciled else [],
            "refused": refused_rows(self._refused()),
            "held_edits": self.edits.rows(),
            "changed": changed_rows(ledger, now),
            "notices": list(self._notices(now)),
            "strategies": [summary_row(name, snapshot, rulebook) for name in sorted(ledger.files.strategies)],
        }

    def sick_because(self) -> str | None:
        """Why the engine cannot do its work; None when it can. A closed market and a halt by a person are no sickness."""
        age = age_s(self._engine.gauges.last_beat_at, self._clock.now())
        if age is None or age > BEAT_AGE_MAX_S:
            return "no beat yet" if age is None else f"the last beat was {age:.0f} s ago"
        snapshot = self.snapshot()
        if not snapshot.is_connected:
            return "no connection to the broker"
        if not snapshot.is_reconciled:
            return blocked_because(snapshot)
        return None

    def vitals(self) -> Vitals:
        traffic, uptime_s = self._traffic(), age_s(self._began_at, self._clock.now()) or 0.0
        if traffic is None:
            return Vitals(uptime_s, None, is_throttled=False, next_order_id=None)
        is_throttled, next_id = traffic.queue > 0, traffic.next_order_id
        return Vitals(uptime_s, traffic.throttles, is_throttled=is_throttled, next_order_id=next_id, resting=traffic.resting)

    def approvals(self) -> list[Row]:
        """Openings that wait for a person, oldest first, with the net as it is now."""
        snapshot = self.snapshot()
        return [approval_row(order, snapshot, self._snapshots.rulebook(), Rows(snapshot.chain)) for order in waiting(self.ledger)]

    def candidates(self, strategy: str | None = None) -> list[Row]:
        """The ranked spreads that the last look of each strategy, or of one, found, with their quotes of now."""
        snapshot = self.snapshot()
        looks = self._snapshots.rulebook().finder.looks
        names = sorted(name for name in self.ledger.files.strategies if strategy in {None, name})
        wanted = [looks[name] for name in names if name in looks]
        return list(live_rows(wanted, self.ledger, Rows(snapshot.chain), snapshot.at))

    def positions(self, *, only_open: bool = False) -> list[Row]:
        """Positions that were ever opened, with the marks and exits of those that are open."""
        snapshot, ledger = self.snapshot(), self.ledger
        wanted = ledger.open_positions() if only_open else ledger.positions.values()
        rows, rulebook, hits = Rows(snapshot.chain), self._snapshots.rulebook(), self._engine.exit_hits
        return [position_detail(position, snapshot, rulebook, rows, hits) for position in wanted]

    def position(self, name: str) -> Row | None:
        """One position; None where there is none of that name."""
        known, snapshot = self.ledger.positions.get(name), self.snapshot()
        if known is None:
            return None
        return position_detail(known, snapshot, self._snapshots.rulebook(), Rows(snapshot.chain), self._engine.exit_hits)

    def orders(self, *, only_working: bool = False) -> list[Row]:
        rows = Rows(self.snapshot().chain)
        return [order_row(order, rows) for order in (self.ledger.working() if only_working else self.ledger.orders.values())]

    def order(self, ref: str) -> Row | None:
        """One order with what happened to it; None where there is none of that reference."""
        known = self.ledger.orders.get(ref)
        if known is None:
            return None
        steps = self._timelines.of(ref)
        is_whole = bool(steps) and steps[0]["kind"] in {OrderProposed.__name__, PositionAdopted.__name__}
        return {**order_row(known, Rows(self.snapshot().chain)), "timeline": steps, "timeline_is_whole": is_whole}

    def executions(self, limit: int) -> list[Row]:
        """The last executions, newest order first."""
        return list(islice(execution_rows(self.ledger), limit))

    def strategies(self) -> Row:
        """Every strategy of the ledger with its last look, and the files that are not in force."""
        return {"strategies": self.strategy_rows(), "refused": refused_rows(self._refused())}

    def strategies_in_force(self) -> Sequence[Strategy]:
        """The strategies of the files, as they are in force."""
        return self._snapshots.rulebook().strategies

    def strategy_rows(self) -> list[Row]:
        """Every strategy of the ledger with its last look."""
        snapshot, rulebook, refused = self.snapshot(), self._snapshots.rulebook(), self._refused()
        rows = Rows(snapshot.chain)
        return [strategy_row(name, snapshot, rulebook, rows, refused) for name in sorted(self.ledger.files.strategies)]

    def why(self, strategy: str) -> Row | None:
        """Why a strategy trades or does not: its funnel, its nearest miss and the gate that stopped it; None if unknown."""
        ledger = self.ledger
        known = strategy in ledger.files.strategies or strategy in ledger.funnels
        if not known and not any(trip.strategy == strategy for _, trip in ledger.breakers.trips(trading_day(self._clock.now()))):
            return None
        snapshot, rulebook = self.snapshot(), self._snapshots.rulebook()
        written = next((one for one in rulebook.strategies if one.name == strategy), None)
        when = when_now(written, snapshot, rulebook) if written is not None else ()
        return why_row(ledger, strategy, snapshot.at, stopped_now(strategy, snapshot, rulebook), when, self._refused())

    async def answer(
        self, ref: str, *, approve: bool, by: str, reason: str = "", shown_net: Decimal | None = None
    ) -> tuple[bool, str]:
        """Say yes or no to a waiting opening: (whether it was done, what became of it).

        The price and every gate are asked again in the beat that hears it; if it moved beyond the tolerance nothing is sent.
        """
        if ref not in {order.ref for order in waiting(self.ledger)}:
            return False, self._why_not_waiting(ref)
        return await self._heard(lambda outcome: PersonAnswer(Answer(ref, approve, by, reason, shown_net), outcome))

    def close_row(self, position: str, portion: Portion = ALL) -> Row | None:
        """What closing a position, or a portion of it, would do now; None where there is none of that name."""
        known, snapshot = self.ledger.positions.get(position), self.snapshot()
        return None if known is None else close_row(known, snapshot, self._snapshots.rulebook(), Rows(snapshot.chain), portion)

    async def close(
        self, position: str, by: str, reason: str = "", shown_net: Decimal | None = None, portion: Portion = ALL
    ) -> tuple[bool, str]:
        """Have a position, or a portion of it, closed: (whether an order was made, what became of the request)."""
        return await self._asked(CloseAsked(position, by, reason, shown_net, portion))

    async def cancel(self, ref: str, by: str, reason: str = "") -> tuple[bool, str]:
        """Have an order ended: (whether it was done, what became of the request)."""
        return await self._asked(CancelAsked(ref, by, reason))

    async def tighten(
        self, ref: str, by: str, reason: str = "", quantity: int | None = None, worst: Decimal | None = None
    ) -> tuple[bool, str]:
        """Make an opening safer: (whether it was done, what became of the request)."""
        return await self._asked(TightenAsked(ref, by, reason, quantity, worst))

    async def open(self, pick: OpenAsked) -> tuple[bool, str]:
        """Have the order of a picked candidate proposed: (whether one was, what became of the request)."""
        return await self._asked(pick)

    async def open_row(self, pick: OpenAsked) -> Row:
        """What the order of a picked candidate would be now, with the broker's what-if where nothing else stops it."""
        snapshot, rulebook = self.snapshot(), self._snapshots.rulebook()
        rows = Rows(snapshot.chain)
        outcome = picked_outcome(pick, snapshot, rulebook, rows)
        row = pick_row(pick, outcome, rows)
        if not isinstance(outcome, OrderProposed):
            return row
        answer = await self._engine.preview(replace(outcome, order_ref=f"{outcome.order_ref}-preview"))
        return previewed(row, answer)

    async def _asked(self, request: Request) -> tuple[bool, str]:
        return await self._heard(lambda outcome: PersonRequest(request, outcome))

    async def _heard(self, item: Callable[[asyncio.Future[Outcome]], Item]) -> tuple[bool, str]:
        """Whether the next beat did what a word wants, and what it says of it; past the patience the word is not kept."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._inbox.put(item(outcome))
        try:
            async with asyncio.timeout(machine_s(ANSWER_PATIENCE_S)):
                said = await outcome
                return said.is_done, said.text
        except TimeoutError:
            return False, "the engine did not answer; nothing was promised, look at `spreads status`"

    def halt(self, by: str, reason: str) -> str:
        if self.ledger.halt is not None:
            return f"halted already, by {self.ledger.halt.by}: {self.ledger.halt.reason}"
        self._inbox.publish(Halted(by, reason))
        return "halting: working entries are canceled, nothing is opened, exits keep working"

    def resume(self, by: str) -> str:
        if self.ledger.halt is None:
            return "not halted"
        if self.ledger.flatten is not None:
            return "not resumed: it is flattening; stop that first, with `spreads flatten --stop`"
        if self._engine.stays_halted:
            return f"not resumed: {self._engine.stays_halted}"
        self._inbox.publish(Resumed(by))
        return f"resuming; it was halted by {self.ledger.halt.by}: {self.ledger.halt.reason}"

    def _why_not_waiting(self, ref: str) -> str:
        order = self.ledger.orders.get(ref)
        if order is None:
            return f"no order {ref}; `spreads approvals` lists what waits for an answer"
        return f"{ref} does not wait for an answer: it is {order.state}" + (f" ({order.why})" if order.why else "")
