"""A simulated TWS on a small generated market, and unmodified ib_async clients of it, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

import ib_async as ib

from engine.domain.session import NEW_YORK, Session
from engine.sim.loop import VirtualLoop, run
from engine.sim.market.generated import GeneratedMarket
from engine.sim.market.series import Breadth
from engine.sim.simulator import Simulator

T = TypeVar("T")

PORT = 4002
MONDAY = date(2026, 11, 23)
MORNING = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""10:00 in New York on a Monday; the Thursday after is Thanksgiving and the Friday ends early."""

_HOLIDAY, _HALF_DAY = date(2026, 11, 26), date(2026, 11, 27)


def sessions(days: int = 100) -> list[Session]:
    """Sessions from the Friday before on."""
    found = []
    for number in range(days):
        day = MONDAY - timedelta(days=3) + timedelta(days=number)
        if day.weekday() < 5 and day != _HOLIDAY:
            close = time(13) if day == _HALF_DAY else time(16)
            found.append(
                Session(day, *(datetime.combine(day, clock, NEW_YORK).astimezone(UTC) for clock in (time(9, 30), close)))
            )
    return found


def simulator(begins: datetime = MORNING, underlyings: tuple[str, ...] = ("SPY",), seed: int = 7, **options: object) -> Simulator:
    """A started-to-be simulator; SPY alone with expiries today, tomorrow, on Fridays and in December."""
    breadth = Breadth(dailies=2, weeklies=2, monthlies=1, deviations=2.5)
    market = GeneratedMarket(seed, begins, sessions(), underlyings, breadth)
    return Simulator(market, seed=seed, begins=begins, **options)


async def client(client_id: int = 3, port: int = PORT) -> ib.IB:
    """A connected ib_async client that raises request errors."""
    made = ib.IB()
    made.client.MaxRequests = 0
    made.RaiseRequestErrors = True
    await made.connectAsync("127.0.0.1", port, clientId=client_id, timeout=10, raiseSyncErrors=True)
    return made


def play(act: Callable[[Simulator, ib.IB], Awaitable[T]], **options: object) -> T:
    """What the act returns, with a client connected to a simulator in virtual time."""

    async def main() -> T:
        sim = simulator(**options)
        await sim.start(port=PORT)
        connected = await client()
        try:
            return await act(sim, connected)
        finally:
            connected.disconnect()
            await sim.stop()

    return run(main(), VirtualLoop())


async def spread(connected: ib.IB, expiry_number: int = 3) -> tuple[ib.Bag, ib.Contract, ib.Contract]:
    """A bull put of SPY as a combination, its short and its long leg: five strikes apart, 1 % below the market."""
    [spy] = await connected.qualifyContractsAsync(ib.Stock("SPY", "SMART", "USD"))
    [chain] = [c for c in await connected.reqSecDefOptParamsAsync("SPY", "", "STK", spy.conId) if c.exchange == "SMART"]
    [ticker] = await connected.reqTickersAsync(spy)
    asked = ib.Option("SPY", sorted(chain.expirations)[expiry_number], right="P", exchange="SMART")
    puts = sorted((found.contract for found in await connected.reqContractDetailsAsync(asked)), key=lambda put: put.strike)
    short = min(puts, key=lambda put: abs(put.strike - ticker.last * 0.99))
    return bag(short, puts[puts.index(short) - 5]), short, puts[puts.index(short) - 5]


def bag(short: ib.Contract, long: ib.Contract) -> ib.Bag:
    legs = [
        ib.ComboLeg(conId=leg.conId, ratio=1, action=side, exchange="SMART") for leg, side in ((short, "SELL"), (long, "BUY"))
    ]
    return ib.Bag(symbol="SPY", exchange="SMART", currency="USD", comboLegs=legs)


async def condor(connected: ib.IB, expiry_number: int = 4) -> ib.Bag:
    """An iron condor of SPY: puts and calls about 2 % away from the market, as wide as the bull put of `spread`."""
    _, short, long = await spread(connected, expiry_number)
    asked = ib.Option("SPY", short.lastTradeDateOrContractMonth, right="C", exchange="SMART")
    calls = sorted((found.contract for found in await connected.reqContractDetailsAsync(asked)), key=lambda call: call.strike)
    sold = min(calls, key=lambda call: abs(call.strike - short.strike * 1.02))
    bought = min(calls, key=lambda call: abs(call.strike - sold.strike - (short.strike - long.strike)))
    return ib.Bag(
        symbol="SPY", exchange="SMART", currency="USD", comboLegs=[*bag(short, long).comboLegs, *bag(sold, bought).comboLegs]
    )


def order(limit: float, quantity: int = 1, action: str = "BUY", **fields: object) -> ib.LimitOrder:
    return ib.LimitOrder(action, quantity, limit, tif="DAY", account="DU1234567", **fields)


def natural(sim: Simulator, combination: ib.Bag) -> float:
    """What buying the combination at once costs, signed."""
    legs = [(leg.conId, 1 if leg.action == "BUY" else -1) for leg in combination.comboLegs]
    quotes = {con_id: sim.tape.quote(con_id) for con_id, _ in legs}
    return float(sum(quotes[con_id].ask if sign > 0 else -quotes[con_id].bid for con_id, sign in legs))


def marketable(sim: Simulator, combination: ib.Bag, quantity: int = 1, **fields: object) -> ib.LimitOrder:
    """An order that pays up to a dime more than the natural price, and never for a credit."""
    return order(round(min(natural(sim, combination) + 0.10, 0.0), 2), quantity, **fields)


async def settled(trade: ib.Trade, seconds: float = 120) -> ib.Trade:
    """The trade once it is done, or after so long."""
    for _ in range(int(seconds)):
        if trade.isDone():
            break
        await asyncio.sleep(1)
    await asyncio.sleep(1)
    return trade
