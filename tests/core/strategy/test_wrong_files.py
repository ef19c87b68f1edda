"""Files with mistakes as traders make them: who takes the ways out, one after the other, ends in a file that passes."""

from pathlib import Path

import pytest

from engine.strategy.parse import check_files
from engine.strategy.problems import Problem
from tests.core.strategy.mending import mended_by

SHARED = Path(__file__).parents[4] / "shared" / "cases" / "wrong"
EVENTS = {"events.yaml": (Path(__file__).parents[3] / "strategies" / "events.yaml").read_text()}
CASES = sorted(SHARED.glob("*.yaml")) if SHARED.is_dir() else []
NO_MISTAKE = {"w16", "w42", "w45", "w50", "w53", "w62"}
"""What they say is right: amounts with thousands in brackets, `max profit` with a space, `sma(50)` of days,
and FOMC where events.yaml has its days."""
LATER = {"w01", "w12", "w35", "w38", "w47", "w60", "w63"}
"""They ask for what the language does not have yet."""
MISTAKES = {"w07": 2, "w26": 2, "w36": 3, "w54": 2, "w56": 2, "w65": 2}
"""How many a file has, where it is more than one: two of them also have no exit before expiry, and `mode: Live` no daily stop."""


@pytest.mark.skipif(not CASES, reason="the shared cases are not beside this repository")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_shared_wrong_file_leads_out(path: Path) -> None:
    text, steps = path.read_text(), MISTAKES.get(path.stem, 1)

    after, met = mended_by(lambda now: check_files({**EVENTS, path.name: now}), text, steps)

    assert check_files({**EVENTS, path.name: after}) == []
    assert (len(met) == 0) == (path.stem in NO_MISTAKE)
    assert [problem for problem in met if problem.is_later] == (met if path.stem in LATER else [])
    assert_is_told(met)


def assert_is_told(met: list[Problem]) -> None:
    for problem in met:
        assert problem.source_line is not None
        if problem.is_later:
            assert "not there yet" in problem.message
            assert "nearest" in problem.message
