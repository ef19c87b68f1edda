"""Prometheus metrics, read from the engine's gauges at the moment of a scrape: nothing in the engine knows of them.

A metric is one field of `Reading` with its declaration beside it; the page, the rules and the dashboards are held to them.
Names with the prefix `ibkr_` are those that monitoring of a broker session expects; ours begin with `spreads_`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, assert_never, get_type_hints

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.tally import Tally

Kind = Literal["gauge", "counter", "histogram"]
Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


@dataclass(frozen=True, slots=True)
class Published:
    """How a field of the reading is published. A value that is None is left out; a mapping has one label."""

    kind: Kind
    name: str
    """Without the `_total` that Prometheus adds to a counter's."""
    text: str
    label: str = ""


def _gauge(name: str, text: str, label: str = "") -> Published:
    return Published("gauge", name, text, label)


def _counter(name: str, text: str, label: str = "") -> Published:
    return Published("counter", name, text, label)


def _histogram(name: str, text: str, label: str = "") -> Published:
    return Published("histogram", name, text, label)


Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """Every number that is published, at one instant."""

    connected: Annotated[bool, _gauge("ibkr_connection_status", "1 when the broker session is up, else 0.")] = False
    link_state: Annotated[
        Mapping[str, int],
        _gauge("ibkr_session_state", "1 for the state that the session with TWS is in, 0 for the others.", "state"),
    ] = field(default_factory=dict[str, int])
    link_age_s: Annotated[float | None, _gauge("ibkr_session_state_seconds", "Seconds since that state began.")] = None
    clock_skew_s: Annotated[
        float | None, _gauge("ibkr_clock_skew_seconds", "TWS's clock less ours, as far as that is certain.")
    ] = None
    loss_expected: Annotated[
        bool, _gauge("ibkr_maintenance_window", "1 while the nightly reset or the weekly maintenance of the broker is due.")
    ] = False
    subscriptions: Annotated[int, _gauge("ibkr_active_subscriptions", "Market data lines in use.")] = 0
    subscriptions_max: Annotated[int, _gauge("ibkr_subscriptions_limit", "Market data lines that may be used.")] = 0
    subscriptions_turning: Annotated[
        int, _gauge("ibkr_turning_subscriptions", "Of the lines in use, those on which the rest of the chain takes turns.")
    ] = 0
    subscriptions_pct: Annotated[
        float,
        _gauge("ibkr_subscription_usage_pct", "Market data lines in use without those that take turns, percent of the limit."),
    ] = 0.0
    chain_contracts: Annotated[int, _gauge("spreads_chain_contracts", "Options that can pass, or are held.")] = 0
    chain_fresh: Annotated[int, _gauge("spreads_chain_fresh", "Of these, those told within the last minute.")] = 0
    chain_oldest_s: Annotated[float | None, _gauge("spreads_chain_age_seconds", "Age of the oldest quote of them.")] = None
    chain_round_s: Annotated[
        float | None, _gauge("spreads_chain_round_seconds", "In what time each option that takes turns on the lines has had one.")
    ] = None
    evictions: Annotated[int, _counter("ibkr_subscription_evictions", "Market data lines given up for more important ones.")] = 0
    queue: Annotated[int, _gauge("ibkr_request_queue_size", "Requests that wait for the pacing limit.")] = 0
    throttles: Annotated[int, _counter("ibkr_throttle_events", "Times that requests had to wait for the pacing limit.")] = 0
    requests: Annotated[int, _counter("ibkr_requests", "Messages sent to the broker; their rate is requests per second.")] = 0
    class_queue: Annotated[Counts, _gauge("ibkr_class_queue", "Messages that wait, by their class.", "class")] = field(
        default_factory=dict[str, int]
    )
    class_requests: Annotated[
        Counts, _counter("ibkr_class_requests", "Messages sent to the broker, by their class.", "class")
    ] = field(default_factory=dict[str, int])
    class_wait_seconds: Annotated[
        Mapping[str, Tally],
        _histogram("ibkr_class_wait_seconds", "How long a message waited before it was sent, by its class.", "class"),
    ] = field(default_factory=dict[str, Tally])
    class_resting: Annotated[
        Counts, _gauge("ibkr_class_resting", "1 while nothing of this class is asked, since its questions failed.", "class")
    ] = field(default_factory=dict[str, int])
    shared_questions: Annotated[
        int, _counter("ibkr_shared_questions", "Questions answered by the answer to the same one, which was under way.")
    ] = 0
    scan_pauses: Annotated[
        int, _counter("spreads_explore_pauses", "Times that exploring the chain stopped because too many messages waited.")
    ] = 0
    request_seconds: Annotated[
        Mapping[str, Tally], _histogram("ibkr_request_seconds", "From a question to the broker's answer, by kind.", "kind")
    ] = field(default_factory=dict[str, Tally])
    unanswered: Annotated[int, _counter("ibkr_unanswered_requests", "Questions that the broker did not answer in time.")] = 0
    api_errors: Annotated[
        Mapping[int, int], _counter("ibkr_api_errors", "Messages of the broker by error code, notices included.", "error_code")
    ] = field(default_factory=dict[int, int])
    api_failures: Annotated[
        int, _counter("ibkr_api_failures", "Messages of the broker that are errors, not notices and not about the link.")
    ] = 0
    unreadable: Annotated[
        Counts,
        _counter("spreads_unreadable", "What the broker said and nobody could read, and was left out, by kind.", "kind"),
    ] = field(default_factory=dict[str, int])
    order_seconds: Annotated[
        Tally | None,
        _histogram("ibkr_order_execution_seconds", "From sending an order to the broker's acknowledgement."),
    ] = None
    uptime_s: Annotated[float | None, _gauge("spreads_uptime_seconds", "Seconds since the engine started.")] = None
    guardian_state: Annotated[
        Counts, _gauge("spreads_guardian_state", "1 for what the guardian does, 0 for the rest; absent without one.", "state")
    ] = field(default_factory=dict[str, int])
    guardian_age_s: Annotated[
        float | None,
        _gauge(
            "spreads_guardian_look_age_seconds",
            "Seconds since the guardian looked last; absent where none ever watched, or it was stopped.",
        ),
    ] = None
    guardian_silent_s: Annotated[
        float | None,
        _gauge("spreads_guardian_silence_seconds", "How long the guardian has missed the engine's sign of life."),
    ] = None
    beats: Annotated[int, _counter("spreads_beats", "Beats of the engine.")] = 0
    beat_seconds: Annotated[Tally | None, _histogram("spreads_beat_seconds", "How long a beat took.")] = None
    beat_age_s: Annotated[float | None, _gauge("spreads_beat_age_seconds", "Seconds since the last beat.")] = None
    scans: Annotated[int, _counter("spreads_scans", "Scans of a strategy over the chain.")] = 0
    scan_seconds: Annotated[
        Tally | None, _histogram("spreads_scan_seconds", "How long a strategy's scan over the chain took.")
    ] = None
    deciding_seconds: Annotated[
        float, _counter("spreads_deciding_seconds", "Seconds spent in the decider, scans and gates included.")
    ] = 0.0
    faults: Annotated[int, _counter("spreads_faults", "Times that a part of the program failed and was left alone.")] = 0
    candidates: Annotated[Counts, _gauge("spreads_candidates", "Candidates in the last recorded scan.", "strategy")] = field(
        default_factory=dict[str, int]
    )
    decisions: Annotated[Counts, _counter("spreads_decisions", "Decisions by kind.", "kind")] = field(
        default_factory=dict[str, int]
    )
    obstacles: Annotated[Counts, _counter("spreads_gate_stops", "Openings stopped, by gate.", "gate")] = field(
        default_factory=dict[str, int]
    )
    journal_lines: Annotated[int, _counter("spreads_journal_lines", "Facts written by this process.")] = 0
    journal_syncs: Annotated[int, _counter("spreads_journal_syncs", "Times the journal was forced to disk.")] = 0
    refused_facts: Annotated[
        int, _counter("spreads_refused_facts", "Facts from the broker that cannot follow what is known.")
    ] = 0
    halted: Annotated[bool, _gauge("spreads_halted", "1 while the engine is halted.")] = False
    differences: Annotated[
        int, _gauge("spreads_differences", "Where our books differ from the broker's; nothing is opened until it is 0.")
    ] = 0
    breakers_tripped: Annotated[
        int, _gauge("spreads_breakers_tripped", "Breakers that stand: of the account, and of each strategy.")
    ] = 0
    open_positions: Annotated[int, _gauge("spreads_open_positions", "Positions open.")] = 0
    working_orders: Annotated[int, _gauge("spreads_working_orders", "Orders at the broker.")] = 0
    waiting_approvals: Annotated[int, _gauge("spreads_waiting_approvals", "Openings that wait for a person.")] = 0
    orders: Annotated[
        Counts, _counter("spreads_orders", "Orders that ended after they were sent, by what became of them.", "outcome")
    ] = field(default_factory=dict[str, int])
    fill_seconds: Annotated[
        Tally | None, _histogram("spreads_fill_seconds", "From sending an order to the execution that made it whole.")
    ] = None
    slippage_usd: Annotated[
        Mapping[str, Tally],
        _histogram(
            "spreads_slippage_usd", "First price less what a filled order brought, USD per share; above 0 is worse.", "purpose"
        ),
    ] = field(default_factory=dict[str, Tally])
    refused_files: Annotated[
        int,
        _gauge("spreads_refused_files", "Strategy files whose present text is refused; the last good version is in force."),
    ] = 0
    blocked_exits: Annotated[
        Counts, _gauge("spreads_blocked_exits", "Exits that are due and cannot act, by what is in the way.", "obstacle")
    ] = field(default_factory=dict[str, int])
    net_liquidation_usd: Annotated[
        float | None, _gauge("spreads_net_liquidation_usd", "Net liquidation value of the account.")
    ] = None
    day_pnl_usd: Annotated[
        float | None, _gauge("spreads_day_pnl_usd", "Result of the day, realised and unrealised; a loss is negative.")
    ] = None
    day_stop_usd: Annotated[
        float | None, _gauge("spreads_day_stop_usd", "Result of the day at which nothing more is opened; negative.")
    ] = None
    day_alarm_usd: Annotated[
        float | None, _gauge("spreads_day_alarm_usd", "Result of the day at which a person is told; negative.")
    ] = None
    risk_usd: Annotated[
        float, _gauge("spreads_risk_usd", "What all that is held or on its way can lose together at the most.")
    ] = 0.0
    risk_limit_usd: Annotated[
        float | None, _gauge("spreads_risk_limit_usd", "The limit of it, `risk.total` of account.yaml.")
    ] = None
    api_requests: Annotated[
        Counts, _counter("spreads_api_requests", "Requests to the engine's own API, by class of the answer.", "status")
    ] = field(default_factory=dict[str, int])
    api_seconds: Annotated[Tally | None, _histogram("spreads_api_seconds", "How long the engine's own API took to answer.")] = (
        None
    )
    notices: Annotated[Counts, _counter("spreads_notifications", "Notifications by what became of them.", "outcome")] = field(
        default_factory=dict[str, int]
    )


def _declared() -> dict[str, Published]:
    hints = get_type_hints(Reading, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


PUBLISHED = _declared()
"""The declaration of each field, in their order."""


class EngineCollector(Collector):
    """Turns a reading into metric families."""

    def __init__(self, read: Callable[[], Reading]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        now = self._read()
        for name, published in PUBLISHED.items():
            value = getattr(now, name)
            if value is not None:
                yield _family(published, value)


def registry(read: Callable[[], Reading]) -> CollectorRegistry:
    """A registry of its own, so that two engines in one process do not meet."""
    made = CollectorRegistry(auto_describe=False)
    made.register(EngineCollector(read))
    return made


def _family(published: Published, value: float | Tally | Mapping[object, int | Tally]) -> Family:
    labels = [published.label] if published.label else []
    family = _empty(published, labels)
    parts = sorted(value.items(), key=lambda part: str(part[0])) if isinstance(value, Mapping) else [(None, value)]
    for key, part in parts:
        values = [] if key is None else [str(key)]
        if isinstance(family, HistogramMetricFamily):
            assert isinstance(part, Tally), f"{published.name} is a histogram"
            family.add_metric(values, *_buckets(part))
        else:
            assert not isinstance(part, Tally), f"{published.name} is a number"
            family.add_metric(values, float(part))
    return family


def _empty(published: Published, labels: list[str]) -> Family:
    match published.kind:
        case "gauge":
            return GaugeMetricFamily(published.name, published.text, labels=labels)
        case "counter":
            return CounterMetricFamily(published.name, published.text, labels=labels)
        case "histogram":
            return HistogramMetricFamily(published.name, published.text, labels=labels)
        case _:
            assert_never(published.kind)


def _buckets(tally: Tally) -> tuple[list[tuple[str, float]], float]:
    """Cumulative counts by upper bound, and the sum."""
    total, cumulative = 0, list[tuple[str, float]]()
    for bound, count in zip((*map(str, tally.bounds), "+Inf"), tally.counts, strict=True):
        total += count
        cumulative.append((bound, total))
    return cumulative, tally.total
