"""Explanations: what was looked at and not done, as lines beside the journal. Nothing that leaves the machine depends on them.

`state/explanations/YYYY-MM-DD.jsonl` takes them as they come: lines as the journal has them, with neither chain nor sync. Their
`seq` is that of the journal line that they follow. What has gathered is packed into `YYYY-MM-DD.NNNN.jsonl.gz`, the parts of a
day that is over become one `YYYY-MM-DD.jsonl.gz`, and days that are older than wanted are removed. So names in their order hold
the lines in theirs.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

from engine.domain.errors import Damaged
from engine.domain.facts.searches import EntryDenied, FunnelRecorded
from engine.domain.facts.union import Explanation, Fact
from engine.domain.ledger import Ledger
from engine.log import logger
from engine.ports import Line
from engine.store import codec

FOLDER = "explanations"
PACKED_FROM = 256 * 1024
"""Bytes of lines that are packed together: they shrink to a ninth, in a few milliseconds between two beats."""
DAYS_LOOKED_AT = 7
"""Days with lines that are searched backwards for the last look of a strategy."""
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(\.\d{4,})?\.jsonl(\.gz)?")

log = logger(__name__)


class Explanations:
    """An observer of facts that keeps those that explain. What cannot be written is said once and stops nothing."""

    def __init__(
        self,
        state: Path,
        account: str,
        *,
        kept: timedelta,
        follows: Callable[[], int],
        told: Callable[[str], object] = log.warning,
        packed_from: int = PACKED_FROM,
    ) -> None:
        """`kept` is how long a day is kept, `follows` the number of the last journal line, `told` hears why nothing is kept."""
        self._folder, self._account = state / FOLDER, account
        self._kept, self._follows, self._told, self._packed_from = kept, follows, told, packed_from
        self._day: date | None = None
        self._is_failure_told = False

    def move(self, state: Path) -> None:
        """Go on in another state folder."""
        self._folder, self._day = state / FOLDER, None

    def saw(self, fact: Fact, at: datetime) -> None:
        if not isinstance(fact, Explanation):
            return
        line = codec.plain(Line(self._follows(), at, self._account, fact))
        try:
            self._write(line, at.astimezone(UTC).date())
            self._is_failure_told = False
        except OSError as error:
            if not self._is_failure_told:
                self._told(f"{self._folder}: explanations cannot be kept ({error.strerror}); trading does not need them")
            self._is_failure_told = True
            self._day = None  # the line may have been torn: the next one begins by looking

    def _write(self, line: bytes, day: date) -> None:
        if self._day is None or day > self._day:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            # Where the clock was set back the newest day goes on: a day that is over takes no more lines.
            self._day = max([day, *(when for when, _ in _days(self._folder))])
            _tidy(self._folder, self._day, self._kept)
        tail = self._folder / f"{self._day}.jsonl"
        with tail.open("ab") as file:
            file.write(line)
            size = file.tell()
        if size >= self._packed_from:
            _pack(tail)


def every(state: Path) -> Iterator[Line]:
    """All that is kept, oldest first."""
    for _, files in _days(state / FOLDER):
        for file in files:
            yield from _lines(file)


def latest(state: Path, until: datetime | None = None, strategies: Collection[str] = ()) -> list[Line]:
    """The last explanation of each kind, of every strategy and underlying, up to a moment; oldest first.

    Days are searched backwards until each of `strategies` has a look, or enough of them were.
    """
    found: dict[tuple[str, ...], Line] = {}
    last = None if until is None else until.astimezone(UTC).date()
    days = [(day, files) for day, files in _days(state / FOLDER) if last is None or day <= last]
    for _, files in reversed(days[-DAYS_LOOKED_AT:]):
        of_day: dict[tuple[str, ...], Line] = {}
        for line in (line for file in files for line in _lines(file) if until is None or line.at <= until):
            of_day[_about(line)] = line
        found = of_day | found
        if all((FunnelRecorded.__name__, strategy) in found for strategy in strategies):
            break
    return sorted(found.values(), key=lambda line: (line.seq, line.at))


def recall(ledger: Ledger, found: Iterable[Line]) -> None:
    """Take into a ledger what explained last; a denial that an opening has overtaken is past."""
    for line in found:
        match line.fact:
            case FunnelRecorded(strategy=strategy):
                known, _ = ledger.funnels.get(strategy, (None, None))
                if known is not None and known > line.at:
                    continue
            case EntryDenied(strategy=strategy, spread=spread):
                openings = (order for order in ledger.orders.values() if order.purpose == "open")
                if any(
                    (order.strategy, order.spread.underlying) == (strategy, spread.underlying) and order.proposed_at >= line.at
                    for order in openings
                ):
                    continue
            case _:
                pass
        ledger.apply(line.fact, line.at)


def _about(line: Line) -> tuple[str, ...]:
    fact = cast("Explanation", line.fact)
    underlying = (fact.spread.underlying,) if isinstance(fact, EntryDenied) else ()
    return type(fact).__name__, fact.strategy, *underlying


def _days(folder: Path) -> list[tuple[date, list[Path]]]:
    """The files of each day, all in the order of their lines."""
    days: dict[date, list[Path]] = {}
    for path in sorted(folder.glob("*.jsonl*")):
        named = _NAME.fullmatch(path.name)
        if named is not None:
            days.setdefault(date.fromisoformat(named[1]), []).append(path)
    return sorted(days.items())


def _lines(path: Path) -> Iterator[Line]:
    """The lines of a file that can be read; what is torn or of another version explains nothing."""
    for raw in _text(path).splitlines():
        try:
            line = codec.decode(raw)
        except Damaged:
            continue
        if isinstance(line.fact, Explanation):
            yield line


def _text(path: Path) -> bytes:
    """What stands in a file; nothing where it was packed away or removed meanwhile, or is damaged."""
    try:
        held = path.read_bytes()
        return gzip.decompress(held) if path.suffix == ".gz" else held
    except (OSError, EOFError, zlib.error):
        return b""


def _tidy(folder: Path, today: date, kept: timedelta) -> None:
    """Bring the folder to what it should be when a day begins: whatever was cut short before is finished."""
    for day, files in _days(folder):
        whole = folder / f"{day}.jsonl.gz"
        if today - day > kept:
            _remove(files)
        elif day == today:
            _mend(folder / f"{day}.jsonl", files)
        elif files != [whole]:
            if whole not in files:
                _mend(folder / f"{day}.jsonl", files)
                _put(whole, b"".join(_packed(path) for path in files if path.exists()))
            _remove(path for path in files if path != whole)


def _mend(tail: Path, files: list[Path]) -> None:
    """End a torn line, and forget a tail that was packed already."""
    if tail not in files:
        return
    text = tail.read_bytes()
    parts = [path for path in files if path != tail]
    if parts and _text(parts[-1]) == text:
        tail.unlink()
    elif text and not text.endswith(b"\n"):
        tail.write_bytes(text + b"\n")


def _pack(tail: Path) -> None:
    parts = sorted(tail.parent.glob(f"{tail.stem}.*.jsonl.gz"))
    number = int(parts[-1].name.split(".")[1]) + 1 if parts else 1
    _put(tail.parent / f"{tail.stem}.{number:04}.jsonl.gz", _packed(tail))
    tail.unlink()


def _packed(path: Path) -> bytes:
    held = path.read_bytes()
    return held if path.suffix == ".gz" else gzip.compress(held, mtime=0)


def _put(path: Path, content: bytes) -> None:
    """Put the file there whole or not at all."""
    trial = path.with_name(path.name.partition(".")[0] + ".tmp")
    trial.write_bytes(content)
    trial.replace(path)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
