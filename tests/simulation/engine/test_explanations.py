"""The journal of a running engine holds no line that only explains, and what explains is small and found at every minute."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest

from engine.cli.past import why_then
from engine.domain.facts.searches import CandidatesRecorded, FunnelRecorded
from engine.domain.facts.union import Explanation
from engine.store import explanations, journal, lines
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

LOOK_BYTES = 1_024
"""Of a look, packed: 50 strategies that look once a minute for 390 minutes stay under 20 MB."""
LOOKS = 20


def looks(life: Life) -> list[tuple[object, FunnelRecorded]]:
    return [(at, fact) for at, fact in life.facts if isinstance(fact, FunnelRecorded)]


def test_a_line_of_the_journal_never_only_explains(tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start(funnel_every=None)
        await world.when(lambda: len(looks(life)) >= LOOKS, within_s=60 * LOOKS)
        await life.stop()
        return life

    life = play(act, tmp_path, strategies=given.BOTH)

    state = tmp_path / "state"
    head, _ = lines.verified(state / journal.FOLDER)
    told = [line.fact for line in lines.facts(state / journal.FOLDER, lines.START, head) if not isinstance(line, lines.Odd)]
    assert not any(isinstance(fact, Explanation) for fact in told)
    assert life.all(CandidatesRecorded)
    text = b"".join(path.read_bytes() for path in (state / explanations.FOLDER).glob("2*.jsonl"))
    assert text.count(b'"FunnelRecorded"') == len(looks(life))
    assert len(gzip.compress(text)) / len(looks(life)) <= LOOK_BYTES
    for at, fact in looks(life):
        if fact.strategy != "puts":
            continue
        then = why_then(state, "puts", (at + timedelta(seconds=1)).isoformat())  # type: ignore[operator]
        assert (then["at"], then["nearest_miss"]) == (at.isoformat(), fact.nearest_miss)  # type: ignore[attr-defined]


def test_a_restarted_engine_still_says_why(tmp_path: Path) -> None:
    async def act(world: World) -> tuple[object, object]:
        life = await world.start()
        await world.until("09:40:30")
        before = life.control.why("puts")
        await life.stop()
        again = await world.start()
        return before, again.control.why("puts")

    before, after = play(act, tmp_path)

    assert before is not None
    assert after is not None
    assert before["funnel"]  # type: ignore[index]
    assert (after["funnel"], after["at"]) == (before["funnel"], before["at"])  # type: ignore[index]


@pytest.mark.parametrize(("minutes", "least"), [(1, 4), (5, 1)])
def test_the_rate_of_looks_is_a_setting(minutes: int, least: int, tmp_path: Path) -> None:
    async def act(world: World) -> Life:
        life = await world.start(funnel_every=None, explain_every_s=60 * minutes)
        await world.until("09:45:10")
        await life.stop()
        return life

    life = play(act, tmp_path, strategies={"shut.yaml": given.strategy("shut", window="15:00-15:30")})

    assert least <= len(looks(life)) <= least + 2
