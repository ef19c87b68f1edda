"""The command that looks for candidates in a recorded chain: no broker, no engine, the same search."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from engine.cli.amounts import EUROPEAN_MODELS
from engine.cli.folder import Unread, load_strategy, read
from engine.cli.instants import chosen, shown
from engine.cli.show import Format, Row, say, show, show_json
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.domain.candidate import Candidate, candidate_row
from engine.domain.errors import UserError
from engine.domain.facts.searches import FunnelRecorded
from engine.domain.index_classes import refusal
from engine.domain.session import trading_day
from engine.runtime.schedule import calendar_around
from engine.store.columns import Carry
from engine.store.recorded import Loaded, load, times
from engine.strategy.account import Account
from engine.strategy.explain import written
from engine.strategy.model import Strategy
from engine.strategy.parse import ACCOUNT_FILE, parse_account
from engine.strategy.problems import render_all

IN_A_TABLE = (
    "rank",
    "spread",
    "dte",
    "net",
    "natural",
    "max_profit",
    "max_loss",
    "pop",
    "expected_value",
    "return_on_risk",
    "score",
)
"""What fits a terminal."""
IN_CSV = (
    *("rank", "underlying", "root", "expiry", "dte", "put_call", "short_strike", "long_strike"),
    *("net", "natural", "width", "max_profit", "max_loss", "fees", "breakeven", "pop", "expected_value", "return_on_risk"),
    *("delta", "gamma", "theta", "vega", "score"),
)


def scan(file: Path, *, chain: Path, at: str | None = None, account: Path | None = None, format: Format = "table") -> int:  # noqa: A002
    """Find the candidates of a strategy in a recorded chain, offline.

    Filters, structure, rules and rank are searched as the engine does; the lines of `when` need the market and are not
    looked at.

    Parameters
    ----------
    file
        The strategy.
    chain
        Recorded chain, Parquet or CSV, or a folder of the archive in state/chains.
    at
        The snapshot: a day (its last one), a time (the last one of that day not after it), UTC unless a zone stands behind it,
        as in "2016-04-29 15:45 New York". The last of all when empty.
    account
        File with the interest rate and dividend yields to price with; account.yaml beside the strategy when empty.
    format
        table, json (every number of each candidate) or csv.
    """
    strategy = load_strategy(file)
    carries = carries_of(account_beside(file.parent, account), strategy.universe)
    instant = chosen(chain, times(chain, strategy.universe), at)
    calendar = calendar_around(instant)
    loaded = load(chain, instant, carries=carries, calendar=calendar, underlyings=strategy.universe)
    say(about_snapshot(chain, loaded, instant))
    for root, underlying in loaded.unknown:
        say(refusal(root, underlying))
    underlyings = _searched(strategy, loaded, chain)
    finder = Finder(Scanner())
    rows = finder.rows(loaded.snapshot, {}, instant, calendar)
    candidates = finder.scan(strategy, rows, underlyings, instant)
    _narrate(strategy, finder.funnel(strategy, rows, underlyings, instant), candidates)
    if format == "json":
        show_json([candidate_row(candidate) for candidate in candidates])
    else:
        columns = IN_A_TABLE if format == "table" else IN_CSV
        show([_flat(candidate, instant) for candidate in candidates], columns, format)
    return 0


def account_beside(folder: Path, named: Path | None) -> Account:
    """The named file, or the one in the folder where there is one."""
    path = named or folder / ACCOUNT_FILE
    if named is None and not path.exists():
        return Account(schema=1)
    try:
        parsed = parse_account(read(path), str(path))
    except Unread as error:
        raise UserError(f"{path}: {error.why}") from None
    if parsed.value is None:
        raise UserError(f"{path} cannot be used:\n\n{render_all(parsed.problems)}")
    return parsed.value


def carries_of(account: Account, underlyings: Iterable[str]) -> dict[str, Carry]:
    """What the account's file says of interest and dividends, by underlying."""
    pricing = account.pricing
    return {name: Carry(float(pricing.rate), float(pricing.dividend_yield.get(name, 0))) for name in underlyings}


def _searched(strategy: Strategy, loaded: Loaded, chain: Path) -> list[str]:
    """The underlyings that are both wanted and there; none where nothing trades any more."""
    there = loaded.snapshot.underlyings
    found = [name for name in strategy.universe if name in there]
    if not there and loaded.over:
        say("every option had stopped trading by then")
        return []
    if not found:
        has = ", ".join(there) or "no option that can be traded"
        raise UserError(f"{chain}: {strategy.name} trades {', '.join(strategy.universe)}; this chain has {has}")
    absent = [name for name in strategy.universe if name not in there]
    if absent:
        say(f"not in this chain: {', '.join(absent)}")
    return found


def about_snapshot(chain: Path, loaded: Loaded, instant: datetime) -> str:
    """Which snapshot it is, and what of it was left out."""
    counts = {
        "past their last trading session": loaded.over,
        "adjusted or not of 100 shares": loaded.non_standard,
        "repeated": loaded.repeated,
    }
    left_out = [f"{count:,} {what}" for what, count in counts.items() if count]
    rest = f"; left out: {', '.join(left_out)}" if left_out else ""
    return f"{chain}: snapshot of {shown(instant)}, {loaded.snapshot.table.num_rows:,} options{rest}"


def _narrate(strategy: Strategy, funnel: FunnelRecorded, candidates: Sequence[Candidate]) -> None:
    """The funnel, and what a person may ask next."""
    if strategy.when:
        lines = "; ".join(condition.text for condition in strategy.when)
        say(f"not looked at, as a chain says nothing about it: when {lines}")
    say("")
    for step in funnel.steps:
        unknown = f"   ({step.unknown:,} unknown)" if step.unknown else ""
        say(f"{step.passed:>11,}  {step.condition}{unknown}")
    say("")
    if candidates:
        say(f"{len(candidates)} of {funnel.candidates:,} kept, ranked by {written(strategy.spread.rank)}")
        american = {one.spread.underlying for one in candidates if one.spread.legs[0].contract.rule.exercise == "American"}
        if american:
            say(f"options on {', '.join(sorted(american))} may be exercised early; {EUROPEAN_MODELS}")
        say("all numbers: --format json   the search itself: spreads explain FILE --sql")
    else:
        say("no candidate" + (f"; nearest miss: {funnel.nearest_miss}" if funnel.nearest_miss else ""))
        say("what the lines mean: spreads fields   another moment: --at")


def _flat(candidate: Candidate, instant: datetime) -> Row:
    """One line a candidate, for a table and for CSV."""
    row, spread = candidate_row(candidate), candidate.spread
    rights = {leg.contract.put_call for leg in spread.legs}
    pair = {leg.action: float(leg.contract.strike) for leg in spread.legs} if len(spread.legs) == 2 else {}
    return {
        **row,
        "spread": str(spread).removesuffix(f" {spread.structure}"),
        "expiry": spread.expiry.isoformat(),
        "dte": (spread.expiry - trading_day(instant)).days,
        "put_call": rights.pop() if len(rights) == 1 else None,
        "short_strike": pair.get("sell"),
        "long_strike": pair.get("buy"),
        "breakeven": candidate.breakevens[0] if len(candidate.breakevens) == 1 else None,
    }
