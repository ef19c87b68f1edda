"""What a person reads and says in a browser, against a real engine: every word once, at the price that was shown, by role."""

import re
from datetime import datetime
from decimal import Decimal

import pytest

from engine.domain.chain import ChainSnapshot
from engine.domain.facts.halts import Halted
from engine.domain.facts.running import RequestHandled
from tests import given
from tests.shell.runtime.serving import REF
from tests.shell.web.browser import Pages, show

CARD = f"/approvals/{REF}"


def test_overview_tells_whether_it_trades_what_waits_and_what_is_held() -> None:
    async def story(pages: Pages) -> None:
        pages.api.bench.broker.habits.fill = "at_once"
        trader = await pages.browser("trader")
        page = (await trader.get("/")).text
        for told in ("SIM DU1", "last decided", "account told", f'href="{CARD}"', "net now", "most lost", "nothing is held"):
            assert told in page
        await trader.press(CARD, f"{CARD}/approve")
        await pages.api.bench.until(lambda: REF in pages.api.bench.ledger.positions)
        page = (await trader.get("/")).text
        assert "<summary>" in page
        assert "days left" in page
        assert re.search(r"<dt>delta: 1% either way</dt><dd[^>]*>\$\d+ of \$300, \d+%", page)

    show(story)


def test_card_has_what_a_yes_needs() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        page = (await trader.get(CARD)).text
        for told in ("net now", "walks to", "quotes", "most lost", "most won", "margin", "kept margin", "expires in", "PoP"):
            assert f"<dt>{told}</dt>" in page
        assert "pass now" in page
        assert "breakevens" in page
        assert (await trader.get("/approvals/nothing")).status_code == 404

    show(story)


def test_approving_sends_once_in_the_name_of_the_key() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        card = await trader.get(CARD)
        first = await trader.send(card, f"{CARD}/approve")
        assert "approved at" in (await trader.get("/")).text
        assert "approved at" not in (await trader.get("/")).text, "it is told once"
        again = await trader.send(card, f"{CARD}/approve")
        await pages.api.bench.beats(3)
        assert (first.status_code, first.headers["location"], again.status_code) == (303, "/", 409)
        assert "it does not wait any more" in again.text
        assert [line for line in pages.api.bench.trail if line.startswith("send")] == [f"send {REF}"]
        assert pages.api.bench.order().approved_by == "trader"
        handled = pages.api.bench.of(RequestHandled)
        assert [(fact.by, fact.role, fact.status) for fact in handled] == [("trader", "trader", 200)]
        assert "in the browser at 10.0.0.5" in handled[0].what

    show(story)


def test_price_that_moved_sends_nothing_and_shows_the_new_one() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        card = await trader.get(CARD)
        shown = re.search(r'name="shown_net" value="([^"]+)"', card.text)
        assert shown is not None
        higher = str(Decimal(shown[1]) + 1)
        answer = await trader.send(card, f"{CARD}/approve", shown_net=higher)
        assert answer.status_code == 409
        assert "approve again to accept" in answer.text
        assert f'name="shown_net" value="{shown[1]}"' in answer.text, "the price of now, to be asked at again"
        assert pages.api.bench.order().approved_by is None

    show(story)


@pytest.mark.parametrize("net", ["", "NaN", "-Infinity", "1e99", "abc", "1.0000000001"])
def test_form_with_no_price_sends_nothing(net: str) -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        answer = await trader.press(CARD, f"{CARD}/approve", shown_net=net)
        assert answer.status_code == 400
        assert pages.api.bench.order().approved_by is None

    show(story)


def test_card_without_a_price_has_no_button_to_approve() -> None:
    async def story(pages: Pages) -> None:
        def silent(at: datetime) -> ChainSnapshot:
            return given.chain([{**row, "bid": None, "ask": None} for row in given.options(at=at)], at=at)

        pages.api.bench.snapshots.quotes = silent
        await pages.api.bench.beats(1)
        page = (await (await pages.browser("trader")).get(CARD)).text
        assert "no price that can be traded on now" in page
        assert f'action="{CARD}/approve"' not in page
        assert f'action="{CARD}/decline"' in page

    show(story)


def test_real_money_wants_the_word() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        for word in ("", "send", "yes"):
            answer = await trader.press(CARD, f"{CARD}/approve", word=word)
            assert (answer.status_code, "nothing was sent: this is real money" in answer.text) == (422, True)
        assert pages.api.bench.order().approved_by is None
        assert (await trader.press(CARD, f"{CARD}/approve", word="SEND")).status_code == 303
        assert pages.api.bench.order().approved_by == "trader"

    show(story, mode="live")


def test_declining_says_why() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        card = await trader.get(CARD)
        assert (await trader.send(card, f"{CARD}/decline", reason="too much of it")).status_code == 303
        again = await trader.send(card, f"{CARD}/approve")
        assert (again.status_code, "it does not wait any more: declined" in again.text) == (409, True)
        assert "too much of it (in the browser at 10.0.0.5)" in (await trader.get(CARD)).text

    show(story)


def test_halt_wants_its_word_and_halts_and_an_operator_resumes() -> None:
    async def story(pages: Pages) -> None:
        trader, operator = await pages.browser("trader"), await pages.browser("operator")
        assert (await trader.press("/halt", "/halt", word="stop")).status_code == 422
        await pages.api.bench.beats(1)
        assert pages.api.bench.ledger.halt is None

        assert (await trader.press("/halt", "/halt", word="halt", reason="<script>alert(1)</script>")).status_code == 303
        await pages.api.bench.beats(1)
        assert [fact.by for fact in pages.api.bench.of(Halted)] == ["trader"]
        page = (await trader.get("/")).text
        assert "HALTED</strong> by trader: &lt;script&gt;" in page
        assert "<script" not in page

        assert "may resume" not in (await trader.get("/resume")).text
        assert (await operator.press("/resume", "/resume", word="resume")).status_code == 422
        assert (await operator.press("/resume", "/resume", word="RESUME")).status_code == 303
        await pages.api.bench.beats(1)
        assert pages.api.bench.ledger.halt is None

    show(story)


def test_engine_that_does_not_answer_is_halted_by_its_file_and_resuming_takes_it_away() -> None:
    async def story(pages: Pages) -> None:
        trader, operator = await pages.browser("trader"), await pages.browser("operator")
        file = pages.api.folder / "HALT"
        resuming = await operator.get("/resume")
        await pages.api.stop()
        try:
            assert (await trader.get("/")).status_code == 503
            page = await trader.get("/halt")
            assert "no engine answers" in page.text
            nothing = await trader.send(page, "/halt", word="HALT")
            assert (nothing.status_code, file.exists()) == (503, False), "no journal: no engine's folder"

            (pages.api.folder / "journal").mkdir()
            left = await trader.send(page, "/halt", word="HALT", reason="smoke")
            assert left.status_code == 202
            assert file.read_text() == "trader: smoke (in the browser at 10.0.0.5)\n"
            assert (await operator.send(resuming, "/resume", word="RESUME")).status_code == 503
            assert file.exists(), "it was not resumed, so it stays"
        finally:
            await pages.api.start()
        assert (await operator.send(resuming, "/resume", word="RESUME")).status_code == 303
        assert not file.exists()

    show(story)
