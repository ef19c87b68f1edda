"""The console's live table beside Textual's DataTable: 2,000 rows of 16 columns, 800 changes a second in four ticks, 170 x 50."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from random import Random
from statistics import median, quantiles

from textual import events
from textual.app import App, ComposeResult
from textual.coordinate import Coordinate
from textual.strip import Strip
from textual.widgets import DataTable

from bench.timing import Taken
from engine import words
from engine.console.table.columns import Column, gain_or_loss
from engine.console.table.live_table import LiveTable
from engine.console.themes import DARK, THEMES

ROWS, COLUMNS, CHANGES, TICKS_PER_SECOND = 2_000, 16, 200, 4
SIZE = (170, 50)
TICKS = 12
PRODUCT, STOCK, IDLE = "live table (the product)", "textual DataTable, update_cell", "the same terminal, nothing changes"
Changes = Mapping[str, tuple[object, ...]]
Tick = Callable[[Changes], None]


class _Drawn(App[None]):
    """An application with one table."""

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK


class _Watched(LiveTable):
    """Tells when it has drawn a selected row other than the last one."""

    drawn: str | None = None
    has_drawn = asyncio.Event()

    def render_line(self, y: int) -> Strip:
        at = self.scroll_offset.y + y - 1
        if 0 <= at < len(self.rows.order) and self.rows.order[at] == self.selected:
            if self.drawn != self.selected:
                self.has_drawn.set()
            self.drawn = self.selected
        return super().render_line(y)


class _Live(_Drawn):
    def compose(self) -> ComposeResult:
        yield _Watched(
            [Column("id", "id", 8)]
            + [
                Column(f"c{at}", f"c{at}", 9, is_number=True, moves=True, show=_shown, tone=gain_or_loss)
                for at in range(1, COLUMNS)
            ],
            lambda: datetime(2026, 11, 23, 15, tzinfo=UTC),
        )

    def tick(self, changes: Changes) -> None:
        self.query_one(LiveTable).update(changes)


class _Stock(_Drawn):
    def compose(self) -> ComposeResult:
        yield DataTable[str]()

    def on_mount(self) -> None:
        super().on_mount()
        table = self.query_one(DataTable)
        table.add_columns(*(f"c{at}" for at in range(COLUMNS)))

    def tick(self, changes: Changes) -> None:
        table = self.query_one(DataTable)
        if not table.row_count:
            for key, values in changes.items():
                table.add_row(*map(_shown, values), key=key)
            return
        for key, values in changes.items():
            row = table.get_row_index(key)
            for at in range(1, COLUMNS):
                table.update_cell_at(Coordinate(row, at), _shown(values[at]))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else words.number(value if isinstance(value, float) else None)


def _values(key: str, chance: Random) -> tuple[object, ...]:
    return (key, *(chance.uniform(-100, 100) for _ in range(COLUMNS - 1)))


def tables(rounds: int = 3) -> tuple[dict[str, Taken], Taken]:
    """What a tick takes in each table, and the 95th percentile of a key's way to the screen with all rows live."""
    wall: dict[str, list[float]] = {PRODUCT: [], STOCK: [], IDLE: []}
    cpu: dict[str, list[float]] = {name: [] for name in wall}
    keys: list[float] = []
    keys_cpu: list[float] = []
    for _ in range(rounds):
        for name, make in ((PRODUCT, _Live), (STOCK, _Stock), (IDLE, _Live)):
            asyncio.run(_ticks(make(), wall[name], cpu[name], 0 if name == IDLE else CHANGES))
        asyncio.run(_keys(_Live(), keys, keys_cpu))
    taken = {name: Taken(1e3 * median(wall[name]), 1e3 * median(cpu[name])) for name in wall}
    return taken, Taken(1e3 * quantiles(keys, n=20)[-1], 1e3 * quantiles(keys_cpu, n=20)[-1])


async def _ticks(app: _Live | _Stock, wall: list[float], cpu: list[float], changes: int) -> None:
    chance = Random(3)
    names = [f"r{at:04}" for at in range(ROWS)]
    async with app.run_test(size=SIZE) as pilot:
        app.tick({key: _values(key, chance) for key in names})
        await pilot.pause()
        for _ in range(TICKS):
            changed = {key: _values(key, chance) for key in chance.sample(names, changes)}
            await _timed(lambda changed=changed: app.tick(changed), pilot.pause, wall, cpu)


async def _keys(app: _Live, wall: list[float], cpu: list[float]) -> None:
    """Press a key right after each tick, and wait until the line that it selects has been drawn."""
    chance = Random(4)
    names = [f"r{at:04}" for at in range(ROWS)]
    async with app.run_test(size=SIZE) as pilot:
        app.tick({key: _values(key, chance) for key in names})
        await pilot.pause()
        table = app.query_one(_Watched)
        for at in range(40):
            app.tick({key: _values(key, chance) for key in chance.sample(names, CHANGES)})
            key = "pagedown" if at % 4 == 3 else "j"
            table.has_drawn = asyncio.Event()
            clock, work_s = time.perf_counter(), time.process_time()
            app.post_message(events.Key(key, None))
            await table.has_drawn.wait()
            wall.append(time.perf_counter() - clock)
            cpu.append(time.process_time() - work_s)


async def _timed(work: Callable[[], None], settle: Callable[[], Awaitable[None]], wall: list[float], cpu: list[float]) -> None:
    clock, work_s = time.perf_counter(), time.process_time()
    work()
    await settle()
    wall.append(time.perf_counter() - clock)
    cpu.append(time.process_time() - work_s)
