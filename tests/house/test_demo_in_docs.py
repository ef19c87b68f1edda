"""What README and the first steps show of the demonstration is what it prints today.

Runs the first morning of the demonstration, which is the beginning of the whole: the same seed tells the same story.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.cli.demo.demo import FIRST_DAY, Stage, example_strategies
from engine.cli.demo.report import report
from engine.runtime.schedule import sessions_between
from engine.sim.loop import VirtualLoop, run
from engine.sim.network import MemoryNetwork
from tests.house.test_docs import BLOCK, TEXTS

pytestmark = pytest.mark.slow

SEED, MORNING = 10, timedelta(minutes=42)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every line that the demonstration tells until 10:12, and its report."""
    state, told = tmp_path_factory.mktemp("demo"), io.StringIO()
    (whole,) = sessions_between(FIRST_DAY, FIRST_DAY)
    stage = Stage(SEED, state, example_strategies(), (replace(whole, close=whole.open + MORNING),), None)
    with contextlib.redirect_stderr(told):
        run(stage.play(), VirtualLoop(MemoryNetwork()))
    stage.look_back()
    ended = "\n".join(report(stage.record, SEED, state, 0.0))
    return [line.rstrip() for line in (*told.getvalue().splitlines(), *ended.splitlines())]


@pytest.mark.parametrize("page", ["README.md", "docs/first-steps.md"])
def test_demo_in_the_docs_is_what_it_tells_today(page: str, morning: Sequence[str]) -> None:
    shown = list(of_the_demo(TEXTS[page]))

    assert len(shown) > 5
    assert [line for line in shown if line not in morning] == []


def of_the_demo(text: str) -> Iterator[str]:
    """Lines of blocks that tell of the demonstration's first morning; `…` stands for what is left out."""
    for kind, body in BLOCK.findall(text):
        if kind == "text" and "spea9ad" in body and "$ " not in body[:2]:
            yield from (line.rstrip() for line in body.splitlines() if line.strip() and "…" not in line and line[:4] != "Tue ")
