"""Letting a strategy trade real money: what that would mean, who says so, and for how much."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from engine.api.models.base import Instant, Model, Name, Reason, Who

Rung = Literal["one lot", "full"]
"""How many spreads an armed strategy opens at once: one, or as many as its file says."""


class Armed(Model):
    """An arm that stands."""

    by: Who = Field(examples=["ada"])
    """Who armed it."""
    expires_at: Instant
    """When it ends by itself."""
    risk_usd: float = Field(examples=[2000])
    """Most that what the strategy opens on one day may lose together, USD."""
    rung: Rung
    """How many spreads it opens at once."""
    reason: Reason = ""
    """Why; kept in the journal."""


class Arming(Model):
    """What arming a strategy would mean, and the arm that it has."""

    strategy: Name = Field(examples=["spx_bull_put"])
    """Its name."""
    file: str
    """Its file, as the engine reads it."""
    file_mode: Literal["record", "shadow", "paper", "live"]
    """What its file says; only `live` can be armed."""
    account: str = Field(examples=["U1234567"])
    """The account that it would trade."""
    is_real_money: bool
    """Whether the engine was started for real money; else nothing needs an arm."""
    armed: Armed | None
    """The arm that stands; null where none does."""
    why_not_armed: str | None
    """Why none does; null where one stands."""
    risk_per_trade_usd: float | None
    """What its sizing risks in one trade, USD; null where that hangs on an account value that is unknown."""
    per_day: int
    """Openings a day that its file allows."""
    open: int
    """Open positions that its file allows."""
    stop_for_day_usd: float | None
    """The result of a day at which it stops opening, USD, a loss is negative; null where its file has none."""
    new_per_day_usd: float | None
    """Most that all strategies together may open on one day by account.yaml, USD; null where that is unknown."""
    closed_positions: int
    """Positions of it that are closed in this account."""
    closed_positions_for_full: int
    """How many are needed before it may open more than one spread at a time."""


class ArmWord(Model):
    """Who arms a strategy: with what of the account, for how much a day and how long."""

    by: Who = Field("api", examples=["ada"])
    """Who says so; over TCP the engine takes the name of the key instead."""
    reason: Reason = Field("", examples=["paper went as planned"])
    """Why; kept in the journal."""
    account: Annotated[str, Field(min_length=4, max_length=4)] = Field(examples=["4567"])
    """The last four characters of the account, typed by a person."""
    risk_usd: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)] = Field(examples=["2000"])
    """Most that what it opens on one day may lose together, USD."""
    days: Annotated[int, Field(ge=1, le=30)] = 7
    """How long it lasts."""
    rung: Rung = "one lot"
    """How many spreads it opens at once."""
