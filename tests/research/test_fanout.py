"""Jobs of research on one machine and on many: the same bytes, whoever dies."""

import os
import signal
import subprocess
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from bench.fanout import cluster
from engine.domain.errors import UserError
from engine.research import fanout
from engine.research.fanout import Folder, done, executor_of, results_in
from engine.research.tuning.space import space_of
from engine.research.tuning.trials import Job, digest, run, shared_files
from tests.research import given
from tests.research.tuning.given import Here
from tests.research.tuning.test_study import OVER, asked

pytest.importorskip("distributed", reason="needs the extra `cluster`")


def jobs_of(tmp_path: Path, days: int, count: int) -> list[Job]:
    request = asked(tmp_path, days)
    space = space_of(given.PUTS, "puts.yaml", OVER)
    texts = [space.variant((number // 4, number % 4)) for number in range(count)]
    return [Job(request, text, shared_files(request), tmp_path / "prepared") for text in texts]


def named(job: Job) -> str:
    return f"{digest(job)}.parquet"


class Killing(Folder):
    """Kills a worker when the first result is kept."""

    def __init__(self, folder: Path, worker: subprocess.Popen[str]) -> None:
        super().__init__(folder)
        self._worker = worker

    def write(self, name: str, content: bytes) -> None:
        super().write(name, content)
        if self._worker.poll() is None:
            self._worker.kill()
            self._worker.wait()


@pytest.mark.long
def test_cluster_whose_worker_is_killed_midway_writes_what_one_process_writes(tmp_path: Path) -> None:
    # given
    jobs = jobs_of(tmp_path, 5, 8)
    alone = done(jobs, run, named, Folder(tmp_path / "alone"), Here())

    # when
    with cluster(tmp_path, 2) as many, executor_of(many.address, None) as executor:
        together = done(jobs, run, named, Killing(tmp_path / "many", many.workers[0]), executor)
        assert many.workers[0].poll() is not None

    # then
    assert together == alone
    assert Folder(tmp_path / "many").names() == Folder(tmp_path / "alone").names()
    assert len(set(alone)) > 1, "variants are told apart"


def _echo(word: str) -> bytes:
    if word == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    return word.encode()


def _as_it_is(word: str) -> str:
    return f"{word}.parquet"


@pytest.mark.long
def test_process_that_dies_costs_its_job_and_what_was_done_is_kept(tmp_path: Path) -> None:
    # given
    results = Folder(tmp_path)

    # when
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor, pytest.raises(UserError, match="goes on with what"):
        done(["one", "two", "dies", "three"], _echo, _as_it_is, results, executor)

    # then
    assert results.names() == ["one.parquet", "two.parquet"]
    here = Here()
    assert done(["one", "two", "three"], _echo, _as_it_is, results, here) == [b"one", b"two", b"three"]
    assert here.count == 1, "only what is missing"


def test_results_are_kept_in_any_store(tmp_path: Path) -> None:
    for place in (tmp_path / "folder", f"memory://{tmp_path.name}/study"):
        results = results_in(place)

        assert results.read("a.parquet") is None
        results.write("a.parquet", b"1")

        assert results_in(place).read("a.parquet") == b"1"
        assert list(results.names()) == ["a.parquet"]


def test_cluster_that_is_not_there_and_packages_that_are_missing_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "find_spec", lambda _name: None)

    with pytest.raises(UserError, match=r"ibkr-spreads\[cluster\]"), executor_of("tcp://127.0.0.1:1", None):
        pass
    with pytest.raises(UserError, match=r"ibkr-spreads\[cluster\]"):
        results_in("memory://nowhere")
