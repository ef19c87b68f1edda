"""The console as a person has it: a process of its own on a terminal of 170 x 50, attached to an engine that trades."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

from bench.running import cpu_s, rss_mb

SIZE, OPENS_S, FOLLOWS_S = (50, 170), 6.0, 10.0
SCREENS = b"24132"
"""Keys that are pressed before it is looked at, so that all of these screens were made."""


@dataclass(frozen=True, slots=True)
class Console:
    """What it held and worked."""

    rss_mb: float
    cpu: float
    """Share of a core while it follows the candidates."""
    bytes_per_s: float
    """That it wrote to the terminal."""


async def measure(state: Path) -> Console:
    """Open it, look at some screens, and let it follow for ten seconds."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    words = (sys.executable, "-m", "engine", "console", "--state", str(state))
    console = await asyncio.create_subprocess_exec(*words, stdin=slave, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    written = [0]
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            written[0] += len(os.read(master, 1 << 16))
        except OSError:  # it has ended
            loop.remove_reader(master)

    loop.add_reader(master, read)
    try:
        await asyncio.sleep(OPENS_S)
        for key in SCREENS:
            os.write(master, bytes([key]))
            await asyncio.sleep(1)
        begun, cpu, before = time.monotonic(), cpu_s(console.pid), written[0]
        await asyncio.sleep(FOLLOWS_S)
        took = time.monotonic() - begun
        return Console(rss_mb(console.pid), (cpu_s(console.pid) - cpu) / took, (written[0] - before) / took)
    finally:
        loop.remove_reader(master)
        console.terminate()
        await console.wait()
        os.close(master)
