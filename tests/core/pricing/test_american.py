import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pricing.american import AmericanPrice, CashDividend, american_price
from tests.core.pricing.reference import Case, cases


def priced(inputs: Case) -> AmericanPrice:
    dividends = [CashDividend(one["days"] / 365, one["amount"]) for one in inputs.get("dividends", ())]
    numbers = (inputs["T"], inputs["r"], inputs["q"], inputs["sigma"])
    return american_price(inputs["right"], inputs["S"], inputs["K"], *numbers, dividends)


@cases("american_price")
def test_price_delta_and_premium_are_those_of_the_reference(case: Case) -> None:
    found, expected = priced(case["inputs"]), case["expected"]

    assert found.price == pytest.approx(expected["price"], abs=case["tolerance"]["price_abs"])
    assert found.delta == pytest.approx(expected["delta"], abs=case["tolerance"]["delta_abs"])
    assert found.european == pytest.approx(expected["european_price"], abs=1e-9)
    assert found.early_exercise == pytest.approx(expected["early_exercise_premium"], abs=case["tolerance"]["price_abs"])
    assert found.exercise_now == expected["immediate_exercise_optimal"]


@cases("american_published")
def test_price_is_that_of_the_published_tables(case: Case) -> None:
    found, expected, allowed = priced(case["inputs"]), case["expected"], case["tolerance"]

    if "price_high_precision" in expected:
        assert found.price == pytest.approx(expected["price_high_precision"], abs=2e-4)
    assert found.price == pytest.approx(expected["price"], abs=allowed.get("abs_true_price", allowed["abs"]))


@cases("american_discrete_div")
def test_price_with_cash_dividends_is_that_of_the_reference(case: Case) -> None:
    found, expected, allowed = priced(case["inputs"]), case["expected"], case["tolerance"]

    assert found.price == pytest.approx(expected["price"], abs=allowed["price_abs"])
    assert found.delta == pytest.approx(expected["delta"], abs=allowed["delta_abs"])
    assert found.european == pytest.approx(expected["european_price"], abs=allowed["price_abs"])


@settings(max_examples=30)
@given(
    st.sampled_from("PC"), st.floats(60, 160), st.floats(0.01, 1.5), st.floats(0, 0.1), st.floats(0, 0.08), st.floats(0.08, 0.8)
)
def test_right_to_exercise_is_worth_something_and_never_less_than_using_it(
    right: str, spot: float, years: float, rate: float, dividend_yield: float, volatility: float
) -> None:
    found = american_price(right, spot, 100, years, rate, dividend_yield, volatility)  # type: ignore[arg-type]
    intrinsic = max(0.0, spot - 100 if right == "C" else 100 - spot)

    assert found.price >= max(intrinsic, found.european) - 1e-6
    assert found.exercise_now == (intrinsic > 0 and found.price - intrinsic <= 1e-7)


def test_call_without_dividends_is_never_exercised_early() -> None:
    found = american_price("C", 150, 100, 0.5, 0.05, 0.0, 0.3)

    assert found.price == pytest.approx(found.european, abs=1e-6)
    assert not found.exercise_now


def test_yield_next_to_nothing_is_priced_as_none_though_the_equation_has_no_answer() -> None:
    found = american_price("C", 132.0, 100, 0.015625, 0.03125, 1.604554809287438e-10, 0.5)
    without = american_price("C", 132.0, 100, 0.015625, 0.03125, 0.0, 0.5)

    assert (found.price, found.delta) == (pytest.approx(without.price, abs=0.001), pytest.approx(without.delta, abs=0.001))
    assert not found.exercise_now


def test_without_chance_the_best_of_now_and_expiry_counts() -> None:
    put = american_price("P", 90, 100, 0.5, 0.05, 0.0, 0.0)

    assert (put.price, put.exercise_now) == (10, True)
    assert american_price("P", 90, 100, 0.0, 0.05, 0.0, 0.3).price == 10


@pytest.mark.parametrize("spot", [0.0, -1.0, float("nan")])
def test_numbers_that_are_no_market_are_refused(spot: float) -> None:
    with pytest.raises(ValueError, match="no market"):
        american_price("P", spot, 100, 0.5, 0.05, 0.0, 0.3)
