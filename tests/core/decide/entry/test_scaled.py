"""What makes an opening smaller than its risk allows, and what of it is not known."""

from math import floor

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from engine.decide.decide import decide
from engine.decide.entry.scaled import scaled
from engine.domain.candidate import View
from engine.domain.chain import MarketState
from engine.domain.decision import DenyEntry, Propose
from engine.strategy.explain import sentences
from engine.strategy.model import Strategy
from engine.strategy.parse import check_files, parse_strategy
from tests import given
from tests.core.strategy.mending import mended

SIZED = "sizing: {risk: $5,000, contracts: 1-20, %s}"


def sized(extra: str, low: int = 1, more: str = "") -> Strategy:
    return given.strategy((SIZED % extra).replace("1-20", f"{low}-20") + more)


def left(
    strategy: Strategy, quantity: int, market: MarketState | None = None, net_liquidation: float | None = 100_000, **more: object
):
    seen = given.snapshot(market={"SPY": market} if market is not None else {}, account=given.account(net_liquidation))
    return scaled(strategy, given.candidate(**more), quantity, seen, given.rulebook(strategy))  # type: ignore[arg-type]


@pytest.mark.parametrize(("vix", "spreads", "told"), [(24.9, 7, "all 7"), (25.0, 3, "half of 7")])
def test_half_is_opened_where_the_market_says_so(vix: float, spreads: int, told: str) -> None:
    found, (verdict,) = left(sized("half when: vix >= 25"), 7, given.market(vix=vix))

    assert found == spreads
    assert (verdict.gate, verdict.answer, verdict.value, verdict.bound) == ("half when", "pass", told, "vix >= 25")


def test_nothing_is_opened_where_it_is_not_known_whether_to_halve() -> None:
    found, (verdict,) = left(sized("half when: vix >= 25"), 7, given.market(vix=None))

    assert (found, verdict.answer, verdict.value) == (0, "unknown", "it is not known")


def test_half_of_one_is_nothing() -> None:
    found, (verdict,) = left(sized("half when: vix >= 25"), 1, given.market(vix=30.0))

    assert (found, verdict.answer) == (0, "fail")


def test_fewer_than_the_file_wants_are_none() -> None:
    found, (verdict,) = left(sized("half when: vix >= 25", low=4), 7, given.market(vix=30.0))

    assert (found, verdict.answer, verdict.value) == (0, "fail", "half of 7")


def test_premium_bounds_what_all_spreads_bring() -> None:
    found, (verdict,) = left(sized("premium: $500"), 9, net=0.80)

    assert found == 6
    assert (verdict.value, verdict.bound) == ("$80 a spread, 6 of them", "at most $500 for all of them")


def test_premium_of_an_account_that_nobody_knows_opens_nothing() -> None:
    found, (verdict,) = left(sized("premium: 0.5% of net liquidation"), 9, net_liquidation=None)

    assert (found, verdict.answer) == (0, "unknown")


@pytest.mark.parametrize(("iv30", "spreads"), [(0.16, 8), (0.10, 8), (0.20, 6), (0.32, 4), (1.60, 0)])
def test_above_its_volatility_a_position_is_smaller_in_proportion(iv30: float, spreads: int) -> None:
    found, _ = left(sized("volatility: 16%"), 8, given.market(iv30=iv30))

    assert found == spreads


def test_volatility_that_is_not_known_opens_nothing() -> None:
    found, (verdict,) = left(sized("volatility: 16%"), 8, given.market(iv30=None))

    assert (found, verdict.answer) == (0, "unknown")


KELLY = "\nspread: {type: bull_put, expiry: 20-30 days, width: $5, rules: [expected_value at realized_vol(20 days) > $0]}"


def view(value: float | None) -> View:
    return View("realized_vol(20 days)", 0.15, value)


def kelly(value: float | None, quantity: int = 50) -> int:
    return left(
        sized("kelly: 25%", more=KELLY), quantity, net=0.80, max_profit=80.0, max_loss=420.0, fees=2.6, views=(view(value),)
    )[0]


def test_kelly_is_a_cap_by_the_expected_value_of_the_view() -> None:
    # A chance p of 80 and 1 - p of -420 that is worth 40 has p = 0.92; Kelly is p - (1 - p) * 420 / 80 = 0.5.
    assert kelly(40.0) == floor(100_000 * 0.25 * 0.5 / 422.6)
    assert kelly(40.0, quantity=3) == 3


@pytest.mark.parametrize("value", [None, 0.0, -5.0, -500.0])
def test_kelly_opens_nothing_without_an_edge_or_without_a_value(value: float | None) -> None:
    assert kelly(value) == 0


@pytest.mark.slow
@each(
    quantity=st.integers(1, 20),
    premium=st.integers(1, 2000),
    full_at=st.integers(1, 100),
    iv=st.integers(1, 200),
    vix=st.integers(10, 40),
)
def test_all_together_equal_plain_arithmetic(quantity: int, premium: int, full_at: int, iv: int, vix: int) -> None:
    strategy = sized(f"premium: ${premium}, volatility: {full_at}%, half when: vix >= 25")
    wanted = min(quantity, premium // 80)
    if iv > full_at:
        wanted = wanted * full_at // iv
    if vix >= 25:
        wanted = wanted // 2

    found, _ = left(strategy, quantity, given.market(iv30=iv / 100, vix=float(vix)), net=0.80)

    assert found == wanted


def test_proposal_says_what_made_it_smaller() -> None:
    puts = given.strategy("sizing: {risk: $2,000, contracts: 1-4, half when: vix >= 15}")

    (order,) = [one.order for one in decide(given.snapshot(), given.rulebook(puts)) if isinstance(one, Propose)]

    assert order.quantity == 1
    assert "half when: half of 2 within vix >= 15 (puts)" in [str(verdict) for verdict in order.verdicts]


def test_denial_says_what_is_not_known() -> None:
    puts = given.strategy("sizing: {risk: $2,000, contracts: 1-4, half when: price of VXN >= 15}")

    denied = [one for one in decide(given.snapshot(), given.rulebook(puts)) if isinstance(one, DenyEntry)]

    assert [one.fact.obstacle.gate for one in denied] == ["half when"]


def test_explain_reads_them_aloud() -> None:
    told = "\n".join(sentences(sized("premium: $500, volatility: 16%, half when: vix >= 25")))

    assert "All its spreads together bring, or cost, at most $500." in told
    assert "Above an iv30 of 16% it is smaller in proportion: half of it at twice that." in told
    assert "It has half that size, rounded down, while `vix >= 25`; while that is unknown nothing is opened." in told


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("premium: 500", "premium: $500"),
        ("volatility: 16", "volatility: 16%"),
        ("volatility: 0%", "volatility: 25%"),
        ("half when: vix above 25", "half when: vix > 25"),
        ("half_when: vix >= 25", "half when: vix >= 25"),
    ],
)
def test_wrong_size_leads_out(wrong: str, right: str) -> None:
    after, _ = mended(given.strategy_text(SIZED % wrong), steps_max=3)

    assert right in after


def test_kelly_without_a_view_is_led_to_one() -> None:
    after, met = mended(given.strategy_text(SIZED % "kelly: 25%"), steps_max=2)

    assert "Kelly asks for a view" in met[0].message
    assert parse_strategy(after, "x.yaml").value is not None


def test_half_when_may_be_a_named_condition() -> None:
    text = given.strategy_text(SIZED % "half when: wild")

    problems = check_files({"common.yaml": "schema: 1\nconditions: {wild: vix >= 30}\n", "x.yaml": text})

    assert [problem.message for problem in problems if problem.severity == "error"] == []


def test_size_is_what_it_was_where_nothing_is_said() -> None:
    assert left(given.strategy("sizing: {risk: $900}"), 5) == (5, ())
