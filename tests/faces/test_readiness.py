"""`spreads readiness`: each thing that paper trading has to show, missing and there."""

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from engine.cli.doctor.check import Check, fail, ok
from engine.cli.readiness import DECISIONS, FILLS, Shown, doctored, judged
from engine.domain.facts.halts import Halted, Resumed
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered
from engine.domain.facts.orders import OrderUnknown
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.running import EngineStarted
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.ports import Line
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_strategy
from tests.faces import given
from tests.faces.conftest import Spreads
from tests.shell.store.facts import NOON, fills, placed, proposal, written

INCOME = given.STRATEGY.replace("name: puts", "name: income").replace("sizing:", "limits:\n  stop_for_day: -$500\nsizing:")
STARTED = EngineStarted("0.1.0", "paper", "k3v")


def strategy(text: str = INCOME) -> Strategy:
    found = parse_strategy(text, "income.yaml").value
    assert found is not None
    return found


def looked_at(story: Iterable[Fact], declared: Strategy | None = None) -> dict[str, Check]:
    """The checklist after these facts, by name."""
    shown, ledger = Shown("income"), Ledger()
    for number, fact in enumerate(story):
        at = NOON + timedelta(seconds=number)
        ledger.apply(fact, at)
        shown.see(Line(number + 1, at, "DU1", fact))
    return {check.name: check for check in judged(shown, ledger, declared or strategy(), NOON)}


def opened(count: int, price: str = "31.50") -> Iterable[Fact]:
    """So many positions, each filled at 1.40 where 1.50 was asked first."""
    for number in range(count):
        yield proposal(f"a{number}", quantity=1)
        yield from placed(f"a{number}")
        yield from fills(f"a{number}", 1, (price, "30.10"))


def closed(number: int, rule: str) -> Iterable[Fact]:
    yield ExitTriggered(f"a{number}", rule, "close", "now")
    yield proposal(f"c{number}", position=f"a{number}", quantity=1, limit="-0.70")
    yield from placed(f"c{number}", limit="-0.70")
    yield from fills(f"c{number}", 1, ("20.70", "20.00"), closes=True)


def test_strategy_that_has_shown_everything_is_ready() -> None:
    found = looked_at(
        [
            STARTED,
            *opened(DECISIONS),
            *closed(0, "loss >= 200% of credit"),
            *closed(1, "dte <= 21"),
            Halted("anna", "trying it"),
            Resumed("anna"),
            STARTED,
        ]
    )

    assert {name: check.state for name, check in found.items()} == dict.fromkeys(found, "ok")
    assert found["slippage"].found == "20 fills, $0.100 a share behind the first price, $0.10 at the worst"
    assert found["exits"].found == "loss >= 200% of credit (1), dte <= 21 (1)"


RECORD = strategy(INCOME.replace("name: income", "name: income\nmode: record"))
SHADOW = strategy(INCOME.replace("name: income", "name: income\nmode: shadow"))


def noted(number: int, rung: Literal["record", "shadow"]) -> OpeningNoted:
    order = proposal(f"income-{rung}-{number:04d}", quantity=1)
    return OpeningNoted("income", rung, order, Decimal("1.30"), {}, Decimal("1.30") if rung == "shadow" else None)


def test_record_asks_for_days_and_shadow_for_supposed_positions_that_closed() -> None:
    record = looked_at([STARTED, noted(1, "record")], RECORD)
    story = [
        [noted(n, "shadow"), NotedClosed(f"income-shadow-{n:04d}", "income", "dte <= 21", None, Decimal(20))] for n in range(10)
    ]
    shadow = looked_at([STARTED, *(fact for pair in story for fact in pair)], SHADOW)

    assert record["rung"].found == "record: what it would open is noted once a day"
    assert (record["recorded"].state, record["recorded"].found) == ("fail", "an opening was noted on 1 of 3 trading days")
    assert set(record) == {"rung", "recorded"}
    assert shadow["shadows"].state == "ok"
    assert shadow["shadows"].found.startswith("10 of 10 supposed positions were seen to close, 0 open")
    assert shadow["band result"].state == "ok"


def test_strategy_that_was_moved_down_is_told_why_and_how_it_goes_up_again() -> None:
    lowered = RungLowered("income", "paper", "shadow", "result", Decimal("-0.4"), Decimal("-0.25"), 10)

    found = looked_at([STARTED, lowered])["rung"]

    assert found.state == "fail"
    assert found.found == (
        "shadow, moved down from paper: -40% of what it could lose in the last 10 positions closed, at least -25% wanted"
    )
    assert found.mend == "find out why, then spreads resume --strategy income"


def test_nothing_shown_says_how_to_show_each() -> None:
    found = looked_at([STARTED], strategy(given.STRATEGY.replace("name: puts", "name: income")))

    assert {name for name, check in found.items() if check.state == "fail"} == set(found) - {
        "unknown orders",
        "rung",
        "band result",
        "band filled",
    }
    assert all(check.mend for check in found.values() if check.state == "fail")
    assert "stop_for_day: -$500" in found["stop_for_day"].mend


def test_decisions_in_simulation_do_not_count() -> None:
    found = looked_at([EngineStarted("0.1.0", "sim", "k3v"), *opened(DECISIONS)])

    assert found["decisions"].state == "fail"
    assert found["decisions"].found == f"0 of {DECISIONS} on paper, and {DECISIONS} in simulation, which do not count"
    assert found["slippage"].state == "fail"


def test_few_fills_do_not_tell_what_trading_costs() -> None:
    assert looked_at([STARTED, *opened(FILLS - 1)])["slippage"].state == "fail"
    assert looked_at([STARTED, *opened(FILLS)])["slippage"].state == "ok"


def test_exit_that_never_acted_is_named() -> None:
    found = looked_at([STARTED, *opened(1), *closed(0, "dte <= 21")])

    assert (found["exits"].state, found["exits"].found) == ("warn", "dte <= 21 (1); never yet: loss >= 200% of credit")


def test_halt_of_a_breaker_is_no_trial_and_one_that_stands_is_not_over() -> None:
    assert looked_at([STARTED, Halted("breaker", "peak")])["halt"].state == "fail"
    assert looked_at([STARTED, Halted("anna", "")])["halt"].mend == "spreads resume"


def test_order_of_which_nobody_knows_is_named() -> None:
    found = looked_at([STARTED, proposal("a0"), *placed("a0"), OrderUnknown("a0", "silence")])

    assert (found["unknown orders"].state, "a0" in found["unknown orders"].found) == ("fail", True)


def test_doctor_that_is_against_it_is_told() -> None:
    assert doctored([ok("clock", ""), fail("orders", "", "")]).found == "against it: orders"
    assert doctored([ok("clock", "")]).state == "ok"


def test_command_reads_the_journal_and_says_what_is_missing(spreads: Spreads, monkeypatch) -> None:
    given.strategy(Path("strategies"), INCOME, "income.yaml")
    written(Path("state"), [(fact, NOON) for fact in (STARTED, *opened(2))])
    monkeypatch.setenv("SPREADS_PORT", "1")

    ran = spreads("readiness", "income", "--format", "json")

    told = {row["check"]: row for row in json.loads(ran.out)}
    assert ran.code == 1
    assert told["decisions"]["found"] == f"2 of {DECISIONS} on paper"
    assert told["doctor"]["state"] == "fail"


def test_strategy_that_is_not_there_is_named(spreads: Spreads) -> None:
    given.strategy(Path("strategies"), INCOME, "income.yaml")
    written(Path("state"), [(STARTED, NOON)])

    ran = spreads("readiness", "outcome")

    assert ran.code == 2
    assert ran.err.startswith("spreads: no strategy is called outcome in strategies")


def test_price_of_a_fill_is_held_against_the_first_price() -> None:
    found = looked_at([STARTED, *opened(FILLS, price="31.60")])

    assert found["slippage"].found == f"{FILLS} fills, ${Decimal(0):.3f} a share behind the first price, $0.00 at the worst"
