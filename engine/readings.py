"""What the running parts have counted, taken together as one reading for whoever publishes it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from engine.broker.adapter import IbBroker
from engine.broker.gauges import BrokerGauges
from engine.decide.entry.find import Finder
from engine.decide.entry.size import usd
from engine.decide.risk.exposure import exposure
from engine.domain.facts.running import LinkState
from engine.domain.maintenance import Restart, is_loss_expected
from engine.domain.session import trading_day
from engine.metrics import Reading
from engine.ports import Clock
from engine.runtime.engine import Engine
from engine.runtime.feed import Feed
from engine.runtime.inbox import Inbox
from engine.runtime.library import Library
from engine.runtime.outcomes import Outcomes
from engine.runtime.standing import waiting
from engine.store.heartbeat import Doing, Trace
from engine.tally import MACHINE_S, Tally

STATUSES = ("2xx", "3xx", "4xx", "503", "5xx")
"""503 apart: it is the true answer of an engine that is asked whether it is well and is not."""
WATCHED_CODES = (100, 103, 110, 201, 10058, 10197)
"""Codes that the alert rules look for. They are published from the start: a counter that begins at 1 has not risen."""


@dataclass(slots=True)
class ApiGauges:
    """What was asked of the engine's own API."""

    seconds: Tally
    requests: dict[str, int]
    """By class of the answer."""

    def answered(self, status: int, seconds: float) -> None:
        """One answer was given."""
        kind = "503" if status == 503 else f"{status // 100}xx"
        self.requests[kind] = self.requests.get(kind, 0) + 1
        self.seconds.add(seconds)


def api_gauges() -> ApiGauges:
    return ApiGauges(Tally(MACHINE_S), dict.fromkeys(STATUSES, 0))


@dataclass(frozen=True, slots=True)
class Sources:
    """The parts that count."""

    engine: Engine
    broker: IbBroker
    finder: Finder
    library: Library
    inbox: Inbox
    clock: Clock
    outcomes: Outcomes
    api: ApiGauges
    restart: Restart
    feed: Feed
    began_at: datetime
    notices: Callable[[], Mapping[str, int]] = dict
    guardian: Callable[[], Trace | None] = lambda: None
    """What a guardian has said last."""


def reading(of: Sources) -> Reading:
    """Every number that is published, as it is now. It folds nothing and asks nobody: a scrape costs no beat."""
    now, ledger, gauges, beat = of.clock.now(), of.engine.ledger, of.broker.gauges, of.engine.gauges
    account, limits, worth = of.broker.account, of.library.in_force.account, of.broker.account.net_liquidation
    seen = of.feed.coverage(now)
    guardian = of.guardian()
    reconciled, limit = ledger.reconciled, usd(limits.risk.total, account)
    return Reading(
        connected=of.broker.is_connected,
        link_state={state: int(state == (ledger.link.state if ledger.link else "down")) for state in get_args(LinkState)},
        link_age_s=(now - ledger.link_at).total_seconds() if ledger.link_at else None,
        clock_skew_s=gauges.clock_skew_seconds,
        loss_expected=is_loss_expected(now, of.restart),
        subscriptions=gauges.lines_used,
        subscriptions_turning=gauges.lines_turning,
        subscriptions_max=gauges.lines_limit,
        chain_contracts=seen.contracts,
        chain_fresh=seen.fresh,
        chain_oldest_s=seen.oldest_s,
        chain_round_s=gauges.explored_s,
        subscriptions_pct=gauges.lines_share_pct,
        evictions=gauges.line_evictions,
        queue=gauges.queue_length,
        throttles=gauges.throttles,
        requests=gauges.messages_sent,
        class_queue={**gauges.waiting_by_class},
        class_requests={**gauges.sent_by_class},
        class_wait_seconds={**gauges.wait_seconds},
        class_resting={name: int(rests) for name, rests in gauges.resting.items()},
        shared_questions=gauges.questions_shared,
        scan_pauses=gauges.scan_pauses,
        request_seconds=gauges.request_seconds,
        unanswered=gauges.unanswered,
        api_errors=_codes(gauges),
        api_failures=gauges.failures,
        unreadable=gauges.unreadable_by_kind,
        order_seconds=gauges.acknowledgement_seconds,
        uptime_s=(now - of.began_at).total_seconds(),
        guardian_state={} if guardian is None else {one: int(one == guardian.doing) for one in get_args(Doing)},
        guardian_age_s=None if guardian is None or guardian.doing == "stopped" else (now - guardian.at).total_seconds(),
        guardian_silent_s=None if guardian is None else guardian.silent_s,
        beats=beat.beats,
        beat_seconds=of.inbox.beat_seconds,
        beat_age_s=(now - beat.last_beat_at).total_seconds() if beat.last_beat_at else None,
        scans=of.finder.scans,
        scan_seconds=of.finder.scan_seconds,
        deciding_seconds=beat.deciding_seconds,
        faults=beat.faults,
        candidates={name: funnel.candidates for name, (_, funnel) in ledger.funnels.items()},
        decisions=beat.decisions,
        obstacles=beat.obstacles,
        journal_lines=beat.facts,
        journal_syncs=beat.syncs,
        refused_facts=beat.refused_facts,
        halted=ledger.halt is not None,
        differences=len(reconciled.differences) if reconciled is not None else 0,
        breakers_tripped=len(ledger.breakers.trips(trading_day(now))),
        open_positions=sum(1 for _ in ledger.open_positions()),
        working_orders=sum(1 for order in ledger.working() if order.is_at_broker),
        waiting_approvals=sum(1 for _ in waiting(ledger)),
        orders=of.outcomes.orders,
        fill_seconds=of.outcomes.fill_seconds,
        slippage_usd=of.outcomes.slippage_usd,
        refused_files=len(of.library.in_force.refused),
        blocked_exits=Counter(blocked.obstacle for _, blocked in ledger.blocked_exits.values()),
        net_liquidation_usd=None if worth is None else float(worth),
        day_pnl_usd=None if account.day_pnl is None else float(account.day_pnl),
        day_stop_usd=None if worth is None else float(limits.breakers.stop_for_day * worth),
        day_alarm_usd=None if worth is None else float(limits.breakers.alarm_for_day * worth),
        risk_usd=float(exposure(ledger, now).risk()),
        risk_limit_usd=None if limit is None else float(limit),
        api_requests=of.api.requests,
        api_seconds=of.api.seconds,
        notices=of.notices(),
    )


def _codes(gauges: BrokerGauges) -> dict[int, int]:
    return {**dict.fromkeys(WATCHED_CODES, 0), **gauges.errors_by_code}
