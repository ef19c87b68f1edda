"""Measures of a candidate. What they are made of depends on the legs of its structure: `compile/spreads.py` folds it over them.

Every sentence holds for every structure: a leg counts with its ratio, what is bought with + and what is sold with -.
"""

from __future__ import annotations

from typing import Literal

from engine.strategy.measures.declaration import Declaration
from engine.strategy.units import Unit


def _spread(
    name: str,
    unit: Unit,
    sentence: str,
    *,
    nullable: bool = False,
    structures: Literal["credit", "debit"] | None = None,
    between: tuple[float, float] | None = None,
    takes_view: bool = False,
) -> Declaration:
    return Declaration(
        name, "spread", unit, sentence, name, nullable, structures=structures, between=between, takes_view=takes_view
    )


SPREAD = (
    _spread(
        "credit",
        Unit.USD_PER_SHARE,
        "Net received per share at mid: mids of the legs that are sold - mids of those that are bought, each times its ratio.",
        structures="credit",
    ),
    _spread(
        "debit",
        Unit.USD_PER_SHARE,
        "Net paid per share at mid: mids of the legs that are bought - mids of those that are sold, each times its ratio.",
        structures="debit",
    ),
    _spread(
        "put_credit",
        Unit.USD_PER_SHARE,
        "Net received per share at mid by the puts of a structure with both sides; below zero where they cost.",
    ),
    _spread(
        "call_credit",
        Unit.USD_PER_SHARE,
        "Net received per share at mid by the calls of a structure with both sides; below zero where they cost.",
    ),
    _spread(
        "short_price",
        Unit.USD_PER_SHARE,
        "Mids of the legs that are sold, each times its ratio: what they bring per share.",
    ),
    _spread(
        "long_price",
        Unit.USD_PER_SHARE,
        "Mids of the legs that are bought, each times its ratio: what they cost per share.",
    ),
    _spread(
        "natural_credit",
        Unit.USD_PER_SHARE,
        "Net received per share at once: bids of the legs that are sold - asks of those that are bought, each times its ratio.",
        structures="credit",
    ),
    _spread(
        "natural_debit",
        Unit.USD_PER_SHARE,
        "Net paid per share at once: asks of the legs that are bought - bids of those that are sold, each times its ratio.",
        structures="debit",
    ),
    _spread(
        "width",
        Unit.USD_PER_SHARE,
        "Distance between the least and the most that one spread can be worth at expiry: of a vertical that of its strikes, "
        "of a condor the wider wing, of a butterfly the wider one too.",
    ),
    _spread(
        "max_profit",
        Unit.USD,
        "Most one spread can earn at expiry: multiplier × (the most that its legs are worth there + credit, or - debit); of a "
        "vertical multiplier × credit or multiplier × (width - debit). At mid, fees excluded. Of two expiries when the first "
        "ends, what is bought revalued at its own iv.",
    ),
    _spread(
        "max_loss",
        Unit.USD,
        "Most one spread can lose at expiry: multiplier × -(the least that its legs are worth there + credit, or - debit); of "
        "a vertical multiplier × (width - credit) or multiplier × debit. At mid, fees excluded. Of two expiries when the "
        "first ends, what is bought at the least that it can be worth then.",
    ),
    _spread("return_on_risk", Unit.RATIO, "max_profit / max_loss."),
    _spread(
        "pop",
        Unit.RATIO,
        "Risk-neutral probability of a profit at expiry after fees, at the iv interpolated in strike at the breakeven; of two "
        "expiries when the first ends, what is bought revalued at its own iv.",
        nullable=True,
        between=(0, 1),
    ),
    _spread(
        "p_touch",
        Unit.RATIO,
        "Risk-neutral probability that the underlying touches a sold strike before expiry, at that leg's iv: the greatest of "
        "all that are sold.",
        nullable=True,
        between=(0, 1),
    ),
    _spread(
        "expected_value",
        Unit.USD,
        "Present value of the mean profit of one spread at mid less fees, at the smile that pop is read from: about minus the "
        "fees. At a view, `expected_value at realized_vol(20 days)` or `at 18%`, that one volatility counts for every leg; at a "
        "view of the price that `views:` names, `expected_value at NAME`, each leg is worth what the view expects it to pay.",
        nullable=True,
        takes_view=True,
    ),
    _spread(
        "breakeven_distance",
        Unit.RATIO,
        "How far the underlying may move against us before the spread loses at expiry, as a share of spot; can be negative.",
    ),
    _spread(
        "delta",
        Unit.DELTA,
        "Deltas of the legs that are bought - deltas of those that are sold, each times its ratio, per share.",
        nullable=True,
        between=(-1, 1),
    ),
    _spread(
        "gamma",
        Unit.NUMBER,
        "Gammas of the legs that are bought - gammas of those that are sold, each times its ratio, per share.",
        nullable=True,
    ),
    _spread(
        "theta",
        Unit.USD_PER_SHARE,
        "Thetas of the legs that are bought - thetas of those that are sold, each times its ratio: what the spread gains per "
        "share over one calendar day.",
        nullable=True,
    ),
    _spread(
        "vega",
        Unit.USD_PER_SHARE,
        "Vegas of the legs that are bought - vegas of those that are sold, each times its ratio: what the spread gains per "
        "share for one point of volatility (1%).",
        nullable=True,
    ),
    _spread(
        "short_delta",
        Unit.DELTA,
        "Delta of the leg that is sold, without its sign; the greatest where several are.",
        nullable=True,
        between=(0, 1),
    ),
    _spread("long_delta", Unit.DELTA, "Delta of the leg that is bought, without its sign.", nullable=True, between=(0, 1)),
    _spread(
        "quote_width",
        Unit.USD_PER_SHARE,
        "Bid-ask width of the spread: the sum over all legs of ask - bid, each times its ratio.",
    ),
    _spread(
        "slippage",
        Unit.USD_PER_SHARE,
        "What going from mid to natural costs per share: half of quote_width.",
    ),
    _spread("fees", Unit.USD, "Estimated commissions and fees of opening and closing one spread."),
    _spread("dte", Unit.DAYS, "Calendar days from today to the first expiration date of its legs."),
    _spread(
        "days_to_ex_dividend",
        Unit.DAYS,
        "Calendar days to the next ex-dividend date of the underlying; absent while none is known.",
        nullable=True,
    ),
)

CREDITS_OF_SIDES = frozenset({"put_credit", "call_credit"})
"""Measures of one side of a candidate."""
