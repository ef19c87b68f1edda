"""When the owner of a call that we are short has a reason to exercise it for the dividend."""

from __future__ import annotations

from dataclasses import dataclass

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
