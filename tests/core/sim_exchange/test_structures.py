"""Condors, butterflies, broken wings and calendars at the exchange: fills, margin, what-ifs, refusals, and their end."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sim.exchange.combos import combo_quote
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.orders import ErrorShown, OrderTerms, Previewed
from tests.core.sim_exchange import venue
from tests.core.sim_exchange.venue import (
    BROKEN_WING,
    BUTTERFLY,
    CALENDAR,
    CONDOR,
    EXPIRY,
    LATER_EXPIRY,
    NOW,
    STOCK,
    UNEQUAL_CONDOR,
    WrittenTape,
    combo,
)

Legs = list[tuple[int, int, str]]
STRUCTURES = {
    "condor": (CONDOR, "-3.90"),
    "butterfly": (BUTTERFLY, "1.10"),
    "broken wing": (BROKEN_WING, "0.10"),
    "calendar": (CALENDAR, "2.55"),
}
EVERY = pytest.mark.parametrize(("legs", "natural"), STRUCTURES.values(), ids=STRUCTURES)


def opened(tape: WrittenTape, legs: Legs, limit: str, quantity: int = 1) -> Exchange:
    exchange = venue.exchange(tape)
    exchange.place(1, 5, combo(legs, limit, quantity=quantity, symbol=tape.symbol), NOW)
    exchange.fill(exchange.working()[0], NOW)
    return exchange


def signed(legs: Legs) -> list[tuple[int, int]]:
    return [(con_id, ratio if side == "BUY" else -ratio) for con_id, ratio, side in legs]


def wide(tape: WrittenTape) -> WrittenTape:
    """The same middle, every option a quarter of a dollar wide."""
    for con_id, quote in list(tape.quotes.items()):
        if con_id != STOCK and quote.bid is not None:
            tape.quotes[con_id] = venue.quoted(str(quote.bid - Decimal("0.10")), str(quote.bid + Decimal("0.15")))
    return tape


def held(exchange: Exchange) -> dict[int, int]:
    return {position.instrument.con_id: position.quantity for position in exchange.account.held()}


def previewed(exchange: Exchange, terms: OrderTerms) -> Previewed:
    [answer] = exchange.place(1, 6, terms, NOW)
    assert isinstance(answer, Previewed)
    return answer


@EVERY
def test_every_fill_has_one_row_of_the_whole_and_one_of_each_leg_with_its_ratio(legs: Legs, natural: str) -> None:
    exchange = opened(WrittenTape(), legs, natural, quantity=3)

    rows = list(exchange.booking.executions.values())
    of_legs = {row.instrument.con_id: row for row in rows if row.instrument is not None}
    [whole] = [row for row in rows if row.instrument is None]
    assert (whole.shares, whole.price) == (3, Decimal(natural))
    assert {con_id: (row.side, row.shares) for con_id, row in of_legs.items()} == {
        con_id: ("BOT" if side == "BUY" else "SLD", 3 * ratio) for con_id, ratio, side in legs
    }
    paid = sum(row.price * row.shares * (1 if row.side == "BOT" else -1) for row in of_legs.values())
    assert paid == 3 * Decimal(natural)
    fees = Decimal("0.65") * 3 * sum(ratio for _, ratio, _ in legs)
    assert exchange.account.cash == 100_000 - 300 * Decimal(natural) - fees
    assert sum(fee.amount for fee in exchange.booking.commissions.values()) == fees


def test_body_is_sold_in_twos_as_far_as_its_quote_reaches() -> None:
    tape = WrittenTape()
    tape.quotes[12] = venue.quoted("4.00", "4.05", size=5)
    exchange = venue.exchange(tape)
    exchange.place(1, 5, combo(BUTTERFLY, "1.20", quantity=3), NOW)

    exchange.step(NOW + timedelta(seconds=1))

    assert held(exchange) == {11: 2, 12: -4, 15: 2}
    assert [(order.status, order.filled) for order in exchange.orders.values()] == [("Submitted", 2)]


@pytest.mark.parametrize(
    ("legs", "tick", "bid", "ask"),
    [
        (CONDOR, "0.01", "-4.44", "-3.56"),
        (CONDOR, "0.05", "-4.45", "-3.55"),
        (BUTTERFLY, "0.01", "0.58", "1.42"),
        (CALENDAR, "0.01", "2.25", "2.75"),
    ],
    ids=["condor", "condor on an index", "butterfly", "calendar"],
)
def test_complex_book_quotes_a_little_inside_of_the_legs_from_three_legs_on(legs: Legs, tick: str, bid: str, ask: str) -> None:
    tape = wide(WrittenTape(*(("SPX", "index") if tick == "0.05" else ("SPY", "etf"))))

    quote = combo_quote(signed(legs), tape, inside=0.5)

    assert (quote.bid, quote.ask) == (Decimal(bid), Decimal(ask))


@EVERY
def test_order_at_the_price_of_the_complex_book_fills_at_once_and_no_worse_than_it(legs: Legs, natural: str) -> None:
    tape = wide(WrittenTape())
    exchange = venue.exchange(tape)
    ask = combo_quote(signed(legs), tape, exchange.fills.complex_book).ask
    exchange.place(1, 5, combo(legs, str(ask)), NOW)

    exchange.step(NOW + timedelta(seconds=1))

    [order] = exchange.orders.values()
    assert (order.status, order.average_price) == ("Filled", ask)


@given(bids=st.lists(st.integers(1, 400), min_size=4, max_size=4), widths=st.lists(st.integers(1, 60), min_size=4, max_size=4))
def test_complex_book_never_quotes_outside_of_the_legs_nor_beyond_mid_and_helps_less_the_more_legs(
    bids: list[int], widths: list[int]
) -> None:
    tape = WrittenTape()
    for con_id, bid, width in zip((12, 11, 13, 14), bids, widths, strict=True):
        tape.quotes[con_id] = venue.quoted(str(Decimal(bid) / 100), str(Decimal(bid + width) / 100))

    legs = signed(CONDOR)
    plain, quote = combo_quote(legs, tape, inside=0), combo_quote(legs, tape, inside=0.5)
    mid = plain.mark

    assert plain.bid <= quote.bid < mid < quote.ask <= plain.ask
    assert (plain.ask - quote.ask) * 4 <= (plain.ask - mid) / 2
    assert (quote.bid - plain.bid) * 4 <= (mid - plain.bid) / 2


@pytest.mark.parametrize(
    ("legs", "limit", "margin"),
    [
        (CONDOR, "-3.90", 1000),
        (UNEQUAL_CONDOR, "-4.90", 3000),
        (BUTTERFLY, "1.10", 0),
        (BROKEN_WING, "0.10", 1000),
        (CALENDAR, "2.55", 0),
        ([(12, 1, "BUY"), (21, 1, "SELL")], "-2.45", 6690),
    ],
    ids=["condor", "unequal condor", "butterfly", "broken wing", "calendar", "reverse calendar"],
)
def test_what_if_of_opening_takes_margin_and_of_closing_gives_it_back(legs: Legs, limit: str, margin: int) -> None:
    opening = previewed(venue.exchange(WrittenTape()), combo(legs, limit, what_if=True)).preview
    closing = previewed(opened(WrittenTape(), legs, limit), combo(legs, limit, action="SELL", what_if=True)).preview

    assert opening.after.initial - opening.before.initial == pytest.approx(margin, rel=0.2 if margin > 3000 else 0)
    assert opening.after.equity_with_loan - opening.before.equity_with_loan == -100 * Decimal(limit) - opening.commission
    assert opening.commission == Decimal("0.65") * sum(ratio for _, ratio, _ in legs)
    assert closing.before.initial == opening.after.initial
    assert closing.after.initial == 0


def test_closing_one_side_of_a_condor_frees_nothing_and_of_an_unequal_one_its_width() -> None:
    puts = [(12, 1, "SELL"), (11, 1, "BUY")]
    wide_puts = [(12, 1, "SELL"), (16, 1, "BUY")]

    equal = previewed(opened(WrittenTape(), CONDOR, "-3.90"), combo(puts, "-1.95", action="SELL", what_if=True)).preview
    unequal = previewed(opened(WrittenTape(), UNEQUAL_CONDOR, "-4.90"), combo(wide_puts, "-2.95", action="SELL", what_if=True))

    assert (equal.before.initial, equal.after.initial) == (1000, 1000)
    assert (unequal.preview.before.initial, unequal.preview.after.initial) == (3000, 1000)


def test_margin_of_a_volatility_index_has_the_extra_of_the_broker_for_each_spread() -> None:
    legs = [(31, 1, "SELL"), (32, 1, "BUY")]
    tape = WrittenTape("VIX", "index")
    tape.list(31, 18, "P", "1.00")
    tape.list(32, 16, "P", "0.40")

    answer = previewed(venue.exchange(tape), combo(legs, "-0.55", symbol="VIX", what_if=True)).preview

    assert answer.after.initial == 200 + 150


@pytest.mark.parametrize(("level", "value"), [(450, 0), (435, -500), (465, -500), (400, -1000), (500, -1000)])
def test_condor_settled_in_cash_pays_leg_by_leg(level: int, value: int) -> None:
    tape = WrittenTape("SPX", "index")
    exchange = opened(tape, CONDOR, "-3.90")
    cash = exchange.account.cash

    tape.levels[EXPIRY] = Decimal(level)
    exchange.settle(NOW)

    assert held(exchange) == {}
    assert exchange.account.cash - cash == value


@pytest.mark.parametrize(("level", "value"), [(440, 1000), (436, 600), (446, 400), (450, 0), (425, 0)])
def test_butterfly_settled_in_cash_pays_its_tent(level: int, value: int) -> None:
    tape = WrittenTape("SPX", "index")
    exchange = opened(tape, BUTTERFLY, "1.10")
    cash = exchange.account.cash

    tape.levels[EXPIRY] = Decimal(level)
    exchange.settle(NOW)

    assert held(exchange) == {}
    assert exchange.account.cash - cash == value


@pytest.mark.parametrize(
    ("legs", "limit", "level", "left"),
    [
        (CONDOR, "-3.90", 450, {}),
        (CONDOR, "-3.90", 435, {STOCK: 100}),
        (CONDOR, "-3.90", 465, {STOCK: -100}),
        (CONDOR, "-3.90", 400, {}),
        (BUTTERFLY, "1.10", 445, {STOCK: -100}),
        (BUTTERFLY, "1.10", 435, {STOCK: 100}),
        (BUTTERFLY, "1.10", 400, {}),
        (CALENDAR, "2.55", 450, {21: 1}),
        (CALENDAR, "2.55", 435, {21: 1, STOCK: 100}),
    ],
)
def test_what_settles_in_shares_leaves_what_each_leg_delivers(legs: Legs, limit: str, level: int, left: dict[int, int]) -> None:
    tape = WrittenTape()
    exchange = opened(tape, legs, limit)

    tape.levels[EXPIRY] = Decimal(level)
    exchange.settle(NOW)

    assert held(exchange) == left


def test_legs_that_settle_in_the_morning_and_at_the_close_wait_each_for_their_own_value() -> None:
    tape = WrittenTape("SPX", "index")
    tape.list(41, 440, "P", "5.00", expiry=LATER_EXPIRY, root="SPXW")
    exchange = opened(tape, [(12, 1, "SELL"), (41, 1, "BUY")], "1.10")

    cash = [exchange.account.cash]
    left: list[dict[int, int]] = []
    for expiry, level in ((EXPIRY, 430), (LATER_EXPIRY, 420)):
        tape.levels[expiry] = Decimal(level)
        exchange.settle(NOW)
        cash.append(exchange.account.cash)
        left.append(held(exchange))

    assert left == [{41: 1}, {}]
    assert [after - before for before, after in pairwise(cash)] == [-1000, 2000]


def test_assignment_of_one_short_of_a_condor_leaves_the_other_three_legs() -> None:
    exchange = opened(WrittenTape(), CONDOR, "-3.90", quantity=2)

    exchange.assign(13, 1)

    assert held(exchange) == {11: 2, 12: -2, 13: -1, 14: 2, STOCK: -100}


def test_half_of_a_body_can_be_assigned() -> None:
    exchange = opened(WrittenTape(), BUTTERFLY, "1.10")

    exchange.assign(12, 1)

    assert held(exchange) == {11: 1, 12: -1, 15: 1, STOCK: 100}


def test_european_options_are_never_assigned_early_and_american_ones_on_an_index_pay_cash() -> None:
    european = opened(WrittenTape("SPX", "index"), CONDOR, "-3.90")
    tape = WrittenTape("OEX", "index")
    american = opened(tape, CONDOR, "-3.90")
    tape.quotes[STOCK] = venue.quoted("434.99", "435.01")
    cash = american.account.cash

    assert european.assign(12) == []
    american.assign(12)

    assert held(european) == {11: 1, 12: -1, 13: -1, 14: 1}
    assert held(american) == {11: 1, 13: -1, 14: 1}
    assert american.account.cash - cash == -500


@pytest.mark.parametrize(
    ("legs", "code"),
    [
        ([(11, 1, "BUY"), (12, 4, "SELL"), (15, 1, "BUY")], 201),
        ([(11, 2, "BUY"), (12, 4, "SELL"), (15, 2, "BUY")], 312),
        ([(11, 3, "BUY"), (12, 1, "SELL")], None),
        ([(n, 1, "BUY" if n % 2 else "SELL") for n in (11, 12, 13, 14, 15, 16, 17)], 312),
        ([(12, 1, "SELL"), (12, 1, "BUY"), (11, 1, "BUY")], 312),
    ],
    ids=["ratio beyond 3:1", "not in lowest terms", "3:1", "seven legs", "one contract twice"],
)
def test_combination_that_no_market_takes_is_refused(legs: Legs, code: int | None) -> None:
    exchange = venue.exchange(WrittenTape())
    natural = exchange.natural(combo(legs, "0"))
    limit = "1.00" if natural is None else str(natural.price)

    notices = exchange.place(1, 5, combo(legs, limit), NOW)

    assert [notice.code for notice in notices if isinstance(notice, ErrorShown)] == ([] if code is None else [code])


def test_legs_of_one_day_that_settle_in_the_morning_and_at_the_close_are_no_combination() -> None:
    tape = WrittenTape("SPX", "index")
    tape.list(41, 430, "P", "2.00", root="SPXW")
    exchange = venue.exchange(tape)

    [refused] = exchange.place(1, 5, combo([(12, 1, "SELL"), (41, 1, "BUY")], "-1.90", symbol="SPX"), NOW)

    assert isinstance(refused, ErrorShown)
    assert (refused.code, "settle" in refused.text) == (201, True)


def test_combination_price_stands_on_its_own_increment_whatever_the_number_of_legs() -> None:
    fund, index = venue.exchange(WrittenTape()), venue.exchange(WrittenTape("SPX", "index"))

    answers = [
        exchange.place(1, number, combo(legs, limit, symbol=symbol), NOW)
        for exchange, symbol in ((fund, "SPY"), (index, "SPX"))
        for number, (legs, limit) in enumerate([(CONDOR, "-4.51"), (BUTTERFLY, "0.51"), (CALENDAR, "1.51")], 5)
    ]

    codes = [[notice.code for notice in notices if isinstance(notice, ErrorShown)] for notices in answers]
    assert codes == [[], [], [], [110], [110], [110]]
