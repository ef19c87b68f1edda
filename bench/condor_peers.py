"""Iron condors with equal wings as polars finds them, and as exact loops do: what the product is held against.

Every function returns the row numbers of the sold put, the bought put, the sold call and the bought call, best first; equal
scores by row numbers, as in the product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numba
import numpy as np
import polars as pl
import pyarrow as pa
from scipy.special import ndtr

from bench.peers import EQUAL, KEEP

COLUMNS: Final = (
    "row_id", "group_id", "put_call", "dte", "strike", "years", "forward", "bid", "ask", "volume", "open_interest", "iv", "delta",
    "worth", "fee", "exchange_fee",
)  # fmt: skip
Rows = list[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The strategy's numbers."""

    width: tuple[float, float] = (5.0, 50.0)
    days: tuple[int, int] = (20, 60)
    volume: float = 10.0
    open_interest: float = 100.0
    quote_width: float = 0.15
    delta: tuple[float, float] = (0.10, 0.35)
    credit: float = 0.10
    pop: float = 0.50
    rank: Literal["expected_value / max_loss", "pop"] = "expected_value / max_loss"
    minimum_fee: float = 1.0

    @property
    def spread(self) -> dict[str, object]:
        """As the trader would write it."""
        return {
            "type": "iron_condor",
            "expiry": f"{self.days[0]}-{self.days[1]} days",
            "short_delta": f"{self.delta[0]:.2f}-{self.delta[1]:.2f}",
            "width": f"${self.width[0]:g}-${self.width[1]:g}",
            "rules": ["natural_credit > $0", f"credit >= {self.credit:.0%} of width", f"pop >= {self.pop:.0%}"],
            "rank": self.rank,
            "keep": KEEP,
        }


# --- polars -------------------------------------------------------------------------------------------------------------------


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """The chain as polars sees it, without a copy where it can."""
    return pl.DataFrame(pl.from_arrow(table.select(COLUMNS)))


def polars_condors(frame: pl.DataFrame, b: Bounds) -> Rows:
    """Wings with what they add to a condor, joined on expiry and width; the chance of profit only where the rest holds."""
    c, bid, ask = pl.col, pl.col("bid"), pl.col("ask")
    legs = frame.lazy().filter(
        c("dte").is_between(*b.days) & (bid >= 0) & (bid < ask) & ask.is_finite() & (c("volume") >= b.volume)
        & (c("open_interest") >= b.open_interest) & (ask - bid <= b.quote_width * ((bid + ask) / 2) + EQUAL)
    )  # fmt: skip

    def wings(side: int) -> pl.LazyFrame:
        of_side = legs.filter(c("put_call") == side)
        short = of_side.filter((bid > 0) & c("delta").abs().is_between(*b.delta))
        return (
            short.join(of_side, on="group_id", suffix="_l")
            .with_columns(width=side * (c("strike_l") - c("strike")))
            .filter(c("width").is_between(b.width[0] - 1e-6, b.width[1] + 1e-6))
            .select(
                "dte", "row_id", "row_id_l", "width", "strike", "years", "forward", "iv", "iv_l",
                tenths=(1000 * c("width")).round().cast(pl.Int64),
                net=((c("bid") + c("ask")) - (c("bid_l") + c("ask_l"))) / 2,
                natural=c("bid") - c("ask_l"),
                worth=c("worth_l") - c("worth"),
                fee=c("fee") + c("fee_l"),
                passed_on=c("exchange_fee") + c("exchange_fee_l"),
            )
        )  # fmt: skip

    def chance_below(strike: str, iv: tuple[str, str], way: pl.Expr, sign: int) -> pl.Expr:
        level = c(strike) + sign * c("kept")
        at = c(iv[0]) + (c(iv[1]) - c(iv[0])) * way
        z = ((level / c("forward")).log() + at * at / 2 * c("years")) / (at * c("years").sqrt())
        return z.map_batches(ndtr, return_dtype=pl.Float64)

    met = wings(-1).join(wings(1), on=["dte", "tenths"], suffix="_c").filter(c("strike") < c("strike_c"))
    way = c("kept") / c("width")
    priced = (
        met.with_columns(net=c("net") + c("net_c"), natural=c("natural") + c("natural_c"))
        .filter(
            (c("net") > EQUAL) & (c("net") < c("width") - EQUAL) & (c("natural") > EQUAL)
            & (c("net") >= b.credit * c("width") - EQUAL)
        )
        .with_columns(
            fees=2 * (pl.max_horizontal(c("fee") + c("fee_c"), pl.lit(b.minimum_fee)) + c("passed_on") + c("passed_on_c"))
        )
        .with_columns(
            kept=c("net") - c("fees") / 100,
            score=(100 * (c("net") + c("worth") + c("worth_c")) - c("fees")) / (100 * (c("width") - c("net"))),
        )
        .filter((c("kept") > EQUAL) & c("score").is_finite())
        .with_columns(
            pop=chance_below("strike_c", ("iv_c", "iv_l_c"), way, 1) - chance_below("strike", ("iv", "iv_l"), way, -1)
        )
        .filter(c("pop") >= b.pop - EQUAL)
    )  # fmt: skip
    rows = ["row_id", "row_id_l", "row_id_c", "row_id_l_c"]
    score = c("score") if b.rank != "pop" else c("pop")
    best = priced.select(*rows, score=score.round(10)).sort(["score", *rows], descending=[True, *[False] * 4]).head(KEEP)
    return best.select(rows).collect().rows()


# --- loops --------------------------------------------------------------------------------------------------------------------


def numba_columns(table: pa.Table) -> tuple[np.ndarray, ...]:
    """The live buffers as arrays."""
    return tuple(table.column(name).chunk(0).to_numpy(zero_copy_only=True) for name in COLUMNS)


def numba_condors(columns: tuple[np.ndarray, ...], b: Bounds) -> Rows:
    """Compiled loops over the same buffers: every condor is looked at, the chance of profit last and only of what would enter."""
    found, score, count = _condors(
        *columns[1:], b.width[0] - 1e-6, b.width[1] + 1e-6, *b.days, b.volume, b.open_interest, b.quote_width, *b.delta,
        b.credit, b.pop, b.minimum_fee, b.rank == "pop",
    )  # fmt: skip
    rows = [(round(float(score[n]), 10), *(int(row) for row in found[n])) for n in range(count)]
    return [row[1:] for row in sorted(rows, key=lambda row: (-row[0], row[1:]))]


@numba.njit(cache=False)
def _wings(
    side, start, end, is_leg, strike, bid, ask, delta, worth, fee, passed_on, width_low, width_high, delta_low, delta_high,
    widths, known, shorts, longs, of_width, numbers,
):  # fmt: skip
    """The wings of one group into the buffers: rows, number of the width, and what each adds; how many, and how many widths."""
    count = 0
    for s in range(start, end):
        if not is_leg[s] or bid[s] <= 0 or not delta_low <= abs(delta[s]) <= delta_high:
            continue
        k = s
        while True:
            k += side
            if k < start or k >= end:
                break
            width = side * (strike[k] - strike[s])
            if width > width_high:
                break
            if width < width_low or not is_leg[k]:
                continue
            at = 0
            while at < known and abs(widths[at] - width) > 1e-4:
                at += 1
            if at == known:
                widths[known] = width
                known += 1
            shorts[count], longs[count], of_width[count] = s, k, at
            numbers[count, 0] = ((bid[s] + ask[s]) - (bid[k] + ask[k])) / 2
            numbers[count, 1] = bid[s] - ask[k]
            numbers[count, 2] = worth[k] - worth[s]
            numbers[count, 3] = fee[s] + fee[k]
            numbers[count, 4] = passed_on[s] + passed_on[k]
            count += 1
    return count, known


@numba.njit(cache=False)
def _by_width(count, known, of_width, order, firsts):
    """Wings in the order of their widths."""
    firsts[: known + 1] = 0
    for n in range(count):
        firsts[of_width[n] + 1] += 1
    for at in range(known):
        firsts[at + 1] += firsts[at]
    placed = firsts[: known + 1].copy()
    for n in range(count):
        order[placed[of_width[n]]] = n
        placed[of_width[n]] += 1


@numba.njit(cache=False)
def _below(level, iv, forward, years):
    z = (np.log(level / forward) + iv * iv / 2 * years) / (iv * np.sqrt(years))
    return 0.5 * math.erfc(-z / np.sqrt(2.0))


@numba.njit(cache=False)
def _condors(
    group_id, put_call, dte, strike, years, forward, bid, ask, volume, interest, iv, delta, worth, fee, passed_on,
    width_low, width_high, day_low, day_high, min_volume, min_interest, quote_width, delta_low, delta_high, share, min_pop,
    min_fee, by_pop,
):  # fmt: skip
    n = group_id.size
    is_leg = np.empty(n, np.bool_)
    for i in range(n):
        b, a = bid[i], ask[i]
        is_leg[i] = (
            day_low <= dte[i] <= day_high and b >= 0 and b < a and a <= 1e308 and volume[i] >= min_volume
            and interest[i] >= min_interest and a - b <= quote_width * ((b + a) / 2) + EQUAL
        )  # fmt: skip
    room = 65536
    widths, firsts, order = np.empty(1024), np.empty(1025, np.int64), np.empty(room, np.int64)
    shorts, longs, of_width, numbers = (
        np.empty((2, room), np.int64), np.empty((2, room), np.int64), np.empty((2, room), np.int64), np.empty((2, room, 5))
    )  # fmt: skip
    keep = 5
    rows, best, count = np.zeros((keep, 4), np.int64), np.empty(keep), 0
    start = 0
    while start < n:
        # A group of calls, then one of puts with the same expiry.
        middle = start
        while middle < n and group_id[middle] == group_id[start]:
            middle += 1
        end = middle
        while end < n and group_id[end] == group_id[middle]:
            end += 1
        if not day_low <= dte[start] <= day_high:
            start = end
            continue
        calls, known = _wings(
            1, start, middle, is_leg, strike, bid, ask, delta, worth, fee, passed_on, width_low, width_high, delta_low,
            delta_high, widths, 0, shorts[1], longs[1], of_width[1], numbers[1],
        )  # fmt: skip
        _by_width(calls, known, of_width[1], order, firsts)
        puts, _ = _wings(
            -1, middle, end, is_leg, strike, bid, ask, delta, worth, fee, passed_on, width_low, width_high, delta_low,
            delta_high, widths, known, shorts[0], longs[0], of_width[0], numbers[0],
        )  # fmt: skip
        for p in range(puts):
            at = of_width[0, p]
            if at >= known:
                continue
            sp, lp = shorts[0, p], longs[0, p]
            width = strike[sp] - strike[lp]
            for place in range(firsts[at], firsts[at + 1]):
                q = order[place]
                net = numbers[0, p, 0] + numbers[1, q, 0]
                if not EQUAL < net < width - EQUAL or net < share * width - EQUAL:
                    continue
                fees = 2 * (max(numbers[0, p, 3] + numbers[1, q, 3], min_fee) + numbers[0, p, 4] + numbers[1, q, 4])
                score = (100 * (net + numbers[0, p, 2] + numbers[1, q, 2]) - fees) / (100 * (width - net))
                if not -1e308 <= score <= 1e308 or (not by_pop and count == keep and score < best[keep - 1] - 1e-12):
                    continue
                sc, lc = shorts[1, q], longs[1, q]
                kept = net - fees / 100
                if numbers[0, p, 1] + numbers[1, q, 1] <= EQUAL or kept <= EQUAL or strike[sp] >= strike[sc]:
                    continue
                way = kept / width
                pop = _below(strike[sc] + kept, iv[sc] + (iv[lc] - iv[sc]) * way, forward[sp], years[sp])
                pop -= _below(strike[sp] - kept, iv[sp] + (iv[lp] - iv[sp]) * way, forward[sp], years[sp])
                if not pop >= min_pop - EQUAL:
                    continue
                if by_pop:
                    score = pop
                m = count
                # Sorted by score; of equal ones the smaller row numbers stand first.
                while m > 0 and (
                    best[m - 1] < score - 1e-12 or (abs(best[m - 1] - score) <= 1e-12 and _behind(rows[m - 1], sp, lp, sc, lc))
                ):
                    if m < keep:
                        best[m], rows[m] = best[m - 1], rows[m - 1]
                    m -= 1
                if m < keep:
                    best[m], rows[m, 0], rows[m, 1], rows[m, 2], rows[m, 3] = score, sp, lp, sc, lc
                    count = min(keep, count + 1)
        start = end
    return rows, best, count


@numba.njit(cache=False)
def _behind(row, sp, lp, sc, lc):
    for known, new in ((row[0], sp), (row[1], lp), (row[2], sc), (row[3], lc)):
        if known != new:
            return known > new
    return False
