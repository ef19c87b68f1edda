"""The account's values as TWS sends them, in USD; a value in another currency is refused, not converted."""

from decimal import Decimal

from engine.broker.translate import money
from engine.domain.snapshot import AccountValues
from engine.ports import Clock

_TAGS = frozenset({"NetLiquidation", "AvailableFunds", "LookAheadAvailableFunds", "BuyingPower", "ExcessLiquidity"})


class Account:
    """What is known of one account. TWS sends changes every three minutes, and at once when a position changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset("")

    def reset(self, name: str) -> None:
        """Forget everything: the session or the account is another."""
        self.name = name
        self.base_currency: str | None = None
        """What the account is kept in; None until TWS has sent its worth."""
        self._values: dict[str, Decimal] = {}
        self._day_pnl: Decimal | None = None
        self._heard_at = None
        self._is_ready = True

    def value(self, tag: str, text: str, currency: str, account: str) -> None:
        """One account value. While TWS says that the account is not ready, during a reset, its numbers mean nothing."""
        if account != self.name:
            return
        if tag == "AccountReady":
            self._is_ready = text.lower() == "true"
        if tag not in _TAGS or not self._is_ready:
            return
        if tag == "NetLiquidation" and currency not in {"", "BASE"}:
            self.base_currency = currency
        amount = money(text)
        if currency == "USD" and amount is not None:
            self._values[tag] = amount
            self._heard_at = self._clock.now()

    def pnl(self, daily: float) -> None:
        """Result of the day, realised and unrealised; TWS sends it about once a second."""
        self._day_pnl = money(daily)

    @property
    def values(self) -> AccountValues:
        return AccountValues(
            account=self.name,
            heard_at=self._heard_at,
            net_liquidation=self._values.get("NetLiquidation"),
            available_funds=self._values.get("AvailableFunds"),
            look_ahead_available_funds=self._values.get("LookAheadAvailableFunds"),
            buying_power=self._values.get("BuyingPower"),
            excess_liquidity=self._values.get("ExcessLiquidity"),
            day_pnl=self._day_pnl,
        )
