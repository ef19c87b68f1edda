"""A backtest told in a terminal: what was supposed, what came of it, where it came from, and what was not traded."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from engine.cli.money import dollars
from engine.cli.research.figures import (
    DELTA_ORDER,
    DTE_ORDER,
    RANK_ORDER,
    WEEKDAYS,
    Bucket,
    Figures,
    buckets,
    by_delta,
    by_dte,
    by_rank,
    by_reason,
    by_weekday,
    figures,
    months,
    stopped,
)
from engine.domain.session import NEW_YORK
from engine.research.result import Result, Trade

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORST = 5
STOPPED_MAX = 12
"""Lines of what was not traded; `research/not_traded.parquet` has every day."""


def report(result: Result, bounds: Mapping[str, Result] | None = None) -> Iterator[str]:
    """The report, line by line. `bounds` are runs of the same at other fills, by what they suppose."""
    yield from supposed_lines(result)
    yield ""
    yield from _results(figures(result))
    if bounds:
        yield ""
        yield from _bounds({**bounds, "as above": result})
    yield ""
    yield from _months(result)
    if any(trade.closed_at is not None for trade in result.trades):
        yield from _buckets("days to expiry, when opened", buckets(result.trades, by_dte, DTE_ORDER))
        yield from _buckets("largest delta sold, when chosen", buckets(result.trades, by_delta, DELTA_ORDER))
        yield from _buckets("IV rank, when chosen", buckets(result.trades, by_rank, RANK_ORDER))
        yield from _buckets("weekday of the opening", buckets(result.trades, by_weekday, WEEKDAYS))
        yield from _buckets("what ended it", buckets(result.trades, by_reason))
        yield from _worst(result.trades)
    yield from _not_traded(result)
    yield from said_lines(result)


def not_traded_rows(result: Result) -> list[tuple[str, str, str]]:
    """Strategy, days, and what stopped it on them; most days first."""
    return [(strategy, f"{days} days", f"{stopper}: {name}") for strategy, stopper, name, days in stopped(result.not_traded)]


def supposed_lines(result: Result) -> Iterator[str]:
    """What a result supposes."""
    setup = result.setup
    days, instants = setup["days"], setup["instants"]
    yield f"{_listed(setup['strategies'])} on {_listed(setup['chains'])}"
    cash = dollars(Decimal(str(setup["cash"])))
    yield f"{setup['from']} to {setup['to']}: {days} sessions, {instants} recorded instants, from {cash}"
    if setup["said_at"]:
        yield (
            f"  {setup['moved']} instants were recorded at or after the close and are told at {setup['said_at']} New York,"
            " without the day's volume and last trades"
        )
    if setup["prices_only"] or setup["left_out"]:
        yield f"  outside of a session: {setup['prices_only']} count for closes alone, {setup['left_out']} are left out"
    lines = setup["lines"]
    if lines == "all":
        yield "  every option is seen, which is optimistic: an account streams about 100"
    else:
        yield f"  {lines} data lines, chosen as the engine chooses them"
    yield f"  a package trades at mid less {_part(setup)} of its half-width, at the sizes quoted"
    yield "  options are not assigned before they expire"


def _part(setup: Mapping[str, object]) -> str:
    if setup["fill"] not in {"default", "learned"}:
        return str(setup["fill"])
    parts = setup["fill_by_legs"]
    assert isinstance(parts, Mapping), "written so"
    by_legs = ", ".join(f"{part} ({legs} leg{'s' if legs != '1' else ''})" for legs, part in parts.items())
    return by_legs if setup["fill"] == "default" else f"{by_legs}, learned from an engine's own orders,"


def _results(one: Figures) -> Iterator[str]:
    over = one.trades - one.open
    yield f"  result          {dollars(one.made, signed=True)}, of it fees {dollars(-one.fees, signed=True)}"
    share = f", {one.won / over:.0%} won" if over else ""
    still = f", {one.open} open at the end with {dollars(one.unrealised, signed=True)} at mid" if one.open else ""
    yield f"  trades          {one.trades}{share}{still}"
    if one.mean_won is not None or one.mean_lost is not None:
        won = "none" if one.mean_won is None else dollars(one.mean_won, signed=True)
        lost = "none" if one.mean_lost is None else dollars(one.mean_lost, signed=True)
        yield f"  a trade made    {won} where it won, {lost} where it lost, on average"
    fall = one.fall
    yield (
        f"  deepest fall    {dollars(fall.usd, signed=True)} ({fall.share:.1%}), {fall.peak} to {fall.trough}, by closes"
        if fall.usd
        else "  deepest fall    none, by closes"
    )
    if one.worst_day is not None:
        yield f"  worst day       {dollars(one.worst_day[1], signed=True)}, {one.worst_day[0]}"


def _bounds(runs: Mapping[str, Result]) -> Iterator[str]:
    yield f"  {'fill, part of the half-width':<30}{'result':>14}{'fees':>12}{'trades':>8}{'deepest fall':>16}"
    for name, result in runs.items():
        one = figures(result)
        made, fees = dollars(one.made, signed=True), dollars(-one.fees, signed=True)
        yield f"  {name:<30}{made:>14}{fees:>12}{one.trades:>8}{dollars(one.fall.usd, signed=True):>16}"


def _months(result: Result) -> Iterator[str]:
    made = months(result)
    yield f"  {'USD':<6}{''.join(f'{name:>8}' for name in MONTHS)}{'year':>10}"
    for year, by_month in made.items():
        cells = "".join(f"{_short(by_month.get(number)):>8}" for number in range(1, 13))
        yield f"  {year:<6}{cells}{_short(sum(by_month.values(), Decimal(0))):>10}"


def _short(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:+,.0f}" if round(amount) else "0"


def _buckets(title: str, found: Sequence[Bucket]) -> Iterator[str]:
    width = max(len(title), *(len(one.name) for one in found)) + 2
    yield ""
    yield f"  {title:<{width}}{'trades':>8}{'won':>6}{'result':>13}{'mean':>13}{'worst':>13}"
    for one in found:
        mean = dollars(one.made / one.trades, signed=True)
        numbers = f"{one.trades:>8}{one.won / one.trades:>6.0%}{dollars(one.made, signed=True):>13}{mean:>13}"
        yield f"  {one.name:<{width}}{numbers}{dollars(one.worst, signed=True):>13}"


def _worst(trades: Sequence[Trade]) -> Iterator[str]:
    over = sorted((trade for trade in trades if trade.closed_at is not None), key=lambda one: (one.made, one.position))
    yield ""
    yield "  worst trades"
    for trade in over[:WORST]:
        days = f"{trade.opened_at.astimezone(NEW_YORK):%Y-%m-%d}"
        what = f"{trade.quantity} × {trade.spread}, {days}, {trade.reason}"
        yield f"  {dollars(trade.made, signed=True):>10}  {what}: {trade.position}"


def _not_traded(result: Result) -> Iterator[str]:
    found = stopped(result.not_traded)
    if not found:
        return
    yield ""
    yield "  not traded       days  by"
    for strategy, stopper, name, days in found[:STOPPED_MAX]:
        yield f"  {strategy:<15}{days:>6}  {stopper}: {name}"
    if len(found) > STOPPED_MAX:
        yield f"  and {len(found) - STOPPED_MAX} more reasons"


def said_lines(result: Result) -> Iterator[str]:
    """What a reader must know beside the numbers."""
    if result.doubtful:
        yield ""
        yield f"  {len(result.doubtful)} stops closed on a print that the next one contradicts: the loss was not half of it there"
        for one in result.doubtful[:WORST]:
            at = f"{one.at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
            yield f"  {one.position}, {at}: {one.rule}; {dollars(one.loss)} lost at mid, then {dollars(one.loss_next)}"
    if result.said:
        yield ""
        yield from (f"  {text}" for text in result.said)


def _listed(names: object) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, list | tuple) else str(names)
