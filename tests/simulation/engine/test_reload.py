"""Files change while the engine runs: a good one swaps, a broken one changes nothing, a deleted one stops opening only."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from engine.domain.facts.files import EditAccepted, EditHeld, SharedFileLoaded, StrategyLoaded, StrategyRefused, StrategyRemoved
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.positions import PositionMigrated
from engine.domain.facts.running import ErrorHeard
from engine.runtime.reading import FILES_MAX
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

NEXT_FRIDAY, MONTHLY = date(2026, 11, 20), date(2026, 12, 18)


class Editor:
    """A person who saves files. The engine is told as its watcher of files would tell it."""

    def __init__(self) -> None:
        self.saved = asyncio.Event()

    async def changes(self, *_: object, **__: object) -> AsyncIterator[set[object]]:
        while True:
            await self.saved.wait()
            self.saved.clear()
            yield set()

    def save(self, world: World, name: str, text: str | None) -> None:
        path = world.strategies / name
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")
        self.saved.set()


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> Editor:
    made = Editor()
    monkeypatch.setattr("engine.runtime.background.awatch", made.changes)
    return made


async def accept(world: World, life: Life, edits: int = 1) -> None:
    """A person's yes to what waits, once so many edits do."""
    await world.when(lambda: len(life.control.edits.rows()) == edits)
    for row in life.control.edits.rows():
        is_accepted, text = life.control.edits.accept(str(row["file"]), str(row["digest"]), "trader", "meant so")
        assert is_accepted, text


def opened(life: Life) -> list[str]:
    return [life.ledger.orders[fact.order_ref].state for fact in life.all(OrderProposed) if fact.purpose == "open"]


def test_changed_file_takes_over_and_its_positions_keep_their_rules(tmp_path: Path, editor: Editor) -> None:
    puts = given.strategy("puts", window="09:31-09:41")

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        await world.when(lambda: opened(life) == ["filled"])
        editor.save(world, "puts.yaml", given.strategy("puts", exits="time >= 11:00 New York", per_day=2))
        await accept(world, life)
        await world.when(lambda: opened(life) == ["filled", "filled"])
        await world.until("09:42:30")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": puts})

    before, after = life.orders("open")
    assert before.proposed.digest != after.proposed.digest
    assert [fact.digest for fact in life.all(StrategyLoaded)] == [before.proposed.digest, after.proposed.digest]
    assert [order.proposed.position for order in life.orders("close") if order.state == "filled"] == [before.ref]
    assert [position.id for position in life.ledger.open_positions()] == [after.ref]


def test_edit_that_loosens_what_trades_without_asking_waits_and_takes_effect_at_a_yes(tmp_path: Path, editor: Editor) -> None:
    puts = given.strategy("puts", window="09:31-09:41", exits="time >= 11:00 New York")

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        await world.when(lambda: opened(life) == ["filled"])
        # When more openings a day are written into the file
        editor.save(world, "puts.yaml", given.strategy("puts", exits="time >= 11:00 New York", per_day=2))
        await world.when(lambda: bool(life.all(EditHeld)))
        await world.until("09:36:00")
        # Then none follows while it waits; of what is not the text that was seen nothing is accepted
        assert opened(life) == ["filled"]
        (row,) = life.control.edits.rows()
        assert not life.control.edits.accept(str(row["file"]), "0" * 64, "trader", "")[0]
        assert not life.control.edits.accept("calls.yaml", str(row["digest"]), "trader", "")[0]
        await accept(world, life)
        await world.when(lambda: opened(life) == ["filled", "filled"])
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": puts})

    (held,), (accepted,) = life.all(EditHeld), life.all(EditAccepted)
    assert (accepted.digest, accepted.by) == (held.digest, "trader")
    assert life.all(StrategyLoaded)[-1].digest == held.digest
    assert "limits.per_day was 1, is 2" in held.changes


def test_position_that_a_person_moves_keeps_the_rules_in_force(tmp_path: Path, editor: Editor) -> None:
    puts = given.strategy("puts", exits="time >= 11:00 New York")

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        await world.when(lambda: opened(life) == ["filled"])
        # When an edit closes earlier, which the position does not know of until it is moved
        editor.save(world, "puts.yaml", given.strategy("puts"))
        await world.when(lambda: len(life.all(StrategyLoaded)) == 2)
        await world.until("09:42:00")
        assert not life.orders("close")
        (row,) = life.control.migrating.rows("puts") or []
        assert (row["fires"], row["would_fire"]) == (None, "time >= 09:41 New York: close")
        assert not life.control.migrating.move([str(row["position"])], "0" * 64, "ada", "")[0]
        is_moved, text = life.control.migrating.move([str(row["position"])], str(row["digest"]), "ada", "earlier")
        assert is_moved, text
        await world.when(lambda: [order.state for order in life.orders("close")] == ["filled"])
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": puts})

    (position,) = life.ledger.positions.values()
    assert position.digest == life.all(StrategyLoaded)[-1].digest != life.all(StrategyLoaded)[0].digest
    (fact,) = life.all(PositionMigrated)
    assert (fact.by, fact.reason) == ("ada", "earlier")


def test_changed_file_may_want_other_expiries(tmp_path: Path, editor: Editor) -> None:
    puts = given.strategy("puts", window="09:31-09:41")

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        await world.when(lambda: opened(life) == ["filled"])
        editor.save(world, "puts.yaml", given.strategy("puts", per_day=2).replace("30-35 days", "3-6 days"))
        await accept(world, life)
        await world.when(lambda: len(opened(life)) == 2)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": puts})

    assert [order.spread.expiry for order in life.orders("open")] == [MONTHLY, NEXT_FRIDAY]


def test_broken_file_changes_nothing_and_is_refused_with_its_place(tmp_path: Path, editor: Editor) -> None:
    good = given.strategy("puts", window="09:42-09:50", exits="time >= 09:50 New York")

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        editor.save(world, "puts.yaml", good.replace("short_delta", "short_dleta"))
        await world.until("09:43:00")
        await life.stop()
        return life, world

    life, world = play(act, tmp_path, strategies={"puts.yaml": good})

    [refused] = life.all(StrategyRefused)
    assert refused.file == str(world.strategies / "puts.yaml")
    assert "puts.yaml:7:3: unknown key 'short_dleta' in spread" in refused.problems
    assert opened(life) == ["filled"]
    assert life.orders("open")[0].proposed.digest == life.all(StrategyLoaded)[0].digest


def test_folder_that_cannot_be_read_again_is_said_and_changes_nothing(tmp_path: Path, editor: Editor) -> None:
    good = given.strategy("puts", window="09:42-09:50", exits="time >= 09:50 New York")

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        for number in range(FILES_MAX):
            (world.strategies / f"copy_{number}.yaml").touch()
        editor.save(world, "puts.yaml", good.replace("30-35 days", "3-6 days"))
        await world.until("09:43:00")
        await life.stop()
        return life, world

    life, world = play(act, tmp_path, strategies={"puts.yaml": good})

    told = [fact.text for fact in life.all(ErrorHeard) if str(world.strategies) in fact.text]
    said = "strategies are not read again, what was in force stays in force"
    assert told == [f"{world.strategies}: {FILES_MAX + 2} files; {FILES_MAX} is the most; {said}"]
    assert [order.spread.expiry for order in life.orders("open")] == [MONTHLY]


def test_folder_replaced_by_links_is_told_with_every_change_and_a_dangling_one_changes_nothing(
    tmp_path: Path, editor: Editor
) -> None:
    shy = given.strategy("shy", window="09:42-09:50", exits="time >= 09:50 New York")
    other = tmp_path / "other"

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        folder, moved = world.strategies, world.strategies.with_name("moved")
        folder.rename(moved)
        folder.symlink_to(tmp_path / "nowhere")
        editor.saved.set()
        await world.when(lambda: bool(told(life, folder)))
        await world.until("09:31:30")
        other.mkdir()
        (other / "shy.yaml").write_text(shy.replace("30-35 days", "3-6 days"), encoding="utf-8")
        (other / "account.yaml").write_text("schema: 1\nrisk: {per_trade: 2% of net liquidation}\n", encoding="utf-8")
        folder.unlink()
        folder.symlink_to(other)
        editor.saved.set()
        await accept(world, life, 2)
        await world.when(lambda: len(life.all(StrategyLoaded)) == 2)
        folder.unlink()
        folder.symlink_to(moved)
        editor.saved.set()
        await accept(world, life, 2)
        await world.when(lambda: len(life.all(StrategyLoaded)) == 3)
        await life.stop()
        return life, world

    life, world = play(act, tmp_path, strategies={"shy.yaml": shy})

    assert told(life, world.strategies) == [
        "this link leads nowhere; strategies are not read again, what was in force stays in force",
        "can be read again; what is different in its files is told one by one",
        "was replaced by another folder; what is different in its files is told one by one",
    ]
    assert life.all(StrategyRemoved) == []
    _, another, back = life.all(StrategyLoaded)
    assert another.changes == ("spread.expiry was 30-35 days, is 3-6 days",)
    assert another.loosens
    assert back.changes == ("spread.expiry was 3-6 days, is 30-35 days",)
    first, limits, again = life.all(SharedFileLoaded)
    assert first.changes == ()
    assert "risk.per_trade was 1% of net liquidation, is 2% of net liquidation" in limits.changes
    assert "risk.per_trade was 2% of net liquidation, is 1% of net liquidation" in again.changes
    assert again.loosens


def told(life: Life, folder: Path) -> list[str]:
    """What people were told of a folder, behind its name."""
    texts = [fact.text for fact in life.all(ErrorHeard) if str(folder) in fact.text]
    return [text.removeprefix(str(folder)).lstrip(": ") for text in texts]


def test_broken_file_keeps_its_last_good_version_through_a_restart(tmp_path: Path, editor: Editor) -> None:
    good = given.strategy("puts", window="09:41-09:50", exits="time >= 09:50 New York")

    async def act(world: World) -> Life:
        first = await world.start()
        await first.stop()
        editor.save(world, "puts.yaml", good.replace("30-35 days", "thirty days"))
        life = await world.start()
        await world.when(lambda: opened(life) == ["filled"])
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"puts.yaml": good})

    assert len(life.all(StrategyRefused)) == 1
    assert life.all(StrategyLoaded) == []


def test_deleted_file_takes_back_what_waits_and_keeps_the_exits(tmp_path: Path, editor: Editor) -> None:
    calls = given.strategy("calls", "bear_call")
    shy = given.strategy("shy", price="from $0.40 better than mid, $0.01 every 5 s, no worse than natural", patience="10 min")
    late = given.strategy("late", "bull_call", window="09:41-09:50")
    strategies = {"calls.yaml": calls, "shy.yaml": shy, "late.yaml": late}

    async def act(world: World) -> Life:
        life = await world.start(watches_files=True)
        await world.when(lambda: [order.state for order in life.orders("open", "calls")] == ["filled"])
        await world.when(lambda: [order.state for order in life.orders("open", "shy")] == ["working"])
        for name in strategies:
            editor.save(world, name, None)
        await world.when(lambda: len(life.all(StrategyRemoved)) == 3)
        await world.until("09:42:00")
        life.invariants.check_at_rest(life.ledger)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=strategies)

    assert [order.state for order in life.orders("open", "shy")] == ["canceled"]
    assert [order.state for order in life.orders("close", "calls")] == ["filled"]
    assert life.orders("open", "late") == []


def test_underlying_that_the_broker_does_not_know_stops_no_other_strategy(tmp_path: Path) -> None:
    strategies = {
        "puts.yaml": given.strategy("puts", window="09:31-09:41"),
        "typo.yaml": given.strategy("typo", window="09:31-09:41").replace("[SPY]", "[SPYY]"),
    }
    assert "[SPYY]" in strategies["typo.yaml"]

    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: opened(life) == ["filled"])
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=strategies)

    refusals = [fact.text for fact in life.all(ErrorHeard) if "SPYY" in fact.text]
    assert len(refusals) == 1
    assert refusals[0].startswith("SPYY is not traded today: ")
