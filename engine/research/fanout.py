"""Where jobs of research are done, on this machine or on many, and where their results are kept.

The port is `concurrent.futures.Executor`: a job is a pure function of what it is given, its result is bytes, and the name of the
result is the digest of all that made it. So a worker that dies costs the jobs that it had, a run that was stopped computes what
is missing, and one machine and many write the same bytes.

    here        processes that begin anew: a search holds threads of its own, which a copy of this one would not have
    cluster     a scheduler of `distributed` by its address; its workers read recordings by the same paths, and run this code
"""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.domain.errors import UserError
from engine.runtime.sources import code_digest

MISSING = "a cluster needs the extra packages of  pip install 'ibkr-spreads[cluster]'"
CONNECTED_WITHIN_S = 10
TRIES = 3
"""Times that a job is begun on a cluster whose workers die under it."""
Job = TypeVar("Job")


class Results(Protocol):
    """Results by name, written once."""

    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, content: bytes) -> None: ...

    def names(self) -> Sequence[str]: ...


@contextmanager
def executor_of(cluster: str | None, processes: int | None) -> Generator[Executor]:
    """Processes of this machine, one a processor where none are asked for, or the workers of a cluster.

    Raises UserError where the cluster is not there, runs another code than this, or its packages are missing.
    """
    if cluster is None:
        with ProcessPoolExecutor(processes or os.cpu_count() or 1, mp_context=get_context("spawn")) as executor:
            yield executor
        return
    if find_spec("distributed") is None:
        raise UserError(MISSING)
    from distributed import Client  # noqa: PLC0415 - an extra package, and a second

    try:
        client = Client(cluster, timeout=CONNECTED_WITHIN_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"--cluster {cluster}: no scheduler answers there ({error}); start one with  dask scheduler") from error
    with client:
        executor = client.get_executor(retries=TRIES - 1, pure=False)
        if not client.scheduler_info()["workers"]:
            raise UserError(f"--cluster {cluster}: has no workers; start some with  dask worker {cluster}")
        theirs: Any = client.run(code_digest)
        if set(theirs.values()) != {code_digest()}:
            raise UserError(f"--cluster {cluster}: a worker runs another version of this program; install this one there")
        yield executor


def done(
    jobs: Sequence[Job], run: Callable[[Job], bytes], name: Callable[[Job], str], results: Results, executor: Executor
) -> list[bytes]:
    """The results of these jobs, in their order; only what is not kept yet is run, and each is kept as it comes.

    Raises UserError where a process died: what was done is kept.
    """
    known = {name(job): results.read(name(job)) for job in jobs}
    futures = {executor.submit(run, job): name(job) for job in jobs if known[name(job)] is None}
    try:
        for future, content in _completed(futures):
            known[future] = content
            results.write(future, content)
    except (BrokenExecutor, CancelledError) as error:
        raise UserError(
            f"a process died over its work ({error}), as where memory is short; the same again goes on with what is missing,"
            " fewer --jobs take less memory"
        ) from error
    return [content for job in jobs if (content := known[name(job)]) is not None]


def _completed(futures: dict[Future[bytes], str]) -> Iterator[tuple[str, bytes]]:
    """Each result as it comes; what failed comes last, so that the others are kept."""
    failed: list[Future[bytes]] = []
    for future in as_completed(futures):
        if future.cancelled() or future.exception() is not None:
            failed.append(future)
        else:
            yield futures[future], future.result()
    for future in failed:
        future.result()


class Folder:
    """Results as files of a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises UserError where the folder cannot be written."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{folder}: results cannot be kept there ({error.strerror}); name another folder") from error

    def read(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(content)
        half.replace(path)

    def names(self) -> Sequence[str]:
        return sorted(path.name for path in self._folder.glob("*.parquet"))


class Bucket:
    """Results in any store that fsspec knows, as `s3://bucket/study`, for machines that share no folder."""

    def __init__(self, url: str) -> None:
        """Raises UserError where the packages are missing, or nothing can be written there."""
        if find_spec("fsspec") is None:
            raise UserError(MISSING)
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra package

        try:
            self._store, self._root = url_to_fs(url)
            self._store.makedirs(self._root, exist_ok=True)
        except (OSError, ValueError, ImportError) as error:
            raise UserError(f"{url}: results cannot be kept there ({error}); name another place") from error

    def read(self, name: str) -> bytes | None:
        path = f"{self._root}/{name}"
        return bytes(self._store.cat_file(path)) if self._store.exists(path) else None

    def write(self, name: str, content: bytes) -> None:
        self._store.pipe_file(f"{self._root}/{name}", content)

    def names(self) -> Sequence[str]:
        found = (str(path).rsplit("/", 1)[-1] for path in self._store.ls(self._root, detail=False))
        return sorted(name for name in found if name.endswith(".parquet"))


def results_in(place: str | Path) -> Results:
    """The results in a folder, or in a store where the place is a URL. Raises UserError where nothing can be kept there."""
    return Bucket(str(place)) if "://" in str(place) else Folder(Path(place))
