"""The stream over a real socket: snapshots, then what changes, at the pace that was asked for, restored after every loss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import TypeVar

import msgspec
import pytest
from websockets.asyncio.client import unix_connect

from engine.api.models.stream import Delta, Error, Heartbeat, Hello, Snapshot, Told
from engine.api.stream.boards import AGES_EVERY_S, SOURCES, Board
from engine.client.asynchronous import AsyncClient
from engine.client.mirror import Lost, Mirror, Rows, Update
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.halts import Halted
from tests.shell.runtime.bench import MANUAL
from tests.shell.runtime.serving import REF, Api, asked, serve

T = TypeVar("T")


async def next_of(kind: type[T], updates: AsyncIterator[Update]) -> T:
    """The next update of that kind."""
    async with asyncio.timeout(10):
        async for update in updates:
            if isinstance(update, kind):
                return update
    raise AssertionError("the stream ended")


def test_other_topics_are_wanted_while_it_is_followed() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        async with AsyncClient(api.folder) as engine, aclosing(engine.stream("status", max_hz=50)) as updates:
            first = await next_of(Rows, updates)
            await updates.want("orders", "positions")
            others = {(await next_of(Rows, updates)).topic for _ in range(2)}
            await api.while_beating(engine.decline(REF, "too near"))
            changed = await next_of(Rows, updates)
            await api.restart()
            again = {(await next_of(Rows, updates)).topic for _ in range(2)}

        assert first.topic == "status"
        assert others == again == {"orders", "positions"}
        assert (changed.topic, changed.rows[REF]["state"]) == ("orders", "declined")

    serve(story)


def test_topic_begins_with_a_snapshot_and_goes_on_with_what_changes() -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder) as engine, aclosing(engine.stream("orders", max_hz=50)) as updates:
            hello, whole = await next_of(Hello, updates), await next_of(Rows, updates)
            await asked(api)
            asking = await next_of(Rows, updates)
            await api.while_beating(engine.decline(REF, "too near"))
            changed = await next_of(Rows, updates)
            async with aclosing(engine.stream("approvals", max_hz=50)) as others:
                nothing = await next_of(Rows, others)
                api.bench.clock.at += timedelta(hours=1)
                await api.bench.until(lambda: len(api.bench.ledger.orders) == 2)
                await api.bench.until(lambda: any(order.is_asked for order in api.bench.ledger.working()))
                new = await next_of(Rows, others)

        assert hello.engine == "sim, account DU1"
        assert (whole.is_whole, list(whole.rows)) == (True, [REF])
        assert (asking.is_whole, asking.rows[REF]["state"]) == (False, "previewed")
        assert (nothing.is_whole, nothing.rows) == (True, {})
        assert (new.is_whole, list(new.rows), new.changed) == (False, ["spt-261123-0002"], {})
        assert changed.rows[REF]["state"] == "declined"
        assert changed.rows[REF]["why"] == "too near"
        assert "state" in changed.changed[REF]
        assert "spread" not in changed.changed[REF], "what stayed is not told again"

    serve(story)


def test_rows_of_the_stream_are_those_of_the_resource_of_that_name() -> None:
    async def story(api: Api) -> None:
        api.bench.broker.habits.fill = "at_once"
        api.bench.engine.record(StrategyLoaded("puts", "puts.yaml", MANUAL.digest), api.bench.clock.at)
        await asked(api)
        topics = ("status", "candidates", "approvals", "positions", "orders", "executions", "strategies")
        async with AsyncClient(api.folder) as engine:
            await api.while_beating(engine.approve(REF))
            await api.bench.until(lambda: api.bench.ledger.positions.get(REF) is not None)
            told: dict[str, Rows] = {}
            async with aclosing(engine.stream(*topics)) as updates:
                while len(told) < len(topics):
                    rows = await next_of(Rows, updates)
                    told[rows.topic] = rows
            asked_for = {
                "positions": await engine.positions(only_open=True),
                "orders": await engine.orders(),
                "executions": await engine.executions(),
                "candidates": await engine.candidates(),
                "strategies": (await engine.strategies()).strategies,
                "status": (await engine.status(),),
            }
        for topic, models in asked_for.items():
            assert [type(models[0]).model_validate(row) for row in told[topic].rows.values()] == list(models), topic
        assert told["positions"].rows[REF]["exits"]
        assert list(told["executions"].rows)

    serve(story)


def test_strategy_may_be_chosen_and_an_odd_frame_is_an_error_that_ends_nothing() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        uri, read = "ws://engine/v1/stream", msgspec.json.Decoder[Told](Told).decode
        async with unix_connect(str(api.folder / "engine.sock"), uri) as socket:
            assert isinstance(read(await socket.recv()), Hello)
            for odd in (
                "{}",
                '{"type": "subscribe", "topic": "secrets"}',
                '{"type": "subscribe", "topic": "orders", "max_hz": 1e9}',
            ):
                await socket.send(odd)
                told = read(await socket.recv())
                while isinstance(told, Heartbeat):
                    told = read(await socket.recv())
                assert isinstance(told, Error)
                assert told.text.startswith("not a frame: ")
            await socket.send('{"type": "subscribe", "topic": "orders", "strategy": "calls"}')
            told = read(await socket.recv())
            while not isinstance(told, Snapshot):
                told = read(await socket.recv())
            assert told.rows == []

    serve(story)


def test_client_that_missed_a_frame_asks_for_a_snapshot() -> None:
    mirror = Mirror(("orders",), 4.0)
    encode = msgspec.json.encode
    mirror.begins()
    mirror.take(encode(Snapshot("orders", 1, "now", "order_ref", ("order_ref", "state"), [["a", "sent"], ["b", "sent"]])))

    told, said = mirror.take(encode(Delta("orders", 2, "now", [["c", "sent"]], [("a", {"state": "filled"})], ["b"])))
    missed, resync = mirror.take(encode(Delta("orders", 4, "now", [], [("a", {"state": "canceled"})], [])))
    behind = mirror.take(encode(Heartbeat("now", "on", True, "live", 0.1, 0.1, 0.1, {"orders": 4})))

    assert isinstance(told, Rows)
    assert told.rows == {"a": {"order_ref": "a", "state": "filled"}, "c": {"order_ref": "c", "state": "sent"}}
    assert (told.removed, told.changed, said) == (("b",), {"a": ("state",)}, None)
    assert (missed, resync) == (None, b'{"type":"resync","topic":"orders"}')
    assert behind[1] == b'{"type":"resync","topic":"orders"}'


def test_lost_connection_is_told_and_restored_with_new_snapshots() -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder) as engine, aclosing(engine.stream("status")) as updates:
            before = await next_of(Rows, updates)
            await api.restart()
            lost = await next_of(Lost, updates)
            api.bench.engine.record(Halted("ada", "lunch"), api.bench.clock.at)
            after = await next_of(Rows, updates)

        assert (before.is_whole, after.is_whole) == (True, True)
        assert lost.because
        assert after.rows["DU1"]["trading"] == "halted"

    serve(story)


def test_heartbeat_tells_the_clocks_and_the_number_of_the_last_frame() -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder) as engine, aclosing(engine.stream("status")) as updates:
            beat = await next_of(Heartbeat, updates)

        assert (beat.trading, beat.connected, beat.data) == ("on", True, "live")
        assert beat.quotes_age_s is not None
        assert set(beat.seq) <= {"status"}

    serve(story)


def test_row_is_the_same_while_only_its_ages_move_and_is_told_again_after_some_seconds() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        board, clock = Board(api.control, SOURCES["status"]), [0.0]

        def look(seconds: float, happened: int) -> object:
            clock[0] += seconds
            api.bench.clock.at += timedelta(seconds=seconds)
            board.refresh(lambda: clock[0], happened, 0)
            return board.rows["DU1"]

        first, aged, later = look(0, 1), look(1, 2), look(AGES_EVERY_S, 3)
        assert aged is first
        assert later is not first
        api.bench.engine.record(Halted("ada", "lunch"), api.bench.clock.at)
        assert look(0, 3) is later, "nothing has happened, as far as it was told"
        assert look(0, 4) is not later

    serve(story)


def test_client_that_does_not_read_holds_up_nobody_and_comes_back_by_one_delta() -> None:
    async def story(api: Api) -> None:
        await asked(api)
        uri, read = "ws://engine/v1/stream", msgspec.json.Decoder[Told](Told).decode
        async with unix_connect(str(api.folder / "engine.sock"), uri, max_queue=1) as stalled, AsyncClient(api.folder) as engine:
            await stalled.send('{"type": "subscribe", "topic": "status", "max_hz": 50}')
            while not isinstance(read(await stalled.recv()), Snapshot):
                pass
            stalled.transport.pause_reading()
            for number in range(300):
                # Long words fill what the two ends of a socket hold, so that the sender has to wait.
                api.bench.engine.record(Halted("ada", f"{number} {'x' * 20_000}"), api.bench.clock.at)
                api.bench.engine.beat()
                await asyncio.sleep(0)
                if number % 50 == 0:
                    assert (await engine.status()).trading == "halted", "others are answered meanwhile"
            stalled.transport.resume_reading()
            deltas: list[Delta] = []
            async with asyncio.timeout(20):
                while not (deltas and str(deltas[-1].update[0][1].get("halt", "")).find("299 ") > 0):
                    told = read(await stalled.recv())
                    if isinstance(told, Delta):
                        deltas.append(told)

        assert [one.seq for one in deltas] == list(range(2, 2 + len(deltas))), "no gap"
        assert len(deltas) < 150, "only what the two ends of the socket hold was told one by one"

    serve(story)


@pytest.mark.parametrize("hz", [0.0, -1.0, 51.0])
def test_pace_is_bounded(hz: float) -> None:
    async def story(api: Api) -> None:
        async with AsyncClient(api.folder) as engine, aclosing(engine.stream("status", max_hz=hz)) as updates:
            assert "max_hz" in (await next_of(Error, updates)).text

    serve(story)
