"""The names that traders give to structures: those of the language, those that could be several, those for later, and none."""

from __future__ import annotations

from collections.abc import Mapping

OTHER_NAMES: Mapping[str, str] = {
    "bull_put": (
        "put_credit_spread, bull_put_spread, short_put_spread, short_put_vertical, put_credit, credit_put_spread, pcs, bps, "
        "put_credit_vertical, bull_put_credit_spread, vertical_put_credit, credit_put, bull_put_vertical, sell_put_spread, "
        "put_vertical_credit, sell_put_vertical, short_put_credit_spread"
    ),
    "bear_call": (
        "call_credit_spread, bear_call_spread, short_call_spread, short_call_vertical, call_credit, credit_call_spread, ccs, "
        "bcs, call_credit_vertical, bear_call_credit_spread, credit_call, bear_call_vertical, sell_call_spread, "
        "sell_call_vertical"
    ),
    "bull_call": (
        "call_debit_spread, bull_call_spread, long_call_spread, long_call_vertical, call_debit, debit_call_spread, cds, "
        "call_debit_vertical, bull_call_debit_spread, debit_call, bull_call_vertical, buy_call_spread"
    ),
    "bear_put": (
        "put_debit_spread, bear_put_spread, long_put_spread, long_put_vertical, put_debit, debit_put_spread, pds, "
        "put_debit_vertical, bear_put_debit_spread, debit_put, bear_put_vertical, buy_put_spread"
    ),
}
"""Other names of the structures, set off by commas."""

UNCLEAR: Mapping[str, str] = {
    "bull_put": (
        "credit_spread, vertical, vertical_spread, put_spread, put_vertical, bull_spread, credit_vertical, credit, "
        "short_vertical, short_spread"
    ),
    "bear_call": "call_spread, call_vertical, bear_spread, bear_credit_spread",
    "bull_call": "debit_spread, long_vertical, debit_vertical, long_spread, debit",
}
"""Names that more than one structure has, by the one that is offered first."""

LATER_STRUCTURES: Mapping[str, str] = {
    "iron_condor": "condor, ic, short_iron_condor, iron_condors, short_condor",
    "iron_butterfly": "iron_fly, ironfly, short_iron_butterfly",
    "butterfly": "fly, long_butterfly, put_butterfly, call_butterfly",
    "broken_wing_butterfly": "bwb, broken_wing, skip_strike_butterfly",
    "calendar": "calendar_spread, time_spread, horizontal, double_calendar",
    "diagonal": "diagonal_spread, pmcc, poor_mans_covered_call, double_diagonal",
}
"""Structures that the language will have, with their other names."""

NAKED = (
    "short_put, short_call, naked_put, naked_call, cash_secured_put, csp, covered_call, short_straddle, short_strangle, "
    "straddle, strangle, ratio, ratio_spread, jade_lizard, wheel, put, call, long_put, long_call, single"
)
"""What has a short leg without a long one, or one leg alone."""

NAKED_NEAREST: Mapping[str, str] = {"call": "bear_call", "long_put": "bear_put", "long_call": "bull_call"}
"""The spread that comes nearest to what has one leg alone, by its word; a put that is sold is a bull_put."""
