"""`spreads replay`: a backtest, or a day of an engine that traded, through today's code and files, for people and for a build."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Literal

from engine.cli.amounts import instant
from engine.cli.options import STRATEGIES, State, Strategies
from engine.cli.research.backtest import OUT, progress
from engine.cli.show import say, show_json, show_told
from engine.domain.errors import UserError
from engine.research.live import is_live, replay_live
from engine.research.replayed import Cause, Replayed
from engine.research.replaying import replay as run

SHOWN_MAX = 40
CAUSES: Mapping[Cause, str] = {
    "data": "the recorded chains: they are not those of then, or were not kept",
    "limits": "account.yaml: with the limits of then everything is as it was",
    "file": "the strategies, or what they share: with the files of then everything is as it was",
    "code": "the code: it differs with every file as it was",
}


def replay(
    day: str | None = None,
    /,
    *,
    state: State = OUT,
    strategies: Strategies = STRATEGIES,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Ask today's code and files for what was decided before, and tell every decision that is another one.

    A backtest is run again. Of an engine that traded, what was proposed and closed is asked for again, upon the chain and the
    market that were archived at that instant. It exits with 1 where one is, so that a build can hold a golden week.

    Parameters
    ----------
    day
        The day whose decisions are compared, as 2017-02-08; all of them when empty.
    state
        Folder of a backtest or of an engine.
    strategies
        Today's files, for the folder of an engine; a backtest knows its own.
    format
        table or json.
    """
    found = _ran(Path(state), Path(strategies), day)
    if format == "json":
        show_json({"day": day, **asdict(found), "cause_in_words": None if found.cause is None else CAUSES[found.cause]})
    else:
        _told(found, day)
    return 1 if found.differences or found.cause is not None else 0


def _ran(state: Path, strategies: Path, day: str | None) -> Replayed:
    if is_live(state):
        return replay_live(state, strategies, _day(day))
    with progress("") as told:
        return run(state, _day(day), told)


def _told(found: Replayed, day: str | None) -> None:
    for text in found.changed:
        say(text)
    of = f" of {day}" if day else ""
    if not found.differences:
        print(f"{found.compared:,} decisions{of}: none differs")
        if found.cause is not None:
            print(f"first cause: {CAUSES[found.cause]}")
        return
    print(f"{len(found.differences):,} of {found.compared:,} decisions{of} differ")
    if found.cause is not None:
        print(f"first cause: {CAUSES[found.cause]}")
    if found.first_day is not None and day is not None and str(found.first_day) < day:
        print(f"the run differs from {found.first_day} on: what is different here may follow from that")
    show_told(
        [
            {
                "at": instant(one.at.isoformat()),
                "decision": one.kind,
                "about": one.about,
                "then": one.then or "-",
                "now": one.now or "-",
            }
            for one in found.differences[:SHOWN_MAX]
        ]
    )
    if len(found.differences) > SHOWN_MAX:
        say(f"and {len(found.differences) - SHOWN_MAX:,} more; --format json has all")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is no day; write one as 2017-02-08") from None
