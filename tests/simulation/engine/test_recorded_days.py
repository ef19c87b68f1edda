"""The engine on recorded chains: what was quoted every few hours or minutes is a market that can be traded at any of them."""

from pathlib import Path

import pytest

from engine.cli.markets import replayed
from engine.domain.facts.orders import OrderRepriced
from engine.domain.facts.positions import ExitTriggered
from engine.sim.simulator import Simulator
from tests.faces.given import MORNING, chain
from tests.simulation.engine.world import Life, World, play

ACCOUNT = """\
schema: 1
session: {open: 09:31-15:30 New York, close: 09:31-15:55 New York}
"""
PUTS = """\
schema: 1
name: puts
universe: [SPX]
spread:
  type: bull_put
  expiry: 30-60 days
  short_delta: 0.10-0.40
  width: $25
sizing: {risk: $3000, contracts: 1-2}
limits: {open: 1, per_day: 1, stop_for_day: "-$5,000"}
entry:
  window: 10:20-15:30 New York
  approval: auto
  auto_up_to: $9000 risk, 1 order per day
  price: from $0.30 better than mid, $0.10 every 10 s, no worse than natural, give up after 3 min
exits:
  - time >= 10:30 New York
"""


@pytest.mark.long
def test_engine_trades_between_two_recorded_snapshots(tmp_path: Path) -> None:
    """The chain was recorded at 10:00 and next at 15:00; the strategy opens from 10:20 and closes from 10:30 on."""
    staged = replayed([chain(tmp_path / "chain.parquet")], None, None, 1.0)
    sim = Simulator(staged.market, seed=1, begins=staged.begins, options=staged.options)

    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: life.orders("close") and life.orders("close")[0].state == "filled", within_s=3 * 3600)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"account.yaml": ACCOUNT, "puts.yaml": PUTS}, sim=sim)

    [opening] = life.orders("open")
    assert (opening.proposed_at - MORNING).total_seconds() // 60 == 20
    assert opening.state == "filled"
    assert [fact for fact in life.all(OrderRepriced) if fact.order_ref == opening.ref], "it was walked from fresh quotes"
    [triggered] = [at for at, fact in life.facts if isinstance(fact, ExitTriggered)]
    assert (triggered - MORNING).total_seconds() // 60 == 30
