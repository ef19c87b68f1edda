"""Runs the present file and variants of it, first spread evenly over the ranges, then where it was good, then around the best.

    asked       by Optuna: quasi-random (Sobol), then TPE; its journal stands in the study's folder, so that a study goes on where
                it was stopped
    run         by any `concurrent.futures.Executor`, `AT_ONCE` at a time whatever their number, so that the same study asks the
                same variants on one machine and on many
    kept        each result by the digest of all that made it: what is there is not run again
    around      the neighbours of the best, until those of the best are run

Where all variants are no more than what may be run, all are run and nothing is asked.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np

from engine.domain.errors import UserError
from engine.research.fanout import done, results_in
from engine.research.statistics.plateau import Place, neighbours
from engine.research.statistics.reality import MISSING
from engine.research.statistics.sharpe import track
from engine.research.tuning.evidence import Evidence, evidence_of
from engine.research.tuning.space import Space
from engine.research.tuning.trials import Job, Trial, data_digest, digest, read, run

AT_ONCE = 4
"""Variants that are asked for before one of them is told: more of them search less well, fewer leave processors idle."""
AROUND_MOST = 40
"""Neighbours that are run at the end, beside the variants that were asked for."""
RESULTS = "results"
Said = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Study:
    """What was run, and what it says."""

    present: Trial
    whole: Mapping[Place, Trial]
    """Variants that were run to their end, in the order in which they were asked for."""
    given_up: tuple[Place, ...]
    """Variants that fell behind and were given up."""
    evidence: Evidence

    @property
    def best(self) -> Place | None:
        """None where nothing beats the present file."""
        return None if self.evidence.best == 0 else list(self.whole)[self.evidence.best - 1]


class Store:
    """Results of variants on one set of data, by digest, in a folder or at a URL."""

    def __init__(self, place: str | Path, job: Job) -> None:
        """Raises UserError where nothing can be kept there."""
        of = f"{RESULTS}/{data_digest(job.request)}"
        self.results = results_in(f"{place}/{of}" if "://" in str(place) else Path(place) / of)

    @property
    def count(self) -> int:
        """Variants that were ever run on these data."""
        return len(self.results.names())


@dataclass(frozen=True, slots=True)
class Where:
    """Where a study lies, and who works for it."""

    folder: Path
    """Its journal, prepared chains and results."""
    executor: Executor
    results: str | None = None
    """A URL that results are kept at instead; None is the folder."""


def search(space: Space, job: Job, where: Where, most: int, seed: int, said: Said) -> Study:
    """Run the present file and at most `most` variants, and then the neighbours of the best. `job` is that of the present file.

    Raises UserError where the folder cannot be written or packages are missing.
    """
    folder, executor = where.folder, where.executor
    store = Store(where.results or folder, job)
    trials: dict[Place, Trial] = {}
    [present] = run_jobs([replace(job, text=space.text)], store, executor)
    said(f"the present file: {_told(present)}")

    def run_all(places: Sequence[Place]) -> None:
        new = [place for place in dict.fromkeys(places) if place not in trials]
        behind = _best_months(trials)
        jobs = [replace(job, text=space.variant(place), best_months=behind) for place in new]
        for place, trial in zip(new, run_jobs(jobs, store, executor), strict=True):
            trials[place] = trial
            said(f"{len(trials)} of about {min(most, space.count)}: {_said_of(space, place)}: {_told(trial)}")

    if space.count <= most:
        everything = list(product(*(range(size) for size in space.sizes)))
        for n in range(0, len(everything), AT_ONCE):
            run_all(everything[n : n + AT_ONCE])
    else:
        _asked(space, _Asked(folder, f"{data_digest(job.request)}-{digest(job)}-{seed}", most, seed), trials, run_all)
        for _ in range(3):  # what is found around the best may be better still
            best = _study(space, present, trials, store, seed).best
            around = [one for one in neighbours(best, space.sizes) if one not in trials] if best is not None else []
            if not around:
                break
            run_all(around[:AROUND_MOST])
    return _study(space, present, trials, store, seed)


def ratio(trial: Trial) -> float:
    """The Sharpe ratio of a day, 0 where nothing moves."""
    found = track(trial.made)
    return found.sharpe if found is not None else 0.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """How variants are asked for."""

    folder: Path
    name: str
    most: int
    seed: int


def _asked(space: Space, how: _Asked, trials: Mapping[Place, Trial], run_all: Callable[[Sequence[Place]], None]) -> None:
    if find_spec("optuna") is None:
        raise UserError(MISSING)
    import optuna  # noqa: PLC0415 - an extra package, and a second
    from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    even = max(AT_ONCE, how.most // 2 // AT_ONCE * AT_ONCE)
    with warnings.catch_warnings():
        # It says of itself that it is experimental: its version is held, and a test runs it.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.QMCSampler(qmc_type="sobol", scramble=True, seed=how.seed)
    study = optuna.create_study(
        study_name=how.name,
        direction="maximize",
        storage=optuna.storages.JournalStorage(JournalFileBackend(str(how.folder / "study.log"))),
        sampler=sampler,
        load_if_exists=True,
    )
    # What an earlier run has told is run again from the store: the study goes on behind it.
    earlier = [tuple(one.params[axis.name] for axis in space.axes) for one in study.trials if _is_of(one.params, space)]
    for n in range(0, len(earlier), AT_ONCE):
        run_all(earlier[n : n + AT_ONCE])
    asked = len(earlier)
    while len(trials) < how.most and asked < 4 * how.most:  # where ranges are short the same is asked again and again
        if asked >= even:
            study.sampler = optuna.samplers.TPESampler(seed=how.seed + asked, multivariate=True)
        batch = [study.ask() for _ in range(min(AT_ONCE, how.most - len(trials)))]
        places = [
            tuple(one.suggest_int(axis.name, 0, size - 1) for axis, size in zip(space.axes, space.sizes, strict=True))
            for one in batch
        ]
        asked += len(batch)
        run_all(places)
        for one, place in zip(batch, places, strict=True):
            trial = trials[place]
            if trial.is_whole:
                study.tell(one, ratio(trial))
            else:
                study.tell(one, state=optuna.trial.TrialState.PRUNED)


def _is_of(params: Mapping[str, object], space: Space) -> bool:
    return set(params) == {axis.name for axis in space.axes}


def run_jobs(jobs: Sequence[Job], store: Store, executor: Executor) -> list[Trial]:
    """The results of these jobs, in their order; only what is not kept yet is run. Raises UserError where a process died."""
    return [read(content) for content in done(jobs, run, lambda job: f"{digest(job)}.parquet", store.results, executor)]


def _best_months(trials: Mapping[Place, Trial]) -> tuple[float, ...]:
    best = max((one for one in trials.values() if one.is_whole), key=ratio, default=None)
    return best.months if best is not None else ()


def _study(space: Space, present: Trial, trials: Mapping[Place, Trial], store: Store, seed: int) -> Study:
    whole = {place: trial for place, trial in trials.items() if trial.is_whole}
    results = np.column_stack([present.made, *(trial.made for trial in whole.values())])
    gap = max((trial.longest for trial in (present, *whole.values())), default=1)
    evidence = evidence_of(results, list(whole), space.sizes, gap, trials=store.count, seed=seed)
    return Study(present, whole, tuple(place for place, trial in trials.items() if not trial.is_whole), evidence)


def _said_of(space: Space, place: Place) -> str:
    return ", ".join(f"{name.split('..')[0].rstrip('0123456789.$')}{value}" for name, value in space.named(place).items())


def _told(trial: Trial) -> str:
    if not trial.is_whole:
        return f"given up after {len(trial.months)} months"
    made = float(trial.made.sum())
    return f"{'-' if made < 0 else '+'}${abs(made):,.0f}, {trial.trades} trades, Sharpe {ratio(trial) * 252**0.5:.2f}"
