"""When the owner of an option that we are short has a reason to exercise it before its expiry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from engine.pricing.payoff import PutCall


@dataclass(frozen=True, slots=True)
class DividendRisk:
    """`extrinsic` is the part of the mid above intrinsic value, per share; `at_risk` says: expect assignment."""

    extrinsic: float
    at_risk: bool


def dividend_risk(
    put_call: PutCall, spot: float, strike: float, mid: float, next_dividend: float, *, ex_date_is_next_session: bool
) -> DividendRisk:
    """The risk of a short option on the session before the ex-date.

    A call in the money whose extrinsic value is below the cash dividend is worth more exercised than kept. A put
    and a call out of the money are never exercised for a dividend.
    """
    call = put_call == "C"
    extrinsic = mid - max(0.0, spot - strike if call else strike - spot)
    # Prices are decimals: an extrinsic value equal to the dividend must not fall below it by binary rounding.
    gains = extrinsic < next_dividend - 1e-9
    return DividendRisk(extrinsic, call and spot > strike and ex_date_is_next_session and gains)


def worth_exercising(
    put_call: PutCall, spot: float, strike: float, mid: float, years: float, rate: float, dividend: float | None
) -> Literal["yes", "no", "unknown"]:
    """Whether an American option is worth more exercised than kept: in the money, with less time value than exercise would gain.

    A put gains the interest on its strike over the `years` that it has left, a call the next cash dividend within them, USD per
    share; None where nobody knows that. Source: the time value that exercise gives up against what it gains.
    """
    extrinsic = mid - max(0.0, spot - strike if put_call == "C" else strike - spot)
    if (spot <= strike) if put_call == "C" else (spot >= strike):
        return "no"
    gain = dividend if put_call == "C" else strike * (1 - math.exp(-rate * years))
    if gain is None:
        return "unknown"
    return "yes" if extrinsic < gain - 1e-9 else "no"
