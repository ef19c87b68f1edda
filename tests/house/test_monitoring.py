"""What is watched exists: every metric of the alert rules and of the page is one that the engine publishes."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.metrics import PUBLISHED
from engine.readings import WATCHED_CODES
from tests.house import alert_cases, metrics_page
from tests.house.watched import metrics_of, samples

ROOT = Path(__file__).parents[2]
PROMTOOL = shutil.which("promtool")
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
SAMPLES = {
    name: {published.label} - {""} | ({"le"} if name.endswith("_bucket") else set())
    for published in PUBLISHED.values()
    for name in samples(published)
}
KNOWN_TO_PROMETHEUS = {"up": {"job", "instance"}, "ALERTS": {"alertname", "alertstate", "severity"}}
"""What Prometheus itself knows of a target."""
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


def groups() -> list[dict[str, Any]]:
    return YAML(typ="safe").load(ROOT / "monitoring" / "alerts.yml")["groups"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in groups() for rule in group["rules"] if "alert" in rule]


def records() -> list[dict[str, Any]]:
    return [rule for group in groups() for rule in group["rules"] if "record" in rule]


def recorded() -> dict[str, set[str]]:
    """What the rules record, by name, with any label."""
    return {rule["record"]: {"row", "kind"} for rule in records()}


@pytest.mark.parametrize("rule", [*rules(), *records()], ids=lambda rule: rule.get("alert", rule.get("record")))
def test_rule_watches_what_is_published(rule: dict[str, Any]) -> None:
    known = SAMPLES | KNOWN_TO_PROMETHEUS | recorded()
    watched = metrics_of(rule["expr"])

    assert watched, "a rule watches something"
    assert set(watched) <= set(known)
    assert all(labels <= known[name] | {"job"} for name, labels in watched.items())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_alert_says_who_is_told_what_it_means_and_where_its_page_is(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "mail", "info"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_runbook_has_a_page_for_each_alert_in_the_order_of_the_rules_with_its_three_parts() -> None:
    sections = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)

    assert [name for name, _ in sections] == [rule["alert"] for rule in rules()]
    for name, text in sections:
        assert re.findall(r"\*\*(\w+):\*\* \S", text) == ["Means", "Look", "Do"], name


def test_codes_that_rules_look_for_are_published_from_the_start() -> None:
    looked_for = {
        int(code) for rule in rules() for part in re.findall(r'error_code=~?"([\d|]+)"', rule["expr"]) for code in part.split("|")
    }

    assert looked_for == set(WATCHED_CODES)


def test_every_alert_is_tried_in_a_world_in_which_it_fires() -> None:
    assert {case.alert for case in (*alert_cases.CASES, *alert_cases.WITH_ANOTHER.values())} == {
        rule["alert"] for rule in rules()
    }
    assert {series.partition("{")[0] for series in alert_cases.WELL} <= set(SAMPLES) | set(KNOWN_TO_PROMETHEUS)


def test_cases_of_the_alerts_are_written_out() -> None:
    assert alert_cases.FILE.read_text(encoding="utf-8") == alert_cases.file(), "run: make docs"


@pytest.mark.slow
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt-get install prometheus)")
def test_promtool_finds_the_alerts_firing_as_they_are_meant_to() -> None:
    for words in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        ran = subprocess.run([str(PROMTOOL), *words], cwd=ROOT / "monitoring", capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_page_tells_every_metric_and_every_alert_as_they_are() -> None:
    assert metrics_page.page(PAGE) == PAGE, "run: make docs"


def test_prometheus_loads_the_rules_and_scrapes_the_port_of_the_page() -> None:
    config = YAML(typ="safe").load(ROOT / "monitoring" / "prometheus.yml")

    assert config["rule_files"] == ["alerts.yml"]
    targets = [target for job in config["scrape_configs"] for static in job["static_configs"] for target in static["targets"]]
    assert [f"http://{target}/metrics" in PAGE for target in targets] == [True]
    assert {job["job_name"] for job in config["scrape_configs"]} == {"spreads"}
