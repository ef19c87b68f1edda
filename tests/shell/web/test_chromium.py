"""A real browser as wide as a phone logs in, reads a card, approves and halts."""

from pathlib import Path

import pytest

from engine.domain.facts.halts import Halted
from engine.web.server import Place
from tests.shell.api.test_remote import free_port
from tests.shell.runtime.serving import REF, Api, asked, serve
from tests.shell.web.chromium import PHONE, PROGRAM, Tab, tab
from tests.shell.web.test_served import served

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")]
PNG = b"\x89PNG"


async def fits(page: Tab) -> bool:
    """Whether nothing has to be moved sideways to be read."""
    return bool(await page.value("document.documentElement.scrollWidth") <= PHONE["width"])


def test_phone_logs_in_approves_and_halts_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        api.bench.broker.habits.fill = "at_once"
        await asked(api)
        key = api.tokens.keys.add("ada", "trader", api.bench.clock.at)
        place = Place("127.0.0.1", free_port())
        async with served(api.folder, place) as url, tab() as page:
            await page.say("Page.navigate", url=url)
            await page.until("document.activeElement.id == 'key'")
            pictures = [await page.picture(tmp_path / "login.png")]
            await page.type(key)
            await page.press("button.yes")
            await page.until("!!document.querySelector('.count')")
            pictures.append(await page.picture(tmp_path / "overview.png"))
            assert await fits(page)
            assert await page.value("document.cookie") == "", "no script may read it"

            await page.press("a.card")
            await page.until("!!document.querySelector('button.yes')")
            pictures.append(await page.picture(tmp_path / "card.png"))
            assert await fits(page)
            await page.press("button.yes")
            await api.while_beating(page.until("!!document.querySelector('.said')"))
            assert "approved at" in await page.value("document.querySelector('.said').textContent")
            assert api.bench.order().approved_by == "ada"

            await api.bench.until(lambda: REF in api.bench.ledger.positions)
            await page.say("Page.navigate", url=f"{url}/")
            await page.until("!!document.querySelector('summary strong')")
            pictures.append(await page.picture(tmp_path / "position.png"))
            assert await page.value("document.querySelector('summary strong').offsetHeight") < 40, "the amount stands on one line"
            assert await fits(page)

            await page.press("a.halt")
            await page.until("document.activeElement.id == 'word'")
            await page.type("HALT")
            pictures.append(await page.picture(tmp_path / "halt.png"))
            await page.press("button.no")
            await api.while_beating(page.until("!!document.querySelector('.halted')"))
            pictures.append(await page.picture(tmp_path / "halted.png"))

            assert all(png.startswith(PNG) for png in pictures)
            assert all(address.startswith(f"{url}/") for address in page.asked_for() if address != "about:blank")
            assert page.complaints() == []
        assert [fact.by for fact in api.bench.of(Halted)] == ["ada"]
        assert REF in api.bench.ledger.orders

    serve(story)
