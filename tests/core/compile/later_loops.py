"""Structures of two expiries as a stranger would compute them: halving instead of tangents, one number at a time."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

Option = dict[str, float | None]
FAR_ABOVE = 1000


class Leg(Protocol):
    sign: int
    option: Option

    @property
    def strike(self) -> float: ...


def is_of_two(legs: Sequence[Leg]) -> bool:
    return len({leg.option["dte"] for leg in legs}) > 1


def most_won(legs: Sequence[Leg], net: float) -> float | None:
    """None where a number of a later leg is unknown."""
    if not _is_known(legs):
        return None
    return max(_worth(legs, leg.strike) for leg in legs if leg.sign < 0) + net


def most_lost(legs: Sequence[Leg], net: float) -> float | None:
    growth, discount = _onward(legs)
    if growth is None:
        return None
    if _is_american(legs):
        growth = discount = 1.0
    first = min(leg.option["dte"] for leg in legs)

    def least(level: float) -> float:
        total = 0.0
        for leg in legs:
            inside = leg.option["put_call"] * (level - leg.strike)
            if leg.option["dte"] > first:
                inside = discount * leg.option["put_call"] * (growth * level - leg.strike)
            total += leg.sign * max(0.0, inside)
        return total

    strikes = [leg.strike for leg in legs]
    corners = [0.0, *strikes, *(strike / growth for strike in strikes), 2 * max(strikes)]
    return -(min(map(least, corners)) + net)


def locks_in_a_loss(legs: Sequence[Leg], net: float) -> bool:
    """Whether being assigned at once, and exercising what is owned, costs more than was ever paid in."""
    first = min(leg.option["dte"] for leg in legs)
    for right in (-1, 1):
        of_side = [leg for leg in legs if leg.option["put_call"] == right]
        if not of_side:
            continue
        short, long = sorted(of_side, key=lambda leg: leg.option["dte"])
        inside = right * (short.strike - long.strike)
        if short.option["dte"] == first and _is_american(legs) and inside > 1e-9 and inside + net <= 1e-9:
            return True
    return False


def crossings(legs: Sequence[Leg], cash: float) -> Iterator[tuple[float, bool]]:
    """Levels at which the profit crosses zero, and whether it rises there."""
    shorts = sorted(leg.strike for leg in legs if leg.sign < 0)

    def profit(level: float) -> float:
        return _worth(legs, level) + cash

    if profit(shorts[0]) > 0 >= profit(1e-9):
        yield _halved(profit, 1e-9, shorts[0]), True
    if len(shorts) > 1:
        low, high = shorts
        middle = _least_between(profit, low, high)
        if profit(middle) < 0:
            if profit(low) > 0:
                yield _halved(profit, middle, low), False
            if profit(high) > 0:
                yield _halved(profit, middle, high), True
    if profit(shorts[-1]) > 0 and (loss := _first_loss_above(profit, shorts[-1])) is not None:
        yield _halved(profit, loss, shorts[-1]), False


def chance(legs: Sequence[Leg], kept: float, normal: Callable[[float], float]) -> float | None:
    first = legs[0].option
    ivs = [leg.option["iv"] for leg in legs]
    if not _is_known(legs) or first["years"] <= 0 or any(iv is None or iv <= 0 for iv in ivs):
        return None
    shorts = sorted((leg for leg in legs if leg.sign < 0), key=lambda leg: leg.strike)
    points = [(leg.strike, leg.option["iv"]) for leg in shorts]

    def below(level: float) -> float:
        iv = _between(points, level)
        return normal((math.log(level / first["forward"]) + iv * iv / 2 * first["years"]) / (iv * math.sqrt(first["years"])))

    if max(_worth(legs, leg.strike) for leg in shorts) + kept <= 1e-9:
        return 0.0
    total, level = 0.0, 1e-9
    is_profit = _worth(legs, level) + kept > 0
    for crossing, rises in crossings(legs, kept):
        if rises:
            total -= below(crossing)
        else:
            total += below(crossing)
        is_profit = rises
    return min(1.0, max(0.0, total + (1.0 if is_profit else 0.0)))


def _between(points: Sequence[tuple[float, float]], level: float) -> float:
    if len(points) == 1 or level <= points[0][0]:
        return points[0][1]
    (low, a), (high, b) = points
    return b if level >= high else a + (b - a) * (level - low) / (high - low)


def _worth(legs: Sequence[Leg], level: float) -> float:
    first = min(leg.option["dte"] for leg in legs)
    return sum(
        leg.sign
        * (_revalued(legs, leg, level) if leg.option["dte"] > first else max(0.0, leg.option["put_call"] * (level - leg.strike)))
        for leg in legs
    )


def _revalued(legs: Sequence[Leg], leg: Leg, level: float) -> float:
    (growth, discount), w = _onward(legs), leg.option["put_call"]
    years = leg.option["years"] - legs[0].option["years"]
    deviation = leg.option["iv"] * math.sqrt(years)
    d1 = math.log(growth * level / leg.strike) / deviation + deviation / 2
    inside, strike = w * d1, w * (d1 - deviation)
    european = w * discount * (growth * level * _cdf(inside) - leg.strike * _cdf(strike))
    return max(european, w * (level - leg.strike)) if _is_american(legs) else european


def _cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _onward(legs: Sequence[Leg]) -> tuple[float | None, float | None]:
    near = legs[0].option
    far = max((leg.option for leg in legs), key=lambda option: option["dte"])
    if near["forward"] is None or far["forward"] is None:
        return None, None
    return far["forward"] / near["forward"], far["discount"] / near["discount"]


def _is_known(legs: Sequence[Leg]) -> bool:
    first = min(leg.option["dte"] for leg in legs)
    later = [leg.option["iv"] for leg in legs if leg.option["dte"] > first]
    return _onward(legs)[0] is not None and all(iv is not None and iv > 0 for iv in later)


def _is_american(legs: Sequence[Leg]) -> bool:
    return bool(legs[0].option["is_american"])


def _first_loss_above(profit: Callable[[float], float], gain: float) -> float | None:
    """The first level, walking up, without a profit: a forward that grows faster than money makes one again far above."""
    level = gain
    while level < FAR_ABOVE * gain:
        level *= 1.01
        if profit(level) <= 0:
            return level
    return None


def _halved(profit: Callable[[float], float], loss: float, gain: float) -> float:
    for _ in range(200):
        middle = math.sqrt(loss * gain)
        loss, gain = (loss, middle) if profit(middle) > 0 else (middle, gain)
    return (loss + gain) / 2


def _least_between(profit: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if profit(a) < profit(b) else (a, high)
    return (low + high) / 2
