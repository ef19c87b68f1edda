"""The account's last cushion: below it positions are closed whatever their rules say, the dearest in margin first."""

from collections.abc import Iterator
from decimal import Decimal

from engine.decide.asking import ask_now
from engine.decide.exit.blocked import failed_closes, unpriced_because
from engine.decide.exit.closing import Why, close, may_close, out_of_hands
from engine.decide.exit.confirm import counted
from engine.decide.exit.cuts import Cut, cuts
from engine.decide.quotes import Rows, spread_quote
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import CLOSE_AGAIN, NO_PRICE_AGAIN
from engine.domain.decision import BlockExit, ConfirmExit, Decision, FreeExit
from engine.domain.facts.positions import ExitBlocked, ExitFreed
from engine.domain.ledger import Ledger
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot

ACCOUNT = "account"
"""Under this name the account's own rule is counted, beside the positions' rules."""


def reduction(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Decision]:
    """The close of the position that frees the most margin, one at a time, while the account's cushion stays too thin."""
    cushion, least = snapshot.account.cushion, rulebook.account.margin.cushion_reduce
    rule = f"cushion below {least:.0%}"
    hits = snapshot.exit_hits.get((ACCOUNT, rule))
    if cushion is None or cushion >= least or not may_close(snapshot, rulebook):
        if hits is not None and hits.count:
            yield ConfirmExit(ACCOUNT, rule, snapshot.at, 0)
        if cushion is not None and cushion >= least:
            yield from _freed(snapshot)
        return
    if any(order.purpose == "close" and not order.proposed.resting for order in snapshot.ledger.working()):
        return
    count = counted(hits, snapshot, (), at_once=False)
    if not count.is_believed:
        yield ConfirmExit(ACCOUNT, rule, count.first_at, count.count)
        return
    ledger = snapshot.ledger
    free = [position for position in ledger.open_positions() if _may_try(position, snapshot)]
    dearest = sorted(free, key=lambda position: (-_margin(position, ledger), position.id))
    for position in dearest:
        # A close on other quotes would not be sent, and hold up the rest.
        ready = [cut for cut in cuts(position.parts, rows, must=True) if cut.spread.shorts and _is_priced(cut, rows)]
        if ready:
            for number, cut in enumerate(ready):
                yield from close(position, cut, Why(f"{rule}: it is {cushion:.1%}", rule), snapshot, rows, True, number)
            return
    if dearest:
        yield from _unpriced(rule, dearest[0], snapshot, rows)


def _is_priced(cut: Cut, rows: Rows) -> bool:
    return unpriced_because(rows.mark(cut.spread, "close"), is_guard=True) is None


def _may_try(position: Position, snapshot: Snapshot) -> bool:
    failed = failed_closes(position, snapshot)
    waits = bool(failed) and snapshot.at < failed[-1].changed_at + CLOSE_AGAIN.wait(len(failed))
    return bool(position.shorts) and not waits and out_of_hands(position, snapshot) is None


def _unpriced(rule: str, position: Position, snapshot: Snapshot, rows: Rows) -> Iterator[Decision]:
    """No position that would free margin has a price: the dearest is asked for, and that is said."""
    _, known = snapshot.ledger.blocked_exits.get(position.id, (None, None))
    same = known is not None and known.rule == rule
    if known is not None and same and snapshot.at < known.again_at:
        return
    tries = known.tries + 1 if known is not None and same else 1
    text = unpriced_because(spread_quote(position.spread, rows, "close"), is_guard=True) or ""
    yield from ask_now(position.legs, snapshot)
    again_at = snapshot.at + NO_PRICE_AGAIN.wait(tries)
    yield BlockExit(ExitBlocked(position.id, rule, "no price", text, tries, again_at, frees_margin=True))


def _freed(snapshot: Snapshot) -> Iterator[Decision]:
    for name, (_, blocked) in snapshot.ledger.blocked_exits.items():
        if blocked.frees_margin:
            yield FreeExit(ExitFreed(name, blocked.rule, "the cushion is wide enough again"))


def _margin(position: Position, ledger: Ledger) -> Decimal:
    """USD of maintenance margin that the broker's preview named for what is open; its maximum loss where it named none, or
    where legs of it are gone."""
    opening = ledger.orders[position.id]
    named = opening.preview.maintenance_margin_change if opening.preview else None
    if named is None or not position.is_whole:
        return position.max_loss
    return named * position.quantity / opening.quantity
