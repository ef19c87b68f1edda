"""The numbers of a demonstration's openings are those of the quotes that were archived when they were proposed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from engine.cli.demo.demo import FIRST_DAY, Stage, example_strategies
from engine.runtime.schedule import sessions_between
from engine.sim.loop import VirtualLoop, run
from engine.sim.network import MemoryNetwork
from tests.recompute import openings, problems

MORNING = timedelta(minutes=55)
"""By then every strategy that opens something on the first day has proposed it."""


def test_openings_have_the_numbers_of_their_quotes(tmp_path: Path) -> None:
    (whole,) = sessions_between(FIRST_DAY, FIRST_DAY)
    stage = Stage(10, tmp_path, example_strategies(), (replace(whole, close=whole.open + MORNING),), None)

    run(stage.play(), VirtualLoop(MemoryNetwork()))

    opened = {fact["spread"]["structure"] for fact in openings(tmp_path)}  # type: ignore[index]
    assert opened >= {"bear_call", "bull_put", "iron_condor", "broken_wing", "calendar"}
    assert list(problems(tmp_path)) == []
