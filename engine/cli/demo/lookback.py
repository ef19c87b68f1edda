"""What the report of a demonstration tells beside its facts: marks of what is open, the market's way, what became of stops."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from engine.cli.demo.stopped import Steps, Stopped, Walked, stops
from engine.cli.demo.story import Record
from engine.compile.scanner import Scanner
from engine.decide.entry.find import Finder
from engine.decide.exit.closing import closing_hours
from engine.decide.quotes import Rows
from engine.domain.contract import Contract
from engine.domain.errors import UserError
from engine.domain.ledger import Ledger
from engine.runtime.archive import Archive
from engine.runtime.control import Control
from engine.runtime.position_rows import position_row
from engine.runtime.schedule import sessions_between
from engine.sim.market.generated import GeneratedMarket
from engine.store.columns import Carry
from engine.store.history import query
from engine.strategy.account import Account
from engine.strategy.explain import written
from engine.strategy.model import Strategy
from engine.strategy.parse import parse_account

SPOTS = "SELECT underlying, as_of, max(spot) FROM quotes GROUP BY underlying, as_of ORDER BY underlying, as_of"
ACCOUNT_FILE = "account.yaml"


def look_back(record: Record, control: Control, market: GeneratedMarket, state: Path, strategies: Path) -> None:
    """Complete the record of a demonstration that has ended."""
    snapshot = control.snapshot()
    rows = Rows(snapshot.chain)
    for position in control.ledger.positions.values():
        # Of the row alone: the rules of exits cannot be asked any more.
        row = position_row(position, rows, snapshot.at)
        mark = row["unrealised_usd"]
        record.marks[str(row["position"])] = Decimal(repr(mark)) if isinstance(mark, float) else None
    versions = versions_of(control.ledger, state)
    record.ranks = {digest: written(version.spread.rank) for digest, version in versions.items()}
    pricing = _account(strategies).pricing
    names = {position.spread.underlying for position in control.ledger.positions.values()}
    record.carries = {name: Carry(float(pricing.rate), float(pricing.dividend_yield.get(name, 0))) for name in names}
    record.stops = {one.position: one for one in stopped(control.ledger, versions, market, strategies)}
    with suppress(UserError):  # the report does without it where the history cannot be asked
        record.spots = _spots(state)


def versions_of(ledger: Ledger, state: Path) -> dict[str, Strategy]:
    """By digest each version of a strategy that sent or proposed an order, as far as its file is kept beside the journal."""
    digests = {order.proposed.digest for order in ledger.orders.values()}
    return {digest: found for digest in sorted(digests) if (found := _kept(state, digest)) is not None}


def stopped(ledger: Ledger, versions: dict[str, Strategy], market: GeneratedMarket, strategies: Path) -> list[Stopped]:
    """What became of every stop, on the way of a market that remembers it; none where it does not."""
    walked, scanner = walked_in(market, strategies), Scanner()
    try:
        return stops(ledger, versions, Finder(scanner), days_of(market), walked)
    finally:
        scanner.close()


def days_of(market: GeneratedMarket) -> tuple[date, ...]:
    """The days that the market remembers."""
    return () if market.path is None else market.path.days


def walked_in(market: GeneratedMarket, strategies: Path) -> Walked:
    """The steps of the market within the hours that account.yaml of the folder gives to closing."""
    hours = _account(strategies).session.close

    def walked(option: Contract, day: date) -> Steps:
        assert market.path is not None, "asked for days that it remembers"
        (session,) = sessions_between(day, day)
        steps = market.path.steps(option, day, market.calendar)
        first, last = closing_hours(session, hours)
        within = (steps.at >= first.timestamp()) & (steps.at < last.timestamp())
        return Steps(steps.at[within], steps.bid[within], steps.ask[within])

    return walked


def _account(strategies: Path) -> Account:
    file = strategies / ACCOUNT_FILE
    account = parse_account(file.read_bytes()).value if file.is_file() else None
    return account or Account(schema=1)


def _kept(state: Path, digest: str) -> Strategy | None:
    """A version of a strategy, from the file kept beside the journal; None where it is not there."""
    return Archive(state / "strategies").strategy(digest)


def _spots(state: Path) -> dict[str, list[tuple[datetime, float]]]:
    """The price of each underlying at every archived snapshot, oldest first."""
    found: dict[str, list[tuple[datetime, float]]] = {}
    for underlying, at, spot in query(state, SPOTS).rows:
        assert isinstance(at, datetime), "as the view says"
        assert isinstance(spot, float), "as the view says"
        found.setdefault(str(underlying), []).append((at.replace(tzinfo=UTC), spot))
    return found
