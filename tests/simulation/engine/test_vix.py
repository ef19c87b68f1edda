"""Options on the VIX from the simulated TWS: their forward is the future of their expiry, found by put-call parity."""

from datetime import UTC, date, datetime, time, timedelta
from math import exp, sqrt
from pathlib import Path
from typing import cast

from engine.cli.markets import generated
from engine.domain.facts.orders import OrderProposed
from engine.sim.market.catalogue import CHARACTERS, VIX, VIX_SOURCE
from engine.sim.simulator import Simulator
from tests.simulation.engine.world import World, play

STRATEGY = """\
schema: 1
name: vix_calls
universe: [VIX]
spread:
  type: bear_call
  expiry: 20-80 days
  short_delta: 0.15-0.50
  width: $1-$10
  rules: [credit >= 5% of width]
sizing: {risk: 1% of net liquidation}
exits: [loss >= 100% of credit, dte <= 2]
"""


def test_spread_is_found_on_the_future_of_its_expiry(tmp_path: Path) -> None:
    staged = generated(1, ("SPX", "VIX"), "2026-11-30 10:00 New York", 1.0)
    sim = Simulator(staged.market, seed=1, begins=staged.begins, account="DU1234567", cash=1_000_000, options=staged.options)

    async def act(world: World) -> tuple[dict[str, object], float]:
        life = await world.start(lines=100)
        await world.when(lambda: life.all(OrderProposed), within_s=120)
        proposed = life.all(OrderProposed)[0]
        spot = staged.market.spot(VIX).price
        assert proposed.candidate is not None
        assert spot is not None
        return proposed.candidate, spot

    candidate, spot = play(act, tmp_path, sim=sim, strategies={"vix.yaml": STRATEGY})

    assert candidate["forward_from"] == "call-put parity"
    assert candidate["root"] in {"VIX", "VIXW"}
    assert abs(float(str(candidate["forward"])) - future_of(spot, candidate)) < 0.05
    assert float(str(candidate["forward"])) > spot + 0.3


def future_of(spot: float, candidate: dict[str, object]) -> float:
    """The future of the candidate's expiry: variance returns from that of the index to its long level."""
    (leg, *_) = cast("list[dict[str, object]]", candidate["legs"])
    settles = datetime.combine(date.fromisoformat(str(leg["expiry"])), time(14, 30), UTC)
    shape = CHARACTERS[VIX_SOURCE].shape
    years = (settles - datetime(2026, 11, 30, 15, 0, tzinfo=UTC)) / timedelta(days=365)
    rest = shape.long_level**2
    return 100 * sqrt(rest + ((spot / 100) ** 2 - rest) * exp(-shape.reversion * years))
