"""Measures of one option. Their SQL stands over the columns of the chain: row_id, con_id, underlying, root, group_id, expiry,
put_call (+1 call, -1 put), strike, dte, years, spot, bid, ask, bid_size, ask_size, last, volume, open_interest, iv, delta,
gamma, theta, vega, p_itm, expected_payoff, atm_iv, quote_age, multiplier, fee.
"""

from __future__ import annotations

from engine.strategy.measures.declaration import Declaration
from engine.strategy.units import Unit


def _leg(
    name: str,
    unit: Unit,
    sentence: str,
    sql: str | None = None,
    *,
    nullable: bool = False,
    between: tuple[float, float] | None = None,
) -> Declaration:
    return Declaration(name, "leg", unit, sentence, sql or name, nullable, between=between)


LEG = (
    _leg("dte", Unit.DAYS, "Calendar days from today to the expiration date."),
    _leg("strike", Unit.POINTS, "Strike price."),
    _leg(
        "moneyness",
        Unit.RATIO,
        "How far out of the money: strike / spot - 1 for calls, 1 - strike / spot for puts.",
        "put_call * (strike / spot - 1)",
    ),
    _leg("bid", Unit.USD_PER_SHARE, "Best bid.", nullable=True),
    _leg("ask", Unit.USD_PER_SHARE, "Best ask.", nullable=True),
    _leg("mid", Unit.USD_PER_SHARE, "(bid + ask) / 2.", "(bid + ask) / 2", nullable=True),
    _leg("quote_width", Unit.USD_PER_SHARE, "ask - bid.", "(ask - bid)", nullable=True),
    _leg("quote_age", Unit.SECONDS, "Seconds since its bid or ask, price or size, was told last.", nullable=True),
    _leg("volume", Unit.COUNT, "Contracts traded today.", nullable=True),
    _leg("open_interest", Unit.COUNT, "Contracts open at the last count of the clearing house.", nullable=True),
    _leg("iv", Unit.VOL, "Implied volatility at mid, per year.", nullable=True),
    _leg("delta", Unit.DELTA, "Delta with its sign: calls 0 to 1, puts -1 to 0.", nullable=True, between=(-1, 1)),
    _leg("gamma", Unit.NUMBER, "Change of delta for one point of the underlying.", nullable=True),
    _leg(
        "theta",
        Unit.USD_PER_SHARE,
        "Change of value over one calendar day, dollars per share; negative for an option held.",
        nullable=True,
    ),
    _leg("vega", Unit.USD_PER_SHARE, "Change of value for one point of volatility (1%), dollars per share.", nullable=True),
    _leg(
        "p_itm",
        Unit.RATIO,
        "Risk-neutral probability to expire in the money, N(d2) for calls and N(-d2) for puts, at the leg's own iv.",
        nullable=True,
        between=(0, 1),
    ),
    _leg("bid_size", Unit.COUNT, "Contracts wanted at the bid.", nullable=True),
    _leg("ask_size", Unit.COUNT, "Contracts offered at the ask.", nullable=True),
)
