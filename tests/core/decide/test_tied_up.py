"""What opening one spread would tie up, before the broker is asked."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.decide.tied_up import tied_up
from engine.domain.contract import Contract
from engine.domain.spread import Leg, Spread
from tests import given


def test_credit_spread_ties_up_its_width_and_takes_the_width_less_the_credit_of_what_may_be_spent() -> None:
    found = tied_up(given.spread(), Decimal("0.80"), given.rows())

    assert found is not None
    assert (found.gross, found.buying_power) == (500, 420)


def test_bought_spread_ties_up_no_margin_and_takes_its_debit() -> None:
    sold = given.spread()
    bought = Spread(
        "bear_put", tuple(Leg(one.contract, "sell" if one.action == "buy" else "buy", one.ratio) for one in sold.legs)
    )

    found = tied_up(bought, Decimal("-0.85"), given.rows())

    assert found is not None
    assert (found.gross, found.buying_power) == (0, 85)


def test_spread_on_vix_ties_up_what_the_broker_adds_to_each() -> None:
    on_vix = replace(given.spread(), legs=tuple(replace(one, contract=_of_vix(one.contract)) for one in given.spread().legs))

    found = tied_up(on_vix, Decimal("0.80"), given.rows())

    assert found is not None
    assert found.gross == 500 + 150


def _of_vix(of: Contract) -> Contract:
    """The same number, so that the chain has its quote."""
    return replace(of, underlying="VIX", root="VIX")


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_what_a_leg_without_a_quote_ties_up_is_unknown(side: str) -> None:
    quotes = given.chain(p575={side: None})

    assert tied_up(given.spread(), Decimal("0.80"), given.rows(quotes)) is None


def test_what_a_spread_without_a_price_ties_up_is_unknown() -> None:
    assert tied_up(given.spread(), None, given.rows()) is None


def test_what_a_short_that_nothing_covers_ties_up_is_not_told() -> None:
    short = next(one for one in given.spread().legs if one.action == "sell")

    assert tied_up(Spread("short_put", (short,)), Decimal("1.10"), given.rows()) is None
