"""The decider: everything to be done at one instant, from one snapshot, without I/O, clock or chance.

0. What halts the engine, and what trips, is looked at first (`halts`, `breakers`): then nothing else is decided before that is
   known everywhere.
1. Orders on their way are advanced, repriced, given up or doubted (`orders`).
2. What people ask for is closed or canceled (`requests`), and positions whose exit rule holds are closed, some to be
   rolled (`exits`, `rolls`).
   Each order and each position is decided apart: one that fails stops no other (`apart`).
3. What a person has picked is proposed (`picks`); else candidates of all strategies are found, sized and gated, best first
   (`entries`); each opening counts against the limits of the next, because one order is proposed at a time and the ledger has it
   at the next beat.
"""

from collections.abc import Iterator
from functools import partial

from engine.decide.apart import apart
from engine.decide.entry.entries import entries
from engine.decide.entry.picks import picks
from engine.decide.exit.closing import proposals
from engine.decide.exit.exits import exits
from engine.decide.exit.flatten import end_of_flatten
from engine.decide.exit.shadows import shadows
from engine.decide.order.orders import tend
from engine.decide.order.requests import requests, without
from engine.decide.quotes import Rows
from engine.decide.risk.account_age import refresh
from engine.decide.risk.breakers import breakers, quotes_wanted
from engine.decide.risk.halts import halt_due
from engine.decide.rulebook import Rulebook
from engine.domain.decision import Decision, Fault, Halt, RefreshAccount, Send, Trip
from engine.domain.snapshot import Snapshot


def decide(snapshot: Snapshot, rulebook: Rulebook) -> list[Decision]:
    """Everything to be done at this instant, closings before openings."""
    halts = apart("halts", partial(_halts, snapshot, rulebook), snapshot)
    if any(isinstance(one, Halt) for one in halts):
        return halts
    rows = Rows(snapshot.chain)
    tripping = apart("limits on losses", partial(breakers, snapshot, rulebook, rows), snapshot)
    trips: list[Decision] = [decision for decision in tripping if isinstance(decision, Trip)]
    if trips:
        return trips
    asked = apart("requests", partial(requests, snapshot, rulebook, rows), snapshot)
    # So it is with what a person closes and a rule would close too: the rules are asked in the next beat.
    closings = [] if proposals(asked) else apart("exits", partial(exits, snapshot, rulebook, rows), snapshot)
    tended = without(apart("orders", partial(tend, snapshot, rulebook, rows), snapshot), asked)
    before = [*halts, *tripping, *tended, *asked, *closings]
    before += quotes_wanted(before, snapshot, rows)
    # A close proposed now is not in the ledger yet, so nothing could be held against it: openings wait for the next look.
    has_failed = any(isinstance(one, Fault) for one in before)
    is_closing = proposals([*asked, *closings]) > 0
    is_free = not has_failed and not is_closing
    picked = apart("picks", partial(picks, snapshot, rulebook, rows, is_free=is_free), snapshot)
    is_free = is_free and not proposals(picked)
    openings = apart("entries", partial(entries, snapshot, rulebook, rows), snapshot) if is_free else []
    younger = refresh(snapshot, tripping, wanted=any(isinstance(one, RefreshAccount) for one in openings))
    openings = [one for one in openings if not isinstance(one, RefreshAccount)]
    kept = [one for one in before if not _opens(one, snapshot)] if has_failed else before
    noted = apart("shadows", partial(shadows, snapshot, rulebook, rows), snapshot) if snapshot.ledger.ladder.open else []
    ended = apart("flatten", partial(end_of_flatten, snapshot), snapshot)
    return [*kept, *picked, *openings, *younger, *noted, *ended]


def _opens(decision: Decision, snapshot: Snapshot) -> bool:
    """Whether an opening leaves by this decision: where a part of it failed, none does."""
    return isinstance(decision, Send) and snapshot.ledger.orders[decision.order_ref].purpose == "open"


def _halts(snapshot: Snapshot, rulebook: Rulebook) -> Iterator[Decision]:
    halt = halt_due(snapshot, rulebook)
    if halt is not None:
        yield halt
