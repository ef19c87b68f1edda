"""`spreads tune`: which numbers of a file would have been better, and whether that is more than luck."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from engine.cli.folder import common_beside, file_of, load_strategy
from engine.cli.research.flags import (
    CASH,
    Bars,
    Cash,
    Chains,
    Fill,
    FillsOf,
    First,
    Html,
    Last,
    Limits,
    SaidAt,
    check_market,
    requested,
)
from engine.cli.research.html.page import write_study
from engine.cli.show import program, say, show_json
from engine.domain.errors import UserError
from engine.research.backtest import opened
from engine.research.fanout import executor_of
from engine.research.tuning.search import Where, ratio
from engine.research.tuning.space import Space, space_of
from engine.research.tuning.tune import Tuned, widths
from engine.research.tuning.tune import tune as study_of

OUT = Path("state/tune")
TRIALS = 60
BEST = 8
"""Lines of the table of variants; `study.json` has every one."""


def tune(
    file: Annotated[Path, Parameter(name="FILE", help="The strategy; it is read and never written.")],
    /,
    *,
    over: Annotated[
        list[str],
        Parameter(help="A line of the file with a range for a number: 'short_delta: 0.10..0.30'; may be given several times."),
    ],
    chain: Chains,
    trials: Annotated[
        int, Parameter(validator=Number(gte=4, lte=10_000), help="Variants to run; a few more are run around the best.")
    ] = TRIALS,
    first: First = None,
    last: Last = None,
    fill: Fill = None,
    fills_of: FillsOf = None,
    cash: Cash = CASH,
    lines: Annotated[str, Parameter(help="Market data lines when the best is confirmed, or `all`.")] = "100",
    said_at: SaidAt = None,
    bars: Bars = None,
    account: Limits = None,
    jobs: Annotated[
        int | None,
        Parameter(validator=Number(gte=1, lte=256), help="Processes; one a processor when not given.", show_default=False),
    ] = None,
    cluster: Annotated[
        str | None,
        Parameter(help="Scheduler of `distributed`, as tcp://host:8786; its workers do the work.", show_default=False),
    ] = None,
    results: Annotated[
        str | None, Parameter(help="Keep results at a URL, as s3://bucket/study, instead of --out.", show_default=False)
    ] = None,
    seed: Annotated[int, Parameter(validator=Number(gte=0), help="Of the search; the same asks the same variants.")] = 0,
    out: Annotated[Path, Parameter(help="Folder of the study; what is there is not run again.")] = OUT,
    html: Html = None,
    format: Literal["table", "json"] = "table",  # noqa: A002
) -> int:
    """Look for better numbers of a strategy in recorded chains, and argue against what is found.

    The verdict is adopt, look longer or noise. A change of the file is proposed as a diff; you make it, or not.
    """
    strategy = load_strategy(file)
    common = common_beside(file_of(file))
    space = space_of(file_of(file).read_text(encoding="utf-8"), str(file_of(file)), over, common.value if common else None)
    request = requested(
        [file],
        chain,
        first=first,
        last=last,
        fill=fill,
        fills_of=fills_of,
        cash=cash,
        lines=lines,
        said_at=said_at,
        bars=bars,
        account=account,
    )
    history = opened(request)
    check_market(file, strategy, history)
    say(f"{space.count:,} variants, {min(trials, space.count)} to run; with the same --out a study goes on where it was")
    with executor_of(cluster, jobs) as executor:
        tuned = study_of(request, history, space, Where(out, executor, results), trials, seed, say)
    _keep(out, tuned)
    if html is not None:
        write_study(html, tuned)
    if format == "json":
        show_json(plain(tuned))
    else:
        for line in report(tuned):
            print(line)
        say("")
        say(f"all of it: {out / 'study.json'}   the present file whole: {program()} backtest {file} --chain {chain[0]}")
    return 0


def report(tuned: Tuned) -> Iterator[str]:
    """What a person reads, line by line."""
    space, study, evidence = tuned.space, tuned.study, tuned.study.evidence
    yield f"{len(study.whole)} variants run whole, {len(study.given_up)} given up, over {evidence.days} days"
    together = f"days of two go together with {evidence.correlation:.2f}, so they are worth {evidence.effective:.1f}"
    yield f"  {evidence.trials} were ever tried on these data; {together}"
    yield ""
    yield f"  {'':<44}{'result':>12}{'trades':>8}{'Sharpe':>8}"
    ranked = sorted(study.whole, key=lambda place: -ratio(study.whole[place]))[:BEST]
    rows = [("the present file", study.present), *((_named(space, place), study.whole[place]) for place in ranked)]
    for name, trial in rows:
        made = float(trial.made.sum())
        yield f"  {name:<44}{_usd(made):>12}{trial.trades:>8}{ratio(trial) * 252**0.5:>8.2f}"
    if study.best is not None:
        yield ""
        yield f"  proposed: {_named(space, study.best)}, which may be"
        for name, _, width in widths(tuned):
            yield f"    {name}: {width} without losing a fifth of the gain"
        if tuned.carried is not None and tuned.carried.share is not None:
            one = tuned.carried
            without = f"without them it is {_usd(one.without)}"
            yield f"  the best {one.best_months} of {one.months} months made {one.share:.0%} of the gain; {without}"
    yield ""
    for answer in tuned.verdict.answers:
        yield f"  {'yes' if answer.holds else 'no':<5}{answer.question:<34}{answer.said}"
    yield ""
    yield f"{tuned.verdict.word}: {tuned.verdict.why}"
    if tuned.proposal and tuned.verdict.word != "noise":
        yield ""
        yield from tuned.proposal.splitlines()


def plain(tuned: Tuned) -> dict[str, object]:
    """All that is known, as plain data."""
    space, study = tuned.space, tuned.study
    return {
        "verdict": asdict(tuned.verdict),
        "over": [{"name": axis.name, "line": axis.line, "values": list(axis.texts)} for axis in space.axes],
        "best": None if study.best is None else space.named(study.best),
        "proposal": tuned.proposal,
        "evidence": asdict(study.evidence),
        "confirmed": [asdict(one) for one in tuned.confirmed],
        "carried": None if tuned.carried is None else asdict(tuned.carried),
        "widths": [{"name": name, "value": value, "from_to": width} for name, value, width in widths(tuned)],
        "present": {
            "made": float(study.present.made.sum()),
            "trades": study.present.trades,
            "sharpe_a_day": ratio(study.present),
        },
        "variants": [
            {
                "place": list(place),
                "values": space.named(place),
                "made": float(trial.made.sum()),
                "trades": trial.trades,
                "fees": trial.fees,
                "sharpe_a_day": ratio(trial),
                "months": list(trial.months),
            }
            for place, trial in study.whole.items()
        ],
        "given_up": [space.named(place) for place in study.given_up],
    }


def _keep(out: Path, tuned: Tuned) -> None:
    try:
        (out / "study.json").write_text(json.dumps(plain(tuned), indent=1, default=str) + "\n", encoding="utf-8")
        (out / "proposal.diff").write_text(tuned.proposal, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: the study cannot be written ({error.strerror}); name another --out") from error


def _named(space: Space, place: tuple[int, ...]) -> str:
    return ", ".join(axis.texts[number] for axis, number in zip(space.axes, place, strict=True))


def _usd(amount: float) -> str:
    return f"{'-' if amount < 0 else '+'}${abs(amount):,.2f}"
