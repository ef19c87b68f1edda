"""Back to an older version with a position open: what the newer one wrote is named, exits go on, nothing is opened unseen."""

import json
from pathlib import Path

from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import OrderProposed
from engine.store import codec
from engine.store.lines import day_files
from tests.simulation.engine import given
from tests.simulation.engine.world import ACCOUNT, Life, World, play

NEWER = "9.9.0"
STRATEGIES = {
    "puts.yaml": given.strategy("puts", exits="time >= 09:45 New York"),
    "late.yaml": given.strategy("late", "bear_call", window="09:43-15:30"),
}
"""One opens at once and closes at 09:45; the other would open two minutes before that."""


def newer_version_wrote(state: Path, *bodies: dict[str, object]) -> None:
    """Lines at the journal's end, in its chain, as a version to come would write them."""
    path = day_files(state / "journal")[-1]
    for body in bodies:
        last = path.read_bytes().splitlines(keepends=True)[-1]
        head = codec.header(last)
        around = {"seq": head.seq + 1, "at": head.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "account": ACCOUNT}
        text = json.dumps({**around, **body}, separators=(",", ":")).encode()
        sealed = codec.sealed(text, head.hash)
        with path.open("ab") as file:
            file.write(sealed.raw)
    (state / "journal" / "mark").unlink()


def test_older_version_keeps_the_exits_and_opens_nothing_until_a_person_resumes(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[Life, Life, bool, int]:
        first = await world.start()
        await world.when(lambda: any(position.is_open for position in first.ledger.positions.values()), within_s=50)
        await first.stop()
        newer_version_wrote(
            world.state,
            {"kind": "EngineStarted", "version": NEWER, "mode": "sim", "lease": "k3v"},
            {"kind": "MarginCalled", "usd": "12"},
        )
        second = await world.start()
        await world.until("09:46:30")
        was_halted = second.ledger.halt is not None
        opened = len([fact for fact in second.all(OrderProposed) if fact.purpose == "open"])
        second.control.resume("anna")
        await world.when(lambda: second.ledger.halt is None)
        await second.stop()
        return first, second, was_halted, opened

    first, second, was_halted, opened = play(act, tmp_path, strategies=STRATEGIES)

    held = {position.id for position in first.ledger.positions.values() if position.is_open}
    assert held
    [halted] = second.all(Halted)
    assert "the fact MarginCalled is unknown to this version" in halted.reason
    assert f"version {NEWER} wrote it: pip install ibkr-spreads=={NEWER}" in halted.reason
    assert (was_halted, opened) == (True, 0)
    assert all(not second.ledger.positions[name].is_open for name in held), "the exits went on"
