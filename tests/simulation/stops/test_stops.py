"""A morning of what `python -m tests.simulation.stops` does for days: stops that are reached, and none that lets a loss run."""

from datetime import timedelta
from pathlib import Path

import numpy as np

from engine.cli.demo.stopped import Way
from tests.simulation.stops.judge import SIX, judged, overdue

SEED, MORNING = 1, timedelta(minutes=60)


def test_stops_of_a_morning_cost_little_more_than_their_bounds(tmp_path: Path) -> None:
    found = judged(SEED, 1, SIX, tmp_path / "demo", MORNING)

    assert found.breaches == []
    assert len(found.stops) >= 1
    assert found.openings >= 5


def test_loss_beyond_a_stop_for_which_nothing_is_sent_is_a_breach() -> None:
    at = np.arange(0.0, 600.0, 5.0)
    loss = np.where((at >= 100) & (at < 400), 120.0, 20.0)
    way = Way(at, loss, np.zeros(len(at)), np.zeros(len(at), np.bool_))

    assert list(overdue(way, 100.0, [], 150.0)) == [(20, 295.0)]
    assert list(overdue(way, 100.0, [(120.0, 200.0), (210.0, 600.0)], 150.0)) == []
    assert list(overdue(way, 100.0, [], 300.0)) == []
    assert list(overdue(way, 130.0, [], 0.0)) == []


def test_night_ends_the_time_for_which_nothing_was_sent() -> None:
    at = np.concatenate([np.arange(0.0, 100.0, 5.0), 60_000 + np.arange(0.0, 100.0, 5.0)])
    way = Way(at, np.full(len(at), 120.0), np.zeros(len(at)), np.zeros(len(at), np.bool_))

    assert list(overdue(way, 100.0, [], 90.0)) == [(0, 95.0), (20, 95.0)]
    assert list(overdue(way, 100.0, [], 150.0)) == []
