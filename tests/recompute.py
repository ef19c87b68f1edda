"""Computes the numbers of every opening in a state folder again, from the quotes that were archived when it was proposed.

    python -m tests.recompute STATE [STATE ...]

Plain loops over the Parquet files and the journal; nothing of the engine's pricing is used. An opening differs where probability,
expected value, a greek, a volatility or the forward is not what its quotes say, or where an input is older than it tells.

A quote speaks of the underlying as it stood when it was told: what a pair says of the forward moves with the level since, and a
volatility is that of its quote at the level of then. An archive from before levels were kept is read as if nothing had moved.
"""

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

Row = dict[str, object]
NEW_YORK = ZoneInfo("America/New_York")
YEAR = 365 * 86400
MEASURED_EVERY_S = 60
HALF_DAYS = {date(2026, 11, 27), date(2026, 12, 24), date(2027, 11, 26)}
"""On which the exchange closes at 13:00."""
BY_FORWARD = {"VIX", "VIXW"}
"""What nobody can buy, and the classes on it: their options follow the forward, not the spot."""
BEYOND = 2.0
"""So many times the time to the last expiry with pairs, its growth is taken for those behind it."""
DELTA_WITHIN = 0.05
"""Of one leg. A greek may be the broker's, which was computed seconds ago, at the level of then."""
GREEK_WITHIN = 0.1
"""The same for gamma, theta and vega of the spread, as a part of what its legs have together, each without its sign."""
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
    if len({leg["expiry"] for leg in legs}) > 1:  # type: ignore[union-attr]
        yield from _quotes_of(candidate, here)
        return
    spans, rate = _spans(here[0]), here[0]["rate"]
    years = spans[0]
    forward = candidate["forward"]
    level = forward if candidate["underlying"] in BY_FORWARD else candidate["spot"]
    if candidate["forward_from"] == "call-put parity":
        yield from unnamed(forward, _of_expiry(rows, here[0]))
    elif candidate["forward_from"] == "call-put parity of other expiries":
        yield from between(forward, here[0], rows)
    elif candidate["forward_from"] == "spot, rate and yield":
        yield from _unequal("forward", forward, here[0]["spot"] * math.exp((rate - here[0]["dividend"]) * years), 1e-3)
    worth, greeks = [], []
    for leg, row in zip(legs, here, strict=True):  # type: ignore[arg-type]
        w = row["put_call"]
        then = forward * _level(row, level) / level
        half = max(0.005, (leg["ask"] - leg["bid"]) / 2)
        told = [_black(then, leg["strike"], span, rate, leg["iv"], w) for span in spans]
        yield from _unequal(f"worth of {leg['strike']}", (leg["bid"] + leg["ask"]) / 2, told, 3.2 * half)
        own = _greeks(level, forward, leg["strike"], years, rate, leg["iv"], w)
        yield from _unequal(f"delta of {leg['strike']}", leg["delta"], own["delta"], DELTA_WITHIN)
        greeks.append((_held(leg), own))
        worth.append([_black(forward, leg["strike"], span, rate, leg["iv"], w) for span in spans])
    yield from _quotes_of(candidate, here)
    whole = sum(held * leg["delta"] for (held, _), leg in zip(greeks, legs, strict=True))  # type: ignore[arg-type]
    yield from _unequal("delta", candidate["delta"], whole, 1e-6)
    for name in ("gamma", "theta", "vega"):
        whole, gross = sum(held * own[name] for held, own in greeks), sum(abs(held * own[name]) for held, own in greeks)
        yield from _unequal(name, candidate[name], whole, GREEK_WITHIN * gross)
    net = -sum(_held(leg) * (leg["bid"] + leg["ask"]) / 2 for leg in legs)  # type: ignore[union-attr]
    means = [
        sum(_held(leg) * value for leg, value in zip(legs, values, strict=True))  # type: ignore[arg-type]
        for values in zip(*worth, strict=True)
    ]
    expected = [100 * (net + mean) - candidate["fees"] for mean in means]
    yield from _unequal("expected_value", candidate["expected_value"], expected, 0.02)
    yield from _unequal("pop", candidate["pop"], [_pop(candidate, net, forward, span) for span in spans], 1e-5)


def _quotes_of(candidate: Row, here: Sequence[Row]) -> Iterator[str]:
    """Where a leg is not quoted as told, or older; all that is computed again of what is revalued at its first expiry."""
    for leg, row in zip(candidate["legs"], here, strict=True):  # type: ignore[arg-type]
        yield from _unequal("bid", leg["bid"], row["bid_cents"] / 100, 0.005)
        yield from _unequal("ask", leg["ask"], row["ask_cents"] / 100, 0.005)
        if row["age_s"] > candidate["age_s"] + 1:
            yield f"quote of {leg['strike']} was {row['age_s']} s old, told {candidate['age_s']}"


def _of_expiry(rows: Sequence[Row], one: Row) -> list[Row]:
    return [row for row in rows if (row["root"], row["expiry"]) == (one["root"], one["expiry"])]


def unnamed(forward: float, chain: Sequence[Row]) -> Iterator[str]:
    """Where none of its own pairs says this forward of an expiry."""
    named = list(_pairs(chain))
    if not any(abs(forward - of) <= 3 * half for of, half in named):
        yield f"forward {forward} is none of its pairs: {named}"


def between(forward: float, here: Row, rows: Sequence[Row]) -> Iterator[str]:
    """Where it is not on the straight line, in time, of what the forwards of expiries with pairs have grown above the spot."""
    known = {(row["root"], row["expiry"]): row for row in rows if row["forward_from"] == 1}
    for other in known.values():
        yield from unnamed(other["forward"], _of_expiry(rows, other))  # type: ignore[arg-type]
    found = []
    for measured in (0, 1):
        line = sorted((_spans(row)[measured], math.log(row["forward"] / here["spot"])) for row in known.values())  # type: ignore[operator]
        growth = _on(line, _spans(here)[measured])
        if growth is None:
            yield f"forward {forward} is of other expiries, and none near it has pairs"
            return
        found.append(here["spot"] * math.exp(growth))  # type: ignore[operator]
    yield from _unequal("forward", forward, found, 1e-3)


def _on(line: Sequence[tuple[float, float]], years: float) -> float | None:
    """Growth at a time: from nothing now by each expiry to the last, and behind it at the rate of the last; None too far out."""
    before = (0.0, 0.0)
    for there in line:
        if years <= there[0]:
            return before[1] + (there[1] - before[1]) * (years - before[0]) / (there[0] - before[0])
        before = there
    return before[1] * years / before[0] if line and years <= BEYOND * before[0] else None


def _level(row: Row, now: float) -> float:
    """Where the underlying stood when the quote was told."""
    then = row.get("level_thousandths")
    return now if then is None else then / 1000  # type: ignore[operator]


def _moved(row: Row, both: Sequence[Row]) -> float:
    """By how much the underlying has moved since two quotes were told, as a factor."""
    if row["spot"] is None or row["root"] in BY_FORWARD:
        return 1.0
    return 2 * row["spot"] / sum(_level(one, row["spot"]) for one in both)  # type: ignore[operator, arg-type]


def _pairs(chain: Sequence[Row]) -> Iterator[tuple[float, float]]:
    """What each fresh pair says of the forward now, and how surely."""
    discount = math.exp(-chain[0]["rate"] * _spans(chain[0])[0])  # type: ignore[operator]
    sides: dict[object, dict[object, Row]] = {}
    for row in chain:
        if row["bid_cents"] and row["ask_cents"] and row["bid_cents"] < row["ask_cents"] and row["age_s"] <= 121:  # type: ignore[operator]
            sides.setdefault(row["strike_thousandths"], {})[row["put_call"]] = row
    for strike, both in sides.items():
        if len(both) == 2:
            call, put = both[1], both[-1]
            middle = (call["bid_cents"] + call["ask_cents"] - put["bid_cents"] - put["ask_cents"]) / 200  # type: ignore[operator]
            wide = (call["ask_cents"] - call["bid_cents"] + put["ask_cents"] - put["bid_cents"]) / 200  # type: ignore[operator]
            yield (strike / 1000 + middle / discount) * _moved(call, (call, put)), wide / discount  # type: ignore[operator]


def _pop(candidate: Row, net: float, forward: float, years: float) -> float:
    """Chance that it ends above its fees: between the levels where the profit turns, each at the volatility between two legs."""
    legs, kept = candidate["legs"], net - candidate["fees"] / 100  # type: ignore[operator]

    def profit(level: float) -> float:
        return kept + sum(_held(leg) * max(0.0, _sign(leg) * (level - leg["strike"])) for leg in legs)  # type: ignore[union-attr]

    strikes = sorted({leg["strike"] for leg in legs})  # type: ignore[union-attr]
    wins, chance, below = profit(strikes[0]) > 0, 0.0, 0.0
    for low, high in pairwise(strikes):
        first, last = profit(low), profit(high)
        if (first > 0) == (last > 0):
            continue
        level = low + (high - low) * first / (first - last)
        here, there = next(
            (one, other)
            for one in legs  # type: ignore[union-attr]
            for other in legs  # type: ignore[union-attr]
            if (one["strike"], other["strike"]) == (low, high) and one["put_call"] == other["put_call"]
        )
        iv = here["iv"] + (there["iv"] - here["iv"]) * (level - low) / (high - low)
        up_to = _normal(math.log(level / forward) / (iv * math.sqrt(years)) + iv * math.sqrt(years) / 2)
        chance, below, wins = chance + (up_to - below) * wins, up_to, last > 0
    return chance + (1 - below) * wins


def _held(leg: Row) -> int:
    return leg["ratio"] * (1 if leg["action"] == "buy" else -1)  # type: ignore[operator]


def _sign(leg: Row) -> int:
    return 1 if leg["put_call"] == "C" else -1


def _black(forward: float, strike: float, years: float, rate: float, iv: float, w: int) -> float:
    deviation = iv * math.sqrt(years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    return w * math.exp(-rate * years) * (forward * _normal(w * d1) - strike * _normal(w * (d1 - deviation)))


def _greeks(level: float, forward: float, strike: float, years: float, rate: float, iv: float, w: int) -> dict[str, float]:
    """Per share of one long option: delta and gamma of the level, theta a calendar day, vega a volatility point.

    The generalised Black-Scholes formulas, the level growing into the forward. Source: Haug, The Complete Guide to Option Pricing
    Formulas.
    """
    deviation = iv * math.sqrt(years)
    d1 = math.log(forward / strike) / deviation + deviation / 2
    discount, density = math.exp(-rate * years), math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    held, owed = discount * forward * _normal(w * d1), discount * strike * _normal(w * (d1 - deviation))
    yields = rate - math.log(forward / level) / years
    decay = discount * forward * density * iv / (2 * math.sqrt(years))
    return {
        "delta": w * held / level,
        "gamma": discount * forward * density / (level * level * deviation),
        "theta": (w * (yields * held - rate * owed) - decay) / 365,
        "vega": discount * forward * density * math.sqrt(years) / 100,
    }


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
