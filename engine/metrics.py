"""Prometheus metrics, read from the engine's gauges at the moment of a scrape: nothing in the engine knows of them.

Names with the prefix `ibkr_` are those that monitoring of a broker session expects; ours begin with `spreads_`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Buckets:
    """A histogram as it stands: how many observations fell at or below each bound, and their sum."""

    bounds_s: tuple[float, ...]
    counts: tuple[int, ...]
    """One a bound, not cumulative, and one more for what lies above the last."""
    sum_s: float


@dataclass(frozen=True, slots=True)
class Reading:
    """Every number that is published, at one instant."""

    connected: bool = False
    subscriptions: int = 0
    subscriptions_max: int = 0
    evictions: int = 0
    queue: int = 0
    throttles: int = 0
    api_errors: Mapping[int, int] = field(default_factory=dict[int, int])
    """By the broker's error code."""
    unreadable: Mapping[str, int] = field(default_factory=dict[str, int])
    """What the broker said and nobody could read, by kind."""
    order_seconds: Buckets = Buckets((), (0,), 0.0)
    """From sending an order to its acknowledgement."""
    beats: int = 0
    beat_age_s: float | None = None
    scans: int = 0
    deciding_seconds: float = 0.0
    candidates: Mapping[str, int] = field(default_factory=dict[str, int])
    """By strategy, in its last recorded funnel."""
    decisions: Mapping[str, int] = field(default_factory=dict[str, int])
    obstacles: Mapping[str, int] = field(default_factory=dict[str, int])
    """Openings stopped, by gate."""
    journal_lines: int = 0
    journal_syncs: int = 0
    refused_facts: int = 0
    halted: bool = False
    breakers_tripped: int = 0
    open_positions: int = 0
    working_orders: int = 0
    net_liquidation_usd: float | None = None
    day_pnl_usd: float | None = None
    refused_files: int = 0
    blocked_exits: Mapping[str, int] = field(default_factory=dict[str, int])
    """Exits that are due and cannot act, by what is in the way."""


LABELLED_GAUGES = frozenset({"spreads_candidates", "spreads_blocked_exits"})


class EngineCollector(Collector):
    """Turns a reading into metric families."""

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        now = self._read()
        yield from _broker(now)
        yield from _engine(now)


def registry(read: Callable[[], Reading]) -> CollectorRegistry:
    """A registry of its own, so that two engines in one process do not meet."""
    made = CollectorRegistry(auto_describe=False)
    made.register(EngineCollector(read))
    return made


def _broker(now: Reading) -> Iterator[Metric]:
    yield GaugeMetricFamily("ibkr_connection_status", "1 when the broker session is up, else 0.", value=float(now.connected))
    yield GaugeMetricFamily("ibkr_active_subscriptions", "Market data lines in use.", value=now.subscriptions)
    share = 100.0 * now.subscriptions / now.subscriptions_max if now.subscriptions_max else 0.0
    yield GaugeMetricFamily("ibkr_subscription_usage_pct", "Market data lines in use, percent of the limit.", value=share)
    yield CounterMetricFamily(
        "ibkr_subscription_evictions", "Market data lines given up for more important ones.", value=now.evictions
    )
    yield GaugeMetricFamily("ibkr_request_queue_size", "Requests that wait for the pacing limit.", value=now.queue)
    yield CounterMetricFamily(
        "ibkr_throttle_events", "Times that requests had to wait for the pacing limit.", value=now.throttles
    )
    errors = CounterMetricFamily("ibkr_api_errors", "Messages of the broker by error code.", labels=["error_code"])
    for code, count in sorted(now.api_errors.items()):
        errors.add_metric([str(code)], count)
    yield errors
    unreadable = CounterMetricFamily(
        "spreads_unreadable", "What the broker said and nobody could read, and was left out, by kind.", labels=["kind"]
    )
    for kind, count in sorted(now.unreadable.items()):
        unreadable.add_metric([kind], count)
    yield unreadable
    yield _histogram("ibkr_order_execution_seconds", "From sending an order to the broker's acknowledgement.", now.order_seconds)


def _engine(now: Reading) -> Iterator[Metric]:
    for name, text, value in (
        ("spreads_beats", "Beats of the engine.", now.beats),
        ("spreads_scans", "Scans of a strategy over the chain.", now.scans),
        ("spreads_deciding_seconds", "Seconds spent in the decider, scans and gates included.", now.deciding_seconds),
        ("spreads_journal_lines", "Facts written by this process.", now.journal_lines),
        ("spreads_journal_syncs", "Times the journal was forced to disk.", now.journal_syncs),
        ("spreads_refused_facts", "Facts from the broker that cannot follow what is known.", now.refused_facts),
    ):
        yield CounterMetricFamily(name, text, value=value)
    for name, text, value in (
        ("spreads_halted", "1 while the engine is halted.", float(now.halted)),
        ("spreads_breakers_tripped", "Breakers that stand: of the account, and of each strategy.", now.breakers_tripped),
        ("spreads_open_positions", "Positions open.", now.open_positions),
        ("spreads_working_orders", "Orders at the broker.", now.working_orders),
        (
            "spreads_refused_files",
            "Strategy files whose present text is refused; the last good version is in force.",
            now.refused_files,
        ),
        ("spreads_beat_age_seconds", "Seconds since the last beat.", now.beat_age_s),
        ("spreads_net_liquidation_usd", "Net liquidation value of the account.", now.net_liquidation_usd),
        ("spreads_day_pnl_usd", "Result of the day, realised and unrealised.", now.day_pnl_usd),
    ):
        if value is not None:
            yield GaugeMetricFamily(name, text, value=value)
    for name, text, label, values in (
        ("spreads_candidates", "Candidates in the last recorded scan.", "strategy", now.candidates),
        ("spreads_blocked_exits", "Exits that are due and cannot act, by what is in the way.", "obstacle", now.blocked_exits),
        ("spreads_decisions", "Decisions by kind.", "kind", now.decisions),
        ("spreads_gate_stops", "Openings stopped, by gate.", "gate", now.obstacles),
    ):
        family = (GaugeMetricFamily if name in LABELLED_GAUGES else CounterMetricFamily)(name, text, labels=[label])
        for key, count in sorted(values.items()):
            family.add_metric([key], count)
        yield family


def _histogram(name: str, text: str, buckets: Buckets) -> HistogramMetricFamily:
    total, cumulative = 0, list[tuple[str, float]]()
    for bound, count in zip((*map(str, buckets.bounds_s), "+Inf"), buckets.counts, strict=True):
        total += count
        cumulative.append((bound, total))
    return HistogramMetricFamily(name, text, buckets=cumulative, sum_value=buckets.sum_s)
