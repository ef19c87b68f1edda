"""Synthetic chains for measuring: a parametric smile with a little noise, quotes with realistic widths, everything
from a seed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from engine.domain.chain import CHAIN_SCHEMA, ChainSnapshot
from engine.domain.contract import Contract
from engine.pricing.black_scholes import price
from engine.pricing.legs import leg_analytics

AS_OF = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def spx_like(seed: int = 7) -> ChainSnapshot:
    """20,000 contracts of one index: 40 expiries x 250 strikes x calls and puts."""
    return _chain(1, 40, 250, 5.0, 6000.0, seed)


def equity_like(underlyings: int, seed: int = 7) -> ChainSnapshot:
    """2,000 contracts for each underlying: 20 expiries x 50 strikes x calls and puts."""
    return _chain(underlyings, 20, 50, 2.5, 150.0, seed)


def _chain(underlyings: int, expiries: int, strikes: int, step: float, around: float, seed: int) -> ChainSnapshot:
    rng = np.random.default_rng(seed)
    days = np.sort(rng.choice(np.arange(1, 121), expiries, replace=False))
    u, e, side, k = (axis.ravel() for axis in np.meshgrid(
        np.arange(underlyings), np.arange(expiries), np.array([1, -1]), np.arange(strikes), indexing="ij"))  # fmt: skip
    n = u.size
    spot = around * np.exp(0.0002 * (u % 50))
    dte = days[e]
    years = (dte + 0.12) / 365
    strike = (np.round(around / step) - strikes // 2 + k) * step
    carry = np.full(n, 0.03)
    atm = 0.16 + 0.02 * np.sqrt(30 / (dte + 5.0))
    moneyness = np.log(strike / spot) / np.sqrt(years)
    iv = np.clip(atm - 0.12 * moneyness + 0.1 * moneyness**2 + rng.normal(0, 0.001, n), 0.05, 2.0)
    forward = spot * np.exp(carry * years)
    own = leg_analytics(spot, forward, strike, years, carry, side.astype(float), iv)
    fair = _fair(spot, strike, years, carry, iv, side)
    half = np.maximum(0.025, np.round(fair * rng.uniform(0.005, 0.03, n) / 0.05) * 0.05 / 2 + 0.025)
    mid = np.round(fair / 0.05) * 0.05
    bid, ask = np.round(np.maximum(mid - half, 0), 2), np.round(mid + half, 2)
    volume, interest = np.floor(rng.exponential(80, n)), np.floor(rng.exponential(900, n))
    group_id = (u * expiries + e) * 2 + (side < 0)
    premium = (bid + ask) / 2
    columns = {
        "row_id": np.arange(n), "underlying_id": u, "group_id": group_id, "put_call": side, "dte": dte,
        "strike": strike, "years": years, "spot": spot,
        "forward": forward, "forward_from": np.ones(n), "discount": np.exp(-carry * years), "atm_iv": atm, "bid": bid, "ask": ask,
        "bid_size": rng.integers(1, 90, n), "ask_size": rng.integers(1, 90, n),
        "last": mid, "volume": volume, "open_interest": interest, "quoted_at": AS_OF.timestamp() - rng.exponential(2, n),
        "quoted_level": spot, "iv": iv,
        "delta": own.delta, "gamma": own.gamma, "theta": own.theta, "vega": own.vega, "p_itm": own.p_itm,
        "worth": own.worth, "priced_at": np.full(n, AS_OF.timestamp()),
        "fee": np.where(premium >= 0.10, 0.65, np.where(premium >= 0.05, 0.50, 0.25)),
        "exchange_fee": np.where(premium >= 1, 0.45, 0.36),
    }  # fmt: skip
    table = pa.table(
        {name: pa.array(np.ascontiguousarray(values)).cast(CHAIN_SCHEMA.field(name).type) for name, values in columns.items()}
    )
    names = [f"U{number:03d}" for number in range(underlyings)] if underlyings > 1 else ["SPX"]
    contracts = _contracts(names, u, dte, strike, side)
    return ChainSnapshot("bench", AS_OF, table, contracts, names, 1, {c.con_id: i for i, c in enumerate(contracts)})


def _fair(
    spot: np.ndarray, strike: np.ndarray, years: np.ndarray, carry: np.ndarray, iv: np.ndarray, side: np.ndarray
) -> np.ndarray:
    return price(spot, strike, years, carry, np.zeros_like(spot), iv, side.astype(float))


def _contracts(names: list[str], u: np.ndarray, dte: np.ndarray, strike: np.ndarray, side: np.ndarray) -> list[Contract]:
    today = date(2026, 11, 20)
    roots = ["SPXW" if name == "SPX" else name for name in names]
    return [
        Contract(100_000 + i, names[a], roots[a], today + timedelta(days=int(d)), Decimal(str(s)), "C" if w > 0 else "P", 100)
        for i, (a, d, s, w) in enumerate(zip(u.tolist(), dte.tolist(), strike.tolist(), side.tolist(), strict=True))
    ]
