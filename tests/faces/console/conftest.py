"""A console at an engine that answers what a test gives it, under a clock that the test turns."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.console.app import Console
from engine.console.host import Setup
from engine.console.table import live_table
from tests.faces.console.engine import FakeEngine
from tests.faces.console.screens import text_of

WIDE, NARROW = (160, 45), (80, 24)


@dataclass
class Clock:
    """Seconds that only the test lets pass."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """Somebody at a console."""

    app: Console
    pilot: Pilot[Any]
    engine: FakeEngine
    clock: Clock

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and let the engine be asked once after them."""
        await self.pilot.press(*keys)
        await self.look()

    async def look(self) -> None:
        """Ask the engine once, and wait until it is drawn."""
        await self.app.look()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    @property
    def screen(self) -> str:
        """What is seen."""
        return text_of(self.app)

    @property
    def lines(self) -> list[str]:
        """Line by line."""
        return self.screen.splitlines()


Opened = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture(autouse=True)
def flashes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What flashes does so until the test lets it fade: no picture depends on how long a machine takes."""
    monkeypatch.setattr(live_table, "FADE_S", 86_400.0)


@pytest.fixture
def engine() -> FakeEngine:
    """What the console is attached to."""
    return FakeEngine()


@pytest.fixture
def desk(engine: FakeEngine, tmp_path: Path) -> Opened:
    """Opens a console."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = WIDE, **setup: Any) -> AsyncIterator[Desk]:
        clock = Clock()
        given = Setup(state=Path("state"), by="ada", asks_by_itself=False, folder=tmp_path, **setup)
        app = Console(engine, clock, given)  # type: ignore[arg-type]
        async with app.run_test(size=size, notifications=True) as pilot:
            found = Desk(app, pilot, engine, clock)
            await pilot.pause()
            await found.look()
            yield found

    return opened
