"""A position: what filled orders have made of one opened spread. Money is USD; per share it is + received, - paid.

It holds lots of legs. An order may close any part of them, so that what is open is one combination or several (`parts`): first
what is left of the structure as it was opened, then a side of it, then a leg alone. Orders are counted in whole combinations of
theirs: a leg that ran ahead of the others is seen in the order, and is no part of the position yet. Options that were assigned or
exercised became shares, which are a lot and a part like any other, the last one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from engine.domain.calendar import WEEKDAYS
from engine.domain.contract import Contract
from engine.domain.cover import uncovered
from engine.domain.deeds import PORTIONS, RollDeed
from engine.domain.facts.positions import LegsExpired, OptionsExercised, PositionReleased, ProfitPeaked
from engine.domain.lots import lots_of, standing
from engine.domain.order import Order
from engine.domain.parts import ALL, Lot, Part, formed, parts_of
from engine.domain.shares import shares_lot, with_shares
from engine.domain.spread import Leg, Spread

PositionState = Literal["open", "closed", "settled"]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Position:
    """Derived from its opening order and every order that closed part of it; never edited."""

    id: str
    strategy: str
    digest: str
    """The strategy file that opened it; its exits stay those of that version."""
    spread: Spread
    """Of the first part that is open; of a position that is closed, as it was opened."""
    opened_at: datetime
    opened: int
    """Spreads opened."""
    closed: int
    """Spreads opened of which at least one leg is closed or settled."""
    opening_net: Decimal
    """Average net of the opening of `spread`, USD per share."""
    closing_net: Decimal | None
    """Net of all that was closed, USD per share of one of the spreads closed; negative where closing cost money."""
    fees: Decimal
    """Commissions reported so far, both ways, USD."""
    max_loss: Decimal
    """Most that what is open can still lose, USD, fees included."""
    closed_at: datetime | None
    close_reason: str
    """For people; empty before the first close."""
    lots: tuple[Lot, ...] = ()
    """One a leg, in the order in which the structure lists them."""
    parts: tuple[Part, ...] = ()
    """What is open, in combinations; empty where nothing is."""
    settled: Decimal = ZERO
    """What the settlement brought, USD per share times contracts."""
    has_expired: bool = False
    """Whether some legs are over and others live on, or did."""
    has_exercised: bool = False
    """Whether options of it have become shares."""
    has_rolled: bool = False
    """Whether what was sold has been bought back to be sold again at a later day."""
    bare: tuple[tuple[Contract, int], ...] = ()
    """Short contracts that no long one of the position covers: a loss without a bound, which a person must end."""
    close_rule: str | None = None
    """What sent its last close, as the trader wrote it; None where a person did, or where it was settled."""
    closed_for: RollDeed | None = None
    """The roll that its last close makes room for; None where it was settled, or closed for good."""
    rolled_from: str | None = None
    """The position that was closed to make room for this one."""
    rolls: tuple[str, ...] = ()
    """The openings that took the place of a side or of a leg of it, by order_ref, oldest first."""
    formed: Spread | None = None
    """The structure as it stands after those; None where nothing of it was rolled."""
    entry_spot: Decimal | None = None
    """Price of the underlying when its opening was approved, USD per share; None where it was not known."""
    peak: ProfitPeaked | None = None
    """How well it has stood at its best; None where nobody asks for that, or before the first."""

    @property
    def quantity(self) -> int:
        """Spreads of the first part that are open."""
        return self.parts[0].quantity if self.parts else 0

    @property
    def outlives(self) -> bool:
        """Whether a long that stands alone was meant to: what was sold beside it has expired, or was bought back to be rolled."""
        return self.has_expired or self.has_rolled

    @property
    def is_open(self) -> bool:
        return bool(self.parts)

    @property
    def is_whole(self) -> bool:
        """Whether all that is open is as it was opened: no leg was closed without the others."""
        return len(self.parts) == 1 and self.quantity == self.opened - self.closed and not self.spread.is_shares

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs of which something is held, as they were opened."""
        return tuple(lot.leg for lot in self.lots if lot.held)

    @property
    def shorts(self) -> tuple[Leg, ...]:
        """The options that are still owed."""
        return tuple(leg for leg in self.legs if leg.sign < 0 and not leg.contract.is_share)

    @property
    def shares(self) -> Part | None:
        """The shares that options of it became, as far as they are held."""
        return next((part for part in self.parts if part.spread.is_shares), None)

    @property
    def best_profit(self) -> Decimal:
        """Best profit that was believed of what is open, USD: a share of it where so many of the spreads are closed since.

        0 where none was, and where a side or a leg was closed alone since: what is left never stood as the whole did.
        """
        peak, lots = self.peak, [lot for lot in self.lots if lot.held]
        if peak is None or peak.legs != tuple(lot.leg.contract.con_id for lot in lots):
            return ZERO
        first, before = lots[0].held, peak.held[0]
        if any(lot.held * before != count * first for lot, count in zip(lots, peak.held, strict=True)):
            return ZERO
        return peak.profit * first / before

    def count(self, spread: Spread) -> int:
        """How many combinations of these legs are held."""
        held = {lot.leg.contract.con_id: lot.held for lot in self.lots}
        return min(held.get(leg.contract.con_id, 0) // leg.ratio for leg in spread.legs)

    @property
    def held(self) -> Counter[Contract]:
        """Contracts by listed option, owned above zero, owed below; a leg closed too often is the other way round."""
        held: Counter[Contract] = Counter()
        for lot in self.lots:
            held[lot.leg.contract] += lot.leg.sign * (lot.held - lot.excess)
        return held

    @property
    def excess(self) -> int:
        """Contracts closed beyond those opened, of the leg that has most of them: a position the wrong way round, which a person
        must undo."""
        return max((lot.excess for lot in self.lots), default=0)

    @property
    def realised(self) -> Decimal:
        """USD made on what is closed or settled, before fees."""
        total = self.settled * self.lots[0].leg.contract.multiplier
        for lot in self.lots:
            closed = min(lot.closed, lot.opened)
            made = -lot.opening_price * (lot.opened - lot.held)
            if lot.closing_price is not None:
                made += lot.closing_price * closed
            total += lot.leg.sign * made * lot.leg.contract.multiplier
        return _exact(total)

    def unrealised(self, *closing_nets: Decimal) -> Decimal:
        """USD that closing the rest would make, each part at its net per share, before fees; 0 where nothing is open.

        Raises ValueError where there is not one net for every part.
        """
        if not self.parts:
            return ZERO
        made = (
            (part.opening_net + net) * part.quantity * part.spread.multiplier
            for part, net in zip(self.parts, closing_nets, strict=True)
        )
        return _exact(sum(made, ZERO))


def position_of(
    opening: Order,
    closings: Sequence[Order],
    settled: Decimal | None,
    at: datetime,
    expired: Sequence[LegsExpired] = (),
    exercised: Sequence[OptionsExercised] = (),
    rolls: Sequence[Order] = (),
) -> Position | None:
    """The position that these orders make; None while nothing has filled.

    `rolls` are openings that took the place of what was closed of it, oldest first: what they bought and sold is a lot like any
    other, behind those of the opening.

    `settled` is the worth at expiry of all options that were held then, USD per share of one combination of its first part,
    + received; `at` is then the time of settlement. `expired` are legs that were over before; each counts as closed at what it
    turned into. `exercised` are options that became shares: each counts as closed at nothing, and the shares change hands at its
    strike.
    """
    net = opening.net_filled
    if net is None:
        return None
    made, rolled = ([order for order in orders if order.filled] for orders in (closings, rolls))
    over = {leg.con_id: leg for fact in expired for leg in fact.expired}
    gone = Counter[int]()
    for fact in exercised:
        gone[fact.con_id] += fact.contracts
    lots = lots_of(opening, rolled, made, over, gone)
    signs = {lot.leg.contract.con_id: lot.leg.sign for lot in lots}
    stands = formed(opening.spread, [order.spread for order in rolled])
    reasons = [order.proposed.reason for order in made]
    last = made[-1].proposed if made else None
    ends = [order.last_executed_at for order in made if order.last_executed_at]
    ends += [fact.expired_at for fact in expired] + [fact.exercised_at for fact in exercised]
    closed_at = max(ends, default=None)
    parts = tuple(_parts(opening, net, stands, lots))
    brought = ZERO
    if settled is not None and parts:
        brought = settled * parts[0].quantity
        lots = [replace(lot, held=0) for lot in lots]
        parts, settled_at = (), min(at, _expired_at(stands))
        closed_at = max(settled_at, *ends) if exercised else settled_at
        reasons.append("settled at expiry")
        last = None
    whole = min(lot.held // lot.leg.ratio for lot in standing(lots, stands.legs))
    closed = opening.filled - whole
    cash = brought + sum((signs[leg.con_id] * leg.contracts * leg.worth for leg in over.values()), ZERO)
    cash += sum((_cash(order, opening) for order in made), ZERO)
    cash -= sum((fact.shares * fact.price for fact in exercised), ZERO) / opening.spread.multiplier
    times = max(closed, *(-(-lot.closed // lot.leg.ratio) for lot in lots))
    shares = shares_lot(exercised, made)
    if shares is not None:
        parts = with_shares(parts, shares, opening.spread, lots)
        lots.append(shares)
        reasons = reasons or ["exercised"]
    first = parts[0] if parts else None
    opened_at = opening.first_executed_at
    assert opened_at is not None, "what has a net has filled"
    position = Position(
        id=opening.ref,
        strategy=opening.strategy,
        digest=opening.proposed.digest,
        spread=first.spread if first else stands,
        opened_at=opened_at,
        opened=opening.filled,
        closed=closed,
        opening_net=first.opening_net if first else net,
        closing_net=cash / times if times else None,
        fees=sum((order.commission for order in (opening, *closings, *rolls)), ZERO),
        max_loss=sum((part.max_loss for part in parts), ZERO),
        closed_at=None if parts else closed_at,
        close_reason=reasons[-1] if reasons else "",
        has_expired=bool(over),
        has_exercised=bool(exercised),
        close_rule=last.rule if last is not None else None,
        closed_for=last.roll if last is not None else None,
        has_rolled=any(PORTIONS.get(order.proposed.roll or "roll", ALL).short for order in made),
        lots=tuple(lots),
        parts=parts,
        settled=brought,
        rolled_from=opening.proposed.rolled_from,
        entry_spot=opening.spot,
        rolls=tuple(order.ref for order in rolled),
        formed=stands if rolled else None,
    )
    return position if settled is not None and shares is None else _with_bare(position)


def released(position: Position, at: datetime, fact: PositionReleased) -> Position:
    """The position once a person has taken it: nothing of it is open here, and what was closed before keeps its result."""
    reason = f"released by {fact.by}: {fact.reason}"
    return replace(position, parts=(), bare=(), max_loss=ZERO, closed_at=at, close_reason=reason)


def newly_opened(
    name: str,
    strategy: str,
    digest: str,
    spread: Spread,
    quantity: int,
    net: Decimal,
    at: datetime,
    prices: Mapping[int, Decimal] | None = None,
) -> Position:
    """The position that an opening of so many spreads at this net would make, fees apart; `prices` are those of its legs by
    con_id, USD per share, 0 where it is not said."""
    paid = prices or {}
    lots = tuple(
        Lot(leg, leg.ratio * quantity, 0, leg.ratio * quantity, paid.get(leg.contract.con_id, ZERO), None) for leg in spread.legs
    )
    return Position(
        id=name, strategy=strategy, digest=digest, spread=spread, opened_at=at, opened=quantity, closed=0, opening_net=net,
        closing_net=None, fees=ZERO, max_loss=ZERO, closed_at=None, close_reason="", lots=lots,
        parts=(Part(spread, quantity, net, ZERO),),
    )  # fmt: skip


def _with_bare(position: Position) -> Position:
    bare = uncovered(position.held)
    return replace(position, bare=tuple(bare.items())) if bare else position


def _cash(close: Order, opening: Order) -> Decimal:
    """What a close has brought, USD per share of the options times contracts."""
    return (close.net_filled or ZERO) * close.filled * close.spread.multiplier / opening.spread.multiplier


def _parts(opening: Order, net: Decimal, stands: Spread, lots: Sequence[Lot]) -> Iterator[Part]:
    now = standing(lots, stands.legs)
    # What an execution that came late has left of a leg that was rolled away is open too.
    now += [lot for lot in lots if lot.held and not any(lot is one for one in now)]
    every = stands if len(now) == len(stands.legs) else replace(stands, legs=tuple(lot.leg for lot in now))
    prices = {lot.leg.contract.con_id: lot.opening_price for lot in now}
    contracts = sum(leg.ratio for leg in opening.spread.legs)
    for spread, quantity in parts_of(every, [lot.held for lot in now]):
        brought = net
        if spread is not opening.spread:
            brought = -sum((leg.sign * leg.ratio * prices[leg.contract.con_id] for leg in spread.legs), ZERO)
        share = Decimal(sum(leg.ratio for leg in spread.legs)) / contracts
        fees = opening.fees / opening.quantity * share
        loss = max(ZERO, spread.max_loss(brought) * spread.multiplier + fees) * quantity
        yield Part(spread, quantity, brought, loss if spread.is_of_one_expiry else _exact(loss))


def _expired_at(spread: Spread) -> datetime:
    """The regular hour, by which a settlement is over at the latest: half days and holidays are not known here."""
    return max(WEEKDAYS.settles_at(leg.contract.rule, leg.contract.expiry) for leg in spread.legs)


def _exact(usd: Decimal) -> Decimal:
    """Averages of thirds leave a trace in the 28th digit; prices have four decimals at the most."""
    return usd.quantize(Decimal("0.0001"))
