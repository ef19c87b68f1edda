"""Which orders a close takes: the short alone where nobody bids for its long, a long left, a side, half; never a bare short."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from engine.decide.decide import decide
from engine.decide.exit.cuts import cuts, portion_cuts
from engine.decide.exit.left_over import LEFT_ALONE
from engine.decide.quotes import Rows
from engine.domain.chain import ChainSnapshot
from engine.domain.clocks import SETTLES_AFTER
from engine.domain.cover import left_bare
from engine.domain.decision import Approve, BlockExit, Cancel, Decision, Expire, Propose, Reply
from engine.domain.facts.orders import OrderCanceled, OrderProposed
from engine.domain.ledger import Ledger
from engine.domain.parts import Portion, Side, side_of, some_of
from engine.domain.snapshot import CloseAsked, ExitHits
from engine.domain.spread import Leg, Spread
from tests import given
from tests.core.decide.watching import PUTS, look, position, seconds
from tests.structures import BUTTERFLY, CALENDAR, CONDOR

STOP = "loss >= 200% of credit"
BELIEVED = {("o1", STOP): ExitHits(seconds(-40), seconds(-1), 4)}
DEBIT = Spread("bear_put", (Leg(given.contract(580), "buy"), Leg(given.contract(575), "sell")))
PUTS_OF_CONDOR = side_of(CONDOR, "put")
assert PUTS_OF_CONDOR is not None

Quotes = Mapping[str, tuple[float | None, float | None]]


def quoted(quotes: Quotes, **more: object) -> ChainSnapshot:
    """The chain in which these options, as p580, have this bid and ask, told a second ago."""
    said = {name: {"bid": bid, "ask": ask, "quoted_at": given.NOW.timestamp() - 1} for name, (bid, ask) in quotes.items()}
    return given.chain(given.options(range(540, 661, 5), at=given.NOW), at=given.NOW, **said, **more)  # type: ignore[arg-type]


def held(of: Spread, quantity: int = 1, *, net: str = "0.80") -> Ledger:
    return given.ledger(*given.opened(given.proposal(of=of, quantity=quantity, by=PUTS), net=net))


def bought_back(known: Ledger, spread: Spread, quantity: int = 1, *, ref: str = "c1", net: str = "-3.00") -> Ledger:
    """The ledger after a close of these legs that filled long ago."""
    order = given.proposal(ref, of=spread, position="o1", quantity=quantity, limit=net)
    return given.told(known, *given.closed(order, net=net, at=seconds(-600)), at=seconds(-600))


def proposed(decisions: Sequence[Decision]) -> list[OrderProposed]:
    return [one.order for one in decisions if isinstance(one, Propose)]


def test_stop_whose_long_nobody_bids_for_buys_the_short_back_at_no_more_than_the_width() -> None:
    chain = quoted({"p580": (3.60, 3.80), "p575": (None, 0.05)})

    (order,) = proposed(look(position(quantity=3), chain, exit_hits=BELIEVED))

    assert [(leg.contract.strike, leg.action) for leg in order.spread.legs] == [(Decimal(580), "sell")]
    assert (order.quantity, order.urgent, order.reason) == (3, True, STOP)
    assert order.limit == Decimal("-3.70")
    # The two can be worth 5.00 at the most: less its commission, 0.65 a contract, and never a step beyond.
    assert order.worst == Decimal("-4.99")


@pytest.mark.parametrize(("rules", "legs"), [("dte <= 25", 1), ("time >= 9:00 New York", 1), ("profit >= 10% of credit", 2)])
def test_date_buys_the_short_back_and_a_profit_waits_for_a_buyer_of_the_whole(rules: str, legs: int) -> None:
    file = given.strategy(f"exits:\n  - {rules}\n  - loss >= 900% of credit")
    chain = quoted({"p580": (0.30, 0.32), "p575": (None, 0.05)})

    (order,) = proposed(look(position(by=file), chain, strategy=file))

    assert len(order.spread.legs) == legs


def test_condor_of_which_one_long_is_not_bid_for_is_closed_in_two_orders_that_leave_that_long() -> None:
    chain = quoted({"p580": (0.05, 0.07), "p575": (None, 0.05), "c620": (6.50, 6.60), "c625": (1.60, 1.70)})

    found = proposed(look(held(CONDOR, 2), chain, exit_hits=BELIEVED))

    assert [(one.spread.structure, one.quantity) for one in found] == [
        ("iron_condor put side short", 2),
        ("iron_condor call side", 2),
    ]
    assert len({one.order_ref for one in found}) == 2


def test_short_is_not_bought_back_alone_where_nothing_can_be_lost_by_waiting() -> None:
    """A debit spread is worth nothing at the least: its short costs money and protects from nothing."""
    file = given.strategy("exits:\n  - dte <= 25\n  - loss >= 900% of credit")
    known = given.ledger(*given.opened(given.proposal(of=DEBIT, by=file, limit="-1.20"), net="-1.20"))
    chain = quoted({"p580": (None, 0.05), "p575": (0.01, 0.03)})

    (order,) = proposed(look(known, chain, strategy=file))

    assert len(order.spread.legs) == 2


def test_long_that_is_left_is_sold_where_somebody_bids_and_no_rule_is_about_it() -> None:
    file = given.strategy("exits:\n  - dte <= 25\n  - loss >= 200% of credit")
    known = bought_back(position(by=file), some_of(given.spread(), [0]))

    unbid = look(known, quoted({"p575": (None, 0.05)}), strategy=file)
    bid = look(known, quoted({"p575": (0.04, 0.06)}), strategy=file)

    assert [one for one in unbid if isinstance(one, Propose | BlockExit)] == []
    (order,) = proposed(bid)
    assert (order.spread.structure, order.reason, order.urgent) == ("bull_put long", LEFT_ALONE, False)
    assert (order.limit, order.worst) == (Decimal("0.05"), Decimal("0.04"))


def test_long_that_is_left_is_never_given_away_for_less_than_its_commission() -> None:
    known = bought_back(position(), some_of(given.spread(), [0]))

    (order,) = proposed(look(known, quoted({"p575": (0.001, 0.02)})))

    assert order.worst == Decimal("0.01")


def test_position_of_which_some_shorts_are_bought_back_closes_the_rest_and_sells_what_is_left() -> None:
    known = bought_back(position(quantity=3), some_of(given.spread(), [0]), 2)
    chain = quoted({"p580": (3.60, 3.80), "p575": (0.90, 1.00)})
    file = given.strategy("exits:\n  - dte <= 25\n  - loss >= 900% of credit")

    found = proposed(look(known, chain, strategy=(PUTS, file), exit_hits=BELIEVED))

    assert {(one.spread.structure, one.quantity) for one in found} <= {("bull_put", 1), ("bull_put long", 2)}
    assert found


def test_side_whose_close_is_on_its_way_does_not_hold_up_the_other() -> None:
    known = held(CONDOR, net="1.75")
    given.told(known, *given.working(given.proposal("c1", of=PUTS_OF_CONDOR, position="o1", limit="-0.30")))
    file = given.strategy("exits:\n  - dte <= 25\n  - loss >= 900% of credit")
    known.orders["o1"] = replace(known.orders["o1"], proposed=replace(known.orders["o1"].proposed, digest=file.digest))
    known.reindex()

    found = proposed(look(known, quoted({}), strategy=file))

    assert [one.spread.structure for one in found] == ["iron_condor call side"]


# The gate before sending.


def look_all(known: Ledger, chain: ChainSnapshot | None = None, **more: object) -> list[Decision]:
    now = given.snapshot(known, chain or quoted({}), **more)
    return decide(now, given.rulebook(given.strategy("exits:\n  - loss >= 900% of credit"), account=given.limits()))


def about(ref: str, decisions: Sequence[Decision]) -> list[Decision]:
    return [one for one in decisions if getattr(one, "order_ref", "") == ref]


def test_close_that_would_leave_a_short_alone_is_never_sent() -> None:
    known = given.told(position(), given.proposal("c1", of=some_of(given.spread(), [1]), position="o1", limit="1.00"))

    (expired,) = about("c1", look_all(known))

    assert isinstance(expired, Expire)
    assert "could leave 1 × SPY" in expired.reason


def test_two_closes_that_each_are_right_and_together_leave_a_short_alone_are_not_both_sent() -> None:
    """The long may be sold once the short is back; while that is on its way it may not."""
    known = position()
    given.told(known, *given.working(given.proposal("c1", of=some_of(given.spread(), [0]), position="o1", limit="-1.20")))
    given.told(known, given.proposal("c2", of=some_of(given.spread(), [1]), position="o1", limit="1.00"))

    decisions = look_all(known)

    assert isinstance(about("c2", decisions)[0], Expire)
    assert not any(isinstance(one, Cancel) for one in about("c1", decisions))


def test_leg_alone_waits_until_every_other_order_on_its_contract_is_over() -> None:
    """Two positions owe the same contract: the close of one works while the short of the other is to be bought back."""
    known = position()
    given.told(known, *given.opened(given.proposal("o2", by=PUTS), net="0.80"))
    given.told(known, *given.working(given.proposal("c1", position="o2", limit="-0.70", asked_by="ann")))
    given.told(known, given.proposal("c2", of=some_of(given.spread(), [0]), position="o1", limit="-1.90"))

    waiting = about("c2", look_all(known))
    given.told(known, OrderCanceled("c1", "canceled"))
    free = about("c2", look_all(known))

    assert waiting == []
    assert [type(one) for one in free] == [Approve]


# What a person closes.


def test_side_half_and_short_that_a_person_closes() -> None:
    known = held(CONDOR, 3, net="1.75")

    def closes(portion: Portion) -> list[tuple[str, int]]:
        found = look_all(known, requests=(CloseAsked("o1", "ann", portion=portion),))
        return [(one.spread.structure, one.quantity) for one in proposed(found)]

    assert closes(Portion()) == [("iron_condor", 3)]
    assert closes(Portion(side="put")) == [("iron_condor put side", 3)]
    assert closes(Portion(half=True)) == [("iron_condor", 2)]
    assert closes(Portion(side="call", half=True)) == [("iron_condor call side", 2)]
    assert closes(Portion(short=True)) == [("iron_condor put side short", 3), ("iron_condor call side short", 3)]


def test_half_of_one_is_one() -> None:
    found = look_all(held(CONDOR, 1, net="1.75"), requests=(CloseAsked("o1", "ann", portion=Portion(half=True)),))

    assert [one.quantity for one in proposed(found)] == [1]


def test_position_in_several_parts_is_closed_in_an_order_each() -> None:
    known = bought_back(held(CONDOR, 3, net="1.75"), PUTS_OF_CONDOR, 1)

    found = proposed(look_all(known, requests=(CloseAsked("o1", "ann"),)))

    assert [(one.spread.structure, one.quantity) for one in found] == [("iron_condor", 2), ("iron_condor call side", 1)]
    assert {one.asked_by for one in found} == {"ann"}


def test_side_that_a_position_does_not_have_is_told() -> None:
    decisions = look_all(position(), requests=(CloseAsked("o1", "ann", portion=Portion(side="call")),))

    assert [one.text for one in decisions if isinstance(one, Reply)] == ["nothing was sent: nothing is open of the call side"]


def test_short_that_a_person_buys_back_may_cost_what_its_long_is_bid_beside_the_width() -> None:
    chain = quoted({"p580": (6.90, 7.30), "p575": (2.00, 2.20)})

    (order,) = proposed(look_all(position(), chain, requests=(CloseAsked("o1", "ann", portion=Portion(short=True)),)))

    assert (order.limit, order.worst) == (Decimal("-6.99"), Decimal("-6.99"))


def test_side_may_be_closed_while_the_other_is_on_its_way_and_not_twice() -> None:
    known = held(CONDOR, net="1.75")
    given.told(known, *given.working(given.proposal("c1", of=PUTS_OF_CONDOR, position="o1", limit="-0.30", asked_by="ann")))

    calls = look_all(known, requests=(CloseAsked("o1", "ann", portion=Portion(side="call")),))
    puts = look_all(known, requests=(CloseAsked("o1", "ann", portion=Portion(side="put")),))

    assert [one.spread.structure for one in proposed(calls)] == ["iron_condor call side"]
    assert [one.text for one in puts if isinstance(one, Reply)] == ["nothing was sent: a close of it is on its way: c1, working"]
    assert SETTLES_AFTER.total_seconds() > 0


SIDES: list[Side | None] = [None, "put", "call"]


@property_of(
    st.sampled_from([given.spread(), CONDOR, BUTTERFLY, CALENDAR]),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sets(st.integers(0, 3)),
    st.sampled_from(SIDES),
    st.booleans(),
    st.booleans(),
)
def test_no_fill_of_any_orders_of_one_close_leaves_a_short_uncovered(
    spread: Spread, quantity: int, back: int, unbid: set[int], side: Side | None, half: bool, short: bool
) -> None:
    known = held(spread, quantity, net="0.80")
    owed = next(at for at, leg in enumerate(spread.legs) if leg.sign < 0)
    if back:
        bought_back(known, some_of(spread, [owed]), min(back, quantity))
    names = {
        f"{spread.legs[at].contract.put_call.lower()}{spread.legs[at].contract.strike}" for at in unbid if at < len(spread.legs)
    }
    rows = Rows(quoted({name: (None, 0.05) for name in names if name.startswith(("p5", "c6"))}))
    open_now = known.positions["o1"]

    person = portion_cuts(open_now, Portion(side, half, short), rows)
    rule = tuple(cuts(open_now.parts, rows, must=True))

    for found in (person, rule):
        assert left_bare(open_now.held, [(cut.spread.legs, cut.quantity) for cut in found]) == {}
        taken: Counter[int] = Counter()
        for cut in found:
            for leg in cut.spread.legs:
                taken[leg.contract.con_id] += leg.ratio * cut.quantity
        assert all(taken[lot.leg.contract.con_id] <= lot.held for lot in open_now.lots)
