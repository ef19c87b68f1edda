"""The verdict on the best variant of a study: adopt, look longer or noise, with what speaks for it and against it.

Adopt asks that every question is answered well. Noise is said where luck explains the result as well as skill does. Everything
between is a reason to look longer: more days, or fewer variants.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.research.tuning.evidence import PRESENT, Evidence

Word = Literal["adopt", "look longer", "noise"]
SURE = 0.95
"""The deflated Sharpe ratio, and one less the chance of the reality check."""
AS_GOOD_AS_LUCK = 0.5
MOST_OVERFITTING = 0.25
LEAST_PLATEAU = 0.5
LEAST_TRADES = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """One question put to the result."""

    question: str
    holds: bool
    said: str
    """The number, and what it is held against."""


@dataclass(frozen=True, slots=True)
class Verdict:
    word: Word
    why: str
    """One sentence."""
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What the best and the present file made when every instant was played, USD."""

    name: str
    """What was supposed, as `fill 1` or `40 sessions later`."""
    best: float
    present: float

    @property
    def holds(self) -> bool:
        return self.best > self.present


def verdict_of(evidence: Evidence, confirmed: Sequence[Confirmed] = (), trades: int | None = None) -> Verdict:
    """The verdict of the statistics, of the runs that confirm them, and of how many trades the best made, where there are any."""
    if evidence.best == PRESENT:
        return Verdict("noise", "no variant has a better Sharpe ratio than the file as it stands", ())
    answers = (*_of_statistics(evidence), *_of_trades(trades), *_of_runs(confirmed))
    failed = [one for one in answers if not one.holds]
    if not failed:
        return Verdict("adopt", "it is better by more than luck, out of sample and beside its neighbours too", answers)
    why = f"{failed[0].question}: {failed[0].said}"
    return Verdict("noise" if _is_luck(evidence) else "look longer", why, answers)


def _is_luck(one: Evidence) -> bool:
    """Whether luck explains the result as well as skill does."""
    chance = one.reality.hansen if one.reality is not None else 1.0
    overfitting = one.overfitting.probability if one.overfitting is not None else 0.0
    return one.gain <= 0 or one.deflated < AS_GOOD_AS_LUCK or overfitting >= AS_GOOD_AS_LUCK or chance >= AS_GOOD_AS_LUCK


def _of_statistics(one: Evidence) -> list[Answer]:
    return [
        _deflated(one),
        _overfitting(one),
        _reality(one),
        _walk_forward(one),
        _plateau(one),
        _track_record(one),
    ]


def _deflated(one: Evidence) -> Answer:
    tried = f"{one.trials:,} variants, worth {one.effective:,.1f} independent ones"
    said = f"better than the luck of {tried}, with {one.deflated:.1%}; 95 % is asked"
    return Answer("deflated Sharpe", one.deflated >= SURE, said)


def _overfitting(one: Evidence) -> Answer:
    if one.overfitting is None:
        return Answer("overfitting", False, "the record is too short to be halved")
    probability, halves = one.overfitting.probability, one.overfitting.halves
    said = f"the best of one half is below the middle of the other in {probability:.1%} of {halves:,}; at most 25 % is asked"
    return Answer("overfitting", probability <= MOST_OVERFITTING, said)


def _reality(one: Evidence) -> Answer:
    if one.reality is None:
        return Answer("reality check", False, "no variant made anything else than the present file")
    white, hansen = one.reality.white, one.reality.hansen
    said = f"the best is no better than the present file, with {hansen:.1%} (White: {white:.1%}); at most 5 % is asked"
    return Answer("reality check", hansen <= 1 - SURE, said)


def _walk_forward(one: Evidence) -> Answer:
    if not one.walk:
        return Answer("walk-forward", False, "the record is shorter than its longest holdings allow")
    said = f"chosen by the past alone it made {_usd(one.walk_gain)} more than the present file in {len(one.walk)} stretches"
    return Answer("walk-forward", one.walk_gain > 0, said)


def _plateau(one: Evidence) -> Answer:
    share, around = one.plateau.share, one.plateau.neighbours
    if share is None:
        return Answer("plateau", False, "no neighbour was run")
    said = f"{share:.0%} of {around} neighbours keep 80 % of the gain; half is asked"
    return Answer("plateau", share >= LEAST_PLATEAU, said)


def _track_record(one: Evidence) -> Answer:
    least = "never" if math.isinf(one.track_days) else f"after {math.ceil(one.track_days):,} days"
    said = f"such a ratio is above 0 with 95 % {least}; there are {one.days:,}"
    return Answer("track record", one.track_days <= one.days, said)


def _of_trades(trades: int | None) -> list[Answer]:
    return [] if trades is None else [Answer("trades", trades >= LEAST_TRADES, f"it made {trades}; {LEAST_TRADES} are asked")]


def _of_runs(confirmed: Sequence[Confirmed]) -> list[Answer]:
    return [Answer(one.name, one.holds, f"it made {_usd(one.best)}, the present file {_usd(one.present)}") for one in confirmed]


def _usd(amount: float) -> str:
    return f"{'-' if amount < 0 else '+'}${abs(amount):,.0f}"
