"""The fold: what all facts so far add up to.

    orders      by order_ref, each through the table of `order_life.py`
    positions   from the orders, recomputed when one of their orders changes
    the rest    halt, link, reconciliation, account values, denials and strategy versions as last heard

`Ledger.apply` is the only way in. It is pure: the same facts in the same order make the same ledger, on any machine.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import assert_never

from engine.domain import order_life
from engine.domain.arming import Arms
from engine.domain.errors import IllegalFact
from engine.domain.executions import commission_key, fill_key, revision
from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.files import (
    SharedFileLoaded,
    StrategyArmed,
    StrategyDisarmed,
    StrategyLoaded,
    StrategyRefused,
    StrategyRemoved,
)
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
from engine.domain.facts.orders import (
    ApprovalAsked,
    CancelRequested,
    CommissionReported,
    LegFilled,
    OrderAbsent,
    OrderAcknowledged,
    OrderApproved,
    OrderCanceled,
    OrderDeclined,
    OrderDenied,
    OrderExpired,
    OrderPreviewed,
    OrderProposed,
    OrderRejected,
    OrderRepriced,
    OrderSent,
    OrderTightened,
    OrderUnknown,
)
from engine.domain.facts.positions import (
    ExitBlocked,
    ExitFreed,
    ExitTriggered,
    LegsExpired,
    OptionsExercised,
    PositionAdopted,
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
    RequestHandled,
)
from engine.domain.facts.searches import CandidatesRecorded, EntryDenied, FunnelRecorded
from engine.domain.facts.union import Fact, OrderFact
from engine.domain.index import Index, index_of
from engine.domain.order import Order
from engine.domain.position import Position, position_of, released
from engine.domain.reload import Reload, with_reload
from engine.domain.session import trading_day


@dataclass(slots=True)
class Ledger:
    """Everything known from facts; change it through `apply` only."""

    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    settled: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict[str, tuple[Decimal, datetime]])
    levels: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    """Of positions that were settled, the level of the underlying at which that was, USD per share."""
    expired: dict[str, tuple[LegsExpired, ...]] = field(default_factory=dict[str, tuple[LegsExpired, ...]])
    """Of positions of several expiries, the legs that are over while others live."""
    exercised: dict[str, tuple[OptionsExercised, ...]] = field(default_factory=dict[str, tuple[OptionsExercised, ...]])
    """Of positions whose options became shares, what became of them."""
    released: dict[str, tuple[datetime, PositionReleased]] = field(default_factory=dict[str, tuple[datetime, PositionReleased]])
    """Positions that a person took out of the engine's hands, with the moment."""
    peaks: dict[str, ProfitPeaked] = field(default_factory=dict[str, ProfitPeaked])
    """How well each position has stood at its best, where an exit of its asks for that."""
    strategies: dict[str, StrategyLoaded] = field(default_factory=dict[str, StrategyLoaded])
    shared_files: dict[str, SharedFileLoaded] = field(default_factory=dict[str, SharedFileLoaded])
    """The version of account.yaml, common.yaml and events.yaml that is in force, by the name of the file without its folder."""
    arms: Arms = field(default_factory=Arms)
    """Who may trade real money."""
    reloads: tuple[Reload, ...] = ()
    """Readings of the trader's files that changed something, newest last; as many as are kept."""
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
    reconciled: Reconciled | None = None
    """None until the first reconciliation of this run."""
    foreign: tuple[str, ...] = ()
    """What was not ours when the books agreed last: shares that come beside it when options are gone were delivered for them."""
    agreed_at: datetime | None = None
    """When our books and the broker's last agreed, as far as that was written."""
    equity: EquityRecorded | None = None
    equity_at: datetime | None = None
    equities: tuple[tuple[str, Decimal], ...] = ()
    """The last three values recorded of the net liquidation, USD, each with its day in New York (ISO), newest last."""
    equity_peak: Decimal | None = None
    """Highest net liquidation that was recorded more than once, USD; one value that stands alone raises no peak."""
    day_start_equity: tuple[str, Decimal] | None = None
    """Net liquidation first recorded on the last day seen, with that day in New York (ISO)."""
    week_start_equity: tuple[str, Decimal] | None = None
    """The value that the last ISO week seen began with, e.g. of 2026-W48: the last one of the week before, else the first."""
    failures_in_a_row: int = 0
    """Orders of ours that the broker rejected since the last one that filled or could be canceled."""
    failed_at: datetime | None = None
    """When the last of them was."""
    messages: list[datetime] = field(default_factory=list[datetime])
    """When messages of openings (send, reprice, cancel) were written, newest last, at most `MESSAGES_KEPT`. Closes are not held
    up by their number, nor do they hold up others: they back off."""
    unbalanced: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Orders whose executed legs are not whole spreads, with the time of the last execution heard."""
    breakers: dict[tuple[str, str], tuple[datetime, BreakerTripped]] = field(
        default_factory=dict[tuple[str, str], tuple[datetime, BreakerTripped]]
    )
    """Breakers that tripped and were not lifted by a person, with the moment, by (strategy, name); the account's under an empty
    name. Those of a past day are still here: `trips` tells what stands."""
    day_lifts: dict[tuple[str, str], tuple[date, Decimal]] = field(default_factory=dict[tuple[str, str], tuple[date, Decimal]])
    """Result of the day at which a person lifted a breaker of the day, USD, with that day: from there it is measured on."""
    blocked_exits: dict[str, tuple[datetime, ExitBlocked]] = field(default_factory=dict[str, tuple[datetime, ExitBlocked]])
    """Exits that are due and cannot act, with the moment since when, by position."""
    pauses: dict[str, tuple[datetime, OpeningsPaused]] = field(default_factory=dict[str, tuple[datetime, OpeningsPaused]])
    """Strategies whose openings a person has paused, with the moment."""
    mode: str = ""
    """What the engine was started for: sim, paper or live."""
    resumed_at: datetime | None = None
    """When a person last resumed: what halts is what came later."""
    index: Index = field(default_factory=Index, compare=False, repr=False)
    """Derived from orders and positions."""

    def apply(self, fact: Fact, at: datetime) -> bool:
        """Take one fact in. False where it was known already (an execution or commission reported again).

        Raises IllegalFact where it cannot follow what is known.
        """
        match fact:
            case OrderProposed():
                if fact.order_ref in self.orders:
                    raise IllegalFact(f"order {fact.order_ref} was proposed twice")
                self.orders[fact.order_ref] = order_life.proposed(fact, at)
                self.index.order(None, self.orders[fact.order_ref])
                if fact.purpose == "open":
                    self.denials.pop((fact.strategy, fact.spread.underlying), None)
            case (
                OrderPreviewed()
                | ApprovalAsked()
                | OrderTightened()
                | OrderApproved()
                | OrderDenied()
                | OrderDeclined()
                | OrderExpired()
                | OrderSent()
                | OrderAcknowledged()
                | OrderRepriced()
                | CancelRequested()
                | LegFilled()
                | CommissionReported()
                | OrderCanceled()
                | OrderRejected()
                | OrderUnknown()
                | OrderAbsent()
            ):
                return self._advance(fact, at)
            case PositionSettled() | LegsExpired() | OptionsExercised() | PositionReleased():
                self._settle(fact, at)
            case ProfitPeaked():
                self.peaks[fact.position] = fact
                self._refresh(fact.position)
            case PositionAdopted():
                return self._adopt(fact, at)
            case EntryDenied():
                self.denials[(fact.strategy, fact.spread.underlying)] = fact
            case StrategyLoaded() | StrategyRemoved() | SharedFileLoaded() | StrategyArmed() | StrategyDisarmed():
                self._file(fact, at)
            case FlattenBegan() | FlattenEnded():
                self.flatten = fact if isinstance(fact, FlattenBegan) else None
            case Halted():
                self.halt = fact
            case Resumed():
                self._resume(at)
            case OpeningsPaused() | OpeningsResumed() | BreakerTripped() | BreakerLifted() | ExitBlocked() | ExitFreed():
                self._stand(fact, at)
            case LinkChanged():
                self.link, self.link_at = fact, at
                if fact.state != "up":
                    self.reconciled = None  # what happened meanwhile is not known
            case Reconciled():
                self.reconciled, self.agreed_at = fact, self.agreed_at if fact.differences else at
                self.foreign = self.foreign if fact.differences else fact.foreign
            case EquityRecorded():
                self._value(fact, at)
            case FunnelRecorded():
                self.funnels[fact.strategy] = (at, fact)
            case CandidatesRecorded():
                self.candidates[fact.strategy] = fact
            case EngineStarted():
                self.journal_id, self.mode = fact.lease, fact.mode
                self.reconciled = None
            case FactRefused():
                self.reconciled = None
            case EngineStopped() | GuardianTookOver() | StrategyRefused() | ExitTriggered() | RequestHandled() | ErrorHeard():
                pass
            case _:
                assert_never(fact)
        return True

    def trips(self, day: date) -> list[tuple[datetime, BreakerTripped]]:
        """The breakers that stand on a trading day of New York, with the moment, oldest first.

        One that lifts at the next session stands on its own day only, whenever it is asked.
        """
        standing = [one for one in self.breakers.values() if one[1].lifts == "person" or one[1].day == day]
        return sorted(standing, key=lambda one: (one[0], one[1].strategy, one[1].name))

    def tripped(self, strategy: str, day: date) -> tuple[datetime, BreakerTripped] | None:
        """The oldest breaker that stops a strategy's openings on that day, with the moment: its own or the account's."""
        return next((one for one in self.trips(day) if one[1].strategy in {"", strategy}), None)

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

    def is_end_unchecked(self, order: Order) -> bool:
        """Whether an order ended without filling whole, and no books that agreed have followed: a fill may have been missed."""
        ended = order.sent_at is not None and order.is_over and order.state != "filled"
        return ended and (self.agreed_at is None or order.changed_at > self.agreed_at - POSITIONS_FOLLOW_WITHIN)

    def contracts_held(self) -> dict[int, int]:
        """Contracts that the fills make, by con_id; short is negative, flat ones are left out.

        Counted from every leg execution, so that unbalanced legs show, less what expired, with the shares that options became.
        """
        held: Counter[int] = Counter()
        for order in self.orders.values():
            position = order.proposed.position
            if position in self.released or (position in self.settled and not order.spread.is_shares):
                continue
            for fill in order.fills.values():
                held[fill.con_id] += fill.quantity if fill.action == "buy" else -fill.quantity
        for position, became in self.exercised.items():
            for fact in became if position not in self.released else ():
                held[fact.share.con_id] += fact.shares
                if position not in self.settled:
                    held[fact.con_id] -= self._sign(position, fact.con_id) * fact.contracts
        for position, made in self.expired.items():
            if position not in self.settled and position not in self.released and (opening := self.orders.get(position)):
                signs = {leg.contract.con_id: leg.sign for leg in opening.spread.legs}
                for leg in (leg for fact in made for leg in fact.expired):
                    held[leg.con_id] -= signs[leg.con_id] * leg.contracts
        return {con_id: quantity for con_id, quantity in held.items() if quantity}

    def closings_of(self, position: str) -> list[Order]:
        return [self.orders[ref] for ref in self.index.closings.get(position, ())]

    def _advance(self, fact: OrderFact, at: datetime) -> bool:
        known = self.orders.get(fact.order_ref)
        if known is None:
            raise IllegalFact(f"{type(fact).__name__} for order {fact.order_ref}, which was never proposed")
        if _is_repeated(known, fact):
            return False
        self.orders[fact.order_ref] = order_life.advance(known, fact, at)
        self.index.order(known, self.orders[fact.order_ref])
        match fact:
            case OrderSent() | OrderRepriced() | CancelRequested():
                if known.purpose == "open":
                    self.messages = [*self.messages[1 - MESSAGES_KEPT :], at]
            case OrderRejected():
                self.failures_in_a_row += known.state != "rejected"
                self.failed_at = at
            case OrderAcknowledged() if known.state == "rejected":
                self.failures_in_a_row = max(0, self.failures_in_a_row - 1)  # it came back: it was not rejected
            case LegFilled() | OrderCanceled():
                # An acknowledgement says little: an order may be acknowledged and rejected a moment later.
                self.failures_in_a_row = 0
            case _:
                pass
        if isinstance(fact, LegFilled):
            self.unbalanced.pop(fact.order_ref, None)
            if not self.orders[fact.order_ref].is_balanced:
                self.unbalanced[fact.order_ref] = at
            if self.orders[fact.order_ref].overfill:
                self.reconciled = None  # more than was ordered is doubted: entries wait until the broker has been asked
        if known.fills or isinstance(fact, LegFilled):
            self._refresh(known.proposed.position)
        return True

    def _refresh(self, position: str) -> None:
        opening = self.orders.get(position)
        if opening is None:
            return
        value, at = self.settled.get(position, (None, opening.changed_at))
        expired, exercised = self.expired.get(position, ()), self.exercised.get(position, ())
        made = position_of(opening, self.closings_of(position), value, at, expired, exercised)
        if made is not None and position in self.released:
            made = released(made, *self.released[position])
        if made is not None and position in self.peaks:
            made = replace(made, peak=self.peaks[position])
        self.index.position(self.positions.get(position), made)
        if made is not None:
            self.positions[position] = made
        else:  # a correction took back all that had filled
            self.positions.pop(position, None)

    def _settle(self, fact: PositionSettled | LegsExpired | OptionsExercised | PositionReleased, at: datetime) -> None:
        """All of a position, legs that are over before others, options that became shares, or its release."""
        match fact:
            case PositionSettled():
                self.settled[fact.position] = (fact.value, min(at, fact.expired_at or at))
                if fact.level is not None:
                    self.levels[fact.position] = fact.level
            case LegsExpired():
                self.expired[fact.position] = (*self.expired.get(fact.position, ()), fact)
            case OptionsExercised():
                self._exercise(fact)
            case PositionReleased():
                self.released.setdefault(fact.position, (at, fact))
        self._refresh(fact.position)

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
        self._refresh(fact.order_ref)
        return True

    def _exercise(self, fact: OptionsExercised) -> None:
        """Raises IllegalFact where so many of this option are not held."""
        position = self.positions.get(fact.position)
        lots = position.lots if position is not None else ()
        least = 0 if fact.position in self.settled else 1
        if not any(lot.leg.contract.con_id == fact.con_id and lot.held >= fact.contracts >= least for lot in lots):
            raise IllegalFact(f"position {fact.position} does not hold {fact.contracts} of contract {fact.con_id}")
        self.exercised[fact.position] = (*self.exercised.get(fact.position, ()), fact)

    def _sign(self, position: str, con_id: int) -> int:
        """+1 where a position was opened by buying the contract, -1 where by selling it."""
        return next(leg.sign for leg in self.orders[position].spread.legs if leg.contract.con_id == con_id)

    def _file(
        self, fact: StrategyLoaded | StrategyRemoved | SharedFileLoaded | StrategyArmed | StrategyDisarmed, at: datetime
    ) -> None:
        """A file that is in force from now on or gone, or a person's word about one; an edit that loosens ends arms."""
        self.arms.hear(fact)
        match fact:
            case StrategyLoaded():
                self.strategies[fact.strategy] = fact
            case StrategyRemoved():
                self.strategies.pop(fact.strategy, None)
            case SharedFileLoaded():
                self.shared_files[fact.file.rsplit("/", 1)[-1]] = fact
            case StrategyArmed() | StrategyDisarmed():
                pass
        if isinstance(fact, StrategyLoaded | SharedFileLoaded):
            self.reloads = with_reload(self.reloads, fact, at)

    def _stand(
        self, fact: OpeningsPaused | OpeningsResumed | BreakerTripped | BreakerLifted | ExitBlocked | ExitFreed, at: datetime
    ) -> None:
        """What stands from now on, or no longer does: a pause, a breaker, an exit that cannot act."""
        match fact:
            case OpeningsPaused():
                self.pauses[fact.strategy] = (at, fact)
            case OpeningsResumed():
                self.pauses.pop(fact.strategy, None)
            case BreakerTripped():
                self.breakers[(fact.strategy, fact.name)] = (at, fact)
            case BreakerLifted():
                self._lift(fact, at)
            case ExitBlocked():
                since, _ = self.blocked_exits.get(fact.position, (at, fact))
                self.blocked_exits[fact.position] = (since, fact)
            case ExitFreed():
                self.blocked_exits.pop(fact.position, None)

    def _lift(self, fact: BreakerLifted, at: datetime) -> None:
        """The fall is measured from what the person saw: it trips neither again at once nor never.

        Where nobody knows that value, it is measured from the last one that was known.
        """
        key, day = (fact.strategy, fact.name), trading_day(at)
        _, trip = self.breakers.pop(key, (at, None))
        if trip is None:
            return
        if trip.lifts == "next session":
            self.day_lifts[key] = (day, trip.value if fact.value is None else fact.value)
            return
        value = fact.value if fact.value is not None or self.equity is None else self.equity.net_liquidation
        if value is not None and fact.name == "breaker_week":
            self.week_start_equity = (_week(at), value)
        elif value is not None and fact.name == "breaker_peak":
            self.equity_peak, self.equities = value, ()

    def _value(self, fact: EquityRecorded, at: datetime) -> None:
        before, before_at = self.equity, self.equity_at
        self.equity, self.equity_at = fact, at
        worth, day, week = fact.net_liquidation, trading_day(at).isoformat(), _week(at)
        self.equities = (*self.equities[-2:], (day, worth))
        days, values = zip(*self.equities, strict=True)
        self.equity_peak = worth if self.equity_peak is None else max(believed(values), self.equity_peak)
        if self.day_start_equity is None or self.day_start_equity[0] != day:
            self.day_start_equity = (day, worth)
        elif len(days) == 3 and days[0] != day == days[1]:  # the second value of the day: the first one may have been odd
            self.day_start_equity = (day, believed(values))
        if self.week_start_equity is None or self.week_start_equity[0] != week:
            # What was lost while the engine was off is lost in this week; a value from before the last one tells of other weeks.
            is_of_last_week = before_at is not None and _week(before_at + timedelta(days=7)) == week
            last = before if is_of_last_week else None
            self.week_start_equity = (week, worth if last is None else believed(values) if len(values) == 3 else values[0])

    def _resume(self, at: datetime) -> None:
        """A person has seen the damage: what halts is what comes later. Breakers stand until each is lifted by its name."""
        self.halt, self.resumed_at, self.failures_in_a_row = None, at, 0


def believed(values: Sequence[Decimal]) -> Decimal:
    """The middle one of three values, the lower one of two: a single odd value changes neither to its own."""
    return sorted(values)[(len(values) - 1) // 2]


POSITIONS_FOLLOW_WITHIN = timedelta(seconds=30)
"""Books that agree within this after the end of an order may be from before its last fill."""
MESSAGES_KEPT = 120
"""Enough to hold the busiest minute that the message limits allow, four times over."""


def _week(at: datetime) -> str:
    """The ISO week of the trading day in New York, e.g. 2026-W48."""
    return f"{trading_day(at):%G-W%V}"


def _is_repeated(order: Order, fact: OrderFact) -> bool:
    """Whether an execution or a commission says nothing new. Told again and otherwise, the last word counts.

    An execution that the books do not hold, or that was taken back, costs nothing, whatever is said of its cost.
    """
    match fact:
        case LegFilled():
            filled = order.fills.get(fill_key(fact))
            if filled is None or revision(filled.exec_id) != revision(fact.exec_id):
                return filled is not None and revision(filled.exec_id) > revision(fact.exec_id)
            return replace(filled, perm_id=None) == replace(fact, perm_id=None)
        case CommissionReported():
            key = commission_key(fact)
            filled = order.fills.get(key)
            if fact.con_id is not None and (filled is None or (fact.amount and not filled.quantity)):
                return True
            paid = order.commissions.get(key)
            if paid is None:  # a journal that does not name the leg may have it already
                return any(known.exec_id == fact.exec_id and known.con_id is None for known in order.commissions.values())
            return revision(paid.exec_id) > revision(fact.exec_id) or paid == fact
        case _:
            return False
