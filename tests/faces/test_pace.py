"""The clock of a watched demonstration: slow where there is something to read, and never past an open."""

import asyncio
from datetime import timedelta

from engine.cli.demo.pace import APPROACH_S, ASKED, BUSY, CLOSED, LINGER_S, LOOK_S, WATCHING, Pace, speed_at
from engine.domain.facts.orders import ApprovalAsked
from engine.domain.facts.running import LinkChanged
from engine.domain.ledger import Ledger
from engine.sim.loop import LoopClock, PacedLoop, run
from tests.given import NOW, SESSION, ledger, previewed, proposal, sent
from tests.given import working as worked

EVENING = SESSION.close + timedelta(minutes=1)
NIGHT = (SESSION,)


def test_clock_is_real_while_a_person_is_asked():
    asked = ApprovalAsked("o1", proposal().limit, NOW + timedelta(minutes=10), "the strategy asks a person")

    known = ledger(proposal(), previewed(), asked)

    assert speed_at(NOW, NIGHT, known) == ASKED


def test_clock_is_slow_while_an_order_is_sent_or_works():
    order = proposal()

    speeds = [speed_at(NOW, NIGHT, ledger(*facts)) for facts in (sent(order), worked(order))]

    assert speeds == [BUSY, BUSY]


def test_clock_is_slow_until_the_books_are_agreed():
    early = SESSION.open - timedelta(hours=8)

    before_the_engine = speed_at(early, NIGHT, None)
    lost = speed_at(early, NIGHT, ledger(LinkChanged("down", None, "gone")))
    agreed = speed_at(early, NIGHT, ledger())

    assert (before_the_engine, lost) == (BUSY, BUSY)
    assert agreed > BUSY


def test_clock_is_fast_in_a_quiet_session_and_faster_at_night():
    quiet = speed_at(NOW, NIGHT, ledger())
    last_night = speed_at(EVENING, NIGHT, ledger())

    assert (quiet, last_night) == (WATCHING, CLOSED)


def test_clock_comes_to_the_open_and_not_past_it_even_where_the_machine_stalls_for_a_second_at_every_look():
    known, now, looks = ledger(), SESSION.open - timedelta(hours=17), 0

    while now < SESSION.open - timedelta(seconds=1.5 * BUSY):
        now += timedelta(seconds=speed_at(now, NIGHT, known) * (LOOK_S + 1.0))
        looks += 1

    assert now <= SESSION.open
    assert looks * LOOK_S < 20 * APPROACH_S


def test_clock_slows_down_at_once_for_a_line_that_is_told_and_recovers_by_itself():
    loop = PacedLoop(CLOSED)
    clock = LoopClock(loop, EVENING)

    async def night() -> list[float]:
        pace = Pace(loop, NIGHT, clock.now)
        pace.ledger = ledger()
        pace.look()
        speeds = [loop.speed]
        pace.linger()
        speeds.append(loop.speed)
        loop.set_speed(1_000)  # the rest of the moment, quicker
        await asyncio.sleep(LINGER_S * BUSY + 1)
        pace.stop()
        return [*speeds, loop.speed]

    assert run(night(), loop) == [CLOSED, BUSY, CLOSED]


def test_clock_of_an_engine_that_has_not_started_knows_no_ledger():
    assert speed_at(EVENING, NIGHT, Ledger()) == BUSY
