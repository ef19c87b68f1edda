"""With fewer lines than options the whole chain is seen all the same, in the time that is said, and what is held never blinks."""

import asyncio
from pathlib import Path

import pytest

from engine.domain.facts.running import ErrorHeard
from engine.metrics import Reading
from engine.ports import Broker
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

pytestmark = pytest.mark.slow
WIDE = "  expiry: 30-35 days\n  short_delta: 0.10-0.60\n  width: $1-$8"
STRATEGIES = {
    "puts.yaml": given.strategy("puts", "bull_put", exits="time >= 15:00 New York"),
    "calls.yaml": given.strategy("calls", "bear_call", shape=WIDE, approval="manual"),
}
"""One holds a position; the other goes on looking, over more options than there are lines."""


def test_whole_chain_is_seen_in_turns_and_the_legs_of_a_position_keep_their_lines(tmp_path: Path) -> None:
    blinked, brokers = list[str](), list[Broker]()

    def noted(broker: Broker) -> Broker:
        brokers.append(broker)
        return broker

    async def act(world: World) -> tuple[Life, Reading]:
        life = await world.start(explore_share=0.5, lines=26, wrap_broker=noted)
        await world.when(lambda: any(True for _ in life.ledger.open_positions()), within_s=600)
        await asyncio.sleep(30)
        held = {leg.contract.con_id for position in life.ledger.open_positions() for leg in position.legs}
        for _ in range(120):
            await asyncio.sleep(1)
            open_now = set(brokers[0].subscriptions.values())
            blinked.extend(f"{con_id} at {world.sim.now():%H:%M:%S}" for con_id in held - open_now)
        seen = life.read()
        await life.stop()
        return life, seen

    life, seen = play(act, tmp_path, strategies=STRATEGIES, strikes=2.0)

    assert blinked == []
    assert seen.chain_round_s is not None
    assert seen.chain_oldest_s is not None
    assert seen.chain_oldest_s <= 2 * seen.chain_round_s + 30
    assert seen.subscriptions <= seen.subscriptions_max
    assert [fact for fact in life.all(ErrorHeard) if fact.code in {100, 101}] == []
