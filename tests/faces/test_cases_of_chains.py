"""Recorded chains in which other programs, or this one before, saw what was not there: each with its right value."""

import json
from pathlib import Path

import pytest

from tests.faces.conftest import Spreads

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "chains"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the recorded cases lie beside the repository")


def scanned(spreads: Spreads, strategy: str, chain: str) -> list[dict[str, object]]:
    ran = spreads("scan", strategy, "--chain", str(CASES / f"{chain}.parquet"), "--format", "json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def strikes(row: dict[str, object]) -> list[float]:
    return [leg["strike"] for leg in row["legs"]]  # type: ignore[attr-defined,index]


def test_options_on_vix_are_priced_off_the_future_of_their_expiry(spreads: Spreads, tmp_path: Path) -> None:
    text = (CASES / "vix_bear.yaml").read_text()
    (tmp_path / "vix_bear.yaml").write_text(text.replace(", expected_value > $0", "").replace("keep: 3", "keep: 99"))

    found = scanned(spreads, "vix_bear.yaml", "vix_feed_greeks")

    (asked,) = [row for row in found if strikes(row) == [22, 24]]
    assert asked["pop"] == pytest.approx(0.813, abs=5e-4)
    # The case counts the broker's part of the fees alone, 2.60; what the exchange takes came later.
    assert asked["expected_value"] + asked["fees"] - 2.60 == pytest.approx(-2.25, abs=0.005)
    assert scanned(spreads, str(CASES / "vix_bear.yaml"), "vix_feed_greeks") == [], "no spread earns more than the market pays"


def test_a_volatility_at_the_floor_of_a_solver_is_not_believed(spreads: Spreads) -> None:
    found = scanned(spreads, str(CASES / "base.yaml"), "iv_floor")

    assert [strikes(row) for row in found] == [[585, 580], [580, 575], [575, 570]]
    assert [row["pop"] for row in found] == pytest.approx([0.666, 0.707, 0.746], abs=1e-3)
    assert [row["expected_value"] for row in found] == pytest.approx([-2.6] * 3, abs=1e-3)


def test_a_put_with_the_delta_of_the_call_is_not_sold_for_it(spreads: Spreads) -> None:
    found = scanned(spreads, str(CASES / "base.yaml"), "put_delta_of_call")

    assert [strikes(row) for row in found] == [[585, 580], [580, 575], [575, 570]]
    assert all(leg["delta"] < 0 for row in found for leg in row["legs"])  # type: ignore[attr-defined]
