"""A call calendar: it is opened, what was sold expires, what was bought is sold the day after; cash and books to the cent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.positions import LegsExpired
from engine.domain.position import Position
from engine.runtime.schedule import sessions_between
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, SIM_OPTIONS, World, play

pytestmark = pytest.mark.long  # a night passes

BEGINS = datetime(2026, 11, 16, 20, 28, tzinfo=UTC)
"""A Monday, 15:28 in New York: half an hour of quotes is enough."""
OPTIONS = replace(SIM_OPTIONS, cadence_s=15)
CASH = Decimal(2_000_000)
HOURS = 3600.0
CALENDAR = """\
  right: call
  expiry: {near: 0 days, far: 1-4 days}
  short_delta: 0.25-0.60"""


def strategy(exits: str) -> str:
    price = "from mid, $0.05 every 5 s, no worse than natural"
    text = given.strategy("calendar", "calendar", risk="$9000", exits=exits, shape=CALENDAR, price=price)
    return text.replace("universe: [SPY]", "universe: [SPX]")


def simulated(seed: int) -> Simulator:
    sessions = sessions_between(date(2026, 11, 9), date(2027, 2, 26))
    market = GeneratedMarket(seed, BEGINS, sessions, ("SPX",), Breadth(4, 1, 1, 1.0), 5.0)
    return Simulator(market, seed=seed, begins=BEGINS, cash=float(CASH), account=ACCOUNT, options=OPTIONS)


def position_of(world: World) -> Position:
    (position,) = world.lives[-1].ledger.positions.values()
    return position


def test_what_is_left_of_a_calendar_goes_on_after_what_was_sold_expired(tmp_path: Path) -> None:
    async def act(world: World) -> None:
        life = await world.start(lines=46)
        await world.when(lambda: life.ledger.positions, within_s=300)
        opened = position_of(world)
        near, far = (leg.contract for leg in opened.legs)
        (proposed,) = life.all(OrderProposed)
        assert isinstance(proposed, OrderProposed)
        assert [one["points"] for one in proposed.candidate["band"]] == [-5, 0, 5]  # type: ignore[index, union-attr]

        await world.when(lambda: life.all(LegsExpired), within_s=2 * HOURS)
        left = position_of(world)
        assert [leg.contract for leg in left.legs] == [far]
        assert life.ledger.contracts_held() == {far.con_id: left.quantity}
        assert world.sim.positions() == {far.con_id: left.quantity}
        assert not left.bare
        assert near.expiry == date(2026, 11, 16)

        await world.when(lambda: not position_of(world).is_open, within_s=20 * HOURS)
        closed = position_of(world)
        assert closed.close_reason.startswith("days_held >= 1")
        assert world.sim.positions() == {}
        assert life.ledger.contracts_held() == {}
        assert world.sim.cash == CASH + closed.realised - closed.fees

    play(act, tmp_path, sim=simulated(3), strategies={"calendar.yaml": strategy("days_held >= 1")})
