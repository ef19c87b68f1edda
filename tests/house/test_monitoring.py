"""What is watched exists: every metric of the alert rules and of the page is one that the engine publishes."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.metrics import Buckets, EngineCollector, Reading

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
FULL = Reading(
    beat_age_s=1.0,
    net_liquidation_usd=1.0,
    day_pnl_usd=1.0,
    order_seconds=Buckets((1.0,), (0, 0), 0.0),
    api_errors={201: 1},
    unreadable={"contract": 1},
    candidates={"puts": 1},
    decisions={"Send": 1},
    blocked_exits={"no price": 1},
    obstacles={"halt": 1},
)
FAMILIES = {metric.name: metric for metric in EngineCollector(lambda: FULL).collect()}
SAMPLES = {sample.name: set(sample.labels) for metric in FAMILIES.values() for sample in metric.samples}
PROMETHEUS = {"up"}
"""What Prometheus itself knows of a target."""


def rules() -> list[dict[str, Any]]:
    groups = YAML(typ="safe").load(ROOT / "monitoring" / "alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_rule_watches_what_is_published(rule: dict[str, Any]) -> None:
    words = re.findall(r"\b([a-z]\w*)(?:\{(\w+)[^}]*\})?", re.sub(r'"[^"]*"', '""', rule["expr"]))
    watched = [(name, label) for name, label in words if name in PROMETHEUS or name.startswith(("spreads_", "ibkr_"))]

    assert watched, "a rule watches something"
    assert {name for name, _ in watched} <= set(SAMPLES) | PROMETHEUS
    assert all(label in SAMPLES[name] for name, label in watched if label and name not in PROMETHEUS)
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "mail"}
    assert rule["annotations"]["summary"]


def test_rules_and_page_name_the_same_alerts() -> None:
    told = re.findall(r"^\| (\w+) \| (?:page|mail) \|", PAGE, re.MULTILINE)

    assert told == [rule["alert"] for rule in rules()]


def test_page_tells_every_metric_with_its_meaning_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+?)(?:\{\w+\})?` \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)

    published = [
        (metric.name + ("_total" if metric.type == "counter" else ""), metric.type, metric.documentation)
        for metric in FAMILIES.values()
    ]
    assert rows == published


def test_prometheus_loads_the_rules_and_scrapes_the_port_of_the_page() -> None:
    config = YAML(typ="safe").load(ROOT / "monitoring" / "prometheus.yml")

    assert config["rule_files"] == ["alerts.yml"]
    targets = [target for job in config["scrape_configs"] for static in job["static_configs"] for target in static["targets"]]
    assert [f"http://{target}/metrics" in PAGE for target in targets] == [True]
    assert {job["job_name"] for job in config["scrape_configs"]} == {"spreads"}
