"""Messages of every kind with any field changed, through the real client: none ends anything, and the truth is heard after.

What cannot be read may be refused by ib_async's decoder or by the functions that read values. A part of ours that trips over
it is a defect, even where the guard catches that.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from engine.broker.session.wrapper import EngineWrapper
from engine.broker.unread import Unreadable
from engine.domain.errors import EngineError, IllegalFact
from engine.domain.facts.orders import LegFilled, OrderApproved, OrderPreviewed, OrderSent
from engine.domain.ledger import Ledger
from tests.shell.broker.bench import START, Bench, order, play, settled
from tests.shell.broker.orders.test_orders import sent
from tests.simulation.chaos.mutations import ODD, samples

GOLDEN = Path(__file__).parents[4] / "shared" / "reference" / "tws_golden.jsonl"
PER_FIELD = 2
"""Values that each field is changed into, drawn by chance."""
MESSAGES = 15_000
"""Of these so many, in some seconds."""
PAUSE_EVERY = 400
ENDS = {"52", "53", "54", "55", "62", "76", "102"}
"""Ends of answers: told when nobody asked they mean nothing."""


def true_messages() -> list[list[str]]:
    """One of each kind that the simulator can send, and those that were recorded, where they are at hand."""
    found = [list(map(str, fields)) for fields in samples()]
    if GOLDEN.exists():
        vectors = (json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line)
        found += [list(map(str, vector["fields"])) for vector in vectors if vector["dir"] == "s2c" and "fields" in vector]
    return found


def changed(messages: Sequence[list[str]], chance: Random) -> Iterator[list[str]]:
    for fields in messages:
        for place in range(len(fields)):
            for value in chance.sample(ODD, PER_FIELD):
                yield [*fields[:place], value, *fields[place + 1 :]]
            yield fields[:place]
            yield [*fields[:place], chance.choice(ODD), *fields[place:]]


NAMES_OF_OURS = {
    "3": {1: "{order}", 6: "{perm}", 9: "7"},
    "4": {2: "{order}"},
    "5": {1: "{order}", 23: "sp-1", 24: "7", 25: "{perm}"},
    "11": {2: "{order}", 3: "102", 21: "{perm}", 22: "7", 26: "sp-1"},
}
"""Where the messages about orders name ours."""
LINE_AT = {"1": 2, "2": 2, "21": 1, "45": 2, "46": 2, "58": 2}


def about(fields: list[str], order_id: int, lines: Sequence[int], chance: Random) -> list[str]:
    """The message, as often as not made one about the order that works or a line that is open."""
    made = list(fields)
    kind = made[0] if made else ""
    if chance.random() < 0.5:
        for place, text in NAMES_OF_OURS.get(kind, {}).items():
            if place < len(made) and chance.random() < 0.7:
                made[place] = text.format(order=order_id, perm=900_000 + order_id)
        if kind in LINE_AT and LINE_AT[kind] < len(made) and lines:
            made[LINE_AT[kind]] = str(chance.choice(lines))
    return made


@pytest.mark.parametrize("seed", [1])
def test_no_message_ends_anything_whatever_its_fields_hold(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problems: list[Exception] = []
    broken: list[dict[str, Any]] = []
    understood = EngineWrapper.unreadable

    def unreadable(self: EngineWrapper, fields: Sequence[str], problem: Exception) -> None:
        problems.append(problem)
        understood(self, fields, problem)

    monkeypatch.setattr(EngineWrapper, "unreadable", unreadable)
    chance = Random(seed)
    told = list(changed(true_messages(), chance))
    told = chance.sample(told, min(MESSAGES, len(told)))

    async def scenario(bench: Bench) -> None:
        bench.loop.set_exception_handler(lambda _, context: broken.append(context))
        order_id = await sent(bench)
        bench.tws.works(order_id)
        await settled(bench)
        bench.broker.watch([leg.contract for leg in order().spread.legs], [])
        states = asyncio.get_running_loop().create_task(ask(bench))
        for number, fields in enumerate(told):
            if fields and fields[0] not in ENDS:
                bench.tws.say_fields(about(fields, order_id, list(bench.broker.subscriptions), chance))
            if number % PAUSE_EVERY == 0:
                await asyncio.sleep(1)
                if not bench.broker.is_connected:
                    order_id = await again(bench, order_id)
        states.cancel()
        await asyncio.sleep(120)
        order_id = await again(bench, order_id)
        bench.tws.works(order_id)
        bench.tws.execute(order_id, "true.01", 102, "SLD", 2, 2.4, order_ref="sp-1")
        bench.tws.execute(order_id, "true.02", 101, "BOT", 2, 1.2, order_ref="sp-1")
        await settled(bench)

    bench = play(scenario)

    assert broken == [], f"seed {seed}"
    assert [defect for problem in problems if (defect := in_our_parts(problem))] == [], f"seed {seed}"
    assert len(problems) > 1_000
    assert {"true.01", "true.02"} <= {fill.exec_id for fill in bench.all(LegFilled)}, f"seed {seed}"
    fold(bench)


async def ask(bench: Bench) -> None:
    """Asks for the books all the time, as an engine does that is in doubt."""
    while True:
        await asyncio.sleep(5)
        try:
            await bench.broker.state()
        except EngineError:
            continue


async def again(bench: Bench, order_id: int) -> int:
    """A connection that stands and knows the order, whose number it is given anew."""
    for _ in range(20):
        if bench.broker.is_connected:
            return order_id
        try:
            await bench.broker.connect()
        except EngineError:
            await asyncio.sleep(10)
    raise AssertionError("no connection is made any more")


def in_our_parts(problem: Exception) -> str:
    """Where a part of ours tripped over a value that it should have read first; empty where none did."""
    trace, frames = problem.__traceback__, list[str]()
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    ours = [frame for frame in frames if "/engine/broker/" in frame and "/broker/session/tws.py" not in frame]
    return f"{type(problem).__name__}: {problem} at {ours[-1]}" if ours and not isinstance(problem, Unreadable) else ""


def fold(bench: Bench) -> None:
    """The facts in a ledger: what cannot follow is refused, and nothing else is raised."""
    ledger, one = Ledger(), order()
    ledger.apply(one.proposed, START)
    for fact in (
        OrderPreviewed("sp-1", "fits", None, None, None, None, ""),
        OrderApproved("sp-1", "", one.limit),
        OrderSent("sp-1", one.limit),
    ):
        ledger.apply(fact, START)
    for fact in bench.heard:
        try:
            ledger.apply(fact, START)
        except IllegalFact:
            continue
    assert ledger.orders["sp-1"].filled >= 2
