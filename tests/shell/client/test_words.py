"""Words that change what the engine does, said through the client: pauses, safer orders, picked candidates; and questions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.client.asynchronous import AsyncClient
from engine.client.errors import Refused, Wrong
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.orders import OrderTightened
from tests.shell.runtime.bench import MANUAL
from tests.shell.runtime.serving import REF, Api, asked, serve


def test_paused_strategy_opens_nothing_until_it_is_resumed() -> None:
    async def story(api: Api) -> None:
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        await asked(api)
        async with AsyncClient(api.folder, by="ada") as engine:
            said = await engine.pause("puts", "CPI tomorrow")
            await api.bench.beats(2)
            (paused,) = (await engine.strategies()).strategies
            why = await engine.why("puts")
            with pytest.raises(Refused, match="puts is paused already, by ada"):
                await engine.pause("puts")
            again = await engine.unpause("puts")
            await api.bench.beats(1)
            (resumed,) = (await engine.strategies()).strategies
            with pytest.raises(Refused, match="no strategy 'calls'; strategies: puts"):
                await engine.pause("calls")

        assert said.text == "pausing puts: it opens nothing, what works to open is canceled, its exits go on"
        assert paused.pause is not None
        assert (paused.pause.by, paused.pause.reason) == ("ada", "CPI tomorrow")
        assert paused.stopped is not None
        assert paused.stopped.startswith("paused by ada since")
        assert api.bench.order().why == "its strategy is paused by ada"
        assert len([line for line in why.stopped if "paused" in line]) == 1
        assert again.text == "resuming puts; it was paused by ada"
        assert resumed.pause is None

    serve(story)


def test_waiting_opening_is_made_safer_and_approved_so() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        async with AsyncClient(api.folder, by="ada") as engine:
            (before,) = await engine.approvals()
            worst = Decimal(str(before.worst)) + Decimal("0.01")
            said = await api.while_beating(engine.edit(REF, quantity=1, worst=worst, reason="half"))
            (after,) = await engine.approvals()
            with pytest.raises(Refused, match="may become fewer but not 5"):
                await api.while_beating(engine.edit(REF, quantity=5))
            none = await api.post(f"/v1/approvals/{REF}/edit", quantity=0)
            await api.while_beating(engine.approve(REF, after.net_now))

        assert none.status_code == 422
        assert said.text == f"changed {REF}: 1, never below {worst}"
        assert (after.quantity, after.worst) == (1, float(worst))
        assert api.bench.of(OrderTightened) == [OrderTightened(REF, "ada", "half", 1, worst)]
        assert api.bench.order().quantity == 1

    serve(story)


def test_order_that_works_is_modified_to_the_safer_side() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        async with AsyncClient(api.folder, by="ada") as engine:
            await api.while_beating(engine.approve(REF))
            await api.bench.until(lambda: api.bench.order().state == "working")
            better = api.bench.order().limit + Decimal("0.02")
            said = await api.while_beating(engine.modify(REF, better))
            with pytest.raises(Refused, match="is worse"):
                await api.while_beating(engine.modify(REF, better - Decimal("0.01")))
            detail = await engine.order(REF)

        assert said.text == f"changed {REF}: {api.bench.order().quantity}, never below {better}"
        assert (detail.limit, detail.worst) == (float(better), float(better))
        assert [step.kind for step in detail.timeline][-3:] == ["OrderTightened", "OrderRepriced", "OrderAcknowledged"]

    serve(story)


def test_picked_candidate_is_previewed_and_executed_once() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        async with AsyncClient(api.folder, by="ada") as engine:
            await api.while_beating(engine.decline(REF))
            api.bench.clock.at += timedelta(seconds=30)
            first = (await engine.candidates("puts"))[0]
            preview = await engine.order_preview(first.candidate, quantity=1)
            with pytest.raises(Refused, match=r"nothing was proposed: size: 50 beyond 1 to"):
                await api.while_beating(engine.execute(first.candidate, quantity=50))
            said = await api.while_beating(engine.execute(first.candidate, preview.net_now, quantity=1, reason="looks good"))
            with pytest.raises(Refused, match="an opening of puts is on its way; one at a time"):
                await api.while_beating(engine.execute(first.candidate, preview.net_now, quantity=1))
            await api.bench.until(lambda: api.bench.order("spt-261123-0002").state == "working")
            gone = await engine.order_preview("puts:+1x1|-1x2")

        assert preview.obstacle is None
        assert (preview.quantity, preview.preview, preview.spread) == (1, "fits", first.spread)
        assert {gate.answer for gate in preview.gates} == {"pass"}
        assert len(api.bench.ledger.orders) == 2, "a preview is not written down"
        assert said.text.startswith("proposed spt-261123-0002: 1 at ")
        order = api.bench.order("spt-261123-0002")
        assert (order.approved_by, order.quantity) == ("ada", 1)
        assert order.proposed.reason.startswith("picked by ada: looks good")
        assert gone.obstacle is not None
        assert gone.spread is None

    serve(story)


def test_file_is_checked_without_being_put_in_force() -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder) as engine:
            wrong = await engine.check("schema: 1\nname: puts\nuniverse: [SPX]\nspread: {typ: bull_put}\n", "puts.yaml")
            limits = await engine.check("schema: 1\n", "account.yaml")
            outside = await api.post("/v1/strategies/check", text="", file="../puts.yaml")

        assert not wrong.is_good
        assert 4 in {problem.line for problem in wrong.problems}
        assert wrong.rendered.startswith("puts.yaml:")
        assert limits.is_good
        assert outside.status_code == 422

    serve(story)


def test_history_is_asked_in_sql_and_a_runaway_question_is_interrupted() -> None:
    async def story(api: Api) -> None:
        (api.folder / "journal").mkdir()
        async with AsyncClient(api.folder) as engine:
            table = await engine.sql("SELECT 1 AS one, 2.5::DECIMAL(4,2) AS two, TIMESTAMP '2026-11-23 10:00' AS at, NULL AS no")
            cut = await engine.sql("SELECT * FROM range(100)", limit=3)
            with pytest.raises(Wrong, match=r"took longer than 0\.2 s and was stopped"):
                await engine.sql("SELECT count(*) FROM range(10000000000) AS a, range(10000000000) AS b", within_s=0.2)
            for evil in (
                "DROP TABLE x",
                "SELECT * FROM read_csv('/etc/passwd')",
                "COPY (SELECT 1) TO '/tmp/x'",
                "SELECT 1; SELECT 2",
            ):
                with pytest.raises(Wrong):
                    await engine.sql(evil)

        assert table.columns == ("one", "two", "at", "no")
        assert table.rows == ((1, 2.5, "2026-11-23T10:00:00", None),)
        assert (len(cut.rows), cut.is_cut) == (3, True)

    serve(story)
