import pytest

from engine.pricing.assignment import worth_exercising


@pytest.mark.parametrize(
    ("right", "spot", "mid", "dividend", "answer"),
    [
        pytest.param("P", 105.0, 0.10, None, "no", id="a put out of the money"),
        pytest.param("P", 90.0, 10.30, None, "yes", id="a put with less time value than a month of interest, 0.41"),
        pytest.param("P", 90.0, 10.50, None, "no", id="a put with more"),
        pytest.param("C", 95.0, 0.10, None, "no", id="a call out of the money"),
        pytest.param("C", 110.0, 10.30, None, "unknown", id="a call in the money whose dividend nobody knows"),
        pytest.param("C", 110.0, 10.30, 0.50, "yes", id="a call with less time value than the dividend"),
        pytest.param("C", 110.0, 10.30, 0.30, "no", id="a call with as much"),
        pytest.param("C", 110.0, 10.30, 0.0, "no", id="a call of what pays none"),
    ],
)
def test_exercise_is_worth_what_it_gains_less_the_time_value(
    right: str, spot: float, mid: float, dividend: float | None, answer: str
) -> None:
    assert worth_exercising(right, spot, 100.0, mid, 30 / 365, 0.05, dividend) == answer  # type: ignore[arg-type]
