"""Writes monitoring/alerts_test.yml: for each alert a world in which exactly it fires, and one just beside it where none does.

`make docs` writes it; a test holds the committed file against this table, and promtool runs it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).parents[2] / "monitoring" / "alerts_test.yml"
MINUTES = 400
"""Longer than any world is looked at."""


def steady(value: float) -> str:
    return f"{value:g}+0x{MINUTES}"


def rising(each_minute: float) -> str:
    return f"0+{each_minute:g}x{MINUTES}"


def once(at_minute: int, before: float = 0, after: float = 1) -> str:
    """One value, and from a minute on another one."""
    return f"{before:g}+0x{at_minute - 1} {after:g}+0x{MINUTES - at_minute}"


def took(name: str, within: Mapping[str, float]) -> dict[str, str]:
    """A histogram of 100 a minute, of which so many took at most each bound."""
    return {f'{name}_bucket{{le="{bound}"}}': rising(count) for bound, count in {**within, "+Inf": 100}.items()}


QUICK = {"0.1": 100.0, "0.5": 100.0, "1.0": 100.0, "2.5": 100.0}
WELL: dict[str, str] = {
    "up": steady(1),
    "spreads_uptime_seconds": rising(60),
    "spreads_beat_age_seconds": steady(1),
    "ibkr_connection_status": steady(1),
    "ibkr_maintenance_window": steady(0),
    "ibkr_subscription_usage_pct": steady(60),
    "ibkr_subscription_evictions_total": rising(0),
    "ibkr_request_queue_size": steady(2),
    'ibkr_class_resting{class="contracts"}': steady(0),
    'spreads_guardian_state{state="guarding"}': steady(0),
    "spreads_guardian_look_age_seconds": steady(5),
    "spreads_guardian_silence_seconds": steady(0),
    "ibkr_requests_total": rising(600),
    "ibkr_unanswered_requests_total": steady(0),
    "ibkr_api_failures_total": rising(0),
    **{f'ibkr_api_errors_total{{error_code="{code}"}}': steady(0) for code in (100, 103, 110, 201, 10058, 10197)},
    **took("spreads_scan_seconds", QUICK),
    **took("spreads_beat_seconds", QUICK),
    **took("spreads_api_seconds", QUICK),
    **took("ibkr_order_execution_seconds", QUICK),
    'spreads_api_requests_total{status="2xx"}': rising(100),
    'spreads_api_requests_total{status="503"}': rising(0),
    'spreads_api_requests_total{status="5xx"}': rising(0),
    'spreads_orders_total{outcome="filled"}': rising(0.1),
    'spreads_orders_total{outcome="given up"}': steady(0),
    "spreads_day_pnl_usd": steady(-100),
    "spreads_day_alarm_usd": steady(-4000),
    "spreads_halted": steady(0),
    "spreads_breakers_tripped": steady(0),
    'spreads_blocked_exits{obstacle="no bid"}': steady(1),
    "spreads_differences": steady(0),
    "spreads_faults_total": steady(0),
    "spreads_refused_facts_total": steady(0),
    "spreads_refused_files": steady(0),
    'spreads_notifications_total{outcome="sent"}': rising(1),
    'spreads_notifications_total{outcome="failed"}': steady(0),
    'spreads_notifications_total{outcome="dropped"}': steady(0),
}
"""A day on which nothing is wrong."""
ALWAYS = {
    "up",
    "spreads_uptime_seconds",
    "spreads_beat_age_seconds",
    "ibkr_connection_status",
    "ibkr_maintenance_window",
    "ibkr_requests_total",
    "spreads_day_alarm_usd",
}
"""What every world tells; the rest of a good day is told where a part of it is changed."""


@dataclass(frozen=True)
class Case:
    """What is different from a good day, and which alerts fire at these minutes: none at the first, exactly these at the last."""

    alert: str
    changes: Mapping[str, str]
    quiet_at: int
    fires_at: int
    beside: Mapping[str, str] = field(default_factory=dict)
    """Another world, as close by as may be, in which nothing fires at `fires_at` either."""


CASES = (
    Case("EngineGone", {"up": once(60, 1, 0)}, 60, 61),
    Case("EngineRestarted", {"spreads_uptime_seconds": f"0+60x60 0+60x{MINUTES}"}, 60, 62),
    Case("EngineStalled", {"spreads_beat_age_seconds": once(60, 1, 121)}, 59, 60, {"spreads_beat_age_seconds": steady(119)}),
    Case(
        "BrokerGone",
        {"ibkr_connection_status": once(60, 1, 0)},
        60,
        61,
        {"ibkr_connection_status": once(60, 1, 0), "ibkr_maintenance_window": once(59, 0, 1)},
    ),
    Case(
        "BrokerStaysGone",
        {"ibkr_connection_status": once(60, 1, 0), "ibkr_maintenance_window": once(59, 0, 1)},
        359,
        361,
    ),
    Case(
        "LinesNearLimit",
        {"ibkr_subscription_usage_pct": once(60, 60, 91)},
        64,
        66,
        {"ibkr_subscription_usage_pct": once(60, 60, 90)},
    ),
    Case("QueueLong", {"ibkr_request_queue_size": once(60, 2, 101)}, 60, 62, {"ibkr_request_queue_size": once(60, 2, 100)}),
    Case(
        "GuardianGuards",
        {'spreads_guardian_state{state="guarding"}': once(60)},
        59,
        60,
        {'spreads_guardian_state{state="guarding"}': "0+0x400"},
    ),
    Case(
        "GuardianGone",
        {"spreads_guardian_look_age_seconds": once(60, 5, 121)},
        60,
        63,
        {"spreads_guardian_look_age_seconds": once(60, 5, 120)},
    ),
    Case(
        "RequestsRest",
        {'ibkr_class_resting{class="contracts"}': once(60)},
        61,
        63,
        {'ibkr_class_resting{class="contracts"}': "0+0x59 1+0x1 0+0x300"},
    ),
    Case(
        "ScansSlow",
        took("spreads_scan_seconds", {**QUICK, "0.1": 90, "0.5": 98}),
        3,
        10,
        took("spreads_scan_seconds", {**QUICK, "0.1": 90, "0.5": 99}),
    ),
    Case(
        "BeatsSlow",
        took("spreads_beat_seconds", {**QUICK, "0.1": 90, "0.5": 95, "1.0": 98}),
        3,
        10,
        took("spreads_beat_seconds", {**QUICK, "0.1": 90, "0.5": 95, "1.0": 99}),
    ),
    Case(
        "FillsFew",
        {'spreads_orders_total{outcome="given up"}': rising(0.01)},
        60,
        200,
        {'spreads_orders_total{outcome="given up"}': rising(0.005)},
    ),
    Case("BrokerErrors", {"ibkr_api_failures_total": rising(7)}, 3, 30, {"ibkr_api_failures_total": rising(5)}),
    Case(
        "BrokerSilent",
        {"ibkr_unanswered_requests_total": once(60, 0, 3)},
        59,
        61,
        {"ibkr_unanswered_requests_total": once(60, 0, 1)},
    ),
    Case(
        "OrdersSlow",
        took("ibkr_order_execution_seconds", {**QUICK, "0.1": 90, "0.5": 95, "1.0": 98}),
        3,
        10,
        took("ibkr_order_execution_seconds", {**QUICK, "0.1": 90, "0.5": 95, "1.0": 99}),
    ),
    Case(
        "ApiSlow",
        took("spreads_api_seconds", {**QUICK, "0.1": 90, "0.5": 95, "1.0": 98}),
        3,
        10,
        took("spreads_api_seconds", {**QUICK, "0.1": 90, "0.5": 95, "1.0": 99}),
    ),
    Case(
        "ApiFailing",
        {'spreads_api_requests_total{status="5xx"}': rising(2)},
        3,
        30,
        {'spreads_api_requests_total{status="503"}': rising(50)},
    ),
    Case("DayLoss", {"spreads_day_pnl_usd": once(60, -100, -4001)}, 59, 60, {"spreads_day_pnl_usd": steady(-4000)}),
    Case("EngineHalted", {"spreads_halted": once(60)}, 60, 62),
    Case("BreakerTripped", {"spreads_breakers_tripped": once(60)}, 59, 60),
    Case(
        "ExitBlocked",
        {'spreads_blocked_exits{obstacle="no price"}': once(60)},
        60,
        62,
        {'spreads_blocked_exits{obstacle="no bid"}': steady(2)},
    ),
    Case("BooksDiffer", {"spreads_differences": once(60)}, 64, 66),
    Case("PartFailed", {"spreads_faults_total": once(60)}, 59, 61),
    Case("BrokerContradictsItself", {"spreads_refused_facts_total": once(60)}, 59, 61),
    Case("BrokerUnreadable", {'spreads_unreadable_total{kind="contract"}': f"_x70 1+0x{MINUTES}"}, 69, 72),
    Case("StrategyRefused", {"spreads_refused_files": once(60)}, 64, 66),
    Case("OrdersRejected", {'ibkr_api_errors_total{error_code="201"}': once(60)}, 59, 61),
    Case("MarketDataTaken", {'ibkr_api_errors_total{error_code="10197"}': once(60)}, 59, 61),
    Case("TooManyMessages", {'ibkr_api_errors_total{error_code="100"}': once(60)}, 59, 61),
    Case("NotificationsLost", {'spreads_notifications_total{outcome="dropped"}': once(60)}, 59, 61),
)
WITH_ANOTHER = {
    "LinesShort": Case(
        "LinesShort", {"ibkr_subscription_usage_pct": steady(96), "ibkr_subscription_evictions_total": rising(61)}, 3, 60
    )
}
"""Alerts that do not come alone: by their name, beside LinesNearLimit."""


def file() -> str:
    """The whole file."""
    lines = [
        "# Written by `make docs`; try it with `promtool test rules alerts_test.yml`.",
        "rule_files: [alerts.yml]",
        "evaluation_interval: 1m",
        "tests:",
    ]
    lines += _test("a day on which nothing is wrong", WELL, [(minute, ()) for minute in (1, 60, 200)])
    for case in CASES:
        alone = [(case.quiet_at, ()), (case.fires_at, (case.alert,))]
        lines += _test(f"{case.alert} fires alone", _changed(case.changes), alone)
        if case.beside:
            lines += _test(f"{case.alert} does not fire beside it", _changed(case.beside), [(case.fires_at, ())])
    for case in WITH_ANOTHER.values():
        both = [(case.quiet_at, ()), (case.fires_at, ("LinesNearLimit", case.alert))]
        lines += _test(f"{case.alert} fires beside LinesNearLimit", _changed(case.changes), both)
    lines += _scores()
    return "\n".join(lines) + "\n"


def _test(name: str, world: Mapping[str, str], expected: list[tuple[int, tuple[str, ...]]]) -> Iterator[str]:
    yield from _world(name, world, max(minute for minute, _ in expected))
    for minute, alerts in expected:
        yield '      - expr: count by (alertname) (ALERTS{alertstate="firing"})'
        yield f"        eval_time: {minute}m"
        yield "        exp_samples:" + ("" if alerts else " []")
        for alert in sorted(alerts):
            yield f"          - {{labels: '{{alertname=\"{alert}\"}}', value: 1}}"


def _changed(changes: Mapping[str, str]) -> dict[str, str]:
    names = ALWAYS | {series.partition("{")[0] for series in changes}
    return {series: values for series, values in WELL.items() if series.partition("{")[0] in names} | dict(changes)


def _world(name: str, world: Mapping[str, str], minutes: int) -> Iterator[str]:
    """A world that is told no longer than it is looked at: promtool computes every minute of it."""
    yield f"  - name: {name}"
    yield "    interval: 1m"
    yield "    input_series:"
    for series, values in world.items():
        told = re.sub(r"x(\d+)", lambda found: f"x{min(int(found[1]), minutes)}", values)
        yield f"      - {{series: '{_labelled(series)}', values: '{told}'}}"
    yield "    promql_expr_test:"


def _labelled(series: str) -> str:
    """The series as Prometheus keeps it, with its job and instance."""
    name, _, labels = series.partition("{")
    rest = f", {labels}" if labels else "}"
    return f'{name}{{job="spreads", instance="engine:9109"{rest}'


def _scores() -> Iterator[str]:
    """The health score: all rows well, one of nine not, and an engine that does not answer."""
    worlds: tuple[tuple[str, Mapping[str, str], str], ...] = (
        ("score of a good day is 100", WELL, "100"),
        ("score with a long queue is eight of nine", {**WELL, "ibkr_request_queue_size": steady(200)}, "88.88888888888889"),
        ("score of an engine that is gone is 0", {"up": steady(0)}, "0"),
    )
    for name, world, score in worlds:
        yield from _world(name, world, 200)
        yield "      - expr: spreads:health_score"
        yield "        eval_time: 200m"
        yield "        exp_samples:"
        yield f'          - {{labels: \'spreads:health_score{{job="spreads", instance="engine:9109"}}\', value: {score}}}'


if __name__ == "__main__":
    FILE.write_text(file(), encoding="utf-8")
