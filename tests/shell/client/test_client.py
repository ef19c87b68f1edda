"""The typed client over a real unix socket: every answer is a model, every refusal an error that says who can mend it."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.api.names import SOCKET_NAME
from engine.client.address import address_of
from engine.client.asynchronous import AsyncClient
from engine.client.blocking import Client
from engine.client.errors import NoEngine, Refused, Unknown, Unreadable, Wrong
from engine.domain.errors import UserError
from engine.domain.facts.files import StrategyLoaded
from tests.faces.given import engine_that_says
from tests.shell.runtime.bench import MANUAL
from tests.shell.runtime.serving import REF, Api, asked, serve


def test_every_question_is_answered_by_its_model() -> None:
    async def story(api: Api) -> None:
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        await asked(api)
        async with AsyncClient(api.folder, by="ada") as engine:
            status, health = await engine.status(), await engine.health()
            (approval,) = await engine.approvals()
            candidates, strategies = await engine.candidates(), await engine.strategies()
            why, detail = await engine.why("puts"), await engine.order(REF)

        assert (status.trading, status.mode, status.waiting_approvals, health.healthy) == ("on", "sim", 1, True)
        assert engine.engine is not None
        assert engine.engine.name == "sim, account DU1"
        assert (approval.order_ref, approval.position, approval.preview, approval.purpose) == (REF, REF, "fits", "open")
        assert approval.candidate is not None
        assert approval.candidate.legs[0].action in {"buy", "sell"}
        assert candidates[0].strategy == "puts"
        assert [one.rank for one in candidates] == list(range(1, len(candidates) + 1))
        assert candidates[0].net_now == pytest.approx(candidates[0].net)
        assert [one.held for one in candidates].count(True) == 1, "the one that waits for a yes"
        assert [one.name for one in strategies.strategies] == ["puts"]
        assert strategies.strategies[0].approval == "manual"
        assert strategies.strategies[0].working == 1
        assert why.orders[0].order_ref == REF
        assert detail.timeline_is_whole
        assert [step.kind for step in detail.timeline] == ["OrderProposed", "OrderPreviewed", "ApprovalAsked"]

    serve(story)


def test_position_tells_legs_marks_and_how_far_each_exit_is_from_firing() -> None:
    async def story(api: Api) -> None:
        api.bench.broker.habits.fill = "at_once"
        await asked(api)
        async with AsyncClient(api.folder, by="ada") as engine:
            (approval,) = await engine.approvals()
            done = await api.while_beating(engine.approve(REF, approval.net_now))
            await api.bench.until(lambda: api.bench.ledger.positions.get(REF) is not None)
            (held,) = await engine.positions(only_open=True)
            executions, preview = await engine.executions(), await engine.close_preview(REF)

        assert done.text.startswith("approved at")
        assert [leg.held for leg in held.legs] == [held.quantity] * 2
        assert [leg.action for leg in held.legs] == [leg.action for leg in api.bench.ledger.positions[REF].spread.legs]
        assert held.exits[0].rule == MANUAL.exits[0].condition.text
        for rule in held.exits:
            for one in rule.distances:
                assert one.value is not None
                assert one.bound is not None
                assert (rule.answer == "yes") == (one.distance is not None and one.distance <= 0)
        assert held.max_profit_usd is not None
        assert held.max_profit_usd > 0
        assert held.theta is not None
        assert {one.order_ref for one in executions} == {REF}
        assert sum(one.quantity for one in executions) == 2 * held.quantity
        assert preview.mid == held.mark
        assert preview.obstacle is None

    serve(story)


def test_refusals_are_errors_by_who_can_mend_them() -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder, by="ada") as engine:
            with pytest.raises(Refused, match="no order nothing"):
                await engine.approve("nothing")
            with pytest.raises(Unknown, match="no position 'nothing'"):
                await engine.position("nothing")
            with pytest.raises(Unknown, match="no strategy 'nobody'; strategies: none is loaded"):
                await engine.why("nobody")
            with pytest.raises(Wrong, match="limit: Input should be less than or equal to 5000"):
                await engine.executions(10_000)
        async with AsyncClient(api.folder / "elsewhere") as nobody:
            with pytest.raises(NoEngine, match="no engine answers at unix://"):
                await nobody.status()

    serve(story)


def test_words_are_said_in_somebodys_name() -> None:
    async def story(api: Api) -> None:
        def halted() -> str:
            with Client(api.folder, by="ada") as engine:
                return engine.halt("lunch").text

        said = await asyncio.to_thread(halted)
        api.bench.engine.beat()
        async with AsyncClient(api.folder) as engine:
            status = await engine.status()
            resumed = await engine.resume(by="bob")

        assert said.startswith("halting")
        assert status.halt is not None
        assert (status.halt.by, status.halt.reason) == ("ada", "lunch")
        assert resumed.text == "resuming; it was halted by ada: lunch"

    serve(story)


def test_answer_of_another_version_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def said(**options: str) -> str:
        with engine_that_says({"trading": "on"}, **options), Client("state") as engine, pytest.raises(Unreadable) as told:
            engine.status()
        return str(told.value)

    assert "it is version 9.9.9 and this client is" in said(version="9.9.9")
    assert "it answers what is not understood (version: Field required)" in said()


def test_address_is_a_folder_a_socket_or_a_port_with_tls() -> None:
    folder, socket, port = address_of(Path("state")), address_of("unix:///run/engine.sock"), address_of("https://host:8443/")

    assert str(folder) == "unix://state/engine.sock"
    assert socket.socket == Path("/run/engine.sock")
    assert (port.url, port.socket) == ("https://host:8443", None)
    with pytest.raises(UserError, match="http://host: an engine is reached by its state folder, by unix:// or by https://"):
        address_of("http://host")


def test_client_needs_no_server() -> None:
    asks = "import engine.client.blocking, engine.client.asynchronous, sys; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True).stdout.split()

    assert not {"fastapi", "uvicorn", "ib_async", "duckdb", "pyarrow"} & set(loaded)


def test_engine_that_takes_too_long_is_told_to_be_busy_and_not_gone(tmp_path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / SOCKET_NAME))
    listening.listen()

    with listening, Client(tmp_path, patience_s=0.05) as engine, pytest.raises(Unreadable) as told:
        engine.status()

    assert str(told.value).endswith("has not answered in time; it may be busy: ask again, or see its log")
