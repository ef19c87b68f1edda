"""Searches of a client's own, which change nothing, and presets that are kept, shared and taken."""

from contextlib import aclosing

import pytest

from engine.api.models.scan import Preset, ScanFilters
from engine.client.asynchronous import AsyncClient
from engine.client.errors import Unknown, Wrong
from engine.client.mirror import Rows
from engine.runtime.scans import SCANS_MAX, Wanted, parsed
from tests import given
from tests.shell.client.test_stream import next_of
from tests.shell.runtime.bench import MANUAL
from tests.shell.runtime.serving import Api, asked, serve

PUTS = ScanFilters(strategy="puts", spread={"keep": 20})


def keep_the_file(api: Api) -> None:
    """As the engine keeps every version that was in force."""
    folder = api.folder / "strategies"
    folder.mkdir()
    (folder / f"{MANUAL.digest}.yaml").write_text(given.strategy_text())


def test_search_finds_what_its_own_filters_let_through_and_changes_nothing() -> None:
    async def story(api: Api) -> None:
        keep_the_file(api)
        await asked(api)
        before, facts = api.bench.snapshots.rulebook().strategies, len(api.bench.facts)
        async with AsyncClient(api.folder) as engine:
            scan = await engine.scan_start(PUTS)
            wide = await engine.scan_results(scan.scan)
            rule = "credit >= 20% of width"
            narrow = await engine.scan_change(scan.scan, ScanFilters(strategy="puts", rules=(rule,), spread={"keep": 20}))
            fewer = await engine.scan_results(scan.scan)
            off = ScanFilters(strategy="puts", rules=(rule,), off=(rule,), spread={"keep": 20})
            await engine.scan_change(scan.scan, off)
            again = await engine.scan_results(scan.scan)
            status = await engine.scan_status(scan.scan)
            stopped = await engine.scan_stop(scan.scan)
            with pytest.raises(Unknown, match="no search"):
                await engine.scan_results(scan.scan)

        assert len(wide.candidates) > len(fewer.candidates) > 0
        assert all(one.net >= 0.2 * one.width - 1e-9 for one in fewer.candidates)
        assert [one.candidate for one in again.candidates] == [one.candidate for one in wide.candidates]
        assert narrow.filters.rules == (rule,)
        assert (narrow.written.rules, narrow.written.filters) == ((rule,), scan.written.filters), "the rest is the file's own"
        assert scan.written.spread.keys() >= {"type", "expiry", "short_delta", "width", "keep"}
        assert "rules" not in scan.written.spread
        assert (status.found, status.filters.off) == (len(wide.candidates), (rule,))
        assert stopped.text == f"stopped {scan.scan}"
        assert api.bench.snapshots.rulebook().strategies is before
        assert len(api.bench.facts) == facts

    serve(story)


def test_search_that_is_none_is_refused_with_every_problem_and_there_are_not_too_many() -> None:
    async def story(api: Api) -> None:
        keep_the_file(api)
        async with AsyncClient(api.folder) as engine:
            with pytest.raises(Wrong, match="creditt"):
                await engine.scan_start(ScanFilters(strategy="puts", rules=("creditt >= 1",)))
            with pytest.raises(Wrong, match="no strategy 'calls'; strategies: puts"):
                await engine.scan_start(ScanFilters(strategy="calls"))
            for _ in range(SCANS_MAX):
                await engine.scan_start(PUTS)
            with pytest.raises(Wrong, match=f"{SCANS_MAX} searches are going on already"):
                await engine.scan_start(PUTS)

    serve(story)


def test_search_is_streamed() -> None:
    async def story(api: Api) -> None:
        keep_the_file(api)
        async with AsyncClient(api.folder) as engine:
            scan = await engine.scan_start(PUTS)
            async with aclosing(engine.scan_stream(scan.scan, max_hz=50)) as updates:
                rows: dict[str, object] = {}
                while not rows:
                    rows |= (await next_of(Rows, updates)).rows
            found = await engine.scan_results(scan.scan)

        assert set(rows) == {one.candidate for one in found.candidates}

    serve(story)


def test_market_is_not_asked_by_a_search() -> None:
    written = {"schema": 1, "name": "x", "universe": ["SPY"], "when": ["vix > 90"], "sizing": {"risk": "$900"}}
    spread = {"type": "bull_put", "expiry": "20-30 days", "short_delta": "0.15-0.30", "width": "$5-$5"}

    found = parsed({**written, "spread": spread}, Wanted("x", universe=("QQQ",)), ["SPY"])

    assert (found.when, tuple(found.universe)) == ((), ("QQQ",))


def test_presets_are_kept_replaced_shared_and_taken() -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder) as engine:
            assert await engine.presets() == ()
            await engine.save_preset(Preset(name="income", line="sym=SPX", filters=PUTS, columns=("net", "pop")))
            await engine.save_preset(Preset(name="income", line="sym=SPY", filters=PUTS))
            await engine.save_preset(Preset(name="cheap"))
            text = await engine.export_presets()
            await engine.remove_preset("income")
            with pytest.raises(Unknown, match="no preset 'income'; presets: cheap"):
                await engine.remove_preset("income")
            taken = await engine.import_presets(text)
            presets = await engine.presets()
            for wrong in ("[", "presets: 5", "presets: [{nam: x}]", "presets: [{name: x, filters: {}}]"):
                with pytest.raises(Wrong):
                    await engine.import_presets(wrong)
            assert await engine.presets() == presets, "nothing of a wrong file is taken"

        assert taken.text == "took 2: cheap, income"
        assert [one.name for one in presets] == ["cheap", "income"]
        assert (presets[1].line, presets[1].filters) == ("sym=SPY", PUTS)
        assert (api.folder / "presets.yaml").read_text() == text

    serve(story)
