"""`make bench` runs: each of its rows once and in its smallest size, so that a renamed part cannot break it unseen."""

import pytest

pytest.importorskip("numba", reason="the benchmarks' extra is not installed")
pytest.importorskip("polars", reason="the benchmarks' extra is not installed")
pytest.importorskip("pandas", reason="the benchmarks' extra is not installed")

from numba.core.dispatcher import Dispatcher

from bench import __main__ as bench
from bench import (
    condor_peers,
    console,
    decide,
    edits,
    fanout,
    journal_size,
    latency,
    lines,
    more_legs,
    peers,
    research,
    timing,
    vertical,
)

LOADS = {name: latency.Latency(103, 1_300, 1, 17.0, 24.0, 26.0, 41.0, 160.0) for name in ("quiet", latency.FULL)}


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.long)], ids=["loops as written", "compiled"])
def test_bench_prints_every_table_and_every_goal_and_all_ways_find_the_same_rows(
    compiled: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in () if compiled else (peers, condor_peers):
        # To compile them takes thirty times as long as to run them over so few rows.
        for name, loops in [one for one in vars(module).items() if isinstance(one[1], Dispatcher)]:
            monkeypatch.setattr(module, name, loops.py_func)
    for module, name, least in (
        (timing, "LEAST", 1),
        (more_legs, "TRIED", 1),
        (console, "TICKS", 1),
        (decide, "ORDERS", 40),
        (decide, "DECISIONS", 1),
        (edits, "EDITS", 1),
        (edits, "FIFTY", 2),
        (edits, "BEATS", 1),
    ):
        monkeypatch.setattr(module, name, least)

    bench.main(effort=0, sizes=lambda: vertical.sizes(2), loads_of=lambda: LOADS, of_faces=lambda: None, of_research=lambda: None)

    printed = capsys.readouterr().out
    assert "DIFFERENT" not in printed
    for goal in ("G1", "G3", "G6", "G7", "G8", "G9", "G10", "fifty mixed", "tick to what-if", "an edit", "with 40 past orders"):
        assert goal in printed, goal


@pytest.mark.long
def test_bench_measures_the_way_from_a_tick_to_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "TRIALS", 2)

    measured = latency.measure(65, full=True)

    assert measured.trials == 2
    assert measured.between_beats > 0


def test_the_tables_of_lines_and_of_bytes_on_disk_can_be_made() -> None:
    assert next(lines.table()).startswith("| options that can pass")
    assert callable(journal_size.main)


@pytest.mark.long
def test_bench_of_research_prints_every_goal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(research, "SESSIONS", 8)

    research.main(())

    printed = capsys.readouterr().out
    assert printed.count(" pass") + printed.count(" miss") >= 5


@pytest.mark.slow
def test_bench_of_fan_out_prints_what_a_shard_costs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(fanout, "find_spec", lambda _name: None)

    fanout.main([4])

    printed = capsys.readouterr().out
    assert "two processes" in printed
    assert "of a cluster are not installed" in printed
