"""strategies/account.yaml: what no strategy may exceed, and how options are priced. Every limit is checked for every opening.

Defaults are cautious practice for accounts that sell defined risk; each can be changed in the file, none can be switched off.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from engine.strategy.conditions import Ranking
from engine.strategy.expressions.tree import Arithmetic, Expression, Measure, measures_in
from engine.strategy.source import complaint
from engine.strategy.values.account import Drop, Percent
from engine.strategy.values.bands import Beta, DeltaBand, MoneyBand
from engine.strategy.values.counts import Count, Name, SchemaVersion, Ticker
from engine.strategy.values.entry import Hours
from engine.strategy.values.meaning import ShareOf, Window
from engine.strategy.values.money import Risk
from engine.strategy.way_out import write
from engine.strategy.written import Written


def _share(percent: str) -> ShareOf:
    return ShareOf(Decimal(percent) / 100, "net liquidation")


class RiskLimits(Written):
    """Sums of maximum losses, fees included."""

    per_trade: Risk = _share("1")
    """One order."""
    hard_cap: Risk = _share("2")
    """One order, whatever a strategy or an approval says."""
    width: Risk = _share("5")
    """Width × multiplier × contracts of one order: the loss if the credit were nothing."""
    per_underlying: Risk = _share("5")
    """All positions of one underlying."""
    per_expiry: Risk = _share("10")
    """All positions of one expiration date."""
    per_strategy: Risk = _share("10")
    """All positions of one strategy."""
    per_group: Risk = _share("12")
    """All positions of one group of underlyings that move together."""
    total: Risk = _share("25")
    """All positions."""
    new_per_day: Risk = _share("5")
    """What is opened on one day."""


class CountLimits(Written):
    contracts_per_order: Count = 5
    """Spreads in one order."""
    contracts_per_trade: Count = 10
    """Spreads in one position."""
    entries_per_day: Count = 8
    """Orders that open something, on one day."""
    working_orders: Count = 10
    """Orders at the broker at the same time."""
    orders_per_structure: Count = 1
    """Working orders for the same spread."""
    changes_per_order: Count = 5
    """Price changes of one order."""
    messages_per_minute: Count = 30
    """Order messages to the broker within a minute."""
    messages_per_fill: Count = 10
    """Order messages divided by fills, over the day."""


class GreekLimits(Written):
    """Of all positions together."""

    delta: Percent = Decimal("0.003")
    """Loss for a move of the index by 1%, as a share of net liquidation; beta-weighted."""
    vega: Percent = Decimal("0.01")
    """Loss for a change of volatility by 10 points, as a share of net liquidation."""
    gamma_days: Count = 3
    """Positions this close to expiry count for the next limit."""
    gamma: Percent = Decimal("0.03")
    """Loss of those for a move of 3% either way, as a share of net liquidation."""


class StressLimits(Written):
    """All positions revalued over a grid of moves."""

    spot: Annotated[tuple[Percent, ...], Field(min_length=1, max_length=5)] = (Decimal("0.05"), Decimal("0.10"))
    """Moves of the underlying, up and down."""
    volatility: Annotated[tuple[Percent, ...], Field(min_length=1, max_length=5)] = (Decimal("0.30"),)
    """Changes of volatility, up and down, as a part of itself."""
    worst_loss: Percent = Decimal("0.15")
    """Worst result on the grid, as a share of net liquidation."""


class MarginLimits(Written):
    buying_power_used: Percent = Decimal("0.50")
    """Initial margin after the order, as a share of net liquidation."""
    cushion_to_open: Percent = Decimal("0.25")
    """Least excess liquidity after the order, as a share of net liquidation, to open anything."""
    cushion_alarm: Percent = Decimal("0.15")
    """Below this a person is told."""
    cushion_reduce: Percent = Decimal("0.10")
    """Below this positions are closed, the dearest in margin first."""


class Breakers(Written):
    """What stops openings until the next day, or until a person lifts it."""

    stop_for_day: Drop = Decimal("-0.02")
    """Realised and unrealised result of the day at which nothing more is opened today, whatever it becomes later."""
    alarm_for_day: Drop = Decimal("-0.04")
    """Result of the day at which a person is told as well."""
    week: Drop = Decimal("-0.05")
    """Result of the week at which nothing is opened until a person lifts the breaker."""
    peak: Drop = Decimal("-0.10")
    """Fall from the highest net liquidation at which nothing is opened until a person lifts the breaker."""
    rejects_in_a_row: Count = 3
    """Orders refused by the broker one after another that halt the engine."""
    unknown_orders: Count = 2
    """Orders whose fate is not known that halt the engine."""


class Session(Written):
    open: Hours = Window(time(9, 45), time(15, 30))
    """When new positions may be opened."""
    close: Hours = Window(time(9, 35), time(15, 55))
    """When positions may be closed."""
    half_day: Hours = Window(time(9, 45), time(12, 30))
    """When new positions may be opened on a day with an early close."""


class Unattended(Written):
    """What trades without asking a person."""

    pause_after_days: Count = 14
    """Days without anybody's look after which it opens nothing more until somebody looks."""


class Pricing(Written):
    """What the formulas need and the quotes do not say."""

    rate: Percent = Decimal("0.04")
    """Interest per year, continuous."""
    dividend_yield: dict[Ticker, Percent] = Field(default_factory=dict[str, Decimal])
    """Dividends per year by underlying, continuous, as a share of its price; none where it is not named."""


BOOK_MEASURES = frozenset(
    {"width", "max_profit", "max_loss", "return_on_risk", "pop", "expected_value", "delta", "gamma", "theta", "vega", "fees"}
    | {"credit", "debit", "natural_credit", "natural_debit", "slippage", "quote_width", "short_delta", "long_delta", "dte"}
)
"""Numbers of a spread that are known of every structure when it is held against the others."""


def _of_any_structure(rank: Expression) -> Expression:
    """Refuses a number that only the search of one file knows."""
    strange = next((one for one in measures_in(rank) if one.name not in BOOK_MEASURES or one.at is not None), None)
    if strange is not None:
        name = strange.name if strange.at is None else f"{strange.name} at …"
        raise complaint(None, f"'{name}' is known to the rank of a file and not to the book's", write(*_RANKS))
    return rank


_RANKS = ("return_on_risk * pop", "theta / max_loss", "max_profit * pop / max_loss")


class Book(Written):
    rank: Annotated[Ranking, AfterValidator(_of_any_structure)] = Arithmetic(
        "*", Measure("return_on_risk", "spread"), Measure("pop", "spread")
    )
    """What makes an opening worth more than that of another strategy where the limits have no room for both."""


class Bands(Written):
    """Between which ends the greeks of what is held may stand, with their signs; where one is left out there is no band."""

    last_keys: ClassVar[tuple[str, ...]] = ("delta", "theta", "vega")

    delta: DeltaBand | None = None
    """Beta-weighted: shares of an index, or dollars of it, that gain and lose as all of it does."""
    theta: MoneyBand | None = None
    """What a day brings."""
    vega: MoneyBand | None = None
    """What one point more of every volatility brings."""


class StrategyGroup(Bands):
    """What the strategies that name this group in their `limits` may not exceed together."""

    open: Count | None = None
    """Positions open at the same time."""
    per_day: Count | None = None
    """Openings on one day."""
    open_risk: Risk | None = None
    """Sum of the maximum losses of their open positions."""


class Account(Written):
    defaults_lead: ClassVar[bool] = True

    schema_version: SchemaVersion = Field(alias="schema")
    """Version of this language."""
    risk: RiskLimits = RiskLimits()
    """Money that may be lost."""
    counts: CountLimits = CountLimits()
    """Contracts, orders, messages."""
    groups: dict[str, Annotated[tuple[Ticker, ...], Field(min_length=2, max_length=100)]] = Field(
        default_factory=lambda: {"sp500": ("SPX", "XSP", "SPY")}
    )
    """Underlyings that move together and count as one."""
    strategy_groups: dict[Name, StrategyGroup] = Field(default_factory=dict[str, StrategyGroup])
    """Limits that several strategies share, by the name that stands in their `limits.group`."""
    book: Book = Book()
    """Which openings go first where not all fit together."""
    greeks: GreekLimits = GreekLimits()
    """Delta, vega, gamma of all positions."""
    bands: Bands = Bands()
    """Delta, theta and vega of all positions, between two ends each."""
    betas: dict[Ticker, Beta] = Field(default_factory=dict[str, Decimal])
    """How much an underlying moves where the index moves by 1, for the band of delta; 1 where it is not named."""
    stress: StressLimits = StressLimits()
    """Loss in a crash on paper."""
    margin: MarginLimits = MarginLimits()
    """Buying power and cushion."""
    breakers: Breakers = Breakers()
    """What stops openings."""
    session: Session = Session()
    """Hours of trading."""
    unattended: Unattended = Unattended()
    """How long what trades without asking goes on while nobody looks."""
    pricing: Pricing = Pricing()
    """Interest and dividends."""

    @property
    def indices(self) -> frozenset[str]:
        """Those whose price a band counts in."""
        bands = (self.bands.delta, *(group.delta for group in self.strategy_groups.values()))
        return frozenset(band.index for band in bands if band is not None and band.index)

    def groups_of(self, underlying: str) -> tuple[str, ...]:
        """Names of the groups that an underlying belongs to."""
        return tuple(name for name, members in self.groups.items() if underlying in members)
