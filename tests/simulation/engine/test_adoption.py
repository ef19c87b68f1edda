"""A spread that somebody opened in TWS is adopted: its exit closes it, and the books are the broker's, also over a start."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.facts.account import Reconciled
from engine.domain.facts.orders import LegFilled
from engine.domain.facts.positions import ExitTriggered, PositionAdopted
from engine.runtime.adoption import AdoptAsked
from engine.store.history import query
from tests.simulation.engine import given
from tests.simulation.engine.killing import run_to_its_death
from tests.simulation.engine.test_kill_between_legs import check
from tests.simulation.engine.test_legs_apart import life_of
from tests.simulation.engine.world import Life, World, play

PUTS = {"puts.yaml": given.strategy("puts", window="15:00-15:10", exits="time >= 09:50 New York")}
WITHOUT_RULES = {"puts.yaml": given.strategy("puts", window="15:00-15:10", exits="time >= 09:44 New York")}
SPREADS = 2


def opened_by_hand(world: World, life: Life) -> tuple[int, int]:
    """A bull put that somebody opens in TWS at the marks, in two trades: its short leg and its long one, by contract number."""
    chain = life.control.snapshot().chain
    last = max(one.expiry for one in chain.contracts)
    puts = sorted((one for one in chain.contracts if one.put_call == "P" and one.expiry == last), key=lambda one: one.strike)
    short = puts[len(puts) // 2]
    long = max((one for one in puts if short.strike - one.strike >= 2), key=lambda one: one.strike)
    for contract, quantity in ((long, SPREADS), (short, -SPREADS)):
        price = world.sim.tape.quote(contract.con_id).mark
        assert price is not None
        world.sim.tell(world.sim.exchange.trade_by_hand(contract.con_id, quantity, price.quantize(Decimal("0.01"))))
    return short.con_id, long.con_id


def seen(world: World, legs: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(world.sim.positions()[con_id] for con_id in legs)


def foreign(life: Life) -> int:
    return len(life.control.status()["foreign"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "starts_anew", [pytest.param(False, marks=pytest.mark.long, id="in one run"), pytest.param(True, id="over a start")]
)
def test_adopted_spread_is_closed_by_its_exit_to_the_cent(starts_anew: bool, tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        # given a spread that somebody has opened in TWS, which is foreign
        life = await world.start()
        await world.when(lambda: life.ledger.reconciled is not None and life.control.snapshot().chain.contracts, within_s=60)
        before = world.sim.cash
        legs = opened_by_hand(world, life)
        await world.when(lambda: foreign(life) == 2, within_s=90)
        # when a person adopts it
        row = life.control.adoption.row(AdoptAsked("puts", legs))
        assert row["obstacle"] is None, row
        assert [leg["held"] for leg in row["position"]["legs"]] == [SPREADS, SPREADS]  # type: ignore[index]
        assert [rule["answer"] for rule in row["position"]["exits"]] == ["no"]  # type: ignore[index]
        said = life.control.adoption.adopt(AdoptAsked("puts", legs, seen(world, legs)), "ada", "opened by hand")
        assert said[0], said
        await world.when(lambda: any(life.ledger.open_positions()) and not foreign(life), within_s=60)
        assert life.control.status()["differences"] == []
        life.first = life
        if starts_anew:
            await world.until("09:46:00")
            await life.stop()
            again = await world.start()
            again.first = life
            life = again
        # then its exit closes it
        await world.when(lambda: not any(life.ledger.open_positions()) and life.ledger.positions, within_s=1800)
        await world.when(lambda: not any(life.ledger.working()), within_s=120)
        await world.when(lambda: all(order.commissions for order in life.orders("close")), within_s=60)
        life.invariants.check_at_rest(life.ledger)
        life.made = world.sim.cash - before
        await life.stop()
        return life

    life = play(act, tmp_path, 3, strategies=PUTS)

    [adopted] = life.first.all(PositionAdopted)
    [position] = life.ledger.positions.values()
    assert (adopted.strategy, adopted.quantity, adopted.by, adopted.reason) == ("puts", SPREADS, "ada", "opened by hand")
    assert (position.closed, position.is_open, world_is_flat(life)) == (SPREADS, False, True)
    assert [fact.rule for fact in life.all(ExitTriggered)] == ["time >= 09:50 New York"]
    # to the cent, what it made since it was opened in TWS, commissions of the close included
    assert (position.realised - position.fees).quantize(Decimal("0.01")) == life.made.quantize(Decimal("0.01"))
    # and the history says the same
    answer = query(tmp_path / "state", "SELECT strategy, quantity, is_open, pnl, max_loss FROM trades")
    [(strategy, quantity, is_open, pnl, max_loss)] = answer.rows
    assert (strategy, quantity, is_open, round(pnl, 2)) == ("puts", SPREADS, False, round(life.made, 2))
    assert max_loss > 0
    # nothing that was executed elsewhere is told as an execution of the engine's
    fills = query(tmp_path / "state", "SELECT count(*) FROM fills").rows
    assert fills == [(sum(len(order.fills) for order in life.orders("close")),)]


def world_is_flat(life: Life) -> bool:
    return not life.world.sim.positions()


def test_adopted_without_exits_is_closed_by_a_person_only(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: life.ledger.reconciled is not None and life.control.snapshot().chain.contracts, within_s=60)
        legs = opened_by_hand(world, life)
        await world.when(lambda: foreign(life) == 2, within_s=90)
        assert life.control.adoption.adopt(AdoptAsked("", legs, seen(world, legs)), "ada", "mine to close")[0]
        await world.when(lambda: any(life.ledger.open_positions()) and not foreign(life), within_s=60)
        [position] = life.ledger.open_positions()
        # the other strategy's exit holds since long, and is none of its
        await world.until("09:50:00")
        life.triggered = life.all(ExitTriggered)
        life.closing = list(life.orders("close"))
        life.said = await life.control.close(position.id, "ada", "enough")
        await world.when(lambda: not any(life.ledger.open_positions()), within_s=600)
        await world.when(lambda: not any(life.ledger.working()), within_s=120)
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, 3, strategies=WITHOUT_RULES)

    assert (life.triggered, life.closing) == ([], [])
    assert life.said[0], life.said
    assert world_is_flat(life)
    assert life.all(LegFilled)
    assert [fact.differences for fact in life.all(Reconciled) if fact.differences] == []


@pytest.mark.parametrize("which", ["short alone", "seen otherwise"])
def test_what_is_not_covered_or_not_as_it_was_shown_stays_foreign(which: str, tmp_path: Path) -> None:
    async def act(world: World) -> tuple[bool, str]:
        life = await world.start()
        await world.when(lambda: life.ledger.reconciled is not None and life.control.snapshot().chain.contracts, within_s=60)
        short, long = opened_by_hand(world, life)
        await world.when(lambda: foreign(life) == 2, within_s=90)
        asked = AdoptAsked("", (short,)) if which == "short alone" else AdoptAsked("puts", (short, long), (-1, 1))
        said = life.control.adoption.adopt(asked, "ada", "mine")
        await world.until("09:44:00")
        assert foreign(life) == 2
        assert life.ledger.positions == {}
        await life.stop()
        return said

    is_done, text = play(act, tmp_path, 3, strategies=PUTS)

    assert not is_done
    told = {"short alone": "would be owed with no long contract beside it", "seen otherwise": "not what you were shown"}
    assert told[which] in text


@pytest.mark.parametrize("died_at", [("PositionAdopted", 1), ("OrderSent", 1), ("LegFilled", 1)], ids=str)
def test_adoption_that_an_engine_dies_over_is_known_once_or_was_never_said(died_at: tuple[str, int], tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        # given an engine that dies at the line of an adoption, or at one of its close
        first = life_of(world, died_at)
        told = asyncio.ensure_future(_adopted(world, first))
        await run_to_its_death(first)
        first.invariants.remember()
        for link in asyncio.get_running_loop().network.links:  # type: ignore[attr-defined]
            link.reset()
        world.lives.remove(first)
        legs = await told
        # when another one takes over, and a person looks again at what is foreign
        life = life_of(world)
        await life.begin()
        await world.when(lambda: life.ledger.reconciled is not None, within_s=120)
        if foreign(life):
            assert life.control.adoption.adopt(AdoptAsked("puts", legs, seen(world, legs)), "ada", "again")[0]
        await world.when(lambda: life.ledger.positions and not any(life.ledger.open_positions()), within_s=1800)
        check(world, life)
        await life.stop()
        return life

    life = play(act, tmp_path, 3, strategies=PUTS)

    # then it is one position, closed once; that no short of it is alone at any line of the journal is looked at in `life_of`
    assert [position.closed for position in life.ledger.positions.values()] == [SPREADS]
    assert world_is_flat(life)


async def _adopted(world: World, life: Life) -> tuple[int, int]:
    """The legs, opened by hand and given to the engine that is about to die."""
    await asyncio.sleep(1)
    await world.when(lambda: life.ledger.reconciled is not None and life.control.snapshot().chain.contracts, within_s=60)
    legs = opened_by_hand(world, life)
    await world.when(lambda: foreign(life) == 2, within_s=90)
    assert life.control.adoption.adopt(AdoptAsked("puts", legs, seen(world, legs)), "ada", "by hand")[0]
    return legs
