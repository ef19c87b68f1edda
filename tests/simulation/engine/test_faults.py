"""Each fault that the simulator knows happens once in the middle of trading, and then many drawn from a seed.

Afterwards every invariant holds, and the engine has traded on: a strategy whose window opens later opens and closes its position.
Where it may not trade any more it says exactly why.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.running import ErrorHeard
from engine.runtime.standing import blocked_because
from engine.sim.faults import KINDS, random_schedule
from tests.simulation.engine import given
from tests.simulation.engine.world import BEGINS, Life, World, play

STRATEGIES = {
    "puts.yaml": given.strategy("puts", exits="time >= 09:42 New York"),
    "calls.yaml": given.strategy("calls", "bear_call", exits="time >= 09:42 New York"),
    "late.yaml": given.strategy("late", "bull_call", window="09:43-09:47", exits="time >= 09:44 New York"),
}
"""Two that trade through the fault, and one that comes when it is over."""
LATER = given.strategy("late", "bull_call", window="09:43-09:47", exits="time >= 09:47 New York")
"""Where live data are refused they are asked for again after five minutes."""

SCHEDULES = {
    "account_not_ready": ("account_not_ready=60@+8", "close@+9"),
    "account_slow": ("account_slow=120@+1",),
    "client_id_taken": ("client_id_taken@+8x2", "close@+9"),
    "clock_ahead": ("clock_ahead=1@+8",),
    "close_after": ("close_after=30@+8", "close@+9"),
    "competing": ("competing=60@+8",),
    "delayed": ("delayed=60@+8", "close@+9"),
    "frozen": ("frozen=60@+8",),
    "mute": ("mute=45@+8", "close@+9"),
    "no_bids": ("no_bids=60@+8",),
    "read_only": ("read_only=60@+8",),
    "refuse": ("refuse=45@+8", "close@+9"),
    "restart": ("restart=60@+8",),
    "trading_halted": ("trading_halted=60@+8",),
    "what_if_error": ("what_if_error@+0",),
    "what_if_silent": ("what_if_silent@+0",),
    "what_if_unset": ("what_if_unset@+0",),
    "fill_unheard": ("fill_unheard@+8", "close@+9"),
    "multiplier": ("multiplier@+0", "multiplier=100@+0"),
    "no_reference": ("no_reference=600@+0",),
    "odd_times": ("odd_times=600@+0",),
    "shared_exec_ids": ("shared_exec_ids=600@+0",),
    "no_perm_id": ("no_perm_id=20@+0",),
    "cancel_refused": ("cancel_refused=60@+8",),
    "positions_late": ("positions_late@+8",),
    "completed_extra_field": ("completed_extra_field@+8x3", "close@+30"),
}
"""Faults that wait for an occasion get one; the others happen in the eighth second, while the first orders work."""

FOR_A_PERSON = dict.fromkeys(("by_hand", "foreign_leg"), "our books differ from the broker's")
"""After these somebody must look: nothing is opened, and this is what is said."""

EARLY = {kind.name for kind in KINDS if kind.shape == "armed"} - SCHEDULES.keys() - {"drop", "drop_request", "reset"}
"""Faults of orders are armed from the start on."""


MET_ALONE = [kind.name for kind in KINDS if kind.name not in FOR_A_PERSON]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if number % 6 else ()) for number, name in enumerate(MET_ALONE)]
)
def test_engine_trades_on_after(name: str, tmp_path: Path) -> None:
    schedule = SCHEDULES.get(name, (f"{name}@+0" if name in EARLY else f"{name}@+8",))

    strategies = STRATEGIES | ({"late.yaml": LATER} if name == "delayed" else {})

    life = play(lived, tmp_path, seed=3, strategies=strategies, schedule=schedule)

    trading = life.control.status()["trading"]
    assert opened(life, "late") == ["filled"], f"{[order.why for order in life.orders('open')]}, {trading}"
    for order in life.ledger.orders.values():
        assert order.state == "filled" or order.why, f"{order.ref} is {order.state} and nobody says why"


@pytest.mark.parametrize("name", sorted(FOR_A_PERSON))
def test_engine_opens_nothing_more_and_says_why_after(name: str, tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.until("09:40:50")
        world.sim.inject(name)
        await world.until("09:44:00")
        life.before = life.control.status()
        await life.stop()
        return life

    life = play(
        act, tmp_path, seed=3, strategies={**STRATEGIES, "late.yaml": given.strategy("late", "bull_call", window="09:43-09:47")}
    )

    assert life.before["trading"] == FOR_A_PERSON[name]
    assert life.before["differences"]
    assert opened(life, "late") == []
    # What is not there any more is not closed: the close would open it the other way round.
    missing = {con_id for fact in life.all(Reconciled) for con_id in fact.missing}
    for position in life.ledger.positions.values():
        if any(leg.contract.con_id in missing for leg in position.spread.legs):
            assert life.ledger.closings_of(position.id) == []


def test_engine_opens_nothing_while_clocks_differ_and_closes_all_the_same(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.until("09:40:50")
        world.sim.inject("clock_ahead=30")
        await world.until("09:44:00")
        life.before = life.control.status()
        await life.stop()
        return life

    life = play(act, tmp_path, seed=3, strategies=STRATEGIES)

    said = [fact.text for fact in life.all(ErrorHeard) if "this machine's clock" in fact.text]
    assert life.before["trading"].startswith("this machine's clock is ")
    assert len(said) == 1
    assert opened(life, "late") == []
    assert [order.state for order in life.orders("close")] == ["filled", "filled"]


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 41))])
def test_engine_survives_faults_drawn_from(seed: int, tmp_path: Path) -> None:
    faults = random_schedule(seed, BEGINS + timedelta(seconds=5), BEGINS + timedelta(minutes=3), count=8)

    try:
        life = play(lived, tmp_path, seed, strategies=STRATEGIES, schedule=faults)
    except BaseException as error:
        error.add_note(" ".join(map(str, faults)))
        raise

    # A fault that waits for an occasion may hit the late order itself: then its order says so.
    assert opened(life, "late") or ("late", "SPY") in life.ledger.denials
    assert all(order.state == "filled" or order.why for order in life.ledger.orders.values())


async def lived(world: World) -> Life:
    """A life through the faults and well past them, at rest at its end."""
    life = await world.start()
    await world.until("09:44:20")
    await world.when(lambda: life.is_over or at_rest(world, life), within_s=360)
    assert not life.is_over, f"the engine ended: {life.error!r}"
    life.invariants.check_at_rest(life.ledger)
    assert world.sim.positions() == {}
    await life.stop()
    return life


def at_rest(world: World, life: Life) -> bool:
    return (
        not world.sim.positions()
        and not any(True for _ in life.ledger.working())
        and blocked_because(life.control.snapshot()) is None
    )


def opened(life: Life, strategy: str) -> list[str]:
    """How the openings of a strategy ended."""
    refs = [fact.order_ref for fact in life.all(OrderProposed) if fact.strategy == strategy and fact.purpose == "open"]
    return [life.ledger.orders[ref].state for ref in refs]
