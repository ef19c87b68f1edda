"""Numbers of the market as the simulated TWS tells them: today's open, volumes, and an index that is traded by nobody."""

from pathlib import Path

import pytest

from engine.cli.markets import generated
from engine.domain.facts.orders import OrderProposed
from engine.sim.simulator import Simulator
from tests.simulation.engine import given
from tests.simulation.engine.world import World, play

LINES = (
    "abs(gap) <= 50%",
    "price of QQQ >= 1 and move_today of QQQ >= -50%",
    "average_volume(30 days) >= 1,000",
    "ema(5 days) >= 1 and rsi(14 days) between 0 and 100",
)


def test_opening_waits_for_numbers_that_the_broker_tells(tmp_path: Path) -> None:
    staged = generated(1, ("SPY", "QQQ"), "2026-11-30 10:00 New York", 1.0)
    sim = Simulator(staged.market, seed=1, begins=staged.begins, account="DU1234567", cash=1_000_000, options=staged.options)
    file = given.strategy("puts", exits="dte <= 3").replace(
        "spread:", "when:\n" + "".join(f"  - {line}\n" for line in LINES) + "spread:", 1
    )

    async def act(world: World) -> dict[str, float | None]:
        life = await world.start(lines=60)
        await world.when(lambda: life.all(OrderProposed), within_s=300)
        told = life.control.why("puts")
        assert told is not None
        return {name: value for row in told["when"] for name, value in row["values"].items()}

    values = play(act, tmp_path, sim=sim, strategies={"puts.yaml": file})

    market, days = staged.market, staged.market.daily_bars("SPY", 300)
    assert values["gap"] == pytest.approx((market.spot("SPY").open or 0) / days[-1].close - 1)
    assert values["price_QQQ"] == pytest.approx(market.spot("QQQ").price, rel=0.05)
    assert values["average_volume_30"] == pytest.approx(sum(bar.volume or 0 for bar in days[-30:]) / 30)
    assert values["ema_5"] == pytest.approx(sum(bar.close for bar in days[-20:]) / 20, rel=0.2)
    assert 0 < (values["rsi_14"] or 0) < 100


@pytest.mark.long
@pytest.mark.parametrize(("begins", "is_known"), [("09:29", True), ("09:32", False)])
def test_opening_range_is_known_to_an_engine_that_heard_all_of_it(begins: str, is_known: bool, tmp_path: Path) -> None:
    staged = generated(1, ("SPY",), f"2026-11-30 {begins} New York", 5.0)
    sim = Simulator(staged.market, seed=1, begins=staged.begins, account="DU1234567", cash=1_000_000, options=staged.options)
    file = given.strategy("puts", exits="dte <= 3").replace("spread:", "when: [range_of(first 5 min) >= 0%]\nspread:", 1)

    async def act(world: World) -> tuple[float | None, str]:
        life = await world.start(lines=60)
        before = life.control.why("puts")["when"][0]["answer"]  # type: ignore[index]
        await world.when(lambda: world.sim.now().minute >= 38, within_s=900)
        told = life.control.why("puts")
        assert told is not None
        return told["when"][0]["values"]["range_of_5"], before

    found, before = play(act, tmp_path, sim=sim, strategies={"puts.yaml": file})

    day = staged.market.spot("SPY")
    assert before == "unknown"
    assert (found is not None) is is_known
    assert 0 <= (found or 0) <= (day.high or 0) / (day.low or 1) - 1


@pytest.mark.parametrize(("begins", "is_since_open"), [("09:29", True), pytest.param("09:32", False, marks=pytest.mark.long)])
def test_bars_of_minutes_are_known_as_far_as_they_were_heard(begins: str, is_since_open: bool, tmp_path: Path) -> None:
    staged = generated(1, ("SPY",), f"2026-11-30 {begins} New York", 5.0)
    sim = Simulator(staged.market, seed=1, begins=staged.begins, account="DU1234567", cash=1_000_000, options=staged.options)
    lines = "when: [sma(3 bars of 1 min) >= 1, ema(3 bars of 1 min) >= 1]"
    file = given.strategy("puts", exits="dte <= 3").replace("spread:", f"{lines}\nspread:", 1)

    async def act(world: World) -> tuple[dict[str, float | None], list[str]]:
        life = await world.start(lines=60)
        before = [row["answer"] for row in life.control.why("puts")["when"]]  # type: ignore[index]
        await world.when(lambda: world.sim.now().minute >= 38, within_s=900)
        told = life.control.why("puts")
        assert told is not None
        return {name: value for row in told["when"] for name, value in row["values"].items()}, before

    values, before = play(act, tmp_path, sim=sim, strategies={"puts.yaml": file})

    price = staged.market.spot("SPY").price
    assert before == ["unknown", "unknown"]
    assert values["sma_3_1"] == pytest.approx(price, rel=0.01)
    assert (values["ema_3_1"] is not None) is is_since_open
