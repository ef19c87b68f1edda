"""A candidate as it is shown and kept: its numbers without the noise of binary fractions."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from engine.domain.candidate import Candidate, LegQuote, candidate_row
from engine.domain.contract import Contract
from engine.domain.spread import Leg, Spread


@pytest.fixture
def candidate() -> Candidate:
    puts = [Contract(n, "SPY", "SPY", date(2026, 12, 18), Decimal(strike), "P", 100) for n, strike in ((1, 570), (2, 565))]
    spread = Spread("bull_put", (Leg(puts[0], "sell"), Leg(puts[1], "buy")))
    return Candidate(
        strategy="puts",
        spread=spread,
        quotes=(LegQuote(3.1, 3.2, -0.2), LegQuote(2.15, 2.2, None)),
        net=3.15 - 2.175,
        natural=3.1 - 2.2,
        width=5.0,
        max_profit=97.49999999999999,
        max_loss=402.5,
        fees=2.6,
        breakevens=(569.0250000000001,),
        pop=0.7 + 0.1,
        expected_value=None,
        return_on_risk=97.5 / 402.5,
        delta=-1e-17,
        gamma=0.000123456789,
        theta=0.02,
        vega=-0.1,
        score=0.1 + 0.2,
        rank=1,
    )


def test_row_tells_numbers_without_the_noise_of_binary_fractions(candidate: Candidate) -> None:
    row = candidate_row(candidate)

    assert (row["net"], row["natural"], row["max_profit"], row["breakevens"]) == (0.975, 0.9, 97.5, [569.025])
    assert (row["pop"], row["score"], row["gamma"], row["return_on_risk"]) == (0.8, 0.3, 0.00012346, 0.24223602)
    assert str(row["delta"]) == "0.0"


def test_row_keeps_what_is_absent_absent(candidate: Candidate) -> None:
    row = candidate_row(replace(candidate, pop=None))

    assert (row["pop"], row["expected_value"]) == (None, None)
    assert [leg["delta"] for leg in row["legs"]] == [-0.2, None]  # type: ignore[attr-defined]
