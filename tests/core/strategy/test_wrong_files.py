"""Files with mistakes as traders make them: who takes the ways out, one after the other, ends in a file that passes."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from engine.strategy.parse import check_files
from engine.strategy.problems import Problem
from tests.core.strategy.mending import mended_by

pytestmark = pytest.mark.slow

SHARED = Path(__file__).parents[4] / "shared" / "cases" / "wrong"
EVENTS = {"events.yaml": (Path(__file__).parents[3] / "strategies" / "events.yaml").read_text()}
CASES = sorted(SHARED.glob("*.yaml")) if SHARED.is_dir() else []
OURS: dict[str, Any] = YAML(typ="safe").load((Path(__file__).parent / "wrong_files.yaml").read_text())
NO_MISTAKE = {"w01", "w16", "w42", "w45", "w50", "w53", "w60", "w62"}
"""What they say is right: amounts with thousands in brackets, `max profit` with a space, `sma(50)` and
`ema(20)` of days, FOMC where events.yaml has its days, and a condor."""
LATER = {"w38"}
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


CASES_OF_OURS = [(OURS["base"], case) for case in OURS["files"]] + [(OURS["base_of_more"], case) for case in OURS["more"]]


@pytest.mark.parametrize(
    ("text", "case"), CASES_OF_OURS, ids=[" ".join(" ".join(case["puts"].values()).split())[:50] for _, case in CASES_OF_OURS]
)
def test_wrong_file_leads_out(text: str, case: dict[str, Any]) -> None:
    steps = case.get("mistakes", 1)
    for right, wrong in case["puts"].items():
        assert right in text
        text = text.replace(right, wrong, 1)

    after, met = mended_by(lambda now: check_files({**EVENTS, "x.yaml": now}), text, steps)

    assert len(met) == steps
    assert case["ends"] in after
    assert any(problem.is_later for problem in met) == case.get("later", False)
    assert_is_told(met)


@pytest.mark.parametrize("case", OURS["whole"], ids=lambda case: case["file"].splitlines()[1])
def test_wrong_file_with_many_mistakes_leads_out(case: dict[str, Any]) -> None:
    after, met = mended_by(lambda now: check_files({**EVENTS, "x.yaml": now}), case["file"], case["mistakes"])

    assert check_files({**EVENTS, "x.yaml": after}) == []
    assert len(met) == case["mistakes"]
    assert any(problem.is_later for problem in met) == case.get("later", False)
    assert_is_told(met)


@pytest.mark.parametrize("base", ["base", "base_of_more"])
def test_base_of_wrong_files_has_no_mistake(base: str) -> None:
    assert check_files({**EVENTS, "x.yaml": OURS[base]}) == []


def test_events_without_their_file_are_told_where_they_are_asked_for() -> None:
    text = OURS["base"].replace("vix <= 30", "no FOMC today")

    (problem,) = check_files({"x.yaml": text})

    assert (problem.line, problem.severity) == (6, "warning")
    assert problem.message == "this asks for FOMC, and there is no events.yaml: that is unknown, and unknown opens nothing"
    assert "`spreads init-files`" in problem.hint
    assert check_files({**EVENTS, "x.yaml": text}) == []


def assert_is_told(met: list[Problem]) -> None:
    for problem in met:
        assert problem.source_line is not None
        assert problem.hint
        if problem.hint.startswith("write  ") and len(problem.edits) == 1:
            assert_marks_what_is_replaced(problem)
        if problem.is_later:
            assert "not there yet" in problem.message
            assert "nearest" in problem.message


def assert_marks_what_is_replaced(problem: Problem) -> None:
    """`write  X` is X in place of what is marked, so that the sentence can be followed without the edit."""
    (edit,) = problem.edits
    if edit.line == edit.end_line:
        assert problem.hint.startswith(f"write  {edit.text}")
        assert (problem.line, problem.column, problem.end_column) == (edit.line, edit.column, edit.end_column), problem
