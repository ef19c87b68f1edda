"""The console of somebody who is logged in elsewhere: `python -m engine.console.served N` is told whose over file descriptor N.

It asks the engine with tokens that are lent to it, shows what their role may see, reads no file and writes none, and ends with
the program that started it.
"""

import os
import socket
import sys
import time
import traceback
from pathlib import Path

from engine.client.asynchronous import AsyncClient
from engine.client.handover import Taken
from engine.client.identity import LentAuth
from engine.console.app import Console
from engine.console.host import Setup


class ServedConsole(Console):
    """A console that ends with who has lent it its tokens."""

    def __init__(self, engine: AsyncClient, setup: Setup, taken: Taken) -> None:
        super().__init__(engine, time.monotonic, setup)
        self._taken = taken

    def on_mount(self) -> None:
        """Hear the answers from the first moment on; Textual opens the screens beside it."""
        self.run_worker(self._until_alone, group="handover")

    async def _until_alone(self) -> None:
        await self._taken.until_alone()
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """Say where it broke, without the values of that moment: some are secrets, and the other end keeps a log."""
        self._taken.crashed("".join(traceback.format_exception(error)[-3:]))
        super()._handle_exception(error)


def main(descriptor: str) -> None:
    """Run it until it is left."""
    taken = Taken(socket.socket(fileno=int(descriptor)))
    # What libraries print, with values, would end in the log of somebody else.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    first = taken.first
    client = AsyncClient(
        first.engine,
        lent=LentAuth(first.token, taken.token),
        ca=Path(first.ca) if first.ca is not None else None,
        by=first.name,
    )
    setup = Setup(state=None, by=first.name, role=first.role, is_read_only=first.role == "viewer", folder=None)
    ServedConsole(client, setup, taken).run()


if __name__ == "__main__":
    main(sys.argv[1])
