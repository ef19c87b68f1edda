"""Real money, as the simulator plays it: nothing opens without an arm, one spread with it, and exits whatever ends it."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.decide.risk.arms import Wish
from engine.domain.errors import UserError
from engine.domain.facts.files import StrategyArmed
from engine.domain.facts.orders import OrderProposed, OrderSent
from engine.domain.order import Order
from tests.simulation.engine import given
from tests.simulation.engine.world import SIM_OPTIONS, Life, World, generated, play

ACCOUNT = "U0001234"
RULES = given.strategy("puts", per_day=3, exits="time >= 09:44 New York").replace("name: puts", "name: puts\nmode: live")
WISH = Wish("ada", "1234", Decimal(2000), 7, "one lot")


def live(act: Any, folder: Path, **options: object) -> Any:
    """The act in a world of a broker that holds real money."""
    sim = generated(1, 1.0, options=SIM_OPTIONS, account=ACCOUNT)
    return play(act, folder, sim=sim, strategies={"puts.yaml": RULES}, **options)


async def start(world: World, **settings: object) -> Life:
    return await world.start(**{"mode": "live", "account": ACCOUNT, **settings})


def is_one_filled(life: Life) -> bool:
    return any(order.state == "filled" for order in openings(life))


def openings(life: Life) -> list[Order]:
    return life.orders("open", "puts")


def test_nothing_opens_before_a_person_arms_and_then_one_spread_at_a_time(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, object, tuple[bool, str], dict[str, Any]]:
        life = await start(world)
        await world.until("09:41:00")
        before = (life.all(OrderProposed), (life.control.why("puts") or {})["stopped"])
        word = life.control.arming.arm("puts", WISH)
        await world.when(lambda: is_one_filled(life))
        row = life.control.arming.row("puts")
        await world.until("09:46:00")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        assert row is not None
        return life, before, word, row

    life, (proposed, stopped), word, row = live(act, tmp_path)

    assert proposed == []
    assert "armed" in str(stopped)
    assert word[0]
    assert word[1].startswith("arming puts with account U0001234: one spread at a time, $2,000 a day, until 2026-11-23 ")
    assert row["armed"]["rung"] == "one lot"
    assert {order.quantity for order in openings(life)} == {1}
    assert not any(life.ledger.open_positions()), "the exit closes what was opened"


def test_arm_stands_through_a_restart_and_disarming_leaves_exits(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, int, bool]:
        first = await start(world)
        assert first.control.arming.arm("puts", WISH)[0]
        await world.when(lambda: is_one_filled(first))
        await first.stop()
        life = await start(world)
        stands = life.ledger.files.arms.of("puts", world.sim.now()) is not None
        assert life.control.arming.disarm("puts", "ada", "lunch")[0]
        await world.when(lambda: life.ledger.files.arms.of("puts", world.sim.now()) is None)
        sent = len([fact for fact in life.all(OrderSent) if life.ledger.orders[fact.order_ref].purpose == "open"])
        await world.until("09:46:00")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        after = len([fact for fact in life.all(OrderSent) if life.ledger.orders[fact.order_ref].purpose == "open"])
        return life, after - sent, stands

    life, opened_after, stands = live(act, tmp_path)

    assert stands
    assert opened_after == 0
    closed = [order.state for order in life.orders("close", "puts")]
    assert closed
    assert set(closed) == {"filled"}
    assert not any(life.ledger.open_positions())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"account": "5678"}, "not armed: 5678 is not how the account ends; look at which account this engine trades"),
        ({"risk_usd": Decimal(999_999)}, "not armed: $999,999 a day is more than account.yaml lets all open together"),
        ({"days": 31}, "not armed: 31 days: an arm lasts 1 to 30 days"),
        ({"rung": "full"}, "not armed: 0 of 5 positions of puts are closed in this account"),
    ],
)
def test_word_that_lacks_one_of_its_keys_arms_nothing(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    async def act(world: World) -> tuple[tuple[bool, str], list[object]]:
        life = await start(world)
        told = life.control.arming.arm("puts", Wish(**{**{name: getattr(WISH, name) for name in Wish.__slots__}, **changes}))
        await world.until("09:40:30")
        await life.stop()
        return told, life.all(StrategyArmed)

    told, facts = live(act, tmp_path)

    assert not told[0]
    assert told[1].startswith(why)
    assert facts == []


def test_file_for_paper_cannot_be_armed(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[bool, str]:
        given.folder(world.strategies, {"puts.yaml": given.strategy("puts")})
        life = await start(world)
        told = life.control.arming.arm("puts", WISH)
        await life.stop()
        return told

    is_done, told = live(act, tmp_path)

    assert not is_done
    assert told.endswith("puts.yaml says mode: paper; write  mode: live  first, and look at what else that asks for")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"mode": "paper"}, "account U0001234 holds real money, but --paper was asked for"),
        ({"account": "U0009999"}, "U0009999"),
    ],
)
def test_engine_that_was_started_for_something_else_does_not_start(tmp_path: Path, settings: dict[str, Any], why: str) -> None:
    async def act(world: World) -> str:
        with pytest.raises(UserError) as refused:
            await start(world, **settings)
        return str(refused.value)

    assert why in live(act, tmp_path)
