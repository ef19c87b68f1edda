"""The long unattended life: a share of it, and the report that it prints."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.simulation.year.__main__ import report
from tests.simulation.year.life import Year, lived


def test_report_says_what_was_played_what_held_and_what_grew() -> None:
    year = Year(sessions=2, lives=3, told=Counter({"crash": 1}), sent=4, filled=3, positions=2, closed=1, beats=900)
    year.starts_s, year.rss_mb, year.cpu_s, year.files_mb = [0.5, 0.1, 0.1], [280.0, 281.0], [20.0, 10.0], [0.5, 0.7]

    held = report(year)
    year.faults.append("2026-11-02: cash: ours 1, the broker's 2")

    assert held[0] == "2 sessions, 3 processes; 1 crash"
    assert held[1].startswith("3 of 4 orders filled, 1 of 2 positions closed")
    assert held[2].endswith("equal to the cent")
    assert "files 0.7 MB, 100 kB more a session" in held[3]
    assert report(year)[-1] == "did not hold: 2026-11-02: cash: ours 1, the broker's 2"


@pytest.mark.long
def test_sessions_over_a_change_of_clocks_and_a_login_that_is_late_hold_to_the_cent(tmp_path: Path) -> None:
    year = lived(tmp_path / "year", date(2026, 10, 30), 2)

    assert year.faults == []
    assert year.told == {"login late": 1, "change of daylight saving time": 1, "restart in the session": 1}
    assert year.filled >= 20
