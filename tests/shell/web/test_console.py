"""The console in a browser: who gets one, what goes over its WebSocket, what its process knows, and when it ends."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.api.access.roles import Role
from engine.cli.web import CONSOLE
from engine.domain.facts.halts import Halted
from engine.web import sessions
from engine.web.server import Place
from tests.shell.api.test_remote import free_port
from tests.shell.runtime.serving import Api, asked, serve
from tests.shell.web.test_served import served

pytest.importorskip("textual_serve", reason="the console in a browser needs textual-serve: the extra `web`")
pytestmark = pytest.mark.slow

WITHIN_S = 60.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?<>$]*[A-Za-z]|\x1b[=>]")


class Terminal:
    """What a browser does with the WebSocket of a console, without drawing."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.text = ""
        """Everything that was drawn, in the order in which it was; colours and places taken out."""

    async def say(self, *message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def press(self, keys: str) -> None:
        """Press keys; what is looked for afterwards is what is drawn after them."""
        self.text = ""
        await self.say("stdin", keys)

    async def told(self) -> list[str]:
        """The next message to the page that is not drawn."""
        async with asyncio.timeout(WITHIN_S):
            while isinstance(heard := await self.socket.recv(), bytes):
                pass
        return list(json.loads(heard))

    async def until(self, *texts: str) -> None:
        """Until all these texts were drawn."""
        async with asyncio.timeout(WITHIN_S):
            while not all(text in self.text for text in texts):
                heard = await self.socket.recv()
                if isinstance(heard, bytes):
                    self.text += _ESCAPES.sub("", heard.decode())


class Somebody:
    """Somebody at a browser before the pages on a real port, logged in or not."""

    def __init__(self, api: Api, url: str, http: httpx.AsyncClient) -> None:
        self.api, self.url, self.http = api, url, http

    async def log_in(self, role: Role, name: str = "ada") -> None:
        key = self.api.tokens.keys.add(name, role, self.api.bench.clock.at)
        answer = await self.http.post("/login", data={"key": key}, headers={"Origin": self.url})
        assert answer.status_code == 303

    @asynccontextmanager
    async def console(self, origin: str | None = None, size: str = "?width=120&height=40") -> AsyncGenerator[Terminal]:
        """The console of whoever is logged in."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        address = f"{self.url.replace('http', 'ws', 1)}/console/socket{size}"
        headers = {"Cookie": cookies} if cookies else {}
        async with connect(address, origin=origin or self.url, additional_headers=headers, max_size=None) as socket:  # type: ignore[arg-type]
            yield Terminal(socket)


def visit(story: Callable[[Somebody], Awaitable[None]], **console: Any) -> None:
    """Plays a story before the pages of an engine on the bench, with consoles."""

    async def run(api: Api) -> None:
        await asked(api)
        place = Place("127.0.0.1", free_port())
        async with (
            served(api.folder, place, **{"console": CONSOLE, **console}) as url,
            httpx.AsyncClient(base_url=url) as http,
        ):
            await story(Somebody(api, url, http))

    serve(run)


def consoles() -> list[int]:
    """Processes of consoles that this one has started."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            line = (status.parent / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if int(parent) == os.getpid() and state != "Z" and b"engine.console.served" in line:
            found.append(int(status.parent.name))
    return found


async def until_none_runs() -> None:
    async with asyncio.timeout(WITHIN_S):
        while consoles():
            await asyncio.sleep(0.05)


async def until_there_is_room(somebody: Somebody) -> None:
    """The server learns of the end of a process a moment after it is over."""
    async with asyncio.timeout(WITHIN_S):
        while (await somebody.http.get("/console")).status_code == 409:
            await asyncio.sleep(0.05)


async def ended(terminal: Terminal) -> int:
    """The code with which a console is closed."""
    async with asyncio.timeout(WITHIN_S):
        try:
            while True:
                await terminal.socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else 0


def test_first_screen_arrives_as_bytes_a_key_changes_it_and_leaving_ends_the_process() -> None:
    async def story(ada: Somebody) -> None:
        await ada.log_in("trader")
        async with ada.console() as terminal:
            await terminal.until("SIM DU1", "Dash", "engine keeps running")
            await terminal.say("focus")
            await terminal.press("3")
            await terminal.until("waits for a yes", "approve")
            await terminal.say("ping", "7")
            assert len(consoles()) == 1
        await until_none_runs()

    visit(story)


def test_key_of_the_person_says_what_the_console_says() -> None:
    async def story(ada: Somebody) -> None:
        await ada.log_in("trader")
        async with ada.console() as terminal:
            await terminal.until("Dash")
            await terminal.press("\x0b")
            await terminal.until("type HALT")
            await ada.api.while_beating(_halt(terminal))
        assert [fact.by for fact in ada.api.bench.of(Halted)] == ["ada"]

    async def _halt(terminal: Terminal) -> None:
        await terminal.press("HALT\r")
        await terminal.until("HALTED")

    visit(story)


def test_viewer_only_looks() -> None:
    async def story(vera: Somebody) -> None:
        await vera.log_in("viewer", "vera")
        async with vera.console() as terminal:
            await terminal.until("VIEW")
            await terminal.press("\x0b")
            await terminal.until("This console only looks", "the HALT button above")
            await terminal.press("\r3")
            await terminal.until("waits for a yes")
            await terminal.press("aA\r")
            await terminal.press("?")
            await terminal.until("this screen")
            assert not re.search(r"\ba(?:pprove)? approve\b", terminal.text), "no key approves"
        assert vera.api.bench.order().approved_by is None
        assert vera.api.bench.of(Halted) == []

    visit(story)


def test_nobody_gets_a_console_who_is_not_logged_in_or_whose_page_is_another() -> None:
    async def story(nobody: Somebody) -> None:
        for origin in (nobody.url, "https://evil.example"):
            with pytest.raises(InvalidStatus) as refused:
                async with nobody.console(origin):
                    raise AssertionError("a console was opened")
            assert refused.value.response.status_code == 403
        assert (await nobody.http.get("/console")).headers["location"] == "/login"
        await nobody.log_in("admin")
        with pytest.raises(InvalidStatus) as foreign:
            async with nobody.console("https://evil.example"):
                raise AssertionError("a console was opened")
        assert foreign.value.response.status_code == 403
        assert consoles() == []

    visit(story)


def test_no_more_consoles_than_allowed_and_room_again_once_one_is_left() -> None:
    async def story(ada: Somebody) -> None:
        await ada.log_in("viewer")
        async with ada.console() as terminal:
            await terminal.until("Dash")
            with pytest.raises(InvalidStatus):
                async with ada.console():
                    raise AssertionError("one too many")
            full = await ada.http.get("/console")
            assert (full.status_code, "1 consoles are open already" in full.text) == (409, True)
            assert len(consoles()) == 1
        await until_none_runs()
        await until_there_is_room(ada)
        async with ada.console() as terminal:
            await terminal.until("Dash")

    visit(story, consoles_max=1)


def test_console_ends_with_its_session_and_a_mouse_that_moves_does_not_hold_it() -> None:
    seconds = [1_000.0]

    async def story(ada: Somebody) -> None:
        await ada.log_in("trader")
        async with ada.console() as terminal:
            await terminal.until("Dash")
            seconds[0] += sessions.IDLE_S - 1
            await terminal.say("stdin", "\x1b[<35;10;10M\x1b[<35;11;10M")
            await terminal.press("2")
            await terminal.until("order (preview)")
            seconds[0] += sessions.IDLE_S - 1
            await terminal.say("stdin", "\x1b[<35;12;10M")
            await terminal.say("ping", "1")
            seconds[0] += 2
            assert await ended(terminal) == 4401
        await until_none_runs()

        await ada.log_in("trader", "bob")
        async with ada.console() as terminal:
            await terminal.until("Dash")
            csrf = re.search(r'name="csrf" value="([^"]+)"', (await ada.http.get("/halt")).text)
            assert csrf is not None
            await ada.http.post("/logout", data={"csrf": csrf[1]}, headers={"Origin": ada.url})
            assert await ended(terminal) == 4401
        await until_none_runs()

    visit(story, now_s=lambda: seconds[0])


def test_process_has_neither_this_environment_nor_a_secret_in_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWS_PASSWORD", "hunter2")

    async def story(ada: Somebody) -> None:
        await ada.log_in("trader")
        async with ada.console() as terminal:
            await terminal.until("Dash")
            (process,) = consoles()
            told = Path(f"/proc/{process}/environ").read_bytes() + Path(f"/proc/{process}/cmdline").read_bytes()
            assert b"hunter2" not in told
            assert not re.search(rb"spreads_|eyJ|ada", told)
            os.kill(process, 9)
            assert await ended(terminal) == 1000

    visit(story)


BLANK = """\
import sys  # in the place of engine.console.served
print("__GANGLION__", flush=True)
while len(head := sys.stdin.buffer.read(5)) == 5 and b"quit" not in sys.stdin.buffer.read(int.from_bytes(head[1:], "big")):
    pass
"""
"""A console that draws nothing and ends when it is told to: it starts in a hundredth of the time."""


@pytest.mark.parametrize("message", ["no json", "[]", "{}", '["resize", {"width": "x"}]', '["quit"]', "[" * 50_000])
def test_what_no_page_of_ours_says_ends_the_process_of_a_console(message: str) -> None:
    assert_ends_the_console(message, (sys.executable, "-c", BLANK))


def test_what_no_page_of_ours_says_ends_the_console() -> None:
    assert_ends_the_console('["stdin", 5]', CONSOLE)


def assert_ends_the_console(message: str, command: Sequence[str]) -> None:
    async def story(ada: Somebody) -> None:
        await ada.log_in("trader")
        async with ada.console(size="?width=-5&height=999999999999") as terminal:
            await terminal.socket.send(message)
            assert await ended(terminal) == 1003
        await until_none_runs()

    visit(story, console=command)


def test_export_is_a_file_for_the_browser_of_its_session_alone() -> None:
    async def story(ada: Somebody) -> None:
        await ada.log_in("trader")
        async with ada.console() as terminal:
            await terminal.until("Dash")
            await terminal.say("focus")
            await terminal.press("3")
            await terminal.until("waits for a yes")
            await terminal.press("x")
            await terminal.until("CSV file")
            await terminal.press("1")
            kind, key = await terminal.told()
            assert kind == "deliver_file_start"
            async with httpx.AsyncClient(base_url=ada.url) as http:
                bob = Somebody(ada.api, ada.url, http)
                await bob.log_in("admin", "bob")
                assert (await http.get(f"/download/{key}")).status_code == 404
            file = await ada.http.get(f"/download/{key}")
            assert "attachment; filename=" in file.headers["content-disposition"]
            assert "bull_put" in file.text
            assert len(file.text.splitlines()) == 2

    visit(story)


def test_page_loads_from_here_alone_and_is_not_there_without_consoles() -> None:
    async def story(ada: Somebody) -> None:
        await ada.log_in("viewer")
        page = await ada.http.get("/console")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; connect-src 'self'" in policy
        assert "unsafe-eval" not in policy
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert loaded
        assert all(address.startswith("/") for address in loaded)
        for address in (*loaded, "/terminal/fonts/RobotoMono-VariableFont_wght.ttf"):
            if address.startswith(("/static", "/terminal")):
                assert (await ada.http.get(address)).status_code == 200, address
        assert f'data-session-websocket-url="{ada.url.replace("http", "ws")}/console/socket"' in page.text
        assert 'href="/console"' in (await ada.http.get("/")).text

    async def without(ada: Somebody) -> None:
        await ada.log_in("viewer")
        assert 'href="/console"' not in (await ada.http.get("/")).text
        assert (await ada.http.get("/console")).status_code == 404

    visit(story)
    visit(without, console=())
