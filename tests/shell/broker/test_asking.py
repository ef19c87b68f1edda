"""Patience with TWS is counted in the machine's seconds, however fast the loop's clock runs."""

import asyncio

import pytest

from engine.broker.asking import machine_pace, machine_s
from engine.sim.loop import PacedLoop, VirtualLoop, run


async def asked() -> tuple[float, float]:
    return machine_pace(), machine_s(5.0)


@pytest.mark.parametrize(("speed", "pace"), [(60.0, 60.0), (1.0, 1.0), (0.1, 1.0)])
def test_loop_that_runs_faster_has_more_of_its_seconds(speed: float, pace: float) -> None:
    assert run(asked(), PacedLoop(speed)) == (pace, 5.0 * pace)


def test_loop_without_a_speed_and_no_loop_at_all_run_at_the_machine_s() -> None:
    assert run(asked(), VirtualLoop()) == (1.0, 5.0)
    assert asyncio.run(asked()) == (1.0, 5.0)
    assert machine_pace() == 1.0
