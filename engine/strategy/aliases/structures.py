"""The names that traders give to what is no structure here: a short leg alone, or one leg alone."""

from __future__ import annotations

NAKED = (
    "short_put, short_call, naked_put, naked_call, cash_secured_put, csp, covered_call, short_straddle, short_strangle, "
    "straddle, strangle, ratio, ratio_spread, jade_lizard, wheel, put, call, long_put, long_call, single"
)
"""What has a short leg without a long one, or one leg alone."""
