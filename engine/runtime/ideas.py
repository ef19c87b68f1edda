"""What a person's view of a price makes of the newest snapshot: spreads of every structure, best first.

It shares nothing with the beat but the snapshot, of which it takes a copy, and asks nothing of the broker.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import islice

from engine.compile.scanner import Scanner
from engine.decide.entry.expected import market_at, view_of
from engine.decide.entry.find import Finder
from engine.decide.entry.size import usd
from engine.decide.ideas import Idea, Searched, best, columns_of, fitting_account, searches, seen
from engine.domain.candidate import candidate_row
from engine.domain.errors import UserError
from engine.domain.session import days_to_expiry, trading_day
from engine.domain.snapshot import Snapshot
from engine.pricing.view import View
from engine.runtime.plain import Row
from engine.runtime.scans import copied
from engine.runtime.seams import SnapshotSource
from engine.strategy.account import Account
from engine.strategy.values.meaning import Amount
from engine.strategy.values.view import SaidView, read_view


class Ideas:
    """Looks through views, one at a time: the engine needs the other processor."""

    def __init__(self, snapshot: Callable[[], Snapshot], snapshots: SnapshotSource) -> None:
        self._snapshot, self._snapshots, self._turn = snapshot, snapshots, asyncio.Semaphore(1)

    async def row(self, view: str, each: int, top: int) -> Row:
        """The best under a view, so many of each structure. Raises UserError where it cannot be read or looked at."""
        try:
            said = read_view(view, trading_day(self._snapshot().at))
            async with self._turn:
                snapshot = self._snapshot()
                seen_now = replace(snapshot, chain=copied(snapshot.chain))
                return await asyncio.to_thread(_row, said, seen_now, self._snapshots.rulebook().account, each, top)
        except ValueError as error:
            raise UserError(str(error)) from error


def _row(said: SaidView, snapshot: Snapshot, account: Account, each: int, top: int) -> Row:
    chain, now = snapshot.chain, snapshot.at
    columns = columns_of(chain, said.underlying)
    view = view_of(said, columns, now)
    found = list(_searched(said, view, snapshot))
    rows = sorted(_fitting(found, account, snapshot, each), key=lambda one: -one[0].score)[:top]
    market = market_at(said.underlying, columns, view.years)
    low, high = (float(view.expected.levels(200)[place]) for place in (9, 189))
    return {
        "underlying": said.underlying,
        "by": said.by.isoformat(),
        "sure": float(said.sure),
        "as_of": now.isoformat(),
        "expected": view.expected.forward,
        "low": low,
        "high": high,
        "market_expected": market.forward,
        "market_volatility": market.deviation / math.sqrt(view.years),
        "market_chance": market.chance(low, high),
        "ideas": [_idea_row(idea, count, snapshot) for idea, count in rows],
        "nothing": list(dict.fromkeys(one.title for one in found if not one.ideas)),
        "too_large": not rows and any(one.ideas for one in found),
    }


def _searched(said: SaidView, view: View, snapshot: Snapshot) -> Iterator[Searched]:
    finder, now, calendar = Finder(Scanner()), snapshot.at, snapshot.calendar
    rows = finder.rows(seen(snapshot.chain, said.underlying, view), {}, now, calendar)
    for title, strategy in searches(said, snapshot.chain, now):
        yield best(finder, strategy, title, rows, view, now, calendar)


def _fitting(found: Sequence[Searched], account: Account, snapshot: Snapshot, each: int) -> Iterator[tuple[Idea, int | None]]:
    """The best of each structure with how many fit into the account; where its worth is not known, that is not known either."""
    is_known = snapshot.account.net_liquidation is not None
    for one in found:
        counted = ((idea, _fits(idea, account, snapshot) if is_known else None) for idea in one.ideas)
        yield from islice((idea for idea in counted if idea[1] != 0), each)


def _fits(idea: Idea, account: Account, snapshot: Snapshot) -> int:
    return fitting_account(idea.candidate, account, partial(_usd, snapshot=snapshot))


def _usd(amount: Amount, snapshot: Snapshot) -> Decimal:
    return usd(amount, snapshot.account) or Decimal(0)


def _idea_row(idea: Idea, count: int | None, snapshot: Snapshot) -> Row:
    one = idea.candidate
    return {
        **candidate_row(one),
        "strategy": "",
        "structure": one.spread.structure,
        "spread": str(one.spread),
        "multiplier": one.spread.multiplier,
        "dte": days_to_expiry(snapshot.at, one.spread.expiry),
        "quantity": count,
        "view_pop": idea.pop,
        "view_value": idea.value,
        "view_score": idea.score,
    }
