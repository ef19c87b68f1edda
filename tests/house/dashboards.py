"""Writes the Grafana dashboards in monitoring/grafana/dashboards: what each shows is the table below, a panel a line.

`make docs` writes them; a test holds the committed files against this table and its metrics against the
engine's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "monitoring" / "grafana" / "dashboards"
METRICS, LOGS = {"type": "prometheus", "uid": "spreads-prometheus"}, {"type": "loki", "uid": "spreads-loki"}
WIDTH = 24


@dataclass(frozen=True)
class Panel:
    title: str
    says: str
    """What is seen, and when it is bad."""
    queries: str | Mapping[str, str]
    """An expression, or several by their legends."""
    unit: str = "short"
    kind: str = "timeseries"
    """timeseries, stat, bargauge or logs."""
    width: int = 8
    bad: float | None = None
    """From here on it is red."""
    good: float | None = None
    """From here on it is green, and red below."""


def quantile(share: float, name: str, *by: str, over: str = "5m") -> str:
    """What this share of the values of a histogram stayed below, over a time, by its labels."""
    return f"histogram_quantile({share}, sum by ({', '.join(('le', *by))}) (rate({name}_bucket[{over}])))"


_BY_TITLE: Mapping[str, Sequence[Panel]] = {
    "Health and connection": (
        Panel(
            "Health score",
            "Percent of the rows of the health table that are well.",
            "spreads:health_score",
            "percent",
            "stat",
            6,
            good=100,
        ),
        Panel(
            "Rows",
            "Each row of the health table: 1 is well. What is not known is absent.",
            {"{{row}}": "spreads:row_ok"},
            "short",
            "bargauge",
            10,
            good=1,
        ),
        Panel(
            "Alerts that fire",
            "What Prometheus has told, or is about to.",
            {"{{alertname}}": 'count by (alertname) (ALERTS{alertstate="firing"})'},
            "short",
            "bargauge",
            8,
            bad=1,
        ),
        Panel(
            "Connection",
            "1 while the session with the broker stands; maintenance is when a loss is expected.",
            {"connected": "ibkr_connection_status", "maintenance": "ibkr_maintenance_window"},
        ),
        Panel(
            "Session with TWS",
            "The state that it is in, and for how long.",
            {"{{state}}": "ibkr_session_state == 1", "for": "ibkr_session_state_seconds"},
        ),
        Panel("Clock", "TWS's clock less the engine's, as far as that is certain.", "ibkr_clock_skew_seconds", "s", bad=2),
        Panel("Uptime", "Since the engine started; it falls to nothing at a restart.", "spreads_uptime_seconds", "s"),
        Panel("Age of the last beat", "Two minutes are a stall.", "spreads_beat_age_seconds", "s", bad=120),
        Panel(
            "Guardian",
            "What it does, when it looked last, and for how long it has missed the engine.",
            {
                "{{state}}": "spreads_guardian_state == 1",
                "looked": "spreads_guardian_look_age_seconds",
                "misses the engine": "spreads_guardian_silence_seconds",
            },
        ),
        Panel(
            "Beats",
            "How long a beat takes.",
            {"p99": quantile(0.99, "spreads_beat_seconds"), "median": quantile(0.5, "spreads_beat_seconds")},
            "s",
            bad=1,
        ),
        Panel(
            "The engine's own API",
            "How long an answer takes.",
            {"p99": quantile(0.99, "spreads_api_seconds"), "median": quantile(0.5, "spreads_api_seconds")},
            "s",
            bad=1,
        ),
        Panel(
            "Answers of the API",
            "By class a second; 5xx are failures, 503 says that the engine is not well.",
            {"{{status}}": "rate(spreads_api_requests_total[5m])"},
            "reqps",
        ),
        Panel(
            "Journal",
            "Facts and forced writes a second.",
            {"facts": "rate(spreads_journal_lines_total[5m])", "syncs": "rate(spreads_journal_syncs_total[5m])"},
            "ops",
        ),
        Panel(
            "Notifications", "By what became of them, in an hour.", {"{{outcome}}": "increase(spreads_notifications_total[1h])"}
        ),
        Panel(
            "Failures",
            "Parts that failed, contradictions and what could not be read, in an hour.",
            {
                "parts": "increase(spreads_faults_total[1h])",
                "contradictions": "increase(spreads_refused_facts_total[1h])",
                "unreadable {{kind}}": "increase(spreads_unreadable_total[1h])",
            },
        ),
    ),
    "Broker: lines, requests, errors": (
        Panel(
            "Lines in use",
            "Market data lines, and their limit.",
            {
                "in use": "ibkr_active_subscriptions",
                "taking turns": "ibkr_turning_subscriptions",
                "limit": "ibkr_subscriptions_limit",
            },
        ),
        Panel(
            "The chain",
            "Options that can pass, and those told within the last minute.",
            {"can pass": "spreads_chain_contracts", "fresh": "spreads_chain_fresh"},
        ),
        Panel(
            "Age of the chain",
            "Of the oldest quote of what can pass, and in what time each has a turn on the lines.",
            {"oldest": "spreads_chain_age_seconds", "a round": "spreads_chain_round_seconds"},
            "s",
        ),
        Panel("Share of the lines", "Above 90 the lines take turns.", "ibkr_subscription_usage_pct", "percent", bad=90),
        Panel(
            "Lines that change hands",
            "A second; above 1 with full lines the search sees old quotes.",
            "rate(ibkr_subscription_evictions_total[5m])",
            "ops",
            bad=1,
        ),
        Panel(
            "Requests a second", "The broker's limit is 50, the engine's own 45.", "spreads:requests_per_second", "reqps", bad=45
        ),
        Panel("Queue", "Messages that wait for the limit.", "ibkr_request_queue_size", bad=100),
        Panel("Queue by class", "Messages that wait, the class that leaves first on top.", {"{{class}}": "ibkr_class_queue"}),
        Panel(
            "Requests by class",
            "A second; beside them the questions that another one's answer was good for.",
            {"{{class}}": "rate(ibkr_class_requests_total[5m])", "shared": "rate(ibkr_shared_questions_total[5m])"},
            "reqps",
        ),
        Panel(
            "Wait by class",
            "How long 99 of 100 messages waited before they were sent; exits should never.",
            {"{{class}}": quantile(0.99, "ibkr_class_wait_seconds", "class")},
            "s",
        ),
        Panel(
            "Classes that rest",
            "1 while nothing of a class is asked, since its questions failed; exploring stops where too many messages wait.",
            {"{{class}}": "ibkr_class_resting", "exploring stopped": "increase(spreads_explore_pauses_total[5m])"},
            bad=1,
        ),
        Panel("Throttling", "Times in a minute that messages had to wait.", "increase(ibkr_throttle_events_total[1m])"),
        Panel(
            "Answers of the broker",
            "From a question to its answer.",
            {
                "p99 {{kind}}": quantile(0.99, "ibkr_request_seconds", "kind"),
                "median {{kind}}": quantile(0.5, "ibkr_request_seconds", "kind"),
            },
            "s",
        ),
        Panel(
            "Acknowledgement of orders",
            "From sending an order to the broker's first word.",
            {"p99": "spreads:order_execution_seconds:p99"},
            "s",
            bad=1,
        ),
        Panel(
            "Without an answer",
            "Questions given up, in a quarter of an hour.",
            "increase(ibkr_unanswered_requests_total[15m])",
            bad=3,
        ),
        Panel(
            "Share of errors",
            "Of all messages, notices and the link left out.",
            "spreads:broker_failures:ratio",
            "percentunit",
            bad=0.01,
        ),
        Panel(
            "Messages by code",
            "In a quarter of an hour, notices included.",
            {"{{error_code}}": "increase(ibkr_api_errors_total[15m]) > 0"},
            width=16,
        ),
    ),
    "Scans and filters": (
        Panel(
            "Scans",
            "How long a strategy's search takes.",
            {"p99": "spreads:scan_seconds:p99", "median": quantile(0.5, "spreads_scan_seconds")},
            "s",
            bad=0.5,
        ),
        Panel(
            "Scans a second",
            "Beats and scans.",
            {"scans": "rate(spreads_scans_total[1m])", "beats": "rate(spreads_beats_total[1m])"},
            "ops",
        ),
        Panel(
            "Time in the decider",
            "Part of the time spent deciding, scans and gates included.",
            "rate(spreads_deciding_seconds_total[5m])",
            "percentunit",
        ),
        Panel("Candidates", "Left after all filters and rules, by strategy.", {"{{strategy}}": "spreads_candidates"}, width=12),
        Panel(
            "What stopped openings",
            "By gate, in an hour.",
            {"{{gate}}": "topk(10, increase(spreads_gate_stops_total[1h]) > 0)"},
            width=12,
        ),
        Panel("Decisions", "By kind, a minute.", {"{{kind}}": "60 * rate(spreads_decisions_total[5m])"}, width=16),
        Panel("Files refused", "Strategies whose present text does not pass.", "spreads_refused_files", bad=1),
    ),
    "Orders and slippage": (
        Panel(
            "Orders today",
            "That ended within a day, by what became of them.",
            {"{{outcome}}": "increase(spreads_orders_total[1d])"},
            "short",
            "bargauge",
        ),
        Panel(
            "Fill rate",
            "Share of a day's orders that filled, of ten or more.",
            "spreads:fills:ratio",
            "percentunit",
            "stat",
            good=0.95,
        ),
        Panel(
            "Working orders",
            "At the broker, and openings that wait for a person.",
            {"at the broker": "spreads_working_orders", "wait for a person": "spreads_waiting_approvals"},
        ),
        Panel(
            "Time to fill",
            "From sending to the execution that made an order whole, over six hours.",
            {
                "90 of 100": quantile(0.9, "spreads_fill_seconds", over="6h"),
                "median": quantile(0.5, "spreads_fill_seconds", over="6h"),
            },
            "s",
        ),
        Panel(
            "Slippage",
            "First price less what an order brought, USD per share, over a day; above 0 is worse.",
            {
                "90 of 100, {{purpose}}": quantile(0.9, "spreads_slippage_usd", "purpose", over="1d"),
                "median, {{purpose}}": quantile(0.5, "spreads_slippage_usd", "purpose", over="1d"),
            },
            "currencyUSD",
            width=16,
        ),
    ),
    "Positions and limits": (
        Panel("Net liquidation", "Of the account.", "spreads_net_liquidation_usd", "currencyUSD"),
        Panel(
            "Result of the day",
            "Beside where openings stop and where a person is told.",
            {"result": "spreads_day_pnl_usd", "stop": "spreads_day_stop_usd", "alarm": "spreads_day_alarm_usd"},
            "currencyUSD",
        ),
        Panel("Open positions", "Positions of which something is left.", "spreads_open_positions"),
        Panel(
            "At risk",
            "What all that is open can lose, beside its limit.",
            {"at risk": "spreads_risk_usd", "limit": "spreads_risk_limit_usd"},
            "currencyUSD",
        ),
        Panel(
            "Share of the limit",
            "Of what may be at risk in all.",
            "spreads_risk_usd / spreads_risk_limit_usd",
            "percentunit",
            "stat",
            bad=0.9,
        ),
        Panel("Halted", "1 while nothing is opened because somebody said so.", "spreads_halted", "short", "stat", bad=1),
        Panel("Breakers", "That stand, of the account and of strategies.", "spreads_breakers_tripped", bad=1),
        Panel("Exits that cannot act", "By what is in the way.", {"{{obstacle}}": "spreads_blocked_exits"}, bad=1),
        Panel("Books that differ", "Differences between our books and the broker's.", "spreads_differences", bad=1),
    ),
    "Logs and journal": (
        Panel("Log", "What the engine says of itself.", '{job="spreads", stream="log"}', kind="logs", width=24),
        Panel("Journal", "Facts, one a line.", '{job="spreads", stream="journal"}', kind="logs", width=24),
    ),
}
TITLES = {title.split()[0].strip(":").lower(): title for title in _BY_TITLE}
"""By the name of the file."""
DASHBOARDS = {name: _BY_TITLE[title] for name, title in TITLES.items()}


def dashboard(name: str) -> dict[str, Any]:
    """One dashboard as Grafana reads it."""
    panels, x, y = list[dict[str, Any]](), 0, 0
    for number, panel in enumerate(DASHBOARDS[name], 1):
        height = 12 if panel.kind == "logs" else 8
        if x + panel.width > WIDTH:
            x, y = 0, y + 8
        place = {"x": x, "y": y, "w": panel.width, "h": height}
        panels.append(_panel(number, panel, place))
        x += panel.width
        if panel.kind == "logs":
            x, y = 0, y + height
    return {
        "uid": f"spreads-{name}",
        "title": f"Spreads: {TITLES[name]}",
        "tags": ["spreads"],
        "schemaVersion": 39,
        "editable": False,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "15s",
        "timezone": "browser",
        "links": [
            {
                "title": "Spreads",
                "type": "dashboards",
                "tags": ["spreads"],
                "asDropdown": True,
                "includeVars": False,
                "keepTime": True,
            }
        ],
        "panels": panels,
    }


def _panel(number: int, panel: Panel, place: Mapping[str, int]) -> dict[str, Any]:
    queries = {"": panel.queries} if isinstance(panel.queries, str) else panel.queries
    source = LOGS if panel.kind == "logs" else METRICS
    targets = [
        {"refId": chr(ord("A") + at), "datasource": source, "expr": query, "legendFormat": legend or "__auto"}
        for at, (legend, query) in enumerate(queries.items())
    ]
    made: dict[str, Any] = {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "gridPos": place,
        "datasource": source,
        "targets": targets,
    }
    if panel.kind != "logs":
        custom = {"custom": {"thresholdsStyle": {"mode": "line"}}} if panel.kind == "timeseries" and panel.bad is not None else {}
        made["fieldConfig"] = {"defaults": {"unit": panel.unit, "thresholds": _thresholds(panel), **custom}, "overrides": []}
    return made


def _thresholds(panel: Panel) -> dict[str, Any]:
    first, then, bound = ("red", "green", panel.good) if panel.good is not None else ("green", "red", panel.bad)
    steps: list[dict[str, Any]] = [{"color": first, "value": None}]
    if bound is not None:
        steps.append({"color": then, "value": bound})
    return {"mode": "absolute", "steps": steps}


def written(name: str) -> str:
    """The file of one dashboard."""
    return json.dumps(dashboard(name), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for dashboard_name in DASHBOARDS:
        (FOLDER / f"{dashboard_name}.json").write_text(written(dashboard_name), encoding="utf-8")
