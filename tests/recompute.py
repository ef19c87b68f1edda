"""Computes the numbers of every opening in a state folder again, from the quotes that were archived when it was proposed.

    python -m tests.recompute STATE [STATE ...]

Plain loops over the Parquet files and the journal; nothing of the engine's pricing is used. An opening differs where probability,
expected value, a delta, a volatility or the forward is not what its quotes say, or where an input is older than it tells.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

Row = dict[str, object]
NEW_YORK = ZoneInfo("America/New_York")
YEAR = 365 * 86400
MEASURED_EVERY_S = 60
HALF_DAYS = {date(2026, 11, 27), date(2026, 12, 24), date(2027, 11, 26)}
"""On which the exchange closes at 13:00."""
MORNING_CLASSES = {"SPX", "VIX", "VIXW", "NDX", "RUT", "DJX"}


def openings(state: Path) -> Iterator[Row]:
    for path in sorted((state / "journal").glob("????-??-??.jsonl")):
        for line in path.read_text().splitlines():
            fact = json.loads(line)
            if fact["kind"] == "OrderProposed" and fact["purpose"] == "open":
                yield fact


def archived(state: Path, fact: Mapping[str, object]) -> list[Row]:
    """The rows of the snapshot that the opening was proposed on."""
    instant = datetime.fromisoformat(str(fact["at"])).astimezone(UTC)
    underlying = fact["candidate"]["underlying"]  # type: ignore[index]
    folder = state / "chains" / f"date={instant:%Y-%m-%d}" / f"underlying={underlying}"
    for path in folder.glob("*.parquet"):
        file = pq.ParquetFile(path)
        named = file.read(columns=["snapshot"]).column("snapshot")
        if len(named) and named[0].as_py() == fact["snapshot"]:
            return file.read().to_pylist()
    return []


def problems(state: Path) -> Iterator[str]:
    """What differs, one line a difference; the first word is the order's reference."""
    for fact in openings(state):
        rows = archived(state, fact)
        if not rows:
            yield f"{fact['order_ref']}: nothing was archived at its instant"
            continue
        yield from (f"{fact['order_ref']}: {problem}" for problem in _differences(fact["candidate"], rows))  # type: ignore[arg-type]


def _differences(candidate: Row, rows: Sequence[Row]) -> Iterator[str]:
    legs = candidate["legs"]
    here = [
        next(
            row
            for row in rows
            if row["root"] == candidate["root"]
            and row["expiry"] == date.fromisoformat(leg["expiry"])
            and row["strike_thousandths"] == round(leg["strike"] * 1000)
            and row["put_call"] == (1 if leg["put_call"] == "C" else -1)
        )
        for leg in legs  # type: ignore[union-attr]
    ]
    spans, rate = _spans(here[0]), here[0]["rate"]
    years = spans[0]
    forward = candidate["forward"]
    chain = [row for row in rows if (row["root"], row["expiry"]) == (here[0]["root"], here[0]["expiry"])]
    if candidate["forward_from"] == "call-put parity":
        named = list(_pairs(chain, math.exp(-rate * years)))
        if not any(abs(forward - of) <= 3 * half for of, half in named):
            yield f"forward {forward} is none of its pairs: {named}"
    elif candidate["forward_from"] == "spot, rate and yield":
        yield from _unequal("forward", forward, here[0]["spot"] * math.exp((rate - here[0]["dividend"]) * years), 1e-3)
    worth = []
    for leg, row in zip(legs, here, strict=True):  # type: ignore[arg-type]
        yield from _unequal("bid", leg["bid"], row["bid_cents"] / 100, 0.005)
        yield from _unequal("ask", leg["ask"], row["ask_cents"] / 100, 0.005)
        w = row["put_call"]
        values = [_black(forward, leg["strike"], span, rate, leg["iv"], w) for span in spans]
        half = max(0.005, (leg["ask"] - leg["bid"]) / 2)
        yield from _unequal(f"worth of {leg['strike']}", (leg["bid"] + leg["ask"]) / 2, values, 3.2 * half)
        d1 = math.log(forward / leg["strike"]) / (leg["iv"] * math.sqrt(years)) + leg["iv"] * math.sqrt(years) / 2
        own = w * _normal(w * d1) * math.exp(-rate * years) * forward / candidate["spot"]
        yield from _unequal(f"delta of {leg['strike']}", leg["delta"], own, 0.05)
        worth.append(values)
        if row["age_s"] > candidate["age_s"] + 1:
            yield f"quote of {leg['strike']} was {row['age_s']} s old, told {candidate['age_s']}"
    net = sum((1 if leg["action"] == "sell" else -1) * (leg["bid"] + leg["ask"]) / 2 for leg in legs)  # type: ignore[union-attr]
    means = [
        sum((1 if leg["action"] == "buy" else -1) * value for leg, value in zip(legs, values, strict=True))  # type: ignore[arg-type]
        for values in zip(*worth, strict=True)
    ]
    expected = [100 * (net + mean) - candidate["fees"] for mean in means]
    yield from _unequal("expected_value", candidate["expected_value"], expected, 0.02)
    yield from _unequal("pop", candidate["pop"], [_pop(candidate, net, forward, span) for span in spans], 1e-5)


def _pairs(chain: Sequence[Row], discount: float) -> Iterator[tuple[float, float]]:
    """What each fresh pair says of the forward, and how surely."""
    sides: dict[object, dict[object, Row]] = {}
    for row in chain:
        if row["bid_cents"] and row["ask_cents"] and row["bid_cents"] < row["ask_cents"] and row["age_s"] <= 121:  # type: ignore[operator]
            sides.setdefault(row["strike_thousandths"], {})[row["put_call"]] = row
    for strike, both in sides.items():
        if len(both) == 2:
            call, put = both[1], both[-1]
            middle = (call["bid_cents"] + call["ask_cents"] - put["bid_cents"] - put["ask_cents"]) / 200  # type: ignore[operator]
            wide = (call["ask_cents"] - call["bid_cents"] + put["ask_cents"] - put["bid_cents"]) / 200  # type: ignore[operator]
            yield strike / 1000 + middle / discount, wide / discount  # type: ignore[operator]


def _pop(candidate: Row, net: float, forward: float, years: float) -> float:
    sold, bought = candidate["legs"]  # type: ignore[misc]
    kept = net - candidate["fees"] / 100  # type: ignore[operator]
    is_credit, is_put = net > 0, sold["put_call"] == "P"
    anchor = sold["strike"] if is_credit else bought["strike"]
    breakeven = anchor - kept if is_put else anchor + kept
    if not is_credit:
        breakeven = anchor + kept if is_put else anchor - kept
    iv = sold["iv"] + (bought["iv"] - sold["iv"]) * (breakeven - sold["strike"]) / (bought["strike"] - sold["strike"])
    z = math.log(breakeven / forward) / (iv * math.sqrt(years)) + iv * math.sqrt(years) / 2
    return _normal(-z) if sold["strike"] > bought["strike"] else _normal(z)


def _black(forward: float, strike: float, years: float, rate: float, iv: float, w: int) -> float:
    deviation = iv * math.sqrt(years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    return w * math.exp(-rate * years) * (forward * _normal(w * d1) - strike * _normal(w * (d1 - deviation)))


def _spans(row: Row) -> tuple[float, float]:
    """Years to the settlement now and a minute ago: the engine measures them once a minute."""
    closes = time(13, 0) if row["expiry"] in HALF_DAYS else time(16, 0)
    clock = time(9, 30) if row["root"] in MORNING_CLASSES else closes
    settles = datetime.combine(row["expiry"], clock, NEW_YORK)  # type: ignore[arg-type]
    seconds = (settles - row["as_of"]).total_seconds()  # type: ignore[operator]
    return seconds / YEAR, (seconds + MEASURED_EVERY_S) / YEAR


def _unequal(name: str, told: float, found: float | Sequence[float], within: float) -> Iterator[str]:
    """Where it is neither what was found nor between the two that were."""
    some = found if isinstance(found, Sequence) else [found]
    if told is None or not min(some) - within <= told <= max(some) + within:
        yield f"{name} {told}, from the quotes {' to '.join(map(str, some))}"


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def main() -> int:
    bad = 0
    for state in map(Path, sys.argv[1:]):
        count, found = sum(1 for _ in openings(state)), list(problems(state))
        bad += len(found)
        print(f"{state}: {count} openings, {len(found)} differences")
        for line in found:
            print(f"  {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
