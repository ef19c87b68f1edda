"""Underlyings the generated market knows: their numbers at the broker, how their options are listed, how they move.

The levels are of the right size and no more: nothing here follows the real market.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.sim.market.contracts import Underlying
from engine.sim.market.surface import Shape

Cycle = Literal["daily", "weekly", "Wednesdays", "monthly"]


@dataclass(frozen=True, slots=True)
class Character:
    """How an underlying and its options behave in the generated market."""

    underlying: Underlying
    price: float
    """Where it starts, USD per share or points."""
    level: float
    """Short-term volatility at the start, decimal per root year."""
    shape: Shape
    market_share: float
    """Correlation with the common factor; 1 moves with it and nothing else."""
    strike_unit: float
    """Distance of strikes near the money, USD."""
    cycles: Mapping[str, Cycle] = field(default_factory=dict[str, Cycle])
    """How often each trading class expires."""
    daily_volume: int = 0
    """Shares on a usual day; 0 for an index."""
    option_volume: float = 0.0
    """Contracts on a usual day of the busiest option."""
    width_floor: float = 0.02
    """Least width of an option's quote, USD per share."""
    width_slope: float = 0.012
    """Width gained with price ** 0.75, USD per share."""


VIX = "VIX"
VIX_SOURCE = "SPX"
"""The index whose 30-day volatility, times 100, is the VIX."""

_NO_CARRY = 0.04
"""The yield that leaves a forward where it is, at the rate of all underlyings: options on the VIX are written on its futures."""
_INDEX = Shape(long_level=0.18)
_TECH = Shape(long_level=0.30, skew=-0.45, curve=0.7)


def _index(symbol: str, con_id: int, name: str, roots: tuple[str, ...], dividend: float, penny: bool) -> Underlying:
    return Underlying(symbol, con_id, "index", name, "CBOE", "CBOE", roots, penny, dividend=dividend)


def _stock(symbol: str, con_id: int, name: str, dividend: float) -> Underlying:
    return Underlying(symbol, con_id, "stock", name, "SMART", "NASDAQ", (symbol,), dividend=dividend)


def _fund(symbol: str, con_id: int, name: str, primary_exchange: str, dividend: float) -> Underlying:
    return Underlying(symbol, con_id, "etf", name, "SMART", primary_exchange, (symbol,), dividend=dividend)


_CHARACTERS = (
    Character(
        _index("SPX", 416904, "S&P 500 Stock Index", ("SPX", "SPXW"), 0.013, False),
        price=6000.0,
        level=0.15,
        shape=_INDEX,
        market_share=1.0,
        strike_unit=5.0,
        cycles={"SPX": "monthly", "SPXW": "daily"},
        option_volume=9_000,
        width_floor=0.05,
        width_slope=0.02,
    ),
    Character(
        _index("XSP", 137851301, "Mini-SPX Index", ("XSP",), 0.013, True),
        price=600.0,
        level=0.15,
        shape=_INDEX,
        market_share=1.0,
        strike_unit=1.0,
        cycles={"XSP": "daily"},
        option_volume=600,
        width_floor=0.03,
        width_slope=0.03,
    ),
    Character(
        _index("NDX", 416843, "NASDAQ 100 Stock Index", ("NDX", "NDXP"), 0.007, False),
        price=21000.0,
        level=0.19,
        shape=Shape(long_level=0.22),
        market_share=0.93,
        strike_unit=25.0,
        cycles={"NDX": "monthly", "NDXP": "daily"},
        option_volume=900,
        width_floor=0.10,
        width_slope=0.15,
    ),
    Character(
        _index("RUT", 416888, "Russell 2000 Index", ("RUT", "RUTW"), 0.012, False),
        price=2300.0,
        level=0.21,
        shape=Shape(long_level=0.23),
        market_share=0.88,
        strike_unit=5.0,
        cycles={"RUT": "monthly", "RUTW": "daily"},
        option_volume=900,
        width_floor=0.05,
        width_slope=0.06,
    ),
    Character(
        _index(VIX, 13455763, "CBOE Volatility Index", ("VIX", "VIXW"), _NO_CARRY, False),
        price=15.0,
        level=0.95,
        shape=Shape(long_level=0.75, skew=0.55, curve=0.8),
        market_share=0.0,
        strike_unit=0.5,
        cycles={"VIX": "monthly", "VIXW": "Wednesdays"},
        option_volume=12_000,
        width_floor=0.02,
        width_slope=0.05,
    ),
    Character(
        _fund("SPY", 756733, "SPDR S&P 500 ETF Trust", "ARCA", 0.012),
        price=600.0,
        level=0.15,
        shape=_INDEX,
        market_share=1.0,
        strike_unit=1.0,
        cycles={"SPY": "daily"},
        daily_volume=60_000_000,
        option_volume=40_000,
        width_floor=0.01,
    ),
    Character(
        _fund("QQQ", 320227571, "Invesco QQQ Trust", "NASDAQ", 0.006),
        price=510.0,
        level=0.19,
        shape=Shape(long_level=0.22),
        market_share=0.93,
        strike_unit=1.0,
        cycles={"QQQ": "daily"},
        daily_volume=40_000_000,
        option_volume=25_000,
        width_floor=0.01,
    ),
    Character(
        _fund("IWM", 9579970, "iShares Russell 2000 ETF", "ARCA", 0.011),
        price=228.0,
        level=0.21,
        shape=Shape(long_level=0.23),
        market_share=0.88,
        strike_unit=1.0,
        cycles={"IWM": "daily"},
        daily_volume=30_000_000,
        option_volume=12_000,
        width_floor=0.01,
    ),
    Character(
        _stock("AAPL", 265598, "Apple Inc", 0.005),
        price=230.0,
        level=0.24,
        shape=_TECH,
        market_share=0.75,
        strike_unit=2.5,
        cycles={"AAPL": "weekly"},
        daily_volume=50_000_000,
        option_volume=15_000,
    ),
    Character(
        _stock("MSFT", 272093, "Microsoft Corp", 0.008),
        price=420.0,
        level=0.23,
        shape=_TECH,
        market_share=0.75,
        strike_unit=2.5,
        cycles={"MSFT": "weekly"},
        daily_volume=22_000_000,
        option_volume=8_000,
    ),
    Character(
        _stock("NVDA", 4815747, "NVIDIA Corp", 0.0003),
        price=140.0,
        level=0.42,
        shape=Shape(long_level=0.45, skew=-0.35, curve=0.7),
        market_share=0.7,
        strike_unit=1.0,
        cycles={"NVDA": "weekly"},
        daily_volume=200_000_000,
        option_volume=40_000,
    ),
    Character(
        _stock("GOOG", 208813720, "Alphabet Inc", 0.004),
        price=175.0,
        level=0.26,
        shape=_TECH,
        market_share=0.72,
        strike_unit=2.5,
        cycles={"GOOG": "weekly"},
        daily_volume=20_000_000,
        option_volume=6_000,
    ),
)

CHARACTERS: Mapping[str, Character] = {character.underlying.symbol: character for character in _CHARACTERS}
"""By symbol."""
