"""Links of notifications: opened they change nothing, their button says yes once, and what is over says so in plain words."""

import re
import stat
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from engine.domain.errors import UserError
from engine.domain.facts.orders import OrderApproved
from engine.domain.facts.running import RequestHandled
from engine.notify.links import SECRET_FILE, Links, Question, known_links, made_links
from engine.web.app import build
from engine.web.site import LOOPBACK, Site
from tests.shell.runtime.serving import REF
from tests.shell.web.browser import ORIGIN, Browser, Pages, show


def link_of(pages: Pages, links: Links | None = None, *, ref: str = REF, later: timedelta = timedelta()) -> str:
    """The address that a notification has of the opening that waits."""
    asked = pages.api.bench.order().asked
    assert asked is not None
    return f"/yes/{(links or made_links(pages.api.folder)).text_of(Question(ref, asked.expires_at + later))}"


async def pressed(browser: Browser, link: str, **typed: str) -> httpx.Response:
    """Open a link and press its button."""
    return await browser.send(await browser.get(link), link, **typed)


def test_opening_a_link_shows_the_card_without_a_login_and_changes_nothing_however_often() -> None:
    async def story(pages: Pages) -> None:
        link, scanner = link_of(pages), await pages.browser()
        before = len(pages.api.bench.facts)

        shown = [await scanner.get(link) for _ in range(3)]
        head = await scanner.http.head(link)
        pages.api.bench.engine.beat()

        assert [answer.status_code for answer in (*shown, head)] == [200] * 4
        for told in ("SIM DU1", "net now", "most lost", "pass now", "Approve at"):
            assert told in shown[0].text
        assert "set-cookie" not in shown[0].headers
        assert pages.api.bench.facts[before:] == []
        assert pages.api.bench.order().approved_by is None

    show(story)


def test_button_approves_once_and_the_journal_has_who_when_and_from_where() -> None:
    async def story(pages: Pages) -> None:
        link, person = link_of(pages), await pages.browser()
        card = await person.get(link)
        first = await person.send(card, link)
        again = await person.send(card, link)
        await pages.api.bench.beats(3)
        after = await person.get(link)

        assert (first.status_code, first.headers["location"]) == (303, link)
        assert again.status_code == 409
        assert after.status_code == 200
        for page in (again.text, after.text):
            assert "this link is used up: approval link said yes to it" in page
            assert "Approve at" not in page
        assert [line for line in pages.api.bench.trail if line.startswith("send")] == [f"send {REF}"]
        assert [fact.by for fact in pages.api.bench.of(OrderApproved)] == ["approval link"]
        (handled,) = pages.api.bench.of(RequestHandled)
        assert (handled.by, handled.status) == ("approval link", 200)
        assert "by link, in the browser at 10.0.0.5" in handled.what
        assert link.rpartition(".")[2] not in f"{pages.api.bench.facts}"

    show(story)


def test_who_is_logged_in_as_well_says_yes_in_their_own_name() -> None:
    async def story(pages: Pages) -> None:
        trader = await pages.browser("trader")
        assert (await pressed(trader, link_of(pages))).status_code == 303
        await pages.api.bench.beats(1)
        assert pages.api.bench.order().approved_by == "trader"

    show(story)


def test_price_that_has_worsened_is_refused_and_the_new_one_shown() -> None:
    async def story(pages: Pages) -> None:
        link, person = link_of(pages), await pages.browser()
        card = await person.get(link)
        shown = re.search(r'name="shown_net" value="([^"]+)"', card.text)
        assert shown is not None
        answer = await person.send(card, link, shown_net=str(Decimal(shown[1]) + 1))
        assert (answer.status_code, "approve again to accept" in answer.text) == (409, True)
        assert f'name="shown_net" value="{shown[1]}"' in answer.text
        assert pages.api.bench.order().approved_by is None

    show(story)


def test_link_that_is_over_or_of_an_earlier_question_says_so() -> None:
    async def story(pages: Pages) -> None:
        person, link = await pages.browser(), link_of(pages)
        older = await person.get(link_of(pages, later=timedelta(minutes=-9)))
        assert "it was asked anew since" in older.text
        assert "Approve at" not in older.text

        card = await person.get(link)
        asked = pages.api.bench.order().asked
        assert asked is not None
        pages.api.bench.clock.at = asked.expires_at + timedelta(seconds=1)
        await pages.api.bench.beats(1)
        late, after = await person.send(card, link), await person.get(link)
        assert late.status_code == 409
        for page in (late.text, after.text):
            assert "this link is over, and nothing was sent by it. The order: expired (nobody answered in time)" in page
        assert pages.api.bench.of(OrderApproved) == []

    show(story)


def test_link_of_another_folder_journal_or_hand_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(pages: Pages) -> None:
        person, good = await pages.browser(), link_of(pages)
        plain, _, signature = good.rpartition(".")
        forged = [
            link_of(pages, made_links(tmp_path)),
            f"{plain[:-1]}9.{signature}",
            f"{plain}.",
            "/yes/nonsense",
            "/yes/..x",
            f"{good}x",
        ]
        for link in forged:
            answer = await person.get(link)
            assert (answer.status_code, "this is no link of this engine" in answer.text) == (404, True), link
            assert (await person.post(link, csrf="x", shown_net="1", once="x")).status_code == 404
        other = await person.get(link_of(pages, ref="spq-250101-0001"))
        assert (other.status_code, "the link was made for another one" in other.text) == (404, True)
        assert pages.api.bench.of(OrderApproved) == []
        assert signature not in caplog.text

    show(story)


def test_form_is_taken_from_the_page_of_its_link_only(caplog: pytest.LogCaptureFixture) -> None:
    async def story(pages: Pages) -> None:
        person, link = await pages.browser(), link_of(pages)
        foreign = await person.post(link, "https://evil.example", shown_net="1.0")
        without = await person.post(link, shown_net="1.0")
        other = await person.post(link, csrf=made_links(pages.api.folder).form_of("another"), shown_net="1.0")
        nothing = await pressed(person, link, shown_net="much")
        assert [answer.status_code for answer in (foreign, without, other, nothing)] == [403, 403, 403, 400]
        assert pages.api.bench.order().approved_by is None
        assert link.rpartition(".")[2] not in caplog.text, "a link is a secret"

    show(story)


def test_real_money_wants_its_word() -> None:
    async def story(pages: Pages) -> None:
        person, link = await pages.browser(), link_of(pages)
        assert (await pressed(person, link, word="yes")).status_code == 422
        assert pages.api.bench.order().approved_by is None
        assert (await pressed(person, link, word="SEND")).status_code == 303

    show(story, mode="live")


def test_tries_of_links_have_a_pace_and_an_engine_that_is_gone_is_told() -> None:
    async def story(pages: Pages) -> None:
        link = link_of(pages)
        person, guessing = await pages.browser(), await pages.browser(address="10.0.0.6")
        answers = [await guessing.get("/yes/nonsense") for _ in range(40)]
        assert (answers[0].status_code, answers[-1].status_code) == (404, 429)
        await pages.api.stop()
        try:
            gone = await person.get(link)
        finally:
            await pages.api.start()
        assert (gone.status_code, "Nothing was sent by this link" in gone.text) == (503, True)

    show(story)


def test_pages_of_an_engine_elsewhere_have_no_links() -> None:
    async def story(pages: Pages) -> None:
        far = build(Site("https://trading.example:8443", LOOPBACK, False, lambda: 1.0))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(far), base_url=ORIGIN) as browser:
            answer = await browser.get(link_of(pages))
        assert (answer.status_code, "pages on the engine" in answer.text) == (404, True)

    show(story)


def test_secret_is_the_folder_s_own_and_not_used_where_others_may_read_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the secret of the links cannot be read"):
        known_links(tmp_path)
    made = made_links(tmp_path)
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600
    assert made_links(tmp_path) == known_links(tmp_path) == made
    assert (tmp_path / SECRET_FILE).read_text() not in f"{made}"
    (tmp_path / SECRET_FILE).chmod(0o640)
    with pytest.raises(UserError, match="others may read it, so anybody could sign links"):
        made_links(tmp_path)
