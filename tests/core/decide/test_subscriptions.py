"""Which options are worth a line: what is held first, then what could be traded, and never more than there are lines."""

from datetime import timedelta

import pytest

from engine.decide.subscriptions import Guess, guessed_deltas, subscriptions
from engine.domain.contract import Contract
from tests import given

PUTS = given.strategy()
CONTRACTS = [
    given.contract(strike, side, expiry=day)
    for day in (given.EXPIRY, given.LATER)
    for side in ("P", "C")
    for strike in range(540, 661, 5)
]
GUESSES = {"SPY": Guess(600.0, 0.2)}


def chosen(most: int, *strategies, known=None) -> list[Contract]:
    return subscriptions(strategies or (PUTS,), CONTRACTS, GUESSES, known or given.ledger(), given.NOW, most)


@pytest.mark.parametrize("most", [-3, 0, 1, 4, 7, 20, 1000])
def test_no_more_than_the_lines_there_are_and_each_once(most: int) -> None:
    found = chosen(most)

    assert len(found) == len(set(found))
    assert len(found) == max(0, min(most, len(chosen(1000))))


def test_only_what_the_strategy_could_trade() -> None:
    found = chosen(1000)

    assert {contract for contract in found if contract.put_call == "C"} == {given.contract(600, "C")}, "the pair of its forward"
    assert {contract.expiry for contract in found} == {given.EXPIRY}


def test_a_pair_at_the_money_takes_its_lines_first_and_a_tenth_of_all_at_most() -> None:
    assert given.contract(600, "C") not in chosen(9)
    assert chosen(10)[:2] == [given.contract(600, "C"), given.contract(600, "P")]
    assert len(chosen(10)) == 10


def test_three_expiries_of_a_class_have_pairs_and_of_a_volatility_index_every_one() -> None:
    days = [given.EXPIRY + timedelta(days=7 * n) for n in range(5)]
    for symbol, asked in (("SPY", [days[0], days[2], days[4]]), ("VIX", days)):
        listed = [
            given.contract(k, side, root=symbol, underlying=symbol, expiry=day) for day in days for side in "CP" for k in (18, 20)
        ]
        held = [given.spread("bull_put", 20, 18, root=symbol, underlying=symbol, expiry=day) for day in days]
        known = given.ledger(*(fact for n, of in enumerate(held) for fact in given.opened(given.proposal(f"o{n}", of=of))))

        found = subscriptions((PUTS,), listed, {symbol: Guess(19.9, 0.9)}, known, given.NOW, 50)

        assert sorted(one.expiry for one in found if one.put_call == "C") == asked


def test_pairs_take_turns_where_they_are_too_many() -> None:
    days = [given.EXPIRY + timedelta(days=7 * n) for n in range(3)]
    listed = [given.contract(k, side, expiry=day) for day in days for side in "CP" for k in (580, 575)]
    known = given.ledger(
        *(fact for n, day in enumerate(days) for fact in given.opened(given.proposal(f"o{n}", of=given.spread(expiry=day))))
    )

    turns = [
        {
            one.expiry
            for one in subscriptions((PUTS,), listed, GUESSES, known, given.NOW + timedelta(minutes=5 * n), 10)
            if one.put_call == "C"
        }
        for n in range(3)
    ]

    assert sorted(day for turn in turns for day in turn) == days


def test_fewer_lines_give_the_beginning_of_more() -> None:
    assert chosen(19)[:12] == chosen(12)


def test_shorts_of_the_wanted_deltas_come_with_their_long_legs() -> None:
    found = set(chosen(1000))

    shorts = [one for one in found if 0.15 <= guessed_deltas([one], GUESSES["SPY"], given.NOW)[0] <= 0.30]
    assert shorts
    assert all(short in found and given.contract(float(short.strike) - 5) in found for short in shorts)


def test_what_is_held_or_worked_keeps_its_lines_whatever_there_are() -> None:
    held, worked = given.spread("bear_call", 640, 645), given.spread("bear_call", 650, 655)
    known = given.ledger(*given.opened(given.proposal(of=held)), given.proposal("o2", of=worked))

    found = chosen(2, known=known)

    assert set(found) == {leg.contract for spread in (held, worked) for leg in spread.legs}
    assert chosen(10, known=known)[:4] == found


def test_strategies_take_turns() -> None:
    calls = given.strategy(given.CALLS, "calls")

    assert {contract.put_call for contract in chosen(4, PUTS, calls)} == {"P", "C"}


CONDOR = given.strategy(
    "spread:\n  type: iron_condor\n  expiry: 20-60 days\n  short_delta: 0.10-0.25\n  width: $5-$10\n  rank: return_on_risk",
    "condor",
)


def test_the_first_lines_of_a_condor_make_a_whole_one() -> None:
    first = chosen(4, CONDOR)

    sides = {side: sorted(one.strike for one in first if one.put_call == side) for side in "PC"}
    assert [strikes[1] - strikes[0] for strikes in sides.values()] == [5, 5]
    assert sides["P"][1] < 600 < sides["C"][0]
    assert len({one.expiry for one in first}) == 1


def test_deltas_are_guessed_from_the_strikes_that_quote_once_they_do() -> None:
    steep = {given.contract(570).con_id: 0.45, given.contract(590).con_id: 0.35}
    strikes = [given.contract(strike) for strike in (560, 570, 580, 590, 600)]

    flat = guessed_deltas(strikes, Guess(600.0, 0.2), given.NOW)
    known = guessed_deltas(strikes, Guess(600.0, 0.2, steep), given.NOW)

    own = zip(strikes, (0.45, 0.45, 0.40, 0.35, 0.35), strict=True)
    at_each = [guessed_deltas([one], Guess(600.0, iv), given.NOW)[0] for one, iv in own]
    assert known == pytest.approx(at_each)
    assert known[0] > 2 * flat[0]


def test_what_cannot_open_now_comes_after_all_others() -> None:
    calls = given.strategy(given.CALLS, "calls")
    both = chosen(1000, PUTS, calls)

    found = subscriptions((PUTS, calls), CONTRACTS, GUESSES, given.ledger(), given.NOW, 1000, idle={"calls"})

    alone = chosen(1000, PUTS)
    assert set(found) == set(both)
    assert found[: len(alone)] == alone


def test_switched_off_strategy_wants_nothing() -> None:
    assert chosen(100, given.strategy("enabled: false")) == []


def test_unknown_underlying_wants_nothing_yet() -> None:
    assert subscriptions((PUTS,), CONTRACTS, {}, given.ledger(), given.NOW, 100) == []


def test_days_of_a_roll_are_watched_once_there_is_something_to_roll() -> None:
    rules = given.strategy("roll: {to: 50-60 days, for: a credit}\nexits:\n  - dte <= 7\n  - short_delta >= 0.35: roll")
    known = given.ledger(*given.opened(given.proposal(by=rules)))

    assert {one.expiry for one in chosen(1000, rules)} == {given.EXPIRY}
    assert {one.expiry for one in chosen(1000, rules, known=known)} == {given.EXPIRY, given.LATER}


def test_delta_is_guessed_between_nothing_and_one() -> None:
    for contract in CONTRACTS:
        assert 0 <= guessed_deltas([contract], GUESSES["SPY"], given.NOW)[0] <= 1
    assert guessed_deltas([CONTRACTS[0]], GUESSES["SPY"], given.NOW + timedelta(days=100)) == [0.0]
