"""What a market remembers of its way is what it showed, and also what it would have shown to who had looked."""

from datetime import timedelta

import numpy as np

from engine.sim.market.generated import GeneratedMarket
from tests.core.sim_market import given

OPEN, NOON = given.at(14, 30), given.at(17)
STEP = timedelta(seconds=60)


def remembering() -> GeneratedMarket:
    market = GeneratedMarket(7, given.at(14), given.sessions(), ("SPX", "SPY", "VIX"), given.NARROW, 60.0, keeps_path=True)
    market.step(OPEN)
    return market


def test_quotes_of_each_step_are_those_that_the_market_shows_at_it():
    market, looking = remembering(), given.market()
    market.step(NOON)

    for row in range(0, len(market.listing), 97):
        option = market.contract(int(market.listing.con_id[row]))
        assert option is not None
        steps = market.path.steps(option, given.MONDAY, market.calendar)
        assert steps.at[0] == OPEN.timestamp()
        assert (steps.at[-1], steps.bid[-1], steps.ask[-1]) == (
            NOON.timestamp(), market.quotes.bid[row], market.quotes.ask[row],
        )  # fmt: skip
    looking.step(OPEN + 40 * STEP)
    assert (steps.bid[40], steps.ask[40]) == (looking.quotes.bid[row], looking.quotes.ask[row])


def test_jump_lies_between_the_step_before_and_the_one_after():
    market = remembering()
    market.step(OPEN + 3 * STEP)
    market.shock("SPX", -0.05)
    market.step(OPEN + 5 * STEP)
    rows = np.flatnonzero((market.listing.sign == -1) & (market.listing.strike == 6000.0))
    option = market.contract(int(market.listing.con_id[rows[0]]))
    assert option is not None

    bids = market.path.steps(option, given.MONDAY, market.calendar).bid

    assert np.argmax(np.diff(bids)) == 3
    assert bids[4] > bids[3] + 100


def test_market_remembers_nothing_unless_it_is_asked_to():
    assert given.market().path is None
