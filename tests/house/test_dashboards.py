"""The dashboards, and what Grafana, Loki and its collector are told, fit each other and what the engine publishes."""

import json
import re
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.cli.logs import FILE as LOG_FILE
from engine.store.journal import FOLDER as JOURNAL_FOLDER
from tests.house import dashboards
from tests.house.test_monitoring import KNOWN_TO_PROMETHEUS, PROMTOOL, SAMPLES, recorded
from tests.house.watched import metrics_of

MONITORING = dashboards.FOLDER.parents[1]
COMPOSE = YAML(typ="safe").load(MONITORING.parent / "compose.yaml")
COLLECTOR = (MONITORING / "config.alloy").read_text(encoding="utf-8")


def yaml(*path: str) -> Any:
    return YAML(typ="safe").load(MONITORING.joinpath(*path))


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_dashboard_is_written_out(name: str) -> None:
    assert (dashboards.FOLDER / f"{name}.json").read_text(encoding="utf-8") == dashboards.written(name), "run: make docs"


def test_no_other_dashboard_lies_there() -> None:
    assert {path.stem for path in dashboards.FOLDER.iterdir()} == set(dashboards.DASHBOARDS)


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_panel_looks_at_what_is_published_says_what_is_seen_and_lies_on_no_other(name: str) -> None:
    made = json.loads(dashboards.written(name))
    known = SAMPLES | KNOWN_TO_PROMETHEUS | recorded()

    assert made["panels"]
    for panel in made["panels"]:
        assert panel["description"].endswith(".")
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        if panel["type"] == "logs":
            continue
        for target in panel["targets"]:
            watched = metrics_of(target["expr"])
            assert watched
            assert set(watched) <= set(known), panel["title"]
            legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert legend <= set().union(*(known[metric] for metric in watched)), panel["title"]
    places = [panel["gridPos"] for panel in made["panels"]]
    assert all(place["x"] + place["w"] <= dashboards.WIDTH for place in places)
    assert not [both for both in combinations(places, 2) if overlap(*both)]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: apt-get install prometheus)")
def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    panels = [
        panel for name in dashboards.DASHBOARDS for panel in dashboards.dashboard(name)["panels"] if panel["type"] != "logs"
    ]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": query} for number, query in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))

    ran = subprocess.run(
        [str(PROMTOOL), "check", "rules", "rules.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "w"), ("y", "h")))


def test_every_metric_of_the_engine_is_on_a_dashboard_or_in_a_rule() -> None:
    rules = (MONITORING / "alerts.yml").read_text(encoding="utf-8")
    shown = rules + "".join(dashboards.written(name) for name in dashboards.DASHBOARDS)
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in SAMPLES}

    assert [name for name in sorted(names) if name not in shown] == []


def test_grafana_knows_the_sources_that_the_panels_name_and_where_the_dashboards_lie() -> None:
    sources = {source["uid"]: source for source in yaml("grafana", "provisioning", "datasources", "spreads.yml")["datasources"]}
    (provider,) = yaml("grafana", "provisioning", "dashboards", "spreads.yml")["providers"]

    assert {source["uid"] for source in (dashboards.METRICS, dashboards.LOGS)} == set(sources)
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
    mounts = COMPOSE["services"]["grafana"]["volumes"]
    assert {
        "./monitoring/grafana/provisioning:/etc/grafana/provisioning:ro",
        "./monitoring/grafana/dashboards:/etc/grafana/dashboards:ro",
    } <= set(mounts)
    assert sources["spreads-prometheus"]["url"] == "http://engine:9090"
    assert COMPOSE["services"]["prometheus"]["network_mode"] == "service:engine"
    port = yaml("loki.yml")["server"]["http_listen_port"]
    assert sources["spreads-loki"]["url"].endswith(f":{port}")
    assert f"loki:{port}/loki/api/v1/push" in COLLECTOR


def test_collector_reads_the_engines_log_and_journal_and_hands_on_no_account() -> None:
    read = re.findall(r'"__path__" = "/state/([^"]+)"', COLLECTOR)
    assert "state:/state:ro" in COMPOSE["services"]["alloy"]["volumes"]
    masked = re.search(r'expression = "(.*)"\n', COLLECTOR)

    assert read == [LOG_FILE, f"{JOURNAL_FOLDER}/*.jsonl"]
    assert masked is not None
    line = '{"seq":7,"account":"DU1234567","kind":"OrderSent"}'
    assert re.search(masked[1].replace('\\"', '"'), line)[1] == "DU1234567"  # type: ignore[index]


def test_collector_s_parts_are_all_declared_and_its_braces_match() -> None:
    declared = {".".join(words) for words in re.findall(r'^([a-z_.]+) "(\w+)" \{', COLLECTOR, re.MULTILINE)}
    used = {name.rpartition(".")[0] for name in re.findall(r"\b((?:loki|local)\.[a-z_]+\.\w+\.(?:targets|receiver))", COLLECTOR)}

    assert used <= declared
    code = re.sub(r'"(?:\\.|[^"\\])*"|//.*', "", COLLECTOR)
    assert [code.count(sign) for sign in "{[("] == [code.count(sign) for sign in "}])"]


def test_loki_keeps_what_stands_beside_a_line_and_forgets_after_a_while() -> None:
    config = yaml("loki.yml")

    assert config["limits_config"]["allow_structured_metadata"] is True
    assert config["compactor"]["retention_enabled"] is True
    assert config["limits_config"]["retention_period"].endswith("h")
    assert [one["schema"] for one in config["schema_config"]["configs"]] == ["v13"]
