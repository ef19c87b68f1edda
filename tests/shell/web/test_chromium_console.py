"""A real browser opens the console: it draws, keys work at once, and the page loads and breaks nothing."""

from pathlib import Path

import pytest

from engine.cli.web import CONSOLE
from engine.web.server import Place
from tests.shell.api.test_remote import free_port
from tests.shell.runtime.serving import Api, asked, serve
from tests.shell.web.chromium import PHONE, PROGRAM, tab
from tests.shell.web.test_served import served

pytest.importorskip("textual_serve", reason="the console in a browser needs textual-serve: the extra `web`")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")]
DESKTOP = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
KEYS = "document.activeElement.classList.contains('xterm-helper-textarea')"


def test_keys_work_at_once_and_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    async def story(api: Api) -> None:
        await asked(api)
        key = api.tokens.keys.add("ada", "trader", api.bench.clock.at)
        place = Place("127.0.0.1", free_port())
        async with served(api.folder, place, console=CONSOLE) as url, tab(DESKTOP) as page:
            await page.say("Page.navigate", url=url)
            await page.until("document.activeElement.id == 'key'")
            await page.type(key)
            await page.press("button.yes")
            await page.until("!!document.querySelector('a.to-console')")
            await page.press("a.to-console")
            await page.until("document.body.classList.contains('-first-byte')")
            await page.until(KEYS)
            assert await page.value("document.title") == "SIM DU1 · spreads"
            await page.picture(tmp_path / "console.png")

            await page.key("q")
            await page.until("document.body.classList.contains('-closed')")
            await page.picture(tmp_path / "closed.png")

            assert await page.value("getComputedStyle(document.querySelector('.closed')).display") == "block"
            assert all(address.startswith((f"{url}/", "about:blank")) for address in page.asked_for())
            assert page.complaints() == []

            await page.press("a.halt")
            await page.until("document.activeElement.id == 'word'")

            await page.say("Emulation.setDeviceMetricsOverride", **PHONE)
            await page.say("Page.navigate", url=f"{url}/console")
            await page.until("document.querySelector('.textual-terminal')?.dataset.fontSize == '8'")

    serve(story)
