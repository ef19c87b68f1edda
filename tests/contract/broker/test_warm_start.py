"""A start with lists of contracts of today asks TWS little, and what has changed since is asked for and said."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from engine.broker.adapter import IbBroker
from engine.domain.contract import Contract
from engine.domain.facts.running import ErrorHeard
from engine.domain.facts.union import Fact
from engine.ports import ContractList
from engine.sim.loop import LoopClock, VirtualLoop, run
from engine.sim.simulator import Simulator
from tests.contract.broker.stages import BACK, FRONT, PORT, START
from tests.core.sim_market.given import market
from tests.shell.broker.bench import RecordingSink

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Shelf(dict[str, ContractList]):
    """Keeps in memory."""

    def load(self, symbol: str) -> ContractList | None:
        return self.get(symbol)

    def keep(self, found: ContractList) -> None:
        self[found.underlying.symbol] = found


def wanted(day: date) -> bool:
    return day in {FRONT, BACK}


def started(
    shelf: Shelf, faults: Sequence[str] = (), later: timedelta = timedelta(0)
) -> tuple[Sequence[Contract], list[str], list[Fact]]:
    """The chain of SPY that a process has, what it asked about contracts, and what it told, started some time later."""
    loop = VirtualLoop()
    begins = START + later

    async def main() -> tuple[Sequence[Contract], list[str], list[Fact]]:
        tws = Simulator(market(7, begins, ("SPY",), 1.0), seed=7, begins=begins, schedule=faults)
        heard: list[Fact] = []
        where = ("127.0.0.1", PORT, 7, None)
        broker = IbBroker(*where, heard.append, RecordingSink(), LoopClock(loop, begins), order_prefix="sp-", shelf=shelf)
        await tws.start(port=PORT)
        await broker.connect()
        spy = await broker.underlying("SPY")
        chain = await broker.chain(spy, wanted, 0.05)
        broker.watch(chain[:3], [spy])
        assert len((await broker.daily_bars(spy, 30)).closes) == 30
        await asyncio.sleep(5)
        assert broker.quotes_told == (4, 4), "kept contracts are quoted as any others"
        await broker.disconnect()
        await tws.stop()
        asked = [request.name for request in tws.received if request.name in {"req_contract_details", "req_sec_def_opt_params"}]
        return chain, asked, heard

    return run(main(), loop)


def said(heard: list[Fact]) -> list[str]:
    return [fact.text for fact in heard if isinstance(fact, ErrorHeard) and "other terms" in fact.text]


def changed(shelf: Shelf, change: Callable[[Contract], Contract]) -> Contract:
    """Make the shelf remember its first contract otherwise; how it was."""
    found = shelf["SPY"]
    first, *others = found.parts
    one, *more = first.contracts
    shelf["SPY"] = replace(found, parts=(replace(first, contracts=(change(one), *more)), *others))
    return one


def test_second_start_of_a_day_asks_for_expiries_and_strikes_only() -> None:
    shelf = Shelf()

    cold, asked_cold, _ = started(shelf)
    warm, asked_warm, heard = started(shelf, later=HOUR)

    assert asked_cold == ["req_contract_details", "req_sec_def_opt_params", *["req_contract_details"] * 4]
    assert asked_warm == ["req_sec_def_opt_params"]
    assert set(warm) <= set(shelf["SPY"].contracts())
    assert set(warm) & set(cold)
    assert said(heard) == []


def test_another_day_asks_anew_and_keeps_that() -> None:
    shelf = Shelf()
    started(shelf)

    chain, asked, heard = started(shelf, later=DAY)

    assert asked.count("req_contract_details") == 5
    assert shelf["SPY"].told_at.date() == (START + timedelta(days=1)).date()
    assert {one.con_id for part in shelf["SPY"].parts for one in part.contracts} >= {one.con_id for one in chain}
    assert said(heard) == []


def test_class_whose_strikes_are_others_than_they_were_is_asked_anew_on_the_same_day() -> None:
    shelf = Shelf()
    cold, _, _ = started(shelf)
    fewer = {root: strikes[1:] for root, strikes in shelf["SPY"].strikes.items()}
    shelf["SPY"] = replace(shelf["SPY"], strikes=fewer)

    chain, asked, _ = started(shelf, later=HOUR)

    assert asked == ["req_sec_def_opt_params", *["req_contract_details"] * 4]
    assert set(chain) & set(cold)


def test_expiry_that_was_not_kept_is_asked_for_alone() -> None:
    shelf = Shelf()
    started(shelf)
    shelf["SPY"] = replace(shelf["SPY"], parts=shelf["SPY"].parts[1:])

    _, asked, _ = started(shelf, later=HOUR)

    assert asked == ["req_sec_def_opt_params", "req_contract_details"]


def test_contract_whose_terms_are_others_than_they_were_is_said() -> None:
    shelf = Shelf()
    started(shelf)
    was = changed(shelf, lambda one: replace(one, strike=one.strike * 2))

    _, _, heard = started(shelf, later=DAY)

    [sentence] = said(heard)
    assert f"number {was.con_id} was {replace(was, strike=was.strike * 2)} and is {was}" in sentence
    assert "a split or a merger does that" in sentence


def test_contract_that_has_another_number_under_its_name_is_said() -> None:
    shelf = Shelf()
    started(shelf)
    was = changed(shelf, lambda one: replace(one, con_id=77))

    _, _, heard = started(shelf, later=DAY)

    assert f"{was} was number 77 and is {was.con_id}" in said(heard)[0]


def test_contract_that_stands_for_other_shares_than_it_did_is_said_and_not_traded() -> None:
    shelf = Shelf()
    cold, _, _ = started(shelf)

    chain, _, heard = started(shelf, faults=["multiplier=50"], later=DAY)

    assert "stands for 50" in said(heard)[0]
    assert len(chain) <= len(cold)


def test_what_is_kept_from_the_future_is_not_believed() -> None:
    shelf = Shelf()
    started(shelf, later=DAY)

    _, asked, _ = started(shelf)

    assert asked.count("req_contract_details") == 5
