"""One console as a process of its own, whose screen goes to a browser: textual-serve's service, without the server around it.

The process knows nothing but what is handed over to it: not this program's environment, no command line that names anybody. It
ends when the browser leaves, whatever it is doing, and by itself when this program ends.
"""

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

import engine
from engine.client.handover import Handover, give

LEAVE_WITHIN_S = 2.0
"""A console that is told to end and does not is killed."""
FRAMES_A_S = "20"
"""As smooth as numbers need, and a third of what a screen could show."""
WIDTH, HEIGHT = (20, 400), (6, 200)
"""The smallest and the largest screen, in characters: a browser may say anything."""


class ConsoleProcess:
    """One of them, from its start to its end."""

    def __init__(
        self,
        command: Sequence[str],
        write: Callable[[bytes], Awaitable[None]],
        tell: Callable[[str], Awaitable[None]],
        over: Callable[[], Awaitable[None]],
    ) -> None:
        """`command` opens a console that takes what is handed over at the file descriptor that is added to it.

        `write` and `tell` send to the browser and raise nothing; `over` is told once the console has been left.
        """
        self.files = DownloadManager()
        self._line: socket.socket | None = None
        self._service = _Service(command, write, tell, over, self.files)
        self.takes: AppService = self._service
        """What it hears: keys, the size of the screen, whether it is in front."""

    @property
    def pid(self) -> int | None:
        """Of the process; None before its start."""
        return self._service.process.pid if self._service.process is not None else None

    async def start(self, width: int, height: int) -> None:
        """Start it on a screen of so many characters. Raises OSError where no process can be started."""
        self._line, self._service.line = socket.socketpair()
        self._line.setblocking(False)
        await self._service.start(between(width, WIDTH), between(height, HEIGHT))

    async def hand_over(self, first: Handover, renewed: Callable[[], Awaitable[str]]) -> str:
        """Say whose console it is, and give tokens until it has ended; why it crashed, or nothing."""
        assert self._line is not None, "it has been started"
        with suppress(OSError):
            return await give(self._line, first, renewed)
        return ""

    async def resize(self, width: int, height: int) -> None:
        """Say how large its screen is now, in characters."""
        await self.takes.set_terminal_size(between(width, WIDTH), between(height, HEIGHT))

    async def end(self) -> None:
        """End it: it is asked, and killed where it does not hear. It has ended when this returns."""
        if self._line is not None:
            self._line.close()
        try:
            with suppress(Exception):
                async with asyncio.timeout(LEAVE_WITHIN_S):
                    await self._service.stop()
                    if self._service.process is not None:
                        await self._service.process.wait()
        finally:
            # Also where this program itself is being ended: none is left behind.
            if self._service.process is not None:
                if self._service.process.returncode is None:
                    self._service.process.kill()
                await self._service.process.wait()


class _Service(AppService):
    """The service with an environment, a command and a line of ours."""

    def __init__(
        self,
        command: Sequence[str],
        write: Callable[[bytes], Awaitable[None]],
        tell: Callable[[str], Awaitable[None]],
        over: Callable[[], Awaitable[None]],
        files: DownloadManager,
    ) -> None:
        super().__init__("", write_bytes=write, write_str=tell, close=over, download_manager=files)
        self._command = command
        self.line: socket.socket | None = None
        """Its end of the pair, which is ours no more once it has it."""
        self.process: Process | None = None

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        """Nothing of this program's own, which may hold secrets."""
        return {
            "COLUMNS": str(width),
            "ROWS": str(height),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(engine.__path__[0]).parent),
            "PYTHONSAFEPATH": "1",
            "PYTHONUTF8": "1",
            "TERM_PROGRAM": "textual",
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
            "TEXTUAL_FPS": FRAMES_A_S,
        }

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Without a shell, and away from the keys of the terminal that this program runs in."""
        assert self.line is not None, "there is something to hand over"
        with self.line as line:
            self._process = self.process = await asyncio.create_subprocess_exec(
                *self._command,
                str(line.fileno()),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=self._build_environment(width, height),
                cwd="/",
                pass_fds=(line.fileno(),),
                start_new_session=True,
            )
        assert self.process.stdin is not None, "its input is a pipe"
        self._stdin = self.process.stdin
        return self.process


def between(number: int, bounds: tuple[int, int]) -> int:
    """The number, or the bound that it is beyond."""
    return min(max(number, bounds[0]), bounds[1])
