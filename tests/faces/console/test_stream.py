"""The console hears what the engine tells by itself, asks where no stream can be had, and is shown anew after a loss."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.api.models.orders import Order
from engine.api.models.status import Status
from engine.api.models.stream import Error, Heartbeat, Hello
from engine.client.asynchronous import AsyncClient
from engine.client.mirror import Lost, Mirror, Rows
from engine.client.streaming import Stream
from engine.console.app import Console
from engine.console.feed import PERIOD_BESIDE_S, PERIOD_S, SILENT_S, Feed
from engine.console.frame.lines import TabLine
from engine.console.host import Setup
from engine.console.views.view import View
from tests.faces.console.answers import AT, order, position, status
from tests.faces.console.conftest import Clock
from tests.faces.console.engine import FakeEngine, made
from tests.faces.console.screens import text_of
from tests.shell.runtime.serving import REF, Api, asked, serve

WITHIN_S, SIZE = 60.0, (160, 45)


class Counting(AsyncClient):
    """Keeps what the engine is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[str] = []

    async def _ask(self, call: Any, once: str | None = None) -> Any:
        self.asked.append(call.path)
        return await super()._ask(call, once)


class Deaf(Counting):
    """Is given no stream."""

    def stream(self, *topics: Any, **_: Any) -> Stream:
        return Stream(self.address, Mirror(topics, 4.0), self._headers, None, "/v1/nothing")


@asynccontextmanager
async def console(engine: Counting, opens: str = "approvals") -> AsyncIterator[tuple[Console, Pilot[None]]]:
    app = Console(engine, time.monotonic, Setup(None, by="ada", opens=opens))
    async with app.run_test(size=SIZE) as pilot:
        yield app, pilot
    await engine.close_connection()


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the console go on until something holds."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                await pilot.pause(0.05)
    except TimeoutError:
        pytest.fail(f"it was not seen:\n{text_of(pilot.app)}")


@pytest.mark.slow
def test_what_changes_is_shown_without_a_question_on_whichever_screen_is_in_front() -> None:
    async def story(api: Api) -> None:
        async with console(Counting(api.folder)) as (app, pilot):
            engine = app.feed.engine
            assert isinstance(engine, Counting)
            await until(pilot, lambda: app.feed.is_streaming and app.feed.wait_s == PERIOD_BESIDE_S)
            engine.asked.clear()

            await asked(api)
            await until(pilot, lambda: "bull_put" in text_of(app) and "gates" in text_of(app))
            await pilot.press("2")
            await until(pilot, lambda: app.feed.has("candidates") and "credit" in text_of(app))
            await pilot.press("5")
            await until(pilot, lambda: app.feed.has("orders") and "previewed" in text_of(app))
            assert set(engine.asked) <= {f"/v1/orders/{REF}"}, "the timeline of an order is in no stream"

            await pilot.press("7")
            await until(pilot, lambda: app.feed.has("trades"))
            assert "/v1/positions" in engine.asked
            assert "/v1/status" not in engine.asked

    serve(story)


@pytest.mark.slow
def test_lost_connection_is_shown_as_of_when_and_restored_with_the_same_row() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        async with console(Counting(api.folder)) as (app, pilot):
            await until(pilot, lambda: app.feed.is_streaming and "gates" in text_of(app))
            table = app.view.table if app.view is not None else None
            assert table is not None
            before = table.selected

            await api.stop()
            await until(pilot, lambda: app.feed.is_lost and "as of" in text_of(app))
            await api.start()
            await until(pilot, lambda: app.feed.is_streaming and "as of" not in text_of(app))

            assert before is not None
            assert table.selected == before

    serve(story)


@pytest.mark.slow
def test_without_a_stream_the_engine_is_asked_as_before() -> None:
    async def story(api: Api) -> None:
        async with console(Deaf(api.folder)) as (app, pilot):
            await until(pilot, lambda: "no engine" not in text_of(app))
            await asked(api)
            await until(pilot, lambda: "bull_put" in text_of(app))
            assert not app.feed.is_streaming
            assert app.feed.wait_s == PERIOD_S
            assert not app.feed.is_lost

    serve(story)


def test_answer_that_comes_while_the_console_closes_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[View | None] = []

    async def story(api: Api) -> None:
        async with console(Deaf(api.folder)) as (app, pilot):
            await until(pilot, lambda: "no engine" not in text_of(app))

            def on_unmount(_: TabLine) -> None:
                app.draw()
                left.append(app.view)

            monkeypatch.setattr(TabLine, "on_unmount", on_unmount, raising=False)

    serve(story)

    assert left == [None], "a screen that is taken apart is not looked at"


def told(topic: Any, key: str, *rows: dict[str, Any], model: Any, **more: Any) -> Rows:
    """Rows as the stream has them."""
    plain = {str(row[key]): made(model, row).model_dump(mode="json") for row in rows}
    return Rows(topic, AT.isoformat(), plain, **{"is_whole": True, **more})


HEARTBEAT = Heartbeat((AT + timedelta(seconds=5)).isoformat(), "halted", True, "live", 0.2, 3.0, 0.5, {})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def feed(clock: Clock) -> Feed:
    """One that has been told the status."""
    heard = Feed(FakeEngine(), clock)  # type: ignore[arg-type]
    assert not heard.take(Hello("sim", "0.1.0", (), 5.0))
    assert heard.take(told("status", "account", dict(status()), model=Status))
    return heard


def test_heartbeat_moves_the_clock_and_what_runs_with_it(feed: Feed, clock: Clock) -> None:
    clock.now += 5

    feed.take(HEARTBEAT)
    clock.now += 2

    assert feed.status is not None
    assert (feed.status.trading, feed.status.last_beat_age_s, feed.status.account_age_s) == ("halted", 0.2, 3.0)
    assert feed.now() == AT + timedelta(seconds=7)
    assert feed.age_s == 2


def test_stream_that_says_nothing_is_lost_until_it_says_something(feed: Feed, clock: Clock) -> None:
    clock.now += SILENT_S + 1

    assert feed.trouble == "the engine has said nothing for 9 s"
    feed.take(HEARTBEAT)
    assert feed.trouble is None


def test_rows_that_have_not_changed_stay_the_same_and_those_that_went_are_gone(feed: Feed) -> None:
    one, two, three = (order(f"sp1-261123-000{number}") for number in range(1, 4))
    feed.take(told("orders", "order_ref", one, two, model=Order))
    first = feed.orders

    feed.take(told("orders", "order_ref", {**two, "state": "working"}, three, model=Order, is_whole=False))
    feed.take(told("orders", "order_ref", model=Order, is_whole=False, removed=("sp1-261123-0002",)))

    assert [each.order_ref for each in feed.orders] == ["sp1-261123-0001", "sp1-261123-0003"]
    assert feed.orders[0] is first[0]


@pytest.mark.asyncio
async def test_topic_that_the_engine_cannot_tell_is_asked_for(feed: Feed) -> None:
    engine = feed.engine
    assert isinstance(engine, FakeEngine)
    engine.told_positions = [position()]

    await feed.look(("positions",))
    assert not feed.has("positions")
    feed.take(Error("positions cannot be read now", "positions"))
    await feed.look(("positions",))

    assert feed.has("positions")
    assert len(feed.positions) == 1


@pytest.mark.asyncio
async def test_after_a_loss_everything_is_asked_for_again(feed: Feed) -> None:
    engine = feed.engine
    assert isinstance(engine, FakeEngine)
    feed.take(Lost("the engine has closed the connection", 0.25))
    assert not feed.is_lost

    engine.is_there = False
    await feed.look(())
    assert feed.is_lost
    engine.is_there = True
    await feed.look(("orders",))

    assert not feed.is_lost
    assert feed.has("orders")


def test_frames_of_another_kind_of_row_are_not_taken(feed: Feed) -> None:
    rows = told("status", "account", dict(status()), model=Status)

    with pytest.raises(ValueError, match=r"extra_forbidden|Extra inputs"):
        feed.take(replace(rows, rows={key: {**row, "mood": "good"} for key, row in rows.rows.items()}))
