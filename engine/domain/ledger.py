"""The fold: what all facts so far add up to.

    orders      by order_ref, each through the table of `order_life.py`
    positions   from the orders, recomputed when one of their orders changes
    the rest    halt, link, reconciliation, account values, denials and strategy versions as last heard

`Ledger.apply` is the only way in. It is pure: the same facts in the same order make the same ledger, on any machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from engine.domain import order_life
from engine.domain.clocks import POSITIONS_FOLLOW_WITHIN
from engine.domain.ends import Ends
from engine.domain.errors import IllegalFact
from engine.domain.executions import is_repeated
from engine.domain.facts.account import EquityRecorded, Foreign, Reconciled
from engine.domain.facts.halts import (
    BreakerLifted,
    BreakerTripped,
    FlattenBegan,
    FlattenEnded,
    Halted,
    OpeningsPaused,
    OpeningsResumed,
    Resumed,
)
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered
from engine.domain.facts.orders import LegFilled, OrderProposed
from engine.domain.facts.positions import (
    ExitBlocked,
    ExitFreed,
    ExitTriggered,
    LegsExpired,
    OptionsExercised,
    PositionAdopted,
    PositionMigrated,
    PositionReleased,
    PositionSettled,
    ProfitPeaked,
)
from engine.domain.facts.running import (
    EngineStarted,
    EngineStopped,
    ErrorHeard,
    FactRefused,
    GuardianTookOver,
    LinkChanged,
    LoginReminded,
    LookMissed,
    PersonLooked,
    RequestHandled,
    RequestsRested,
    RestartTold,
)
from engine.domain.facts.searches import CandidatesRecorded, EntryDenied, FunnelRecorded
from engine.domain.facts.union import Fact, OrderFact
from engine.domain.files import FileFact, Files
from engine.domain.index import Index, index_of
from engine.domain.ladder import Ladder
from engine.domain.looks import Looks
from engine.domain.messages import Messages
from engine.domain.order import Order
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.told import ToldOfTws
from engine.domain.tripped import Breakers
from engine.domain.worth import Worth


@dataclass(slots=True)
class Ledger:
    """Everything known from facts; change it through `apply` only."""

    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    ends: Ends = field(default_factory=Ends)
    """What became of positions without an order of ours."""
    peaks: dict[str, ProfitPeaked] = field(default_factory=dict[str, ProfitPeaked])
    """How well each position has stood at its best, where an exit of its asks for that."""
    files: Files = field(default_factory=Files)
    """What is in force of the trader's files, and who may trade real money by it."""
    denials: dict[tuple[str, str], EntryDenied] = field(default_factory=dict[tuple[str, str], EntryDenied], compare=False)
    """Last denial of an opening, by (strategy, underlying). This and the next two explain, and are not in the journal."""
    funnels: dict[str, tuple[datetime, FunnelRecorded]] = field(
        default_factory=dict[str, tuple[datetime, FunnelRecorded]], compare=False
    )
    """Last funnel of each strategy and when it was recorded."""
    candidates: dict[str, CandidatesRecorded] = field(default_factory=dict[str, CandidatesRecorded], compare=False)
    """Best candidates of each strategy when they were last recorded."""
    journal_id: str = ""
    """Starts every order_ref of this journal."""
    halt: Halted | None = None
    flatten: FlattenBegan | None = None
    """Who wants everything closed; None where nobody does."""
    link: LinkChanged | None = None
    link_at: datetime | None = None
    """When the link changed last."""
    connection: LinkChanged | None = None
    """What began the link as it stands for orders: losing and finding market data changes nothing of it."""
    connection_at: datetime | None = None
    tws: ToldOfTws = field(default_factory=ToldOfTws)
    looks: Looks = field(default_factory=Looks)
    """When somebody looked last."""
    reconciled: Reconciled | None = None
    """None until the first reconciliation of this run."""
    foreign: tuple[Foreign, ...] = ()
    """What was not ours when the books agreed last: shares that come beside it when options are gone were delivered for them."""
    agreed_at: datetime | None = None
    """When our books and the broker's last agreed, as far as that was written."""
    worth: Worth = field(default_factory=Worth)
    """What the account was worth, and what its falls are measured from."""
    breakers: Breakers = field(default_factory=Breakers)
    """What has tripped."""
    messages: Messages = field(default_factory=Messages)
    """What our order messages came to."""
    unbalanced: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Orders whose executed legs are not whole spreads, with the time of the last execution heard."""
    blocked_exits: dict[str, tuple[datetime, ExitBlocked]] = field(default_factory=dict[str, tuple[datetime, ExitBlocked]])
    """Exits that are due and cannot act, with the moment since when, by position."""
    pauses: dict[str, tuple[datetime, OpeningsPaused]] = field(default_factory=dict[str, tuple[datetime, OpeningsPaused]])
    """Strategies whose openings a person has paused, with the moment."""
    ladder: Ladder = field(default_factory=Ladder)
    mode: str = ""
    """What the engine was started for: sim, paper or live."""
    resumed_at: datetime | None = None
    """When a person last resumed: what halts is what came later."""
    migrations: dict[str, str] = field(default_factory=dict[str, str])
    """Positions that a person has moved to the rules of another version, with its digest."""
    index: Index = field(default_factory=Index, compare=False, repr=False)
    """Derived from orders and positions."""

    def apply(self, fact: Fact, at: datetime) -> bool:
        """Take one fact in. False where it was known already (an execution or commission reported again).

        Raises IllegalFact where it cannot follow what is known.
        """
        if isinstance(fact, OrderFact):
            return self._proposed(fact, at) if isinstance(fact, OrderProposed) else self._advance(fact, at)
        if isinstance(fact, FileFact):
            return self.files.hear(fact, at)
        match fact:
            case PositionSettled() | LegsExpired() | OptionsExercised() | PositionReleased():
                self.ends.hear(fact, at, self.positions.get(fact.position))
                self.refresh(fact.position)
            case ProfitPeaked() | PositionMigrated():
                self._note(fact)
            case PositionAdopted():
                return self._adopt(fact, at)
            case EntryDenied():
                self.denials[(fact.strategy, fact.spread.underlying)] = fact
            case FlattenBegan() | FlattenEnded():
                self.flatten = fact if isinstance(fact, FlattenBegan) else None
            case Halted():
                self.halt = fact
            case Resumed():  # a person has seen the damage; breakers stand until each is lifted by its name
                self.halt, self.resumed_at, self.messages.failures_in_a_row = None, at, 0
            case OpeningsPaused() | OpeningsResumed() | OpeningNoted() | NotedClosed() | RungLowered():
                self._openings(fact, at)
            case ExitBlocked():
                self.blocked_exits[fact.position] = (self.blocked_exits.get(fact.position, (at, fact))[0], fact)
            case ExitFreed():
                self.blocked_exits.pop(fact.position, None)
            case BreakerTripped() | BreakerLifted():
                self.breakers.hear(fact, at, self.worth)
            case LinkChanged() | RestartTold() | LoginReminded():
                self._link(fact, at)
            case Reconciled():
                self.reconciled, self.agreed_at = fact, self.agreed_at if fact.differences else at
                self.foreign = self.foreign if fact.differences else fact.foreign_held
            case PersonLooked() | LookMissed():
                self.looks.hear(fact, at)
            case EquityRecorded():
                self.worth.hear(fact, at)
            case FunnelRecorded():
                self.funnels[fact.strategy] = (at, fact)
            case CandidatesRecorded():
                self.candidates[fact.strategy] = fact
            case EngineStarted():
                self._started(fact, at)
            case FactRefused():
                self.reconciled = None
            case EngineStopped() | GuardianTookOver() | ExitTriggered() | RequestHandled() | ErrorHeard() | RequestsRested():
                pass
            case _:
                assert_never(fact)
        return True

    def _openings(self, fact: OpeningsPaused | OpeningsResumed | OpeningNoted | NotedClosed | RungLowered, at: datetime) -> None:
        if isinstance(fact, OpeningsPaused):
            self.pauses[fact.strategy] = (at, fact)
        else:
            self.pauses.pop(fact.strategy if isinstance(fact, OpeningsResumed) else "", None)
            self.ladder.hear(fact, at)

    def _started(self, fact: EngineStarted, at: datetime) -> None:
        self.journal_id, self.mode, self.reconciled = fact.lease, fact.mode, None
        self.looks.began(at)

    def _link(self, fact: LinkChanged | RestartTold | LoginReminded, at: datetime) -> None:
        if not isinstance(fact, LinkChanged):
            self.tws.hear(fact, at)
            return
        passed, before = (self.link.passes_orders, self.link.state) if self.link is not None else (False, None)
        self.link, self.link_at = fact, at
        is_of_data = passed and fact.passes_orders and fact.state != before
        if not is_of_data:
            self.connection, self.connection_at = fact, at
        self.reconciled = self.reconciled if fact.passes_orders else None  # what happened meanwhile is not known

    def working(self) -> Iterator[Order]:
        """Orders that are not over, oldest first."""
        refs = sorted(self.index.working, key=self.index.orders.__getitem__)
        return (order for order in map(self.orders.__getitem__, refs) if not order.is_over)

    def opened_on(self, day: date) -> Iterator[Order]:
        """Openings proposed on a trading day that filled, or of which nobody knows that they ended without a fill."""
        openings = map(self.orders.__getitem__, tuple(self.index.opened.get(day, ())))
        return (one for one in openings if trading_day(one.proposed_at) == day and (one.filled or not one.is_over))

    def sent_on(self, day: date) -> Iterator[Order]:
        """Orders that were sent on a trading day, oldest first."""
        return map(self.orders.__getitem__, tuple(self.index.sent.get(day, ())))

    def failed_openings(self, strategy: str, underlying: str) -> Iterator[Order]:
        """Openings that ended without a fill, the one that ended last first."""
        return map(self.orders.__getitem__, reversed(self.index.failed.get((strategy, underlying), {})))

    def successors_of(self, position: str) -> Iterator[Order]:
        """Openings that were proposed in the place of a position."""
        return map(self.orders.__getitem__, tuple(self.index.successors.get(position, ())))

    def open_positions(self) -> Iterator[Position]:
        """Positions of which something is left, oldest first."""
        refs = sorted(self.index.open, key=self.index.positions.__getitem__)
        return map(self.positions.__getitem__, refs)

    def closed_on(self, strategy: str, day: date) -> Iterator[Position]:
        """Positions of a strategy of which nothing was left from that trading day on, oldest first."""
        refs = sorted(self.index.closed.get((strategy, day), ()), key=self.index.positions.__getitem__)
        return map(self.positions.__getitem__, refs)

    def excess_positions(self) -> Iterator[Position]:
        """Positions of which more was closed than was open."""
        refs = sorted(self.index.excess, key=self.index.positions.__getitem__)
        return map(self.positions.__getitem__, refs)

    def bare_positions(self) -> Iterator[Position]:
        """Positions with a short contract that no long one of theirs covers."""
        refs = sorted(self.index.bare, key=self.index.positions.__getitem__)
        return map(self.positions.__getitem__, refs)

    def reindex(self) -> None:
        """Make the index anew, from orders and positions that were read and not folded."""
        self.index = index_of(self.orders.values(), self.positions.values())
        for position in sorted({order.proposed.position for order in self.orders.values()} | self.ends.positions):
            self._count(position)

    def is_end_unchecked(self, order: Order) -> bool:
        """Whether an order ended without filling whole, and no books that agreed have followed: a fill may have been missed."""
        ended = order.sent_at is not None and order.is_over and order.state != "filled"
        return ended and (self.agreed_at is None or order.changed_at > self.agreed_at - POSITIONS_FOLLOW_WITHIN)

    def contracts_held(self) -> dict[int, int]:
        """Contracts that the fills make, by con_id; short is negative, flat ones are left out."""
        return dict(self.index.contracts)

    def closings_of(self, position: str) -> list[Order]:
        return [self.orders[ref] for ref in self.index.closings.get(position, ())]

    def rolls_of(self, position: str) -> list[Order]:
        return [self.orders[ref] for ref in self.index.rolls.get(position, ())]

    def _proposed(self, fact: OrderProposed, at: datetime) -> bool:
        if fact.order_ref in self.orders:
            raise IllegalFact(f"order {fact.order_ref} was proposed twice")
        self.orders[fact.order_ref] = order_life.proposed(fact, at)
        self.index.order(None, self.orders[fact.order_ref])
        if fact.purpose == "open":
            self.denials.pop((fact.strategy, fact.spread.underlying), None)
        return True

    def _advance(self, fact: OrderFact, at: datetime) -> bool:
        known = self.orders.get(fact.order_ref)
        if known is None:
            raise IllegalFact(f"{type(fact).__name__} for order {fact.order_ref}, which was never proposed")
        if is_repeated(known, fact):
            return False
        self.orders[fact.order_ref] = order_life.advance(known, fact, at)
        self.index.order(known, self.orders[fact.order_ref])
        self.messages.hear(fact, known, at)
        if isinstance(fact, LegFilled):
            self.unbalanced.pop(fact.order_ref, None)
            if not self.orders[fact.order_ref].is_balanced:
                self.unbalanced[fact.order_ref] = at
            if self.orders[fact.order_ref].overfill:
                self.reconciled = None  # more than was ordered is doubted: entries wait until the broker has been asked
        if known.fills or isinstance(fact, LegFilled):
            self.refresh(known.proposed.position)
        return True

    def _note(self, fact: ProfitPeaked | PositionMigrated) -> None:
        """What is known of a position beside its orders."""
        if isinstance(fact, ProfitPeaked):
            self.peaks[fact.position] = fact
        else:
            self.migrations[fact.position] = fact.digest
        self.refresh(fact.position)

    def _count(self, position: str) -> None:
        opening = self.orders.get(position)
        own = [opening] if opening is not None and opening.proposed.position == position else []
        held = self.ends.contracts_of(position, [*own, *self.closings_of(position), *self.rolls_of(position)])
        self.index.count(position, held)

    def refresh(self, position: str) -> None:
        """Make a position anew from its orders and ends."""
        self._count(position)
        opening = self.orders.get(position)
        if opening is None:
            return
        made = self.ends.position_of(opening, self.closings_of(position), self.rolls_of(position))
        if made is not None and position in self.peaks:
            made = replace(made, peak=self.peaks[position])
        if made is not None and position in self.migrations:
            made = replace(made, digest=self.migrations[position])
        self.index.position(self.positions.get(position), made)
        if made is not None:
            self.positions[position] = made
        else:  # a correction took back all that had filled
            self.positions.pop(position, None)

    def _adopt(self, fact: PositionAdopted, at: datetime) -> bool:
        """False where the same was said before. Raises IllegalFact where its name or one of its contracts is taken."""
        made, known = order_life.adopted(fact, at), self.orders.get(fact.order_ref)
        if known is not None:
            if known.is_adopted and known.proposed == made.proposed:
                return False
            raise IllegalFact(f"{fact.order_ref} is another order already")
        ours = self.contracts_held()
        taken = next((leg.contract for leg in fact.spread.legs if leg.contract.con_id in ours), None)
        if taken is not None:
            raise IllegalFact(f"{taken} is held by a position here already")
        self.orders[fact.order_ref] = made
        self.index.order(None, made)
        self.refresh(fact.order_ref)
        return True
