"""The engine over recorded chains: it trades, its books agree with the broker, and its money is what plain loops say."""

from collections import defaultdict
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.domain.contract import Contract
from engine.domain.facts.account import Reconciled
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import CommissionReported, LegFilled, OrderProposed, OrderRepriced
from engine.domain.facts.positions import OptionsExercised, PositionSettled
from engine.domain.facts.running import FactRefused
from engine.domain.session import NEW_YORK, trading_day
from tests.research import given

CALM = [100.0, 100.4, 100.2, 100.8, 101.0, 101.2, 100.9, 101.4, 101.5, 101.8]
"""Every put expires worthless."""
FALLING = [100.0, 99.5, 99.0, 98.6, 98.5, 98.5, 98.4, 98.3, 98.2, 97.5]
"""What was sold at 99 is in the money at its expiry, what was bought is not: shares are delivered."""
MORNING = (time(10, 0),)
"""Before the guard of a last afternoon closes what is near the money."""


def facts(ran: given.Ran, kind: type) -> list:
    return [line.fact for line in ran.journal.lines if isinstance(line.fact, kind)]


def contracts(ran: given.Ran) -> dict[int, Contract]:
    return {leg.contract.con_id: leg.contract for order in facts(ran, OrderProposed) for leg in order.spread.legs}


def plain_equity(ran: given.Ran, chain: Path, cash: Decimal) -> dict[date, Decimal]:
    """What the account is worth at the end of each day, from its fills and the recording alone."""
    rows = pq.read_table(chain).to_pylist()
    mids, spots = {}, {}
    for row in rows:
        day = trading_day(row["quote_ts"])
        mids[day, row["expiry"], row["strike"], row["right"]] = (Decimal(repr(row["bid"])) + Decimal(repr(row["ask"]))) / 2
        spots[day] = Decimal(repr(row["underlying_price"]))
    known, held, shares = contracts(ran), defaultdict(int), 0
    worth = {}
    for day in (end.day for end in ran.ends):
        for line in ran.journal.lines:
            if trading_day(line.at) != day:
                continue
            match line.fact:
                case LegFilled(con_id=con_id, action=action, quantity=quantity, price=price):
                    signed = quantity if action == "buy" else -quantity
                    is_share = con_id not in known or known[con_id].is_share
                    cash -= signed * price * (1 if is_share else 100)
                    held[con_id] += signed
                case CommissionReported(amount=amount):
                    cash -= amount
                case _:
                    pass
        for con_id, quantity in list(held.items()):
            contract = known[con_id]
            if contract.expiry != day or not quantity:
                continue
            in_the_money = contract.intrinsic(spots[day])
            if contract.rule.cash:
                cash += quantity * in_the_money * 100
            elif in_the_money >= Decimal("0.01"):
                turned = quantity * 100 * (1 if contract.put_call == "C" else -1)
                cash -= turned * contract.strike
                shares += turned
            held[con_id] = 0
        options = sum(
            (quantity * 100 * mids[day, known[one].expiry, float(known[one].strike), known[one].put_call])
            for one, quantity in held.items()
            if quantity
        )
        worth[day] = cash + options + shares * spots[day]
    return worth


@pytest.mark.parametrize(
    ("underlying", "root", "spots"),
    [("XYZ", "XYZ", CALM), ("XYZ", "XYZ", FALLING), ("SPX", "SPXW", CALM), ("SPX", "SPXW", FALLING)],
    ids=["shares, worthless", "shares, delivered", "cash, worthless", "cash, owed"],
)
def test_equity_of_each_day_is_what_a_plain_loop_over_the_fills_makes(
    underlying: str, root: str, spots: list[float], tmp_path: Path
) -> None:
    # given
    chain = given.recording(tmp_path / "chain.parquet", spots, clocks=MORNING, underlying=underlying, root=root)
    texts = {"account.yaml": given.LIMITS, "puts.yaml": given.PUTS.replace("XYZ", underlying)}

    # when
    ran = given.run(tmp_path, chain, texts=texts)

    # then
    plain = plain_equity(ran, chain, Decimal(100_000))
    assert facts(ran, LegFilled)
    assert {end.day: end.equity for end in ran.ends} == plain
    assert not ran.ends[-1].unmarked


@pytest.mark.parametrize("spots", [CALM, FALLING], ids=["worthless", "delivered"])
def test_books_agree_with_the_broker_through_fills_expiry_and_assignment(spots: list[float], tmp_path: Path) -> None:
    chain = given.recording(tmp_path / "chain.parquet", spots, clocks=MORNING)

    ran = given.run(tmp_path, chain)

    assert not facts(ran, FactRefused)
    assert not facts(ran, Halted)
    assert all(not fact.differences for fact in facts(ran, Reconciled))
    assert bool(facts(ran, OptionsExercised)) == (spots is FALLING)
    assert facts(ran, PositionSettled)


def test_two_legs_of_one_fill_are_two_executions_and_not_a_correction(tmp_path: Path) -> None:
    chain = given.recording(tmp_path / "chain.parquet", CALM[:2])

    ran = given.run(tmp_path, chain)

    [position] = [one for one in ran.rig.ledger.positions.values() if one.opened_at.date() == given.FIRST]
    assert position.quantity == 2
    fills = [fact for fact in facts(ran, LegFilled) if fact.order_ref == position.id]
    assert len(fills) == 2
    assert all(fact.exec_id.rsplit(".", 1)[1] == "01" for fact in fills)
    assert len({fact.exec_id.rsplit(".", 1)[0] for fact in fills}) == 2


@pytest.mark.parametrize(("fill", "part"), [("0", Decimal(0)), (None, Decimal("0.32")), ("1", Decimal(1))])
def test_package_trades_at_mid_less_its_part_of_the_half_width(fill: str | None, part: Decimal, tmp_path: Path) -> None:
    """Both legs are a dime wide, so the package is 0.10 from mid to natural."""
    chain = given.recording(tmp_path / "chain.parquet", CALM[:1])

    ran = given.run(tmp_path, chain, fill=fill)

    [order] = [order for order in ran.rig.ledger.orders.values() if order.purpose == "open"]
    mids = {
        (row["strike"], row["right"]): (Decimal(repr(row["bid"])) + Decimal(repr(row["ask"]))) / 2
        for row in pq.read_table(chain).to_pylist()
        if row["expiry"] == given.EXPIRY
    }
    mid = sum(-leg.sign * mids[float(leg.contract.strike), leg.contract.put_call] for leg in order.spread.legs)
    assert order.net_filled is not None
    wanted = mid - part * Decimal("0.10")
    assert wanted - Decimal("0.01") < order.net_filled <= wanted


def test_order_is_walked_while_the_instant_is_told_again_every_fifteen_seconds(tmp_path: Path) -> None:
    chain = given.recording(tmp_path / "chain.parquet", CALM[:1])

    ran = given.run(tmp_path, chain, fill="1")

    repriced = [line.at for line in ran.journal.lines if isinstance(line.fact, OrderRepriced)]
    assert len(repriced) == 2
    assert {at.second % 15 for at in repriced} == {0}
    assert ran.ends[0].instants == 1
    assert ran.ends[0].steps > 2


def test_order_that_comes_to_meet_the_market_trades_as_it_arrives(tmp_path: Path) -> None:
    """As at the exchange behind the wire: the quotes that it was priced on stand, and no step has to come first."""
    chain = given.recording(tmp_path / "chain.parquet", CALM[:1])
    texts = {"account.yaml": given.LIMITS, "puts.yaml": given.PUTS.replace("$0.05 every 15 s", "100% of half width every 15 s")}

    ran = given.run(tmp_path, chain, texts=texts, fill="1")

    repriced, filled = (
        [line.at for line in ran.journal.lines if isinstance(line.fact, one)] for one in (OrderRepriced, LegFilled)
    )
    assert len(repriced) == 1
    assert set(filled) == set(repriced)


def test_same_history_writes_the_same_facts(tmp_path: Path) -> None:
    chain = given.recording(tmp_path / "chain.parquet", FALLING)

    first, second = (given.run(tmp_path / name, chain) for name in ("one", "two"))

    assert first.journal.lines == second.journal.lines
    assert first.ends == second.ends


def test_what_comes_later_changes_no_decision_before_it(tmp_path: Path) -> None:
    # given
    chain = given.recording(tmp_path / "chain.parquet", CALM)
    other = given.recording(tmp_path / "other.parquet", [*CALM[:5], *reversed(FALLING[5:])])

    # when
    first, second = (given.run(tmp_path / one.stem, one) for one in (chain, other))

    # then
    until = first.ends[4].day
    before = [[line for line in ran.journal.lines if trading_day(line.at) <= until] for ran in (first, second)]
    assert before[0] == before[1]
    assert len(before[0]) > 20


def test_engine_sees_only_the_lines_that_it_has_chosen(tmp_path: Path) -> None:
    chain = given.recording(tmp_path / "chain.parquet", CALM[:1])

    few, all_of_it = (given.run(tmp_path / str(lines), chain, lines=lines) for lines in (40, None))

    quoted = [ran.rig.quotes.ages(ran.rig.clock.now()).two_sided for ran in (few, all_of_it)]
    assert 0 < quoted[0] <= 40 < quoted[1]


def test_chain_recorded_after_the_close_is_told_earlier_without_what_nobody_knew(tmp_path: Path) -> None:
    # given
    chain = given.recording(tmp_path / "chain.parquet", CALM[:2], clocks=[time(16, 15)])
    texts = {"account.yaml": given.LIMITS, "puts.yaml": given.PUTS + "filters:\n  - volume >= 1\n"}

    # when
    without = given.run(tmp_path / "without", chain, said_at=time(15, 15))
    with_volume = given.run(tmp_path / "with", chain, texts=texts, said_at=time(15, 15))

    # then
    filled_at = {line.at.astimezone(NEW_YORK).time() for line in without.journal.lines if isinstance(line.fact, LegFilled)}
    assert time(15, 15) < min(filled_at) < time(15, 20)
    assert not facts(with_volume, OrderProposed), "the day's volume is unknown at 15:15, and unknown is not a pass"
