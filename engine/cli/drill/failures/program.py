"""The program and its machine, the people around it, and the days on which it runs."""

from datetime import date

from engine.cli.drill.failure import ASKS, Failure
from engine.domain.facts.files import StrategyLoaded, StrategyRefused
from engine.domain.facts.orders import LegFilled, OrderExpired
from engine.domain.facts.running import EngineStopped, LoginReminded

PROGRAM: tuple[Failure, ...] = (
    Failure("killed-sending", "the engine is killed (kill -9) the moment an order is sent", ASKS, kill="sent"),
    Failure("killed-filling", "the engine is killed between two executions of one fill", "makes the fill whole", kill="filled"),
    Failure(
        "killed-while-it-filled",
        "the engine is killed with an order at work, which fills meanwhile",
        "finds the fill by its execution id",
        ("fill_unheard",),
        kill="acknowledged",
        down_s=120.0,
    ),
    Failure(
        "killed-for-good",
        "the engine is killed between two executions of one fill, and nobody starts it again",
        "has a guardian take its place, which opens nothing and goes on with the exits",
        kill="filled",
        is_guarded=True,
    ),
    Failure(
        "stopped",
        "the engine is stopped in good order with an order at work, and started again after a minute",
        "cancels its openings before it goes, and goes on with what it holds",
        act="stop",
        shows=(EngineStopped,),
    ),
    Failure(
        "disk-full",
        "the disk is full for a minute",
        "does nothing that it cannot write, ends, and goes on from the journal once there is room",
        act="fill the disk",
    ),
    Failure(
        "clock-set-ahead",
        "somebody sets this machine's clock half a minute ahead, and right again a minute later",
        "gives nothing up for time that was not lived through, and opens nothing until the clocks agree",
        act="set the clock ahead",
    ),
    Failure(
        "clock-set-back",
        "somebody sets this machine's clock half a minute back, and right again a minute later",
        "lets its own time go on, and opens nothing until the clocks agree",
        act="set the clock back",
    ),
    Failure(
        "another-engine",
        "a second engine is started on the same folder",
        "refuses the second, and lets the first go on",
        act="start another",
    ),
    Failure(
        "another-engine-elsewhere",
        "a second engine is started on a folder of its own, under the same client id",
        "is told by TWS that the id is taken (326), and says what to do; the first goes on",
        act="start another elsewhere",
    ),
    Failure(
        "another-engine-beside",
        "a second engine is started on a folder and under a client id of its own, while the first holds something",
        "sees what the first has traded, and opens nothing beside it; the first goes on and closes what is its own",
        when="held",
        act="start another beside",
    ),
    Failure(
        "file-broken",
        "a strategy is half written when the engine is started again",
        "keeps the last version that was good",
        act="break a file",
        shows=(StrategyRefused,),
    ),
    Failure(
        "file-changed",
        "a strategy is saved anew while its order works, and the engine is started again",
        "keeps what is at work and held by the rules that it was born with",
        act="change a file",
        shows=(StrategyLoaded,),
    ),
    Failure(
        "nobody-answers",
        "a person is asked, and nobody says yes",
        "sends nothing that was not approved, and lets each question expire",
        when="start",
        is_answered=False,
        shows=(OrderExpired,),
    ),
    Failure(
        "half-day",
        "the exchange closes at one in the afternoon",
        "opens and closes by the hours of that day",
        when="start",
        at="12:00",
        day=date(2026, 11, 27),
        minutes=90,
    ),
    Failure(
        "expiry-day",
        "options that are held expire today",
        "closes what may end badly before the broker does, and lets the rest settle to the cent",
        when="start",
        at="10:00",
        minutes=420,
        shows=(LegFilled,),
    ),
    Failure(
        "clocks-change",
        "a weekend passes in which New York's clocks are set back",
        "reads windows and expiries by the clocks of their zone, and says when the weekly login is due",
        when="start",
        at="15:00",
        day=date(2026, 10, 30),
        minutes=4060,
        mode="paper",
        shows=(LoginReminded,),
    ),
)
