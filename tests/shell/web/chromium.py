"""A real browser without a screen, driven over its own debugging protocol: Debian's Chromium, where it is installed."""

import asyncio
import base64
import json
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PROGRAM = shutil.which("chromium")
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
WITHIN_S = 20.0
ALONE = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage")
# Without a graphics card it draws in software, and says so each time unless it is told to.
FLAGS = (*ALONE, "--enable-unsafe-swiftshader", "--remote-debugging-port=0")


class Tab:
    """One page of it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._number = socket, 0
        self.told: list[dict[str, Any]] = []
        """Everything that the browser said by itself: what it asked for, and what it refused."""

    async def say(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a command."""
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        async with asyncio.timeout(WITHIN_S):
            while True:
                message = json.loads(await self._socket.recv())
                if message.get("id") == self._number:
                    assert "error" not in message, message
                    return dict(message["result"])
                self.told.append(message)

    async def value(self, script: str) -> Any:
        """What a script in the page comes to."""
        found = await self.say("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"].get("value")

    async def until(self, script: str) -> None:
        """Until a script comes to something true on a page that is whole; between two pages there is none to ask."""
        async with asyncio.timeout(WITHIN_S):
            while not await self.value(f"document.readyState == 'complete' && ({script})"):
                await asyncio.sleep(0.05)

    async def type(self, text: str) -> None:
        """Into whatever has the focus."""
        await self.say("Input.insertText", text=text)

    async def key(self, character: str) -> None:
        """A key of the keyboard, as whoever sits there presses it."""
        for kind in ("keyDown", "keyUp"):
            await self.say("Input.dispatchKeyEvent", type=kind, key=character, text=character if kind == "keyDown" else "")

    async def press(self, selector: str) -> None:
        """Touch the middle of something."""
        await self.value(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        where = f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})"
        x, y = await self.value(where)
        for kind in ("mousePressed", "mouseReleased"):
            await self.say("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def picture(self, path: Path) -> bytes:
        """The whole page as a picture."""
        found = await self.say("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        png = base64.b64decode(found["data"])
        path.write_bytes(png)
        return png

    def asked_for(self) -> list[str]:
        """Every address that the page asked for."""
        return [one["params"]["request"]["url"] for one in self.told if one.get("method") == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What the browser found wrong: a header that kept something away, a resource that is not there."""
        return [one["params"]["entry"]["text"] for one in self.told if one.get("method") == "Log.entryAdded"]


@asynccontextmanager
async def tab(screen: Mapping[str, Any] = PHONE) -> AsyncGenerator[Tab]:
    """A browser with one page, gone at the end with everything that it kept."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = await asyncio.create_subprocess_exec(
            PROGRAM, *FLAGS, f"--user-data-dir={folder}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with connect(await _page(browser), max_size=None) as socket:
                opened = Tab(socket)
                for domain in ("Page", "Network", "Log", "Runtime"):
                    await opened.say(f"{domain}.enable")
                await opened.say("Emulation.setDeviceMetricsOverride", **screen)
                yield opened
                await opened.say("Browser.close")
        finally:
            if browser.returncode is None:
                browser.terminate()
            await browser.communicate()


async def _page(browser: asyncio.subprocess.Process) -> str:
    """Where its first page is spoken to."""
    assert browser.stderr is not None
    async with asyncio.timeout(WITHIN_S):
        while True:
            line = (await browser.stderr.readline()).decode()
            assert line, "the browser has ended"
            if found := re.search(r"ws://\S+", line):
                break
    async with connect(found[0], max_size=None) as socket:
        await socket.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        targets = json.loads(await socket.recv())["result"]["targetInfos"]
    page = next(one["targetId"] for one in targets if one["type"] == "page")
    return re.sub(r"/devtools/browser/.*", f"/devtools/page/{page}", found[0])
