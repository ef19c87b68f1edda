"""What the decider looks at: the world at one instant, everything in it heard before and none of it changing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from engine.domain.calendar import WEEKDAYS, Calendar
from engine.domain.chain import ChainSnapshot, MarketState
from engine.domain.clocks import ACCOUNT_STANDS_FOR
from engine.domain.deeds import RollDeed
from engine.domain.ledger import Ledger
from engine.domain.maintenance import SENDS_STOP_BEFORE, Window
from engine.domain.parts import ALL, Portion
from engine.domain.session import Session
from engine.domain.spread import Spread
from engine.domain.waited import Leap, waited

DataQuality = Literal["live", "frozen", "delayed", "unknown"]


@dataclass(frozen=True, slots=True)
class AccountValues:
    """The broker's own numbers for the account, USD; None is unknown."""

    account: str
    reported_at: datetime | None
    net_liquidation: Decimal | None
    available_funds: Decimal | None
    look_ahead_available_funds: Decimal | None
    buying_power: Decimal | None
    excess_liquidity: Decimal | None
    day_pnl: Decimal | None
    """Realised and unrealised since the previous close."""
    day_pnl_at: datetime | None = None
    """When that was told; None where it comes with the other values."""

    def as_of(self, now: datetime) -> "AccountValues":
        """The values as they are known at that moment: what was told too long ago is unknown."""
        known = self
        if not _stands(self.reported_at, now):
            known = replace(
                known,
                net_liquidation=None,
                available_funds=None,
                look_ahead_available_funds=None,
                buying_power=None,
                excess_liquidity=None,
            )
        return known if _stands(self.day_pnl_at or self.reported_at, now) else replace(known, day_pnl=None)

    @property
    def cushion(self) -> Decimal | None:
        """Excess liquidity over net liquidation, 0 to 1; an account that is worth nothing, or less, has none."""
        if self.excess_liquidity is None or self.net_liquidation is None:
            return None
        return self.excess_liquidity / self.net_liquidation if self.net_liquidation > 0 else Decimal(0)


def _stands(reported_at: datetime | None, now: datetime) -> bool:
    return reported_at is not None and now - reported_at <= ACCOUNT_STANDS_FOR


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's word on an order that waits for one."""

    order_ref: str
    approve: bool
    by: str
    reason: str = ""
    shown_net: Decimal | None = None
    """Net at mid that the person saw when saying so, USD per share, + received; None: the one that the question showed."""


@dataclass(frozen=True, slots=True)
class CloseAsked:
    """A person asks for the close of what is open of a position, or of a portion of it."""

    position: str
    by: str
    reason: str = ""
    shown_net: Decimal | None = None
    """Net at mid that the person was shown, USD per share, + received; None where nobody was shown one. Of several orders it is
    all that they bring, per share of one combination of the first."""
    portion: Portion = ALL


@dataclass(frozen=True, slots=True)
class RollAsked:
    """A person asks that a position, or a part of it, be closed to open what its file says takes its place."""

    position: str
    by: str
    reason: str = ""
    shown_net: Decimal | None = None
    """What closing and opening brought together at mid when the person was shown it, USD per share of one combination that is
    closed, + received; None where nobody was shown it."""
    deed: RollDeed = "roll"


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """A person asks for the end of an order."""

    order_ref: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TightenAsked:
    """A person asks that an opening be made safer: fewer spreads, a better worst price, or both."""

    order_ref: str
    by: str
    reason: str = ""
    quantity: int | None = None
    """Spreads; None leaves them."""
    worst: Decimal | None = None
    """USD per share, + received; None leaves it."""


@dataclass(frozen=True, slots=True)
class OpenAsked:
    """A person has picked one candidate and asks for its order."""

    strategy: str
    key: str
    """Which spread: its legs and directions."""
    by: str
    reason: str = ""
    quantity: int | None = None
    """Spreads; None takes what the strategy's sizing gives."""
    limit: Decimal | None = None
    """USD per share, + received: the order is never priced below it; None walks as the strategy does."""
    shown_net: Decimal | None = None
    """Net at mid that the person was shown, USD per share, + received; None where nobody was shown one."""


Request = CloseAsked | RollAsked | CancelAsked | TightenAsked | OpenAsked


@dataclass(frozen=True, slots=True)
class ExitHits:
    """How often in a row an exit rule has held on clean quotes; kept between beats, forgotten at a restart."""

    first_at: datetime
    last_at: datetime
    count: int
    net: Decimal | None = None
    """What closing would have brought on the first look, USD per share at mid; None where that is not counted."""


@dataclass(frozen=True, slots=True)
class BrokerCount:
    """What the broker holds, as it answered last over the link as it stands."""

    requested_at: datetime
    """When the question left; the answer is at least as young."""
    contracts: Mapping[int, Decimal]
    """By con_id, short is negative; what is not in it is not held."""


@dataclass(frozen=True, slots=True)
class BreakerHits:
    """How often in a row a breaker was found beyond its bound; kept between beats, forgotten at a restart."""

    first_at: datetime
    last_at: datetime
    reported_at: datetime
    """When the newest part of its value was told: a look counts where there is a newer one."""
    count: int
    """0 forgets."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One instant for `decide`."""

    at: datetime
    chain: ChainSnapshot
    market: Mapping[str, MarketState]
    """By underlying."""
    ledger: Ledger
    account: AccountValues
    """As known at this instant: what was told too long ago is unknown."""
    session: Session | None
    """The session of today, also before its open and after its close; None on a day without one."""
    data: DataQuality
    is_connected: bool
    count: BrokerCount | None = None
    """None until the broker has answered what it holds over the link as it stands."""
    calendar: Calendar = WEEKDAYS
    """Sessions of the exchange around now; without any, weekdays stand in."""
    is_fresh: bool = True
    """Whether a quote was heard since the last look; without one nothing new can be found."""
    answers: tuple[Answer, ...] = ()
    """Words of people heard since the last beat."""
    requests: tuple[Request, ...] = ()
    """What people have asked for since the last beat."""
    exit_hits: Mapping[tuple[str, str], ExitHits] = field(default_factory=dict[tuple[str, str], ExitHits])
    """By (position, rule)."""
    breaker_hits: Mapping[tuple[str, str], BreakerHits] = field(default_factory=dict[tuple[str, str], BreakerHits])
    """By (strategy, name); the account's under an empty name."""
    account_requested_at: datetime | None = None
    """When the account's values were last asked for anew; None while nobody has."""
    account_awaited_since: datetime | None = None
    """When the first question for them that is not answered yet left; None while no answer is awaited."""
    requested_quotes: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """When the line of a held leg was opened anew to hear its quote, by contract number; forgotten at a restart."""
    resting: frozenset[str] = frozenset()
    """Parts of the decision that have just failed and are left alone for a while."""
    leaps: tuple[Leap, ...] = ()
    """When the clock went ahead at once, newest last."""
    is_noting: bool = False
    """Whether what is decided on it is only noted: nothing is sent, so no arm and no rung is asked for."""
    paused: frozenset[str] = frozenset()
    """Strategies whose openings are stopped, those that a person has paused among them."""

    restart: Window | None = None
    """The daily restart of TWS that is near or under way; None while none is."""
    clock_skew_s: float | None = 0.0
    """By how many seconds TWS's clock is ahead of ours, as far as it is certain; None until TWS has told the time."""
    pace: float = 1.0
    """Seconds of this clock in one second of the machine: a simulator's time may run faster, a wire and a broker do not."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "account", self.account.as_of(self.at))
        object.__setattr__(self, "paused", self.paused | self.ledger.pauses.keys())

    @property
    def is_open(self) -> bool:
        return self.session is not None and self.session.contains(self.at)

    @property
    def link_obstacle(self) -> str | None:
        """Why no order message may leave over the link, whatever it says; None while one may."""
        if not self.is_connected:
            return "no connection to the broker"
        if self.restart is not None and self.at >= self.restart.start - SENDS_STOP_BEFORE:
            return f"{self.restart}"
        return None

    def waited(self, since: datetime) -> timedelta:
        """How long something has been waited for: what the machine slept or skipped uses up nobody's patience."""
        return waited(since, self.at, self.leaps)

    def patience(self, span: timedelta) -> timedelta:
        """How long the broker may take for what takes it so long on the machine's clock."""
        return span * max(1.0, self.pace)

    def holds(self, spread: Spread) -> bool:
        """Whether the broker, when it was last asked, held every leg of an opened spread as our fills make it.

        A leg that was assigned, or sold in TWS by a person, is closed by nobody: the close would open the other way round.
        """
        reconciled = self.ledger.reconciled
        missing = reconciled.missing if reconciled is not None else ()
        return all(leg.contract.con_id not in missing for leg in spread.legs)

    def is_changed(self, con_id: int) -> bool:
        """Whether the broker tells other terms of a contract than it was traded on, as after a split."""
        return self.ledger.reconciled is not None and con_id in self.ledger.reconciled.changed

    def requested_since(self, doubt: datetime) -> timedelta:
        """How long a doubt had stood, over this link, when the broker was asked for what it answered last; zero where it was not.

        A verdict waits for it: what is known from before the doubt, or from before the link was lost, answers nothing.
        """
        if self.count is None:
            return timedelta(0)
        began = max(doubt, self.ledger.connection_at or doubt)
        return waited(began, self.count.requested_at, self.leaps)

    @property
    def is_reconciled(self) -> bool:
        return self.ledger.reconciled is not None and not self.ledger.reconciled.differences
