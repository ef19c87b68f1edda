"""Measures of the market: what `when` asks of an underlying, of the calendar and of volatility."""

from __future__ import annotations

from engine.domain.chain import EVENT_KINDS
from engine.strategy.measures.declaration import Argument, Declaration
from engine.strategy.units import Unit


def _market(
    name: str,
    unit: Unit,
    sentence: str,
    argument: Argument | None = None,
    *,
    nullable: bool = True,
    between: tuple[float, float] | None = None,
    spoken: str = "",
    takes_symbol: bool = False,
    most_bars: int | None = None,
) -> Declaration:
    return Declaration(
        name, "market", unit, sentence, name, nullable, argument,
        most_bars=most_bars, between=between, spoken=spoken, takes_symbol=takes_symbol,
    )  # fmt: skip


_DAYS_BACK = Argument(Unit.DAYS, 2, 400, "50 days")
_FIRST_MINUTES = Argument(Unit.MINUTES, 1, 389, "first 60 min", before="first")
_DAYS_OF_PREMIUM = Argument(Unit.DAYS, 2, 45, "20 days")
_DAYS_OF_STANDING = Argument(Unit.DAYS, 20, 252, "60 days", is_optional=True)
_DAYS_AHEAD = Argument(Unit.DAYS, 0, 60, "2 days", default=0)

OF_THE_CALENDAR = frozenset(
    {"event", *(kind.casefold() for kind in EVENT_KINDS), "early_close_day", "weekday"}
    | {"first_trading_day", "last_trading_day", "days_to_earnings", "days_to_ex_dividend", "minutes_to_close", "time"}
)
"""Measures of the market that need no price."""

MARKET = (
    _market(
        "price",
        Unit.POINTS,
        "Last traded price of the underlying, or the middle of its quote when there is no trade; `price of VXN` is that of "
        "another index or share.",
        takes_symbol=True,
    ),
    _market(
        "move_today",
        Unit.RATIO,
        "price / previous close - 1; 1% up is 1%, a fall is negative; `move_today of QQQ` is that of another index or share.",
        takes_symbol=True,
    ),
    _market("gap", Unit.RATIO, "First price of today's session / previous close - 1; absent until it is told after the open."),
    _market("iv30", Unit.VOL, "Implied volatility of the underlying for 30 days, per year, as the broker publishes it."),
    _market(
        "iv_rank",
        Unit.RATIO,
        "(iv30 - lowest) / (highest - lowest) of the last 252 daily closes before today, or of as many as stand in the brackets; "
        "absent where fewer than four in five of them are known, 200 of 252.",
        _DAYS_OF_STANDING,
    ),
    _market(
        "iv_percentile",
        Unit.RATIO,
        "Share of the last 252 daily closes of iv30, or of as many as stand in the brackets, strictly below iv30 now; absent "
        "where fewer than four in five of them are known, 200 of 252.",
        _DAYS_OF_STANDING,
        between=(0, 1),
    ),
    _market("vix", Unit.POINTS, "Last value of the VIX index."),
    _market(
        "high_of",
        Unit.POINTS,
        "Highest price of the first n minutes of today's session; absent until they are over, and where the engine did not hear "
        "all of them.",
        _FIRST_MINUTES,
    ),
    _market(
        "low_of", Unit.POINTS, "Lowest price of the first n minutes of today's session; absent as high_of is.", _FIRST_MINUTES
    ),
    _market("range_of", Unit.RATIO, "(high_of - low_of) / low_of of the first n minutes of today's session.", _FIRST_MINUTES),
    _market("vix_today", Unit.RATIO, "vix / previous close of the VIX - 1; a fall is negative."),
    _market(
        "vix3m", Unit.POINTS, "Last value of the VIX3M index: the VIX of three months, so  vix / vix3m  is its term structure."
    ),
    _market(
        "ema",
        Unit.POINTS,
        "Exponential mean of the last 4 n daily closes before today: it begins with the mean of the first n, and each later "
        "close weighs 2 / (n + 1). `ema(9 bars of 5 min)` is that of all bars of today's session so far, absent before the n-th "
        "is over and where the engine did not hear all of them.",
        Argument(Unit.DAYS, 2, 70, "9 days"),
        most_bars=100,
    ),
    _market(
        "rsi",
        Unit.NUMBER,
        "Wilder's relative strength of the last 6 n daily changes before today, 0 to 100: it begins with the mean rise and fall "
        "of the first n, and each later change weighs 1 / n; absent where nothing changed. `rsi(14 bars of 5 min)` is that of "
        "all bars of today's session so far, absent as ema is.",
        Argument(Unit.DAYS, 2, 45, "14 days"),
        most_bars=100,
        between=(0, 100),
    ),
    _market(
        "average_volume",
        Unit.COUNT,
        "Mean of the shares traded on the last n days before today; absent for an index.",
        Argument(Unit.DAYS, 1, 250, "30 days"),
    ),
    _market(
        "sma",
        Unit.POINTS,
        "Simple mean of the last n daily closes before today. `sma(9 bars of 5 min)` is that of the last n bars of today's "
        "session, absent where the engine did not hear all of these.",
        _DAYS_BACK,
        most_bars=380,
    ),
    _market(
        "trend",
        Unit.RATIO,
        "price / close n trading days ago - 1. `trend(6 bars of 5 min)` is price / close of the first of the last n bars "
        "of today's session - 1, absent where the engine did not hear all of these.",
        Argument(Unit.DAYS, 2, 400, "20 days"),
        most_bars=380,
    ),
    _market(
        "realized_vol",
        Unit.VOL,
        "Standard deviation of the last n daily log returns, times the square root of 252.",
        Argument(Unit.DAYS, 2, 400, "20 days"),
    ),
    _market(
        "vol_premium",
        Unit.VOL,
        "iv30 - realized_vol of the last n days: what options ask for above what the underlying has done.",
        _DAYS_OF_PREMIUM,
    ),
    _market(
        "vol_premium_rank",
        Unit.RATIO,
        "(vol_premium - lowest) / (highest - lowest) of its last 252 daily values before today, each from the iv30 and the "
        "closes of its day; absent with fewer than 200.",
        _DAYS_OF_PREMIUM,
    ),
    _market(
        "vol_premium_percentile",
        Unit.RATIO,
        "Share of these daily values strictly below vol_premium now; absent with fewer than 200.",
        _DAYS_OF_PREMIUM,
        between=(0, 1),
    ),
    _market("expected_move", Unit.POINTS, "One standard deviation over 30 days: price × iv30 × sqrt(30 / 365)."),
    _market(
        "days_to_earnings", Unit.DAYS, "Calendar days to the next announcement of earnings; absent while no date is confirmed."
    ),
    _market("days_to_ex_dividend", Unit.DAYS, "Calendar days to the next ex-dividend date; absent while none is known."),
    _market(
        "event",
        Unit.FLAG,
        f"Any of {', '.join(EVENT_KINDS)} falls on today or the next n days; absent past the horizon of any of them.",
        _DAYS_AHEAD,
    ),
    *(
        _market(
            kind.casefold(),
            Unit.FLAG,
            f"{what} falls on today or the next n days; absent past the horizon of {kind} in events.yaml.",
            _DAYS_AHEAD,
        )
        for kind, what in EVENT_KINDS.items()
    ),
    _market("early_close_day", Unit.FLAG, "The exchange closes early today.", nullable=False),
    _market("minutes_to_close", Unit.MINUTES, "Minutes until the regular session of the options ends today."),
    _market("weekday", Unit.WEEKDAY, "Day of the week in New York.", nullable=False),
    _market(
        "first_trading_day",
        Unit.FLAG,
        "The exchange is open today and was not before in this month; absent past the end of its calendar.",
        spoken="first trading day of the month",
    ),
    _market(
        "last_trading_day",
        Unit.FLAG,
        "The exchange is open today and not again in this month; absent past the end of its calendar.",
        spoken="last trading day of the month",
    ),
    _market("time", Unit.CLOCK, "Time of day in New York.", nullable=False),
)

BESIDE_SPREADS = frozenset(
    {"price", "move_today", "iv30", "iv_rank", "iv_percentile", "vix", "vix_today", "vix3m", "expected_move"}
    | {"high_of", "low_of", "range_of", "sma", "ema", "rsi", "trend", "average_volume"}
    | {"realized_vol", "vol_premium", "vol_premium_rank", "vol_premium_percentile"}
)
"""What a line of `rules` or `rank` may hold a spread against: numbers that are the same whatever the session of the day is."""
