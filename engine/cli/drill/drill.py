"""`spreads drill`: the documented failures, one after the other, against the trader's own strategies in simulated time."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from engine.cli.drill.catalogue import named
from engine.cli.drill.failure import Failure
from engine.cli.drill.play import LATEST, play
from engine.cli.drill.traded import symbols_of
from engine.cli.drill.verdict import Verdict, judged
from engine.cli.logs import log_to
from engine.cli.options import STRATEGIES, Strategies
from engine.cli.show import line, say, show_json, show_told
from engine.domain.errors import UserError

FIRST, LAST = "09:31", "15:00"
"""Between which a drill may begin, New York."""


def drill(
    *failures: str,
    strategies: Strategies = STRATEGIES,
    at: str = "10:00",
    minutes: Annotated[int, Parameter(validator=Number(gte=15, lte=120))] = 25,
    seed: Annotated[int, Parameter(validator=Number(gte=0, lte=2**31))] = 10,
    keep: Annotated[Path | None, Parameter(show_default=False)] = None,
    only_list: Annotated[bool, Parameter(name="--list")] = False,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Try the documented failures on your own strategies, in simulated time: what fails, what the engine does, how it ends.

    Each begins in the morning of a simulated day with the real engine, its journal and the wire protocol; a person who is not
    there says yes to every opening. Nothing here touches a broker. Exit code 1 where one did not end well.

    Parameters
    ----------
    failures
        Which ones, by name; all of them when none is given.
    at
        When they begin, New York; choose a time at which your strategies open.
    minutes
        How long each of them is watched.
    seed
        Another number is another market.
    keep
        Folder for the state of each of them, to ask with `spreads query` and `spreads why`; removed when not given.
    only_list
        Only say which failures there are.
    format
        table or json.
    """
    chosen = _chosen(failures)
    if only_list:
        show_told([{"failure": one.name, "what fails": one.says, "the engine": one.expects} for one in chosen])
        return 0
    symbols = symbols_of(strategies)
    _check(at)
    verdicts: list[Verdict] = []
    started = time.monotonic()
    for number, failure in enumerate(chosen, 1):
        if format == "table":
            say(f"{number} of {len(chosen)}: {failure.says}")
        found = _judged(failure, strategies, symbols, at, minutes, seed, keep)
        verdicts.append(found)
        if format == "table":
            for told in told_of(found):
                line(told)
    if format == "json":
        show_json([asdict(one) | {"ended_well": one.ended_well} for one in verdicts])
    else:
        line(_summary(verdicts, time.monotonic() - started))
    return 0 if all(one.ended_well for one in verdicts) else 1


def told_of(found: Verdict) -> Iterator[str]:
    """The lines of one verdict."""
    word = "ended well" if found.ended_well else "NOT WELL  "
    why = f": {', '.join(found.blind_by)}" if found.blind_by else ""
    yield f"{word}  {found.name}, {found.moment}, blind for {found.blind_min:g} min{why}"
    yield f"            {found.did}; {found.closed}"
    if found.evidence:
        yield f"            journal: {'; '.join(found.evidence)}"
    yield from (f"          ✗ {fault}" for fault in found.faults)


def _chosen(failures: tuple[str, ...]) -> tuple[Failure, ...]:
    try:
        return named(failures)
    except KeyError as error:
        raise UserError(f"no failure {error.args[0]!r}; `spreads drill --list` says which there are") from None


def _check(at: str) -> None:
    digits = at.replace(":", "")
    if len(at) != len("10:00") or at[2] != ":" or not digits.isdigit() or not FIRST <= at <= LAST or at[3] > "5":
        raise UserError(f"--at {at}: a time from {FIRST} to {LAST} New York, such as 10:00")


def _judged(
    failure: Failure, strategies: Path, symbols: tuple[str, ...], at: str, minutes: int, seed: int, keep: Path | None
) -> Verdict:
    with TemporaryDirectory() as folder:
        state = (keep or Path(folder)) / failure.name
        if keep is not None and state.exists() and any(state.iterdir()):
            raise UserError(f"{state}: an earlier drill is kept here; choose another --keep")
        state.mkdir(parents=True, exist_ok=True)
        log_to(state)
        return judged(play(failure, strategies, state, symbols, at, minutes, seed))


def _summary(verdicts: list[Verdict], seconds: float) -> str:
    well = sum(one.ended_well for one in verdicts)
    return f"\n{well} of {len(verdicts)} ended well, {sum(one.orders for one in verdicts)} orders were sent; {seconds:.0f} s"


assert LATEST.total_seconds() < 15 * 60, "every failure comes before the shortest drill ends"
