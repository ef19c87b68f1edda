"""A file, ranges of its numbers and recorded chains become a verdict: variants are screened, the best is played whole and argued
against, and what would change in the file is shown and never written.

    screen      every option is seen, idle instants are passed over: fast, and a little too good
    confirm     the best and the present file with the data lines and the fill that were asked for, every instant played
    argue       both again at mid and at natural, and begun later: an edge that hangs on one of these is none
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from engine.research.backtest import Request
from engine.research.history import History
from engine.research.statistics.plateau import Place
from engine.research.tuning.search import Said, Store, Study, Where, run_jobs, search
from engine.research.tuning.space import Space
from engine.research.tuning.trials import Job, Trial, shared_files
from engine.research.tuning.verdict import Confirmed, Verdict, verdict_of

PREPARED, CONFIRMED = "prepared", "confirmed"
LATER = (5, 10, 21)
"""Sessions by which a run begins later, where the history is at least `TIMES_LATER` as long."""
TIMES_LATER = 4


@dataclass(frozen=True, slots=True)
class Carried:
    """How much of the gain over the present file comes from how little of the time."""

    months: int
    best_months: int
    share: float | None
    """Of the gain, made in the best months; None where nothing was gained."""
    without: float
    """The gain without them, USD."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A study and what came of it."""

    space: Space
    study: Study
    confirmed: tuple[Confirmed, ...]
    verdict: Verdict
    carried: Carried | None
    proposal: str
    """What would change in the file, as a unified diff; empty where nothing is proposed."""


def tune(request: Request, history: History, space: Space, where: Where, most: int, seed: int, said: Said) -> Tuned:
    """The study of one file. Raises UserError where the folder cannot be written or packages are missing."""
    screened = replace(request, terms=replace(request.terms, lines=None))
    job = Job(screened, space.text, shared_files(request), where.folder / PREPARED)
    study = search(space, job, where, most, seed, said)
    best = study.best
    if best is None:
        return Tuned(space, study, (), verdict_of(study.evidence), None, "")
    said("the best is played whole, at other fills, and begun later")
    confirmed = _confirmed(request, history, job, space.variant(best), where)
    return Tuned(
        space,
        study,
        confirmed,
        verdict_of(study.evidence, confirmed, study.whole[best].trades),
        _carried(study.present, study.whole[best]),
        _proposal(space, best, request.strategies[0]),
    )


def _confirmed(request: Request, history: History, screened: Job, text: str, where: Where) -> tuple[Confirmed, ...]:
    whole = replace(screened, request=request, prepared=None)
    named = [("every instant played, as asked", whole)]
    for part, name in ((Decimal(0), "filled at mid"), (Decimal(1), "filled at natural")):
        terms = replace(screened.request.terms, fill=part)
        named.append((name, replace(screened, request=replace(screened.request, terms=terms))))
    days = [day.session.day for day in history.days]
    for later in (one for one in LATER if one * TIMES_LATER <= len(days)):
        request_later = replace(screened.request, first=days[later])
        named.append((f"begun {later} sessions later", replace(screened, request=request_later)))
    found: list[Confirmed] = []
    for name, job in named:
        pair = [replace(job, text=one, best_months=()) for one in (text, screened.text)]
        best, present = run_jobs(pair, Store(f"{where.results or where.folder}/{CONFIRMED}", job), where.executor)
        found.append(Confirmed(name, float(best.made.sum()), float(present.made.sum())))
    return tuple(found)


def _carried(present: Trial, best: Trial) -> Carried:
    gains = sorted((a - b for a, b in zip(best.months, present.months, strict=True)), reverse=True)
    count = max(1, len(gains) // 4)
    whole, top = sum(gains), sum(gains[:count])
    return Carried(len(gains), count, top / whole if whole > 0 else None, whole - top)


def _proposal(space: Space, best: Place, path: Path) -> str:
    before, after = space.text.splitlines(keepends=True), space.variant(best).splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, str(path), f"{path} (proposed)", n=1))


def widths(tuned: Tuned) -> Sequence[tuple[str, str, str]]:
    """Of each range what is proposed, and from which value to which it may be without losing a fifth of the gain."""
    best = tuned.study.best
    if best is None:
        return ()
    runs = tuned.study.evidence.plateau.widths
    return [
        (axis.name, axis.texts[number], f"{axis.texts[low]} to {axis.texts[high]}")
        for axis, number, (low, high) in zip(tuned.space.axes, best, runs, strict=True)
    ]
