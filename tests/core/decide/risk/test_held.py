"""What of each limit is used by what is held: the numbers that the gates hold the next opening against."""

from decimal import Decimal

import pytest

from engine.decide.risk.held import NO_VOLATILITY, NO_WORTH, HeldLimit, held_limits
from engine.domain.chain import ChainSnapshot
from tests import given


def limits(quotes: ChainSnapshot | None = None, *, held: bool = True, snippet: str = "", **more: object) -> dict[str, HeldLimit]:
    known = given.ledger(*(given.opened(given.proposal()) if held else ()))
    snapshot = given.snapshot(known, quotes, **more)
    return {one.name: one for one in held_limits(snapshot, given.rulebook(account=given.limits(snippet)), given.rows(quotes))}


def test_nothing_that_is_held_uses_nothing_of_any_limit() -> None:
    found = limits(held=False)

    assert {name: one.loss for name, one in found.items()} == dict.fromkeys(("delta", "vega", "gamma", "stress", "total"), 0)
    assert found["delta"].limit == Decimal("0.003") * 100_000
    assert found["total"].limit == Decimal("0.25") * 100_000


def test_each_limit_has_what_a_move_takes_from_what_is_held() -> None:
    found = limits(snippet="greeks: {delta: 1%, gamma_days: 60}")
    position = given.ledger(*given.opened(given.proposal())).positions["o1"]

    assert found["delta"].limit == 1000
    assert found["total"].loss == position.max_loss
    losses = {name: one.loss for name, one in found.items() if one.loss is not None}
    assert len(losses) == len(found)
    assert 0 < losses["delta"] < losses["gamma"] < losses["stress"] <= losses["total"]
    assert 0 < losses["vega"] <= losses["total"]
    assert all(one.obstacle is None for one in found.values())


def test_gamma_counts_only_what_ends_soon() -> None:
    assert limits(snippet="greeks: {gamma_days: 1}")["gamma"].loss == 0


def test_leg_without_a_volatility_makes_the_moves_unknown_and_not_the_sum_of_losses() -> None:
    found = limits(given.chain(p580={"iv": None}))

    assert {name for name, one in found.items() if one.loss is None} == {"delta", "vega", "gamma", "stress"}
    assert found["delta"].obstacle == NO_VOLATILITY
    assert found["delta"].limit == 300
    assert found["total"].obstacle is None


@pytest.mark.parametrize("name", ["delta", "stress", "total"])
def test_limit_of_an_account_whose_worth_is_not_known_is_not_known(name: str) -> None:
    found = limits(account=given.account(None))[name]

    assert found.limit is None
    assert found.loss is not None
    assert found.obstacle == NO_WORTH
