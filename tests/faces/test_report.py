"""The report that ends a demonstration: what was taken and why, what it made, and what it would cost to be wrong."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from syrupy.assertion import SnapshotAssertion

from engine.cli.demo.report import report
from engine.cli.demo.stopped import Loss, Stopped
from engine.cli.demo.story import Record
from engine.domain.candidate import candidate_row
from engine.domain.facts.account import EquityRecorded
from engine.domain.facts.files import StrategyLoaded
from engine.domain.facts.orders import OrderDeclined, OrderProposed
from engine.domain.facts.positions import ExitTriggered
from engine.domain.facts.searches import CandidatesRecorded, FunnelRecorded, FunnelStep
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger
from engine.domain.spread import Spread
from tests import given

HELD, WANTED, NEXT = given.spread(short=580, long=575), given.spread(short=585, long=580), given.spread(short=570, long=565)


def test_position_that_was_closed_tells_its_candidate_its_walk_its_exit_and_its_result() -> None:
    opening = proposed("o1", WANTED, score=0.3)
    closing = given.proposal("o2", of=WANTED, position="o1", limit="-0.30", worst="-0.35", reason="profit >= 50% of credit")
    exit_ = ExitTriggered("o1", "profit >= 50% of credit", "close", "S2", {"profit": 50.0, "credit": 80.0, "short_delta": 0.125})

    told = tell(looked(opening, (NEXT, 0.2)), *given.opened(opening), exit_, *given.closed(closing))

    assert within(told, "taken", "SPY 18 Dec 26 585/580P", "0.80", "$80", "$420", "80%", "+$1", "0.3")
    assert within(told, "not taken", "SPY 18 Dec 26 570/565P", "0.2")
    assert "score = return_on_risk, highest first" in told
    assert "order      0.80 credit (never below 0.70); filled 1 of 1 at 0.80 credit" in told
    assert "sold 1 × 585P at 1.80, bought 1 × 580P at 1.00: +$80, fees -$1.30" in told
    assert "exit profit >= 50% of credit (profit $50, credit $80, short_delta 0.125)" in said(told)
    assert "close      0.30 debit (never above 0.35); filled 1 of 1 at 0.30 debit" in told
    assert "result     +$50, fees -$2.60: +$47.40" in told
    assert within(told, "SPY 18 Dec 26 585/580P × 1", "+50.00", "0.00", "-2.60")
    assert within(told, "1 in all: +47.40", "+50.00", "0.00", "-2.60")
    assert "Nothing is open: nothing is at risk." in told


def test_stop_tells_its_bound_what_it_lost_and_the_step_in_which_the_market_jumped_over_it() -> None:
    rule, opening = "loss >= 200% of credit", proposed("o1", WANTED, score=0.3)
    closing = given.proposal("o2", of=WANTED, position="o1", limit="-3.60", worst="-5.00", reason=rule)
    before, after = Loss(given.NOW - timedelta(seconds=5), Decimal(-20)), Loss(given.NOW, Decimal("275.50"))
    stop = Stopped("o1", rule, Decimal(160), Decimal(5), before, after, Decimal(280))

    told = tell(*given.opened(opening), *given.closed(closing), record=Record(stops={"o1": stop}))

    assert "due from a loss of $160; it lost $280 before fees, 1.75 times that" in said(told)
    assert "the market jumped over it: from a loss of -$20 to $275.50 at mid in one step, Mon 09:59:55 to 10:00:00" in said(told)


def test_better_spread_is_passed_over_because_it_is_held_or_trades_against_a_held_leg() -> None:
    opening = proposed("o2", NEXT, score=0.1)

    told = tell(
        looked(opening, (HELD, 0.3), (WANTED, 0.2)), *given.opened(proposed("o1", HELD, score=0.3)), *given.working(opening)
    )

    assert told.index("better     SPY 18 Dec 26 580/575P") < told.index("held already: o1")
    assert told.index("better     SPY 18 Dec 26 585/580P") < told.index("it would trade against a leg that is held or worked")
    assert told.index("it would trade against") < told.rindex("taken      SPY 18 Dec 26 570/565P")


def test_what_is_open_is_marked_and_what_it_would_cost_to_be_wrong_is_added_up() -> None:
    facts = [*given.opened(proposed("o1", HELD, score=0.3)), *given.opened(proposed("o2", WANTED, score=0.3))]

    told = tell(*facts, marks={"o1": Decimal(-12), "o2": Decimal("3.50")})

    assert "open       1 left; unrealised -$12 at mid; at risk $422.60, fees included" in told
    assert within(told, "2 in all: -11.10", "0.00", "-8.50", "-2.60")
    assert "To be wrong about everything that is open costs $845.20 at the most, 0.85% of the account:" in said(told)
    assert within(told, "$422.60", "puts, o1")
    assert within(told, "all lost where SPY ends below 575; profit turns to loss at 579.2,")


def test_mark_that_nobody_knows_makes_the_sum_unknown() -> None:
    told = tell(*given.opened(proposed("o1", HELD, score=0.3)), marks={"o1": None})

    assert "unrealised unknown, a leg has no quote" in told
    assert within(told, "1 in all: unknown", "0.00", "unknown", "-1.30")


def test_debit_is_lost_on_the_other_side() -> None:
    calls = given.spread("bull_call", short=610, long=605)

    told = tell(*given.opened(given.proposal("o1", of=calls, limit="-1.50", worst="-1.60")))

    assert "order      1.50 debit (never above 1.60); filled 1 of 1 at 1.50 debit" in told
    assert "all lost where SPY ends below 605" in told


def test_order_that_was_declined_says_so() -> None:
    told = tell(proposed("o1", HELD, score=0.3), given.previewed(), OrderDeclined("o1", "trader", ""))

    assert "ended      declined\n" in told


def test_strategy_shows_the_look_that_led_to_its_first_order_and_one_without_says_what_the_market_lacked() -> None:
    steps = (FunnelStep("when vix <= 20", 1, 0, "vix <= 20"), FunnelStep("puts, 20-30 days", 40, 3))
    unsuited = (FunnelStep("when vix <= 20", 0, 0, "vix <= 20"), FunnelStep("puts, 20-30 days", 50, 0))
    funnels = [
        FunnelRecorded("puts", "S1", steps, 2),
        FunnelRecorded("puts", "S2", (steps[0], FunnelStep("puts, 20-30 days", 60, 0)), 4),
        FunnelRecorded("calls", "S1", unsuited, 0, "SPY 610/605C: credit >= 10% of width (0.3 against 0.5, 40% off)"),
    ]
    loaded = [StrategyLoaded(name, f"{name}.yaml", "d" * 64) for name in ("puts", "calls")]

    told = tell(*loaded, *funnels, proposed("o1", HELD, score=0.3))

    assert "puts: 2 recorded looks at the market, 2 with a spread to trade\n  the look that led to its first order" in told
    assert within(told, "40 ██████ puts, 20-30 days  (3 unknown)")
    assert "60 █" not in told
    assert "calls: one recorded look at the market, none with a spread to trade\n  the look that got furthest" in told
    assert "the market did not suit it: nothing was looked for, and the rest says what would have been there" in said(told)
    assert "nearest miss: SPY 610/605C: credit >= 10% of width (0.3 against 0.5, 40% off)" in told


def test_days_tell_what_the_account_made_and_a_picture_of_it() -> None:
    record, ledger = Record(cash=100_000), Ledger()
    record.ledger = ledger
    for day, worth in ((0, "99990.00"), (0, "100020.50"), (1, "99900.50")):
        at, fact = given.NOW + timedelta(days=day), EquityRecorded(Decimal(worth), None, None, None)
        ledger.apply(fact, at)
        record.facts.append((at, fact))
    record.spots = {"SPY": [(given.NOW, 600.0), (given.NOW + timedelta(hours=1), 606.0)]}

    told = "\n".join(report(record, 10, Path("state/demo"), 4.2))

    assert within(told, "Mon 23 Nov", "100,020.50", "+20.50", "▆█")
    assert within(told, "Tue 24 Nov", "99,900.50", "-120.00", "▁")
    assert within(told, "SPY   Mon 23 Nov", "600.00 →    606.00   +1.00%   ▁█")


def test_report_fits_eighty_columns(snapshot: SnapshotAssertion) -> None:
    opening = proposed("o1", WANTED, score=0.3)
    closing = given.proposal("o3", of=WANTED, position="o1", limit="-0.30", worst="-0.35", reason="profit >= 50% of credit")
    steps = (
        FunnelStep("when vix between 14 and 32", 1, 0, "vix between 14 and 32"),
        FunnelStep("quoted within a minute, not locked or crossed", 904, 874),
        FunnelStep("quote_width <= 10% of mid or quote_width <= $0.10", 30, 0),
    )
    record = Record(cash=100_000, marks={"o2": Decimal(-12)}, ranks={"d" * 64: "return_on_risk * pop"})
    record.staged = [(given.NOW, "SPX", -0.03), (given.NOW + timedelta(days=9), "SPX", -0.01)]
    for day, prices in ((0, (600.0, 604.0, 606.5)), (1, (606.0, 588.0, 591.25))):
        for hour, spot in enumerate(prices):
            record.spots.setdefault("SPY", []).append((given.NOW + timedelta(days=day, hours=hour), spot))

    told = tell(
        StrategyLoaded("puts", "puts.yaml", "d" * 64),
        FunnelRecorded(
            "puts", "S1", steps, 2, "SPY 18 Dec 26 610/605P bull_put: credit >= 10% of width: 0.30 is 0.20 short of 0.50"
        ),
        looked(opening, (HELD, 0.4), (NEXT, 0.2)),
        *given.opened(opening, at=given.NOW + timedelta(seconds=20)),
        *given.closed(closing, at=given.NOW + timedelta(seconds=40)),
        *given.opened(proposed("o2", HELD, score=0.3), at=given.NOW + timedelta(seconds=60)),
        record=record,
    )

    assert max(len(line) for line in told.splitlines()) <= 80
    assert told == snapshot


def tell(*facts: Fact | list[Fact], marks: dict[str, Decimal | None] | None = None, record: Record | None = None) -> str:
    """The report of a day on which these facts were told."""
    record = record or Record(cash=100_000, marks=marks or {}, ranks={"d" * 64: "return_on_risk"})
    record.ledger = ledger = Ledger()
    flat = [one for fact in facts for one in (fact if isinstance(fact, list) else [fact])]
    for number, fact in enumerate([EquityRecorded(Decimal(100_000), None, None, None), *flat]):
        at = given.NOW + timedelta(seconds=number)
        ledger.apply(fact, at)
        record.facts.append((at, fact))
    return "\n".join(report(record, 10, Path("state/demo"), 4.2)) + "\n"


def proposed(ref: str, of: Spread, *, score: float) -> OrderProposed:
    candidate = replace(given.candidate(of), score=score)
    return replace(given.proposal(ref, of=of), candidate=candidate_row(candidate))


def looked(opening: OrderProposed, *others: tuple[Spread, float]) -> Fact:
    """What was found at the instant of this proposal."""
    rows = [candidate_row(replace(given.candidate(spread), score=score)) for spread, score in others]
    assert opening.candidate is not None
    return CandidatesRecorded("puts", "S1", (opening.candidate, *rows))


def said(told: str) -> str:
    """The report with its lines as they were before they were made to fit."""
    return " ".join(told.split())


def within(told: str, *parts: str) -> bool:
    """Whether one line has all of these, in this order."""
    for line in told.splitlines():
        place = 0
        for part in parts:
            place = line.find(part, place) + len(part) if line.find(part, place) >= 0 else -1
            if place < 0:
                break
        else:
            return True
    return False
