"""A position of a put spread that is looked at again and again, what is decided kept between the looks as the beat keeps it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from engine.decide.exit.blocked import UNJUDGED
from engine.decide.exit.exits import exits
from engine.decide.quotes import Rows
from engine.domain.chain import ChainSnapshot
from engine.domain.decision import AskQuotes, BlockExit, ConfirmExit, Decision, FreeExit, RememberProfit
from engine.domain.ledger import Ledger
from engine.domain.snapshot import ExitHits
from engine.strategy.model import Strategy
from tests import given

PUTS = given.strategy()
SHORT, LONG = 580, 575


def position(*refs: str, by: Strategy = PUTS, quantity: int = 1) -> Ledger:
    """Positions opened two days ago for a credit of 0.80."""
    known = given.ledger()
    for number, ref in enumerate(refs or ("o1",)):
        of = given.spread(short=SHORT - 5 * number, long=LONG - 5 * number)
        given.told(known, *given.opened(given.proposal(ref, of=of, quantity=quantity, by=by), net="0.80"))
    return known


def costs(
    net: str, *, at: datetime = given.NOW, age_s: float = 1.0, strikes: Sequence[float] = range(540, 661, 5), **more: float | None
) -> ChainSnapshot:
    """The chain in which buying the spread back costs so much at mid."""
    when = {"quoted_at": at.timestamp() - age_s}
    short, long = 1.20 + float(net), 1.20
    sold, bought = ({"bid": mid - 0.01, "ask": mid + 0.01, **when} for mid in (short, long))
    return given.chain(given.options(strikes, at=at), at=at, p580=sold | more, p575=bought)


def look(
    known: Ledger, chain: ChainSnapshot, *, strategy: Strategy | Sequence[Strategy] = PUTS, limits: str = "", **more: object
) -> list[Decision]:
    strategies = (strategy,) if isinstance(strategy, Strategy) else strategy
    fields = {"account": replace(given.account(), reported_at=chain.as_of), **more}
    now = given.snapshot(known, chain, at=chain.as_of, **fields)
    return exits(now, given.rulebook(*strategies, account=given.limits(limits)), Rows(chain))


def watched(known: Ledger, chains: Sequence[ChainSnapshot], strategy: Strategy = PUTS, **more: object) -> list[list[Decision]]:
    """What one look after the other decides, with the counts between them kept as the beat keeps them."""
    hits: dict[tuple[str, str], ExitHits] = {}
    asked: dict[int, datetime] = {}
    found: list[list[Decision]] = []
    for chain in chains:
        found.append(look(known, chain, strategy=strategy, exit_hits=dict(hits), requested_quotes=dict(asked), **more))
        for one in found[-1]:
            match one:
                case ConfirmExit():
                    hits[one.position, one.rule] = ExitHits(one.first_at, chain.as_of, one.count, one.net)
                case AskQuotes():
                    asked |= dict.fromkeys((leg.con_id for leg in one.contracts), chain.as_of)
                case BlockExit(fact=fact) | FreeExit(fact=fact) | RememberProfit(fact=fact):
                    known.apply(fact, chain.as_of)
                case _:
                    pass
    return found


def kinds(decisions: list[Decision]) -> list[str]:
    """What is decided about positions; what is asked meanwhile has tests of its own."""
    return [type(one).__name__ for one in acts(decisions) if not isinstance(one, AskQuotes)]


def acts(decisions: Sequence[Decision]) -> list[Decision]:
    """What is decided, but for the count of how long a rule could not be answered."""
    return [one for one in decisions if not (isinstance(one, ConfirmExit) and one.rule == UNJUDGED)]


def seconds(number: float) -> datetime:
    return given.NOW + timedelta(seconds=number)
