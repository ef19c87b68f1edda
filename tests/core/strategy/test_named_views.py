"""Views of a price by name: how they are said in a file, what is refused, and what becomes of one that common.yaml has."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.strategy.changes import changes_of
from engine.strategy.explain import sentences
from engine.strategy.horizon import ending
from engine.strategy.model import Strategy
from engine.strategy.parse import check_files, parse_common, parse_strategies, written_of
from engine.strategy.problems import Problem, render_all
from engine.strategy.values.view import NoView, StandingView, read_standing

COMMON = """\
schema: 1
views:
  higher: SPX between $6,100 and $6,300 by 18 Dec 2026, 70% sure
  calm: within 2% in 30 days
conditions:
  worth_it: expected_value at higher > $20
"""
FILE = """\
schema: 1
name: viewed
universe: [SPX]
spread:
  type: bull_put
  expiry: 30-60 days
  short_delta: 0.12-0.20
  width: $5
  rules:
    - expected_value at higher > $0
  rank: expected_value at calm / max_loss
sizing: {risk: $600}
exits: [profit >= 50% of credit, loss >= 200% of credit, dte <= 21]
"""


def read(text: str = FILE, shared: str = COMMON) -> Strategy:
    common = parse_common(shared)
    parsed = parse_strategies(text, "viewed.yaml", common.value)
    assert parsed.value, render_all([*common.problems, *parsed.problems])
    return parsed.value[0]


def problems(text: str, shared: str = COMMON) -> list[Problem]:
    return check_files({"common.yaml": shared, "viewed.yaml": text})


numbers = st.decimals(Decimal("0.01"), Decimal("0.99"), places=4)
ends = st.one_of(
    st.tuples(numbers, numbers).map(lambda two: (min(two), max(two))),
    st.tuples(numbers, numbers).map(lambda two: (-max(two), -min(two))),
    numbers.map(lambda one: (-one, one)),
    numbers.map(lambda one: (one, None)),
    numbers.map(lambda one: (None, one)),
    numbers.map(lambda one: (-one, None)),
    numbers.map(lambda one: (None, -one)),
)
shares = st.builds(
    lambda two, name, days, sure: StandingView(name, two[0], two[1], is_share=True, by=None, days=days, sure=sure),
    ends,
    st.sampled_from(["", "SPX", "BRK.B"]),
    st.integers(1, 1500),
    st.decimals(Decimal("0.05"), Decimal("0.99"), places=2),
)
prices = st.decimals(Decimal("0.01"), Decimal(99_999), places=2)
of_prices = st.builds(
    lambda two, day, sure: StandingView("SPX", two[0], two[1], is_share=False, by=day, days=None, sure=sure),
    st.one_of(
        st.tuples(prices, prices).map(lambda two: (min(two), max(two))),
        prices.map(lambda one: (one, None)),
        prices.map(lambda one: (None, one)),
    ),
    st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.decimals(Decimal("0.05"), Decimal("0.99"), places=2),
)


@given(shares | of_prices)
def test_view_reads_as_it_is_written(view: StandingView) -> None:
    assert read_standing(str(view)) == view


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("SPX 3% to 5% higher by 18 Dec 2026", "a share of which price"),
        ("SPX above $6,200 by 18 Dec", "no day with its year"),
        ("above $6,200 by 2026-12-18", "of which underlying"),
        ("SPX 3% lower", "does not say by when"),
        ("3% higher in 30 days, 100% sure", "from 5% to 99% sure"),
        ("SPX at $0 by 2026-12-18", "above 0"),
        ("100% lower in 30 days", "100% or more"),
        ("higher soon", "no view"),
    ],
)
def test_what_is_no_view_of_a_file_is_told_with_a_way_out(said: str, says: str) -> None:
    with pytest.raises(NoView, match=says) as caught:
        read_standing(said)

    better = caught.value.better
    assert better or "write" in caught.value.note
    if better:
        read_standing(better)


def test_percent_in_letters_is_its_sign() -> None:
    said = read_standing("SPX between 6,100 and 6,300 by 18 Dec 2026, 70 percent sure")

    assert said == read_standing("SPX between $6,100 and $6,300 by 18 Dec 2026, 70% sure")
    assert read_standing("3 percent to 5 pct higher in 30 days") == read_standing("3% to 5% higher in 30 days")


@pytest.mark.parametrize(
    ("said", "led"),
    [
        ("SPX 3% up by Dec 18", "SPX 3% up in 30 days"),
        ("down 2% next month", "down 2% in 30 days"),
        ("SPX above $6,000 by Dec 18, 80% sure", "SPX above $6,000 in 30 days, 80% sure"),
    ],
)
def test_day_that_cannot_stand_in_a_file_leads_to_the_same_view_in_days_from_now(said: str, led: str) -> None:
    with pytest.raises(NoView) as told:
        read_standing(said)

    assert told.value.better == led
    assert read_standing(led).days == 30


def test_number_that_is_none_leads_to_the_one_that_is_taken_at_a_view() -> None:
    [problem] = problems(FILE.replace("expected_value at higher", "ev at higher"))

    assert problem.message == "no such number 'ev', which could be taken at a view"
    assert "expected_value" in render_all([problem])


def test_direction_of_a_view_without_a_day_is_kept() -> None:
    with pytest.raises(NoView) as caught:
        read_standing("SPX 3% lower")

    assert read_standing(caught.value.better).high == Decimal("-0.03")


def test_view_says_nothing_of_another_underlying_and_after_its_day() -> None:
    view = read_standing("SPX above $6,200 by 18 Dec 2026")

    assert view.on(date(2026, 12, 18), "SPX") is not None
    assert view.on(date(2026, 12, 19), "SPX") is None
    assert view.on(date(2026, 12, 1), "SPY") is None


def test_view_of_each_goes_on_with_the_days() -> None:
    said = read_standing("3% higher in 30 days").on(date(2026, 12, 1), "QQQ")

    assert said is not None
    assert (said.underlying, said.by) == ("QQQ", date(2026, 12, 31))


def test_view_of_the_file_comes_before_the_one_of_common() -> None:
    own = read(FILE + "views: {higher: 1% higher in 10 days}\n")

    assert "1% higher in 10 days" in " ".join(sentences(own))
    assert "between $6,100 and $6,300 by 18 Dec 2026, 70% sure" in " ".join(sentences(read()))


def test_named_condition_may_name_a_view() -> None:
    named = read(FILE.replace("expected_value at higher > $0", "worth_it"))

    assert [rule.text for rule in named.spread.rules] == ["expected_value at higher > $20"]


def test_version_is_another_where_a_view_that_is_named_is_another_and_only_there() -> None:
    before = read()

    assert read(shared=COMMON.replace("$6,300", "$6,400")).digest != before.digest
    unnamed = FILE.replace("expected_value at calm / max_loss", "pop")
    assert read(unnamed, COMMON.replace("within 2%", "within 3%")).digest == read(unnamed).digest


def test_edit_of_a_view_is_told_as_a_change_of_the_rule_that_names_it() -> None:
    changed = changes_of(read(), read(shared=COMMON.replace("$6,300", "$6,400")))

    assert any("higher" in said for said in changed.said)


def test_file_says_whole_what_it_takes() -> None:
    written = written_of(FILE, "viewed.yaml", parse_common(COMMON).value)

    assert written["views"] == {
        "higher": "SPX between $6,100 and $6,300 by 18 Dec 2026, 70% sure",
        "calm": "within 2% in 30 days",
    }


def test_misspelled_view_is_told_with_the_one_that_is_near() -> None:
    (problem,) = problems(FILE.replace("at higher", "at highr"))

    assert problem.message == "'highr' is neither a view of this file nor a volatility"
    assert problem.hint.startswith("did you mean 'higher'?")


def test_wrong_view_is_told_once_at_its_place() -> None:
    (problem,) = problems(FILE + "views:\n  higher: SPX above 6200 by 18 Dec\n")

    assert (problem.line, problem.column) == (15, 11)


def test_wrong_view_of_common_is_told_there() -> None:
    (problem,) = problems(FILE, COMMON.replace("Dec 2026", "Dec"))

    assert (problem.file, problem.line) == ("common.yaml", 3)


def test_name_of_the_market_is_no_name_of_a_view() -> None:
    said = problems(FILE + "views: {iv30: 3% higher in 30 days}\n")

    assert [problem.message for problem in said] == ["views.iv30: 'iv30' is a number of the market already"]


def test_view_of_what_is_not_traded_is_an_error_and_one_of_a_part_is_warned_of() -> None:
    other = problems(FILE.replace("[SPX]", "[SPY]"))
    part = problems(FILE.replace("[SPX]", "[SPX, SPY]"))

    assert [(one.severity, "trades SPY" in one.message) for one in other] == [("error", True)]
    assert [(one.severity, "of SPY it is unknown" in one.message) for one in part] == [("warning", True)]


def test_more_views_than_a_scan_takes_are_refused() -> None:
    views = "".join(f"  v{n}: {n}% higher in 30 days\n" for n in range(1, 5))
    rank = " + ".join(f"expected_value at v{n}" for n in range(1, 5))

    said = problems(FILE.replace("expected_value at calm / max_loss", rank).replace("at higher", "at v1") + f"views:\n{views}")

    assert [problem.message for problem in said] == ["more than 3 views of a price stand in rules and rank"]


def test_view_whose_day_has_passed_is_told() -> None:
    strategy = read()

    assert not list(ending([strategy], None, date(2026, 12, 18)))
    (said,) = ending([strategy], None, date(2026, 12, 19))
    assert said.startswith(
        "viewed: the view 'higher' was by 18 Dec 2026, which has passed: it is unknown, and unknown opens nothing"
    )
