"""What the feed asks of the broker while positions are open."""

from datetime import timedelta

from engine.domain.ledger import Ledger
from engine.runtime.feed import Feed
from engine.store.columns import Carry
from engine.store.quotes import QuoteStore
from tests import given
from tests.fakes.broker import FakeBroker

SPREAD = given.spread(short=580, long=575)


class Clock:
    def now(self) -> object:
        return given.NOW


def quoted(short_s: float, long_s: float) -> tuple[Feed, FakeBroker]:
    """A feed whose legs of one spread were told so many seconds ago."""
    quotes = QuoteStore()
    quotes.layout([leg.contract for leg in SPREAD.legs], {"SPY": Carry(rate=0.04, dividend=0.0)})
    for leg, age_s in ((SPREAD.short, short_s), (SPREAD.long, long_s)):
        quotes.option(leg.contract.con_id, given.NOW.timestamp() - age_s, bid=1.0, ask=1.1)
    broker = FakeBroker(lambda _: None, quotes, Clock())  # type: ignore[arg-type]
    return Feed(broker, quotes, 100), broker


def held() -> Ledger:
    return given.ledger(*given.opened(given.proposal(of=SPREAD)))


def test_quiet_leg_of_an_open_position_is_asked_for_anew() -> None:
    feed, broker = quoted(short_s=5, long_s=101)

    feed.requote(held(), given.NOW)

    assert broker.requoted == [SPREAD.long.contract]


def test_leg_that_was_told_lately_is_left_alone_and_so_is_what_nobody_holds() -> None:
    feed, broker = quoted(short_s=5, long_s=100)
    idle, other = quoted(short_s=500, long_s=500)

    feed.requote(held(), given.NOW)
    idle.requote(given.ledger(), given.NOW)

    assert broker.requoted == other.requoted == []


def test_leg_that_stays_quiet_is_not_asked_for_all_the_time() -> None:
    feed, broker = quoted(short_s=5, long_s=101)

    for n in (0, 1, 99, 100, 101):
        feed.requote(held(), given.NOW + timedelta(seconds=n))

    assert broker.requoted.count(SPREAD.long.contract) == 2
