"""A tape that holds what a test writes on it, and orders as clients send them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np

from engine.domain.contract import Contract, PutCall
from engine.sim.exchange.account import Account
from engine.sim.exchange.checks import HouseRules
from engine.sim.exchange.exchange import Exchange
from engine.sim.exchange.fills import FillModel
from engine.sim.exchange.instruments import ComboLeg, Instrument, Quote
from engine.sim.exchange.orders import OrderTerms

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
EXPIRY = date(2026, 12, 18)
LATER_EXPIRY = date(2027, 1, 15)
STOCK = 1


class WrittenTape:
    """One underlying at 450 with options quoted a nickel wide: puts at 430 (11), 440 (12), 450 (15), 420 (16), calls at 460 (13),
    470 (14), 480 (17), and a month later a put at 440 (21) and a call at 460 (22)."""

    def __init__(self, symbol: str = "SPY", kind: str = "etf") -> None:
        self.symbol = symbol
        self.instruments = {STOCK: self._instrument(STOCK, None, kind)}
        self.quotes = {STOCK: quoted("449.99", "450.01", 1000)}
        self.levels: dict[date, Decimal] = {}
        self.expired: set[int] = set()
        self.kind = kind
        for con_id, strike, right, bid in (
            (11, 430, "P", "2.00"),
            (12, 440, "P", "4.00"),
            (13, 460, "C", "4.00"),
            (14, 470, "C", "2.00"),
            (15, 450, "P", "7.00"),
            (16, 420, "P", "1.00"),
            (17, 480, "C", "1.00"),
        ):
            self.list(con_id, strike, right, bid)
        self.list(21, 440, "P", "6.50", expiry=LATER_EXPIRY)
        self.list(22, 460, "C", "6.50", expiry=LATER_EXPIRY)

    def list(self, con_id: int, strike: int, right: PutCall, bid: str, *, expiry: date = EXPIRY, root: str = "") -> None:
        """One more option, of the class of the underlying's name where no root is named."""
        option = Contract(con_id, self.symbol, root or self.symbol, expiry, Decimal(strike), right, 100)
        self.instruments[con_id] = self._instrument(con_id, option, self.kind)
        self.quotes[con_id] = quoted(bid, str(Decimal(bid) + Decimal("0.05")))

    def instrument(self, con_id: int) -> Instrument | None:
        return self.instruments.get(con_id)

    def is_listed(self, con_id: int) -> bool:
        return con_id in self.instruments and con_id not in self.expired

    def quote(self, con_id: int) -> Quote:
        return self.quotes.get(con_id, Quote(None, None))

    def spot(self, symbol: str) -> Decimal | None:
        return self.quotes[STOCK].mark if symbol == self.symbol else None

    def underlying(self, symbol: str) -> Instrument | None:
        return self.instruments[STOCK] if symbol == self.symbol else None

    def settlement_value(self, option: Contract) -> Decimal | None:
        return self.levels.get(option.expiry)

    def _instrument(self, con_id: int, option: Contract | None, kind: str) -> Instrument:
        sec_type = "OPT" if option else "IND" if kind == "index" else "STK"
        root = option.root if option else self.symbol
        return Instrument(con_id, self.symbol, sec_type, root, "SMART", "ARCA", "USD", STOCK, kind, True, option)


def quoted(bid: str, ask: str, size: int = 50) -> Quote:
    low, high = Decimal(bid), Decimal(ask)
    return Quote(low, high, size, size, (low + high) / 2)


def exchange(
    tape: WrittenTape,
    cash: int = 100_000,
    *,
    fills: FillModel | None = None,
    rules: HouseRules | None = None,
    opened: bool = True,
) -> Exchange:
    """An exchange that is open, fills whole, and draws its chances from seed 7."""
    made = Exchange(
        tape,
        Account("DU1", Decimal(cash)),
        np.random.default_rng(7),
        rules=rules,
        fills=fills or FillModel(partial=0),
    )
    if opened:
        made.open_session(NOW)
    return made


def bull_put(limit: str, *, action: str = "BUY", quantity: int = 1, **changes: object) -> OrderTerms:
    """Buys (or sells back) the combination short 440 put, long 430 put; a credit is a negative limit."""
    return combo([(12, 1, "SELL"), (11, 1, "BUY")], limit, action=action, quantity=quantity, **changes)


CONDOR = [(12, 1, "SELL"), (11, 1, "BUY"), (13, 1, "SELL"), (14, 1, "BUY")]
"""440/430 puts and 460/470 calls; natural -3.90, mid -4.00."""
UNEQUAL_CONDOR = [(12, 1, "SELL"), (16, 1, "BUY"), (13, 1, "SELL"), (14, 1, "BUY")]
"""440/420 puts and 460/470 calls."""
BUTTERFLY = [(11, 1, "BUY"), (12, 2, "SELL"), (15, 1, "BUY")]
"""430/440/450 puts; natural 1.10, mid 1.00."""
BROKEN_WING = [(16, 1, "BUY"), (12, 2, "SELL"), (15, 1, "BUY")]
"""420/440/450 puts; natural 0.10, mid 0.00."""
CALENDAR = [(12, 1, "SELL"), (21, 1, "BUY")]
"""440 puts; natural 2.55, mid 2.50."""


def combo(
    legs: list[tuple[int, int, str]], limit: str | None, *, action: str = "BUY", quantity: int = 1, **changes: object
) -> OrderTerms:
    fields: dict[str, object] = {
        "sec_type": "BAG",
        "symbol": "SPY",
        "con_id": 0,
        "legs": tuple(ComboLeg(con_id, ratio, side) for con_id, ratio, side in legs),
        "action": action,
        "quantity": Decimal(quantity),
        "order_type": "LMT" if limit is not None else "MKT",
        "limit": None if limit is None else Decimal(limit),
        "tif": "DAY",
        "account": "DU1",
        "order_ref": "ref-1",
    }
    return OrderTerms(**{**fields, **changes})


def single(con_id: int, limit: str | None, *, action: str = "BUY", quantity: int = 1, **changes: object) -> OrderTerms:
    return combo(
        [],
        limit,
        action=action,
        quantity=quantity,
        **{"sec_type": "OPT" if con_id != STOCK else "STK", "con_id": con_id, **changes},
    )
