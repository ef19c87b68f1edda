"""How readily orders trade inside their quotes, learned from one's own: the chance of a fill in the next 15 seconds.

A discrete-time hazard. Each price that was asked counts once for every `STEP_S` that it stood; the last step is a fill, or was
taken back, changed or ended without one, and then says only that nothing happened so far (censored). The logit of the chance is
that of the simulated exchange plus what the orders teach: a constant, the part of the half-width that is given up, its size in
increments, the size of the order, days to expiry, hour of the day and legs. What is taught is pulled toward nothing, so that a
few orders move the curve little. Source of the method: Singer and Willett, Applied Longitudinal Data Analysis, chapter 11.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log

import numpy as np

from engine.sim.exchange.fills import TRAVELED, FillModel

STEP_S = 15.0
FILLS_LEAST = 30
"""Of packages of as many legs: with fewer the default stands."""
STEPS_MAX = 240
"""Of one price: an hour without a fill says as much as a day."""
WITHIN_STEPS = 4
"""A package is supposed to trade where it does so within a minute as likely as not."""
_PULL = 4.0
"""Weight of the pull toward nothing, as the inverse variance of a taught number."""
_ROUNDS, _ENOUGH = 50, 1e-9
_GRID = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True)
class Asked:
    """One price of one order, as long as it stood."""

    part: float
    """Of the half-width beyond mid: 0 is mid, 1 natural, below 0 better than mid."""
    half_width_ticks: float
    size: int
    """Packages."""
    days: float
    """To the first expiry, calendar days."""
    hour: float
    """Of the day in New York."""
    legs: int
    seconds: float
    """It stood so long."""
    is_filled: bool
    """Whether it traded at the end of them."""

    @property
    def steps(self) -> int:
        return min(STEPS_MAX, max(1, ceil(self.seconds / STEP_S)))


def default_chance(part: float, model: FillModel | None = None) -> float:
    """Of a fill within one step, as the simulated exchange has it; better than mid nobody takes it, at natural it trades."""
    known = model or FillModel()
    if part >= 1:
        return 0.999
    rate = known.per_second_at_mid + (known.per_second_near_natural - known.per_second_at_mid) * part**2 if part >= 0 else 1e-4
    return 1 - exp(-rate * STEP_S)


@dataclass(frozen=True, slots=True)
class Curve:
    """The chance of a fill by what an order asks for. `taught` is added to the logit of the default, in the order of `_row`."""

    taught: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    prices: int
    fills: int

    def chance(self, asked: Asked) -> float:
        """Of a fill within one step, 0 to 1."""
        row = (_row(asked) - self.centre) / self.scale
        row[0] = 1.0
        return float(_chance(np.array([_logit(default_chance(asked.part))]) + row @ self.taught)[0])


def fitted(prices: Sequence[Asked]) -> Curve:
    """The curve that these prices teach. Raises ValueError without any."""
    if not prices:
        raise ValueError("no price was ever asked: there is nothing to learn from")
    raw = np.array([_row(one) for one in prices])
    centre, scale = raw.mean(axis=0), raw.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    scale[scale < _ENOUGH] = 1.0
    rows = (raw - centre) / scale
    offset = np.array([_logit(default_chance(one.part)) for one in prices])
    steps = np.array([one.steps for one in prices], dtype=float)
    filled = np.array([one.is_filled for one in prices], dtype=float)
    taught = np.zeros(rows.shape[1])
    pull = np.full(rows.shape[1], _PULL)
    for _ in range(_ROUNDS):
        chance = _chance(offset + rows @ taught)
        slope = rows.T @ (filled - steps * chance) - pull * taught
        bend = (rows * (steps * chance * (1 - chance))[:, None]).T @ rows + np.diag(pull)
        move = np.linalg.solve(bend, slope)
        taught = taught + move
        if float(np.abs(move).max()) < _ENOUGH:
            break
    return Curve(taught, centre, scale, len(prices), int(filled.sum()))


def learned_part(prices: Sequence[Asked], curve: Curve, legs: int) -> float | None:
    """The part of the half-width at which packages of so many legs trade; None where too few of them did.

    It is the least part, 0 to 1, at which a price is filled within a minute as likely as not, for a package as the middle one of
    those that were asked.
    """
    known = [one for one in prices if one.legs == legs]
    if sum(one.is_filled for one in known) < FILLS_LEAST:
        return None
    middle = {name: float(np.median([getattr(one, name) for one in known])) for name in ("half_width_ticks", "days", "hour")}
    size = int(np.median([one.size for one in known]))
    for part in _GRID:
        asked = Asked(float(part), size=size, legs=legs, seconds=STEP_S, is_filled=False, **middle)
        if 1 - (1 - curve.chance(asked)) ** WITHIN_STEPS >= 0.5:
            return float(part)
    return 1.0


def default_part(legs: int) -> float:
    """What research supposes where nothing was learned."""
    return float(TRAVELED[min(legs, max(TRAVELED))])


@dataclass(frozen=True, slots=True)
class Fit:
    """How well chances that were told agree with what happened, of the steps of some prices."""

    brier: float
    """Mean square of what was missed by, 0 is perfect; a step counts as 1 where it filled."""
    default_brier: float
    """The same of the simulated exchange's chances."""
    bins: tuple[tuple[float, float, int], ...]
    """Chances told from low to high: mean chance, share that filled, steps."""


def fit_of(prices: Sequence[Asked], curve: Curve, bins: int = 5) -> Fit:
    """The curve held against prices; those that it was not fitted to tell more."""
    told, known, happened = list[float](), list[float](), list[float]()
    for one in prices:
        chance, default = curve.chance(one), default_chance(one.part)
        for step in range(one.steps):
            told.append(chance)
            known.append(default)
            happened.append(1.0 if one.is_filled and step == one.steps - 1 else 0.0)
    chances, outcomes = np.array(told), np.array(happened)
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    return Fit(
        brier=float(((chances - outcomes) ** 2).mean()),
        default_brier=float(((np.array(known) - outcomes) ** 2).mean()),
        bins=tuple((float(chances[part].mean()), float(outcomes[part].mean()), int(part.size)) for part in parts),
    )


def _row(asked: Asked) -> np.ndarray:
    return np.array(
        [
            1.0,
            min(1.0, max(-1.0, asked.part)),
            log(max(0.5, asked.half_width_ticks)),
            log(max(1, asked.size)),
            log(max(0.5, asked.days)),
            asked.hour,
            float(asked.legs),
        ]
    )


def _logit(chance: float) -> float:
    return log(chance / (1 - chance))


def _chance(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
