"""The account's values as TWS sends them, in USD; a value in another currency is refused, not converted."""

from datetime import datetime
from decimal import Decimal

from engine.broker.translate import money
from engine.domain.snapshot import AccountValues
from engine.ports import Clock

_TAGS = frozenset({"NetLiquidation", "AvailableFunds", "LookAheadAvailableFunds", "BuyingPower", "ExcessLiquidity"})
_WORTH, _PARTS = "NetLiquidation", "NetLiquidationByCurrency"
_BASE = "BASE"
"""TWS's mark for a value in the account's own currency."""
AMOUNT_MAX = Decimal(10) ** 13
"""USD; no account is worth ten trillion."""


class Account:
    """What is known of one account. TWS sends changes every three minutes, and at once when a position changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset("")

    def reset(self, name: str) -> None:
        """Forget everything: the session or the account is another."""
        self.name = name
        self._values: dict[str, Decimal] = {}
        self._worths: dict[str, Decimal | None] = {}
        """What the account is worth, by the currency that it is told in."""
        self._parts: dict[str, Decimal | None] = {}
        """What it holds of each currency, and all of it in its own."""
        self._rates: dict[str, Decimal | None] = {}
        """What one unit of a currency is worth in the account's own."""
        self._day_pnl: Decimal | None = None
        self._day_pnl_at: datetime | None = None
        self._reported_at: datetime | None = None
        self._is_ready = True

    def value(self, tag: str, text: str, currency: str, account: str) -> None:
        """One account value. While TWS says that the account is not ready, during a reset, its numbers mean nothing.

        A value that cannot be read makes what was known of it unknown: something has changed.
        """
        if account != self.name:
            return
        if tag == "AccountReady":
            self._is_ready = text.lower() == "true"
        if not self._is_ready:
            return
        amount = _amount(text)
        if tag == "ExchangeRate":
            self._rates[currency] = amount
        elif tag == _WORTH:
            self._worths[currency] = amount
        elif tag == _PARTS:
            self._parts[currency] = amount
        if tag not in _TAGS or currency != "USD":
            return
        self.reported()
        if amount is None:
            self._values.pop(tag, None)
        else:
            self._values[tag] = amount

    def reported(self) -> None:
        """TWS has told values, or that they stand as they were."""
        if self._is_ready and self.name:
            self._reported_at = self._clock.now()

    def pnl(self, daily: float) -> None:
        """Result of the day, realised and unrealised; TWS sends it about once a second while it changes."""
        self._day_pnl, self._day_pnl_at = _amount(daily), self._clock.now()

    @property
    def base_currency(self) -> str | None:
        """What the account is kept in; None where TWS has not told it, or nobody can tell it from what it told.

        The one currency that the account's worth is told in; of several, as for an account that holds several, the one whose
        exchange rate is 1, and else the one in which it is worth as much as all its parts in base currency.
        """
        told = [currency for currency in self._worths if currency not in {_BASE, ""}]
        if len(told) == 1:
            return told[0]
        at_par = [currency for currency, rate in self._rates.items() if rate == 1 and currency not in {_BASE, ""}]
        if len(at_par) == 1:
            return at_par[0]
        whole = self._worths.get(_BASE, self._parts.get(_BASE))
        alike = [currency for currency in told if whole is not None and self._worths[currency] == whole]
        return alike[0] if len(alike) == 1 else None

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that the account's worth was told in."""
        return tuple(currency for currency in self._worths if currency not in {_BASE, ""})

    @property
    def values(self) -> AccountValues:
        return AccountValues(
            account=self.name,
            reported_at=self._reported_at,
            net_liquidation=self._values.get("NetLiquidation"),
            available_funds=self._values.get("AvailableFunds"),
            look_ahead_available_funds=self._values.get("LookAheadAvailableFunds"),
            buying_power=self._values.get("BuyingPower"),
            excess_liquidity=self._values.get("ExcessLiquidity"),
            day_pnl=self._day_pnl,
            day_pnl_at=self._day_pnl_at,
        )


def _amount(text: str | float) -> Decimal | None:
    read = money(text)
    return read if read is not None and abs(read) < AMOUNT_MAX else None
