"""A day of an engine that traded, through today's files and code: what is decided otherwise is told, with what makes it so."""

import json
import shutil
from pathlib import Path

import pytest

from engine.domain.facts.orders import OrderProposed
from engine.research.live import replay_live
from engine.store.scenes import FILE
from tests.faces.conftest import Spreads, spreads
from tests.simulation.engine import given
from tests.simulation.engine.world import Life, World, play

__all__ = ["spreads"]
pytestmark = pytest.mark.slow  # some minutes of a market


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder beside its strategies: two openings at 09:40, both closed from 09:41 on."""

    async def act(world: World) -> Life:
        life = await world.start()
        await world.when(lambda: len(life.orders("close")) == 2 and not list(life.ledger.open_positions()), within_s=600)
        await life.stop()
        return life

    folder = tmp_path_factory.mktemp("traded")
    life = play(act, folder)
    assert [fact.purpose for fact in life.all(OrderProposed)].count("close") == 2
    return folder


@pytest.fixture
def copy(traded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(traded, tmp_path / "copy"))


def test_same_files_and_code_decide_as_they_did(copy: Path) -> None:
    before = {path: path.read_bytes() for path in (copy / "state").rglob("*") if path.is_file()}

    found = replay_live(copy / "state", copy / "strategies", None)

    assert found.differences == ()
    assert (found.cause, found.changed) == (None, ())
    assert found.compared == 6, "two openings, two exits and their closes"
    assert {path: path.read_bytes() for path in (copy / "state").rglob("*") if path.is_file()} == before


def test_another_file_is_the_first_cause(copy: Path, spreads: Spreads) -> None:
    # given
    file = copy / "strategies" / "puts.yaml"
    file.write_text(given.strategy("puts", "bull_put").replace("short_delta: 0.10-0.40", "short_delta: 0.10-0.12"))

    # when
    words = ("replay", "2026-11-16", "--state", copy / "state", "--strategies", copy / "strategies")
    told, shown = spreads(*words, "--format", "json"), spreads(*words)

    # then
    found = json.loads(told.out)
    assert (told.code, shown.code) == (1, 1)
    assert found["cause"] == "file"
    assert found["changed"] == [f"{file}: is another version"]
    assert found["differences"][0]["kind"] == "OrderProposed"
    assert "bull_put" in found["differences"][0]["then"]
    assert "first cause: the strategies" in shown.out


def test_other_limits_are_the_first_cause(copy: Path) -> None:
    file = copy / "strategies" / "account.yaml"
    file.write_text(file.read_text().replace("per_trade: 1%", "per_trade: 0.01%"))

    found = replay_live(copy / "state", copy / "strategies", None)

    assert found.cause == "limits"
    assert found.differences[0].now is None or "risk" in found.differences[0].now


def test_other_code_is_told_by_its_digest_and_other_data_else(copy: Path) -> None:
    """A market that was archived otherwise: with the code of then the data differ, and with other code the code does."""
    [scenes] = (copy / "state").rglob(FILE)
    kept = [json.loads(line) for line in scenes.read_text().splitlines()]
    causes = []
    for code in (kept[0]["code"], "another"):
        for one in kept:
            one |= {"code": code, "data": "delayed"}
        scenes.write_text("\n".join(map(json.dumps, kept)))
        found = replay_live(copy / "state", copy / "strategies", None)
        assert found.differences
        causes.append(found.cause)

    assert causes == ["data", "code"]


def test_what_was_not_kept_is_said(copy: Path, spreads: Spreads) -> None:
    for path in (copy / "state").rglob(FILE):
        path.unlink()

    ran = spreads("replay", "--state", copy / "state", "--strategies", copy / "strategies")

    assert ran.code == 1
    assert "first cause: the recorded chains" in ran.out
    assert "was not kept" in ran.err
