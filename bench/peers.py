"""The same bull put scan in other tools, each as its users would write it, and the loops that mark what this machine can do.

Every function returns rows (short row, long row, score), best first, five for each underlying, equal scores by row numbers:
the product's own order, so that the results can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

EQUAL = 1e-9
"""Computed numbers that differ by less are equal, as in the product: prices are cents, and a value on its bound is the rule."""
KEEP = 5
Rows = list[tuple[int, int, float]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The strategy's numbers."""

    width_low: float
    width_high: float
    days: tuple[int, int] = (20, 60)
    volume: float = 10.0
    open_interest: float = 100.0
    quote_width: float = 0.15
    delta: tuple[float, float] = (0.10, 0.35)
    credit: float = 0.10
    minimum_fee: float = 1.0


# --- polars -------------------------------------------------------------------------------------------------------------------

_COLUMNS = [
    "row_id", "underlying_id", "group_id", "put_call", "dte", "strike", "years", "forward", "bid", "ask", "volume",
    "open_interest", "iv", "delta", "worth", "fee", "exchange_fee",
]  # fmt: skip


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """The chain as polars sees it, without a copy where it can."""
    return pl.DataFrame(pl.from_arrow(table.select(_COLUMNS)))


def polars_plain(frame: pl.DataFrame, b: Bounds) -> Rows:
    """Join on the group, then filter."""
    legs = _polars_legs(frame, b)
    short = legs.filter((pl.col("bid") > 0) & pl.col("delta").abs().is_between(*b.delta))
    return _polars_best(short.join(legs, on="group_id", suffix="_l"), b)


def polars_bucket(frame: pl.DataFrame, b: Bounds) -> Rows:
    """Join on buckets as wide as the widest spread, the short side doubled."""
    legs = _polars_legs(frame, b).with_columns(
        bucket=pl.col("group_id").cast(pl.Int64) * 2**31 + (pl.col("strike") / (b.width_high + 1e-6)).floor().cast(pl.Int64)
    )
    short = legs.filter((pl.col("bid") > 0) & pl.col("delta").abs().is_between(*b.delta))
    doubled = pl.concat([short, short.with_columns(bucket=pl.col("bucket") - 1)])
    return _polars_best(doubled.join(legs, on="bucket", suffix="_l"), b)


def polars_where(frame: pl.DataFrame, b: Bounds) -> Rows:
    """An inequality join: the group, and strikes within reach of each other."""
    legs = _polars_legs(frame, b)
    short = legs.filter((pl.col("bid") > 0) & pl.col("delta").abs().is_between(*b.delta)).with_columns(
        low=pl.col("strike") - b.width_high - 1e-6, high=pl.col("strike") - b.width_low + 1e-6
    )
    met = short.join_where(
        legs, pl.col("group_id") == pl.col("group_id_l"),
        pl.col("strike_l") >= pl.col("low"), pl.col("strike_l") <= pl.col("high"),
        suffix="_l",
    )  # fmt: skip
    return _polars_best(met, b)


def _polars_legs(frame: pl.DataFrame, b: Bounds) -> pl.LazyFrame:
    bid, ask = pl.col("bid"), pl.col("ask")
    return frame.lazy().filter(
        (pl.col("put_call") == -1) & pl.col("dte").is_between(*b.days) & (bid >= 0) & (bid < ask) & ask.is_finite()
        & (pl.col("volume") >= b.volume) & (pl.col("open_interest") >= b.open_interest)
        & (ask - bid <= b.quote_width * ((bid + ask) / 2) + EQUAL)
    )  # fmt: skip


def _polars_best(met: pl.LazyFrame, b: Bounds) -> Rows:
    c = pl.col
    priced = (
        met.with_columns(width=c("strike") - c("strike_l"), net=((c("bid") + c("ask")) - (c("bid_l") + c("ask_l"))) / 2)
        .filter(
            c("width").is_between(b.width_low - 1e-6, b.width_high + 1e-6) & (c("net") > EQUAL) & (c("net") < c("width") - EQUAL)
            & (c("bid") - c("ask_l") > EQUAL) & (c("net") >= b.credit * c("width") - EQUAL)
        )
        .with_columns(passed_on=c("exchange_fee") + c("exchange_fee_l"))
        .with_columns(fees=2 * (pl.max_horizontal(c("fee") + c("fee_l"), pl.lit(b.minimum_fee)) + c("passed_on")))
        .with_columns(kept=c("net") - c("fees") / 100)
        .with_columns(at=c("strike") - c("kept"))
        .with_columns(iv_at=c("iv") + (c("iv_l") - c("iv")) * (c("at") - c("strike")) / (c("strike_l") - c("strike")))
        .with_columns(
            z=-((c("at") / c("forward")).log() + c("iv_at") * c("iv_at") / 2 * c("years"))
            / (c("iv_at") * c("years").sqrt()),
            score=(100 * (c("net") + c("worth_l") - c("worth")) - c("fees")) / (100 * (c("width") - c("net"))),
        )
        .filter((c("kept") > EQUAL) & (c("z") >= 0) & c("z").is_finite() & c("score").is_finite())
        .select("underlying_id", "row_id", "row_id_l", "score")
        .sort(["score", "row_id", "row_id_l"], descending=[True, False, False])
    )  # fmt: skip
    return [
        row[1:]
        for row in priced.group_by("underlying_id", maintain_order=True)
        .head(KEEP)
        .sort(["score", "row_id", "row_id_l"], descending=[True, False, False])
        .collect()
        .rows()
    ]


# --- pandas -------------------------------------------------------------------------------------------------------------------


def pandas_frame(table: pa.Table) -> pd.DataFrame:
    """The chain as pandas sees it."""
    return table.select(_COLUMNS).to_pandas()


def pandas_merge(frame: pd.DataFrame, b: Bounds) -> Rows:
    """Merge on the group, then filter."""
    f = frame
    legs = f[
        (f.put_call == -1) & f.dte.between(*b.days) & (f.bid >= 0) & (f.bid < f.ask) & np.isfinite(f.ask) & (f.volume >= b.volume)
        & (f.open_interest >= b.open_interest) & (f.ask - f.bid <= b.quote_width * ((f.bid + f.ask) / 2) + EQUAL)
    ]  # fmt: skip
    short = legs[(legs.bid > 0) & legs.delta.abs().between(*b.delta)]
    m = short.merge(legs, on="group_id", suffixes=("", "_l"))
    m["width"] = m.strike - m.strike_l
    m = m[m.width.between(b.width_low - 1e-6, b.width_high + 1e-6)].copy()
    m["net"] = ((m.bid + m.ask) - (m.bid_l + m.ask_l)) / 2
    m = m[(m.net > EQUAL) & (m.net < m.width - EQUAL) & (m.bid - m.ask_l > EQUAL) & (m.net >= b.credit * m.width - EQUAL)].copy()
    fees = 2 * (np.maximum(m.fee + m.fee_l, b.minimum_fee) + m.exchange_fee + m.exchange_fee_l)
    kept = m.net - fees / 100
    at = m.strike - kept
    iv = m.iv + (m.iv_l - m.iv) * (at - m.strike) / (m.strike_l - m.strike)
    z = -(np.log(at / m.forward) + iv * iv / 2 * m.years) / (iv * np.sqrt(m.years))
    m["score"] = (100 * (m.net + m.worth_l - m.worth) - fees) / (100 * (m.width - m.net))
    m = m[(kept > EQUAL) & (z >= 0) & np.isfinite(z) & np.isfinite(m.score)]
    order = {"by": ["score", "row_id", "row_id_l"], "ascending": [False, True, True]}
    best = m.sort_values(**order).groupby("underlying_id", sort=False).head(KEEP)
    return list(best[["row_id", "row_id_l", "score"]].itertuples(index=False, name=None))


# --- loops --------------------------------------------------------------------------------------------------------------------


def numba_columns(table: pa.Table) -> tuple[np.ndarray, ...]:
    """The live buffers as arrays."""
    return tuple(table.column(name).chunk(0).to_numpy(zero_copy_only=True) for name in _COLUMNS)


def numba_loops(columns: tuple[np.ndarray, ...], underlyings: int, b: Bounds) -> Rows:
    """Compiled loops over the same buffers: what a machine code kernel of this scan costs here."""
    s, long, score, count = _loops(
        *columns, underlyings, b.width_low - 1e-6, b.width_high + 1e-6, *b.days, b.volume, b.open_interest, b.quote_width,
        *b.delta, b.credit, b.minimum_fee,
    )  # fmt: skip
    rows = [(int(s[u, k]), int(long[u, k]), float(score[u, k])) for u in range(underlyings) for k in range(count[u])]
    return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))


@numba.njit(cache=False)
def _loops(
    row_id, u, group_id, put_call, dte, strike, years, forward, bid, ask, volume, interest, iv, delta, worth, fee, passed_on,
    underlyings, width_low, width_high, day_low, day_high, min_volume, min_interest, quote_width, delta_low, delta_high,
    share, min_fee,
):  # fmt: skip
    n = row_id.size
    is_leg = np.empty(n, np.bool_)
    for i in range(n):
        b, a = bid[i], ask[i]
        is_leg[i] = (
            put_call[i] == -1 and day_low <= dte[i] <= day_high and b >= 0 and b < a and a <= 1e308 and volume[i] >= min_volume
            and interest[i] >= min_interest and a - b <= quote_width * ((b + a) / 2) + EQUAL
        )  # fmt: skip
    keep = 5
    best_s = np.zeros((underlyings, keep), np.int64)
    best_l = np.zeros((underlyings, keep), np.int64)
    best = np.zeros((underlyings, keep))
    count = np.zeros(underlyings, np.int64)
    for s in range(n):
        if not is_leg[s] or bid[s] <= 0 or not delta_low <= abs(delta[s]) <= delta_high:
            continue
        root_years = np.sqrt(years[s])
        for k in range(s - 1, -1, -1):
            if group_id[k] != group_id[s]:
                break
            width = strike[s] - strike[k]
            if width > width_high:
                break
            if width < width_low or not is_leg[k]:
                continue
            net = ((bid[s] + ask[s]) - (bid[k] + ask[k])) / 2
            if not (EQUAL < net < width - EQUAL) or bid[s] - ask[k] <= EQUAL or net < share * width - EQUAL:
                continue
            fees = 2 * (max(fee[s] + fee[k], min_fee) + passed_on[s] + passed_on[k])
            kept = net - fees / 100
            if kept <= EQUAL:
                continue
            at = strike[s] - kept
            v = iv[s] + (iv[k] - iv[s]) * (at - strike[s]) / (strike[k] - strike[s])
            z = -(np.log(at / forward[s]) + v * v / 2 * years[s]) / (v * root_years)
            if not 0 <= z <= 1e308:
                continue
            score = (100 * (net + worth[k] - worth[s]) - fees) / (100 * (width - net))
            if not -1e308 <= score <= 1e308:
                continue
            w = u[s]
            m = count[w]
            # Sorted by score; of equal ones the smaller row numbers stand first.
            while m > 0 and (
                best[w, m - 1] < score
                or (best[w, m - 1] == score and (best_s[w, m - 1] > s or (best_s[w, m - 1] == s and best_l[w, m - 1] > k)))
            ):
                if m < keep:
                    best[w, m], best_s[w, m], best_l[w, m] = best[w, m - 1], best_s[w, m - 1], best_l[w, m - 1]
                m -= 1
            if m < keep:
                best[w, m], best_s[w, m], best_l[w, m] = score, s, k
                count[w] = min(keep, count[w] + 1)
    return best_s, best_l, best, count
