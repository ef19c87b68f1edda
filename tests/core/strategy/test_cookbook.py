"""The files of docs/cookbook: rule sets that people trade, each said whole, checked, explained and searched over a chain."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.candidate import Candidate
from engine.domain.chain import ChainSnapshot
from engine.strategy.explain import sentences
from engine.strategy.model import Strategy
from engine.strategy.parse import check_files, parse_strategy
from tests import given

COOKBOOK = Path(__file__).parents[3] / "docs" / "cookbook"
FILES = sorted(COOKBOOK.glob("*.yaml"))
HELD_TO_THE_CLOSE = {"one_trade_at_935.yaml": ["no exit limits a loss"]}
"""What is warned of, and is what the trader wants."""
TODAY = date(2026, 11, 23)


def recipe(name: str) -> Strategy:
    path = COOKBOOK / f"{name}.yaml"
    parsed = parse_strategy(path.read_text(), path.name)
    assert parsed.value is not None, "\n".join(problem.message for problem in parsed.problems)
    return parsed.value


def spx_today(iv: float = 0.2) -> ChainSnapshot:
    """Options on SPX that expire today, at ten in the morning, five points apart about 6000."""
    strikes = range(5800, 6205, 5)
    return given.chain(given.options(strikes, expiries=(TODAY,), spot=6000.0, iv=iv, root="SPXW", underlying="SPX"))


def spy_later() -> ChainSnapshot:
    """Options on SPY of 38, 46 and 60 days."""
    return given.chain(given.options(expiries=[TODAY + timedelta(days=days) for days in (38, 46, 60)]))


def found_by(strategy: Strategy, chain: ChainSnapshot) -> tuple[Candidate, ...]:
    finder = Finder(Scanner())
    found = finder.scan(strategy, finder.rows(chain, {}, given.NOW), strategy.universe, given.NOW)
    assert found, f"{strategy.name} finds nothing"
    return found


def mids(found: Candidate) -> dict[tuple[str, str], float]:
    """Mid of each leg by what is done and its right."""
    legs = zip(found.spread.legs, found.quotes, strict=True)
    return {(leg.action, leg.contract.put_call): (quote.bid + quote.ask) / 2 for leg, quote in legs}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recipe_passes_the_check_and_is_explained(path: Path) -> None:
    problems = check_files({path.name: path.read_text()})

    assert [problem.message for problem in problems] == HELD_TO_THE_CLOSE.get(path.name, [])
    said = "\n".join(sentences(recipe(path.stem)))
    assert recipe(path.stem).about in said
    assert "It opens" in said


def test_sixteen_delta_in_the_expiry_nearest_to_45_days() -> None:
    (found,) = found_by(recipe("sixteen_delta_45_days"), spy_later())

    short = found.spread.legs[0]
    assert (short.contract.expiry - TODAY).days == 46
    assert found.quotes[0].delta == pytest.approx(-0.16, abs=0.03)
    assert found.width == 5


def test_each_side_of_the_condors_brings_its_share() -> None:
    strategy = recipe("condors_through_the_day")

    for found in found_by(strategy, spx_today()):
        of = mids(found)
        for right in ("P", "C"):
            assert 1.00 <= round(of["sell", right] - of["buy", right], 4) <= 1.75
        assert all(quote.bid >= 0.05 for quote in found.quotes)
    assert strategy.entry.at is not None
    assert len(strategy.entry.at.times) == strategy.limits.per_day == 6


def test_sides_of_the_breakeven_condor_bring_the_same() -> None:
    for found in found_by(recipe("breakeven_condor"), spx_today()):
        of = mids(found)
        sides = [of["sell", right] - of["buy", right] for right in ("P", "C")]
        assert abs(sides[0] - sides[1]) <= 0.10 + 1e-9


@pytest.mark.parametrize(
    ("name", "wanted", "low", "high", "width"),
    [("credit_nearest_2_dollars", 2.00, 1.50, 2.50, 30), ("one_trade_at_935", 2.25, 2.00, 2.50, 5)],
)
def test_credit_is_the_nearest_to_the_wanted_one(name: str, wanted: float, low: float, high: float, width: float) -> None:
    found = found_by(recipe(name), spx_today())

    assert all(low - 1e-9 <= one.net <= high + 1e-9 and one.width == width for one in found)
    distances = [abs(one.net - wanted) for one in found]
    assert distances == sorted(distances)


def test_legs_are_chosen_by_what_they_cost() -> None:
    for found in found_by(recipe("legs_by_premium"), spx_today()):
        of = mids(found)
        assert 3.0 <= of["sell", "P"] <= 4.0
        assert of["buy", "P"] <= 0.05 + 1e-9
        assert found.width <= 75


def test_spread_that_is_closed_when_the_price_is_near_is_found() -> None:
    assert all(10 <= found.width <= 25 for found in found_by(recipe("close_at_1550_if_near"), spx_today()))
