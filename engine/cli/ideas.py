"""The command that looks for the spreads that pay most where a person's view of a price is right."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter

from engine.cli.amounts import EUROPEAN_MODELS, money
from engine.cli.instants import chosen
from engine.cli.payoff import Onward, payoff
from engine.cli.scan import about_snapshot, account_beside, carries_of
from engine.cli.show import Format, Row, say, show, show_json, show_told
from engine.cli.sized import usd_of
from engine.compile.scanner import Scanner
from engine.decide.entry.expected import market_at, view_of
from engine.decide.entry.find import Finder
from engine.decide.ideas import Idea, Searched, best, columns_of, fitting_account, searches, seen
from engine.domain.calendar import Calendar
from engine.domain.candidate import candidate_row
from engine.domain.chain import ChainSnapshot
from engine.domain.errors import UserError
from engine.domain.session import trading_day
from engine.pricing.view import View
from engine.runtime.schedule import calendar_around
from engine.store.recorded import load, times
from engine.strategy.account import Account
from engine.strategy.values.view import SaidView, read_view

STRATEGIES = Path("strategies")
IN_CSV = ("spread", "quantity", "net", "natural", "max_profit", "max_loss", "view_pop", "pop", "view_value", "view_score")
MOST = 10**12
"""Dollars of the largest account."""
Fitting: TypeAlias = tuple[Idea, int | None]
"""An idea, and how many of it the limits of the account let through; None where its size is not known."""


def ideas(
    view: str,
    *,
    chain: Path,
    at: str | None = None,
    size: Annotated[float | None, Parameter(show_default=False)] = None,
    account: Path | None = None,
    each: int = 1,
    top: int = 12,
    format: Format = "table",  # noqa: A002
) -> int:
    """Rank spreads of every structure by what they bring where your view of a price is right.

    Each option gets the worth that it has under the view, and the search that trades looks through every structure for the
    expiries behind the view's day: the best expected value, after fees and opened at natural, for each dollar that can be lost.
    It sends nothing and writes no file.

    Parameters
    ----------
    view
        "SPX 3% to 5% higher by 18 Dec, 70% sure", "SPY between 590 and 610 in 30 days", "SPX above 6200 by 2026-12-18",
        "SPX within 2% by 18 Dec". 68% sure where you do not say.
    chain
        Recorded chain, Parquet or CSV, or a folder of the archive in state/chains.
    at
        The snapshot: a day (its last one), a time (the last one of that day not after it), UTC unless a zone stands behind it.
        The last of all when empty.
    size
        Dollars in your account: spreads that its limits let through once, and how many of each.
    account
        File with the limits, the interest rate and dividend yields; strategies/account.yaml when empty.
    each
        So many of each structure.
    top
        So many in all.
    format
        table, json (every number of each) or csv.
    """
    if size is not None and not 0 < size <= MOST:
        raise UserError(f"--size {size:g}: dollars, above 0")
    if min(each, top) < 1:
        raise UserError(f"{'--each' if each < 1 else '--top'} {min(each, top)}: a number from 1")
    wanted = [_said(view, chosen(chain, times(chain), at)).underlying]
    instant = chosen(chain, times(chain, wanted), at)
    said, calendar, limits = _said(view, instant), calendar_around(instant), account_beside(STRATEGIES, account)
    loaded = load(chain, instant, carries=carries_of(limits, wanted), calendar=calendar, underlyings=wanted)
    say(about_snapshot(chain, loaded, instant))
    try:
        meant = view_of(said, columns_of(loaded.snapshot, said.underlying), instant)
        found = list(_searched(said, meant, loaded.snapshot, instant, calendar))
    except ValueError as error:
        raise UserError(str(error)) from None
    _tell(said, meant, loaded.snapshot)
    worth = None if size is None else Decimal(repr(size))
    rows = sorted(_rows(found, limits, worth, each), key=lambda row: -row[0].score)[:top]
    _show(rows, format)
    _explain(rows, found)
    return 0


def _said(view: str, instant: datetime) -> SaidView:
    try:
        return read_view(view, trading_day(instant))
    except ValueError as error:
        raise UserError(str(error)) from None


def _searched(said: SaidView, view: View, chain: ChainSnapshot, instant: datetime, calendar: Calendar) -> Iterator[Searched]:
    finder = Finder(Scanner())
    rows = finder.rows(seen(chain, said.underlying, view), {}, instant, calendar)
    for title, strategy in searches(said, chain, instant):
        yield best(finder, strategy, title, rows, view, instant, calendar)


def _tell(said: SaidView, view: View, chain: ChainSnapshot) -> None:
    """The view in prices, and what the market gives it."""
    market = market_at(said.underlying, columns_of(chain, said.underlying), view.years)
    low, high = (float(view.expected.levels(200)[place]) for place in (9, 189))
    say(
        f"your view   {said.underlying} by {said.by:%d %b %Y} at {view.expected.forward:,.2f} on average, "
        f"nine times in ten between {low:,.2f} and {high:,.2f}"
    )
    say(
        f"the market  {market.forward:,.2f} on average, volatility {market.deviation / math.sqrt(view.years):.1%}; "
        f"it gives that range a chance of {market.chance(low, high):.0%}"
    )


def _rows(found: Sequence[Searched], account: Account, worth: Decimal | None, each: int) -> Iterator[Fitting]:
    """The best of each structure with how many fit; of an account of a known size only what fits once."""
    for one in found:
        counted = ((idea, None if worth is None else _fits(idea, account, worth)) for idea in one.ideas)
        yield from islice((idea for idea in counted if idea[1] != 0), each)


def _fits(idea: Idea, account: Account, worth: Decimal) -> int:
    return fitting_account(idea.candidate, account, lambda amount: usd_of(amount, worth))


def _show(rows: Sequence[Fitting], form: Format) -> None:
    if form == "json":
        show_json([{**candidate_row(idea.candidate), **_row(idea, count)} for idea, count in rows])
    elif form == "csv":
        show([_row(idea, count) for idea, count in rows], IN_CSV, form)
    else:
        show_told([_told(idea, count) for idea, count in rows])


def _row(idea: Idea, count: int | None) -> Row:
    one = idea.candidate
    return {
        "spread": str(one.spread),
        "quantity": count,
        "net": one.net,
        "natural": one.natural,
        "max_profit": one.max_profit,
        "max_loss": one.max_loss,
        "view_pop": idea.pop,
        "pop": one.pop,
        "view_value": idea.value,
        "view_score": idea.score,
    }


def _told(idea: Idea, count: int | None) -> Row:
    one = idea.candidate
    return {
        "spread": str(one.spread),
        "fits": None if count is None else f"{count} x",
        "at mid": money(one.net_decimal()),
        "natural": money(Decimal(repr(round(one.natural, 6)))),
        "max profit": f"${one.max_profit:,.0f}",
        "max loss": f"${one.max_loss:,.0f}",
        "chance": _percent(idea.pop),
        "market's": _percent(one.pop),
        "value": f"${idea.value:,.0f}",
        "a dollar": f"{idea.score:.2f}",
    }


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.0%}"


def _explain(rows: Sequence[Fitting], found: Sequence[Searched]) -> None:
    """What the columns mean, what paid nothing, and the best one drawn."""
    nothing = [one.title for one in found if not one.ideas]
    if nothing:
        say(f"nothing pays under this view: {', '.join(dict.fromkeys(nothing))}")
    if not rows:
        fits = any(one.ideas for one in found)
        say("what pays is too large for the limits of account.yaml" if fits else "the market prices everything as you do")
        return
    say("of one spread; natural pays each ask and hits each bid, value is what it brings under the view opened so, after fees")
    say("chance of a profit after fees, yours and the market's; a dollar: value for each dollar that can be lost")
    best_one = rows[0][0].candidate
    say("")
    say(f"{best_one.spread}, opened at mid:")
    onward = None
    if not best_one.spread.is_of_one_expiry:
        legs = zip(best_one.spread.legs, best_one.quotes, strict=True)
        onward = Onward({leg.contract: quote.iv for leg, quote in legs if quote.iv is not None}, 0.0, 0.0)
    for line in payoff(best_one.spread, 1, best_one.net_decimal(), best_one.spot, onward=onward):
        say(line)
    if best_one.spread.legs[0].contract.rule.exercise == "American":
        say(f"its options may be exercised early; {EUROPEAN_MODELS}")
