"""The paper account and our books through endings that several positions share, and through a settlement in the morning: to the
cent what a plain loop over the fills makes."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.domain.facts.account import Reconciled
from engine.domain.facts.halts import Halted
from engine.domain.facts.orders import CommissionReported, LegFilled, OrderProposed
from engine.domain.facts.positions import OptionsExercised, PositionSettled
from engine.domain.facts.running import FactRefused
from engine.domain.session import trading_day
from engine.research.backtest import Request, backtest, opened
from engine.research.rig import Terms
from tests.research import given
from tests.research.test_ahead import Heard
from tests.research.test_paper import CALM, FALLING, MORNING, facts, plain_equity

AT = """\
schema: 1
name: {name}
mode: paper
universe: [XYZ]
spread:
  type: bull_put
  expiry: 3-12 days
  short_strike: {short}
  width: {width}
sizing: {{risk: $3000, contracts: 2-2}}
limits: {{open: 1, per_day: 1, per_expiry: 1}}
entry:
  window: 09:45-15:50 New York
  approval: manual, expires in 10 min
  price: from mid, $0.05 every 15 s, no worse than natural, give up after 3 min
exits:
  - profit >= 99% of credit
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "spots", [pytest.param(CALM, marks=pytest.mark.long, id="worthless"), pytest.param(FALLING, id="delivered")]
)
def test_short_strike_of_two_positions_ends_in_both_to_the_cent(spots: list[float], tmp_path: Path) -> None:
    # given
    chain = given.recording(tmp_path / "chain.parquet", spots, clocks=MORNING, expiries=(given.EXPIRY,))
    texts = {"account.yaml": given.LIMITS}
    for name, width in (("one", "$2-$2"), ("two", "$4-$4")):
        texts[f"{name}.yaml"] = AT.format(name=name, short="$2 from price", width=width)

    # when
    ran = given.run(tmp_path, chain, texts=texts)

    # then
    opened = [one for one in facts(ran, OrderProposed) if one.purpose == "open"]
    assert {one.strategy for one in opened} == {"one", "two"}
    assert len({leg.contract for one in opened for leg in one.spread.legs if leg.action == "sell"}) == 1
    assert {end.day: end.equity for end in ran.ends} == plain_equity(ran, chain, Decimal(100_000))
    assert not facts(ran, FactRefused)
    assert not facts(ran, Halted)
    assert [fact.differences for fact in facts(ran, Reconciled) if fact.differences] == []
    assert not [one for one in ran.rig.ledger.open_positions() if not any(leg.contract.is_share for leg in one.legs)]
    assert bool(facts(ran, OptionsExercised)) == (spots is FALLING)


@pytest.mark.slow
@pytest.mark.parametrize("opening", [pytest.param(98.0, id="owed"), pytest.param(101.5, marks=pytest.mark.long, id="worthless")])
def test_settlement_in_the_morning_pays_by_the_opening_of_the_bars_to_the_cent(opening: float, tmp_path: Path) -> None:
    # given: options of SPX that trade last on a Thursday and settle on Friday morning, on a price that was not recorded
    spots = [100.0, 99.8, 99.9, 100.0, 100.1, 100.0, 99.9, 100.1, 100.0, 100.2]
    chain = given.recording(tmp_path / "chain.parquet", spots, clocks=MORNING, underlying="SPX", root="SPX")
    days = [end.date() for end in sorted({one.replace(hour=0) for one in pq.read_table(chain)["quote_ts"].to_pylist()})]
    bars = tmp_path / "bars.parquet"
    prices = {name: [opening] * len(days) for name in ("open", "high", "low", "close")}
    pq.write_table(pa.table({"symbol": ["SPX"] * len(days), "date": days, **prices, "volume": [0] * len(days)}), bars)
    files = given.files(tmp_path / "files", {"account.yaml": given.LIMITS, "puts.yaml": MONTHLY})
    request = Request((files / "puts.yaml",), None, (chain,), None, None, None, bars, Terms(Decimal(100_000), None, None))

    # when
    heard = Heard()
    result = backtest(request, opened(request), None, observers=(heard,))

    # then
    fills = [fact for _, fact in heard.facts if isinstance(fact, LegFilled)]
    paid = sum((fact.amount for _, fact in heard.facts if isinstance(fact, CommissionReported)), Decimal(0))
    cash = Decimal(100_000) - paid
    known = {
        leg.contract.con_id: leg.contract
        for _, fact in heard.facts
        if isinstance(fact, OrderProposed)
        for leg in fact.spread.legs
    }
    for fill in fills:
        sign = 1 if fill.action == "buy" else -1
        assert known[fill.con_id].expiry == given.EXPIRY
        cash -= sign * fill.quantity * 100 * fill.price
        cash += sign * fill.quantity * 100 * known[fill.con_id].intrinsic(Decimal(str(opening)))
    settled = [(at, fact) for at, fact in heard.facts if isinstance(fact, PositionSettled)]
    assert fills
    assert {trading_day(at) for at, _ in settled} == {given.EXPIRY}
    assert result.days[-1].equity == result.days[-1].cash == cash
    assert not [fact for _, fact in heard.facts if isinstance(fact, FactRefused | Halted)]
    assert not [fact for _, fact in heard.facts if isinstance(fact, Reconciled) and fact.differences]


MONTHLY = (
    given.PUTS.replace("XYZ", "SPX")
    .replace("open: 2, per_day: 1, per_expiry: 2", "open: 1, per_day: 1, per_expiry: 1")
    .replace("profit >= 90% of credit", "profit >= 99.9% of credit")
)
