"""Facts: what happened, in the past tense. Every state in the product is a fold of these.

A fact is written once and never changed. The journal adds sequence, time, account and hash around it; the field names here
are the columns of the history. Money is Decimal; USD per share is signed, + received and - paid; absent is None.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, get_args

from engine.domain.contract import Contract
from engine.domain.gate import Verdict
from engine.domain.spread import Action, Spread

Purpose = Literal["open", "close"]
LinkState = Literal["down", "connecting", "up", "degraded"]
Lifts = Literal["next session", "person"]
"""When a breaker lets go by itself; a person may lift either earlier."""
Rung = Literal["one lot", "full"]
"""How many spreads an armed strategy may open at once: one, or as many as its file says."""
ExitObstacle = Literal["no price", "not sent", "not filled", "no bid"]
PreviewOutcome = Literal["fits", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class EngineStarted:
    version: str
    mode: Literal["sim", "paper", "live"]
    lease: str
    """Starts every order_ref of this journal, so that two journals on one account never share one."""


@dataclass(frozen=True, slots=True)
class EngineStopped:
    reason: str


@dataclass(frozen=True, slots=True)
class GuardianTookOver:
    """The engine was dead or stuck while something was held: the guardian is in its place and opens nothing."""

    silent_s: int
    """Seconds of the session for which the engine gave no sign of life."""
    ended: str
    """What became of the engine's process."""
    held: str
    """What was open and at work, as the journal knew it."""


@dataclass(frozen=True, slots=True)
class StrategyLoaded:
    strategy: str
    file: str
    digest: str
    """SHA-256 of the file's bytes."""
    changes: tuple[str, ...] = ()
    """What is different from the version before, a sentence a value; empty where there was none."""
    loosens: bool = False
    """Whether more may be lost, sooner or oftener, than before."""


@dataclass(frozen=True, slots=True)
class StrategyRefused:
    file: str
    problems: str
    """The errors as the trader sees them; the last good version stays in force."""


@dataclass(frozen=True, slots=True)
class StrategyRemoved:
    strategy: str
    """Its entries have stopped; the exits of its positions keep running."""


@dataclass(frozen=True, slots=True)
class StrategyArmed:
    """A person lets a strategy trade the real money of this journal's account."""

    strategy: str
    digest: str
    """SHA-256 of the file as the person saw it."""
    risk_usd: Decimal
    """Most that what it opens on one day may lose together, USD."""
    rung: Rung
    expires_at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StrategyDisarmed:
    """It opens nothing with real money from now on; exits go on."""

    strategy: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SharedFileLoaded:
    """account.yaml, common.yaml or events.yaml as it is in force from now on."""

    file: str
    digest: str
    """SHA-256 of the file's bytes; empty where the file is gone and its defaults hold."""
    changes: tuple[str, ...] = ()
    """What is different from before, a sentence a value."""
    loosens: bool = False
    """Whether more may be lost, sooner or oftener, than before."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    state: LinkState
    code: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Halted:
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed:
    by: str


@dataclass(frozen=True, slots=True)
class OpeningsPaused:
    """A person stops the openings of one strategy; its exits go on."""

    strategy: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpeningsResumed:
    """A person allows them again."""

    strategy: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlattenBegan:
    """A person wants every position closed that the engine holds."""

    by: str
    reason: str
    positions: int
    """How many were open, as the person typed it."""


@dataclass(frozen=True, slots=True)
class FlattenEnded:
    """Nothing is open any more, or a person stopped it; the halt stands."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerTripped:
    """A loss reached its limit: what the limit stops stays stopped until it lifts, whatever the number does next."""

    name: str
    """stop_for_day, breaker_day, breaker_week or breaker_peak."""
    strategy: str
    """Whose limit it is; empty for the account's."""
    value: Decimal
    """What was found, USD, a loss is negative."""
    bound: Decimal
    """What is allowed, USD, a loss is negative."""
    lifts: Lifts
    day: date
    """Trading day in New York on which it tripped."""


@dataclass(frozen=True, slots=True)
class BreakerLifted:
    """A person allows openings again; from here on the fall is measured from `value`."""

    name: str
    strategy: str
    by: str
    reason: str
    value: Decimal | None
    """What the breaker measures at this moment, USD: a day's result, or the net liquidation; None where nobody knows it."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Our fold was held against the broker's open orders, completed orders, executions and positions."""

    differences: tuple[str, ...]
    """What could not be explained; entries stay blocked until it is empty."""
    foreign: tuple[str, ...] = ()
    """Positions at the broker that are not ours, each with its quantity behind its name: shown, never traded."""
    missing: tuple[int, ...] = ()
    """Contracts, by con_id, of which the broker holds less in our direction than our fills make: a close would open them anew."""
    changed: tuple[int, ...] = ()
    """Contracts of ours, by con_id, whose terms at the broker are not those that they were traded on."""


@dataclass(frozen=True, slots=True)
class EquityRecorded:
    """Account values as the broker reported them, USD."""

    net_liquidation: Decimal
    available_funds: Decimal | None
    excess_liquidity: Decimal | None
    day_pnl: Decimal | None
    """Realised and unrealised since the previous close."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one line of `when` answered for one underlying, and why."""

    underlying: str
    holds: bool | None
    """None is unknown."""
    values: dict[str, float | None]
    """The measures that the line looked at."""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    condition: str
    passed: int
    """Rows left after this condition and all before it."""
    unknown: int
    """Rows dropped here because the condition had no value to look at."""
    asked: tuple[Asked, ...] = ()
    """Of a line of `when`: its answer for each underlying that the lines before it let through."""


@dataclass(frozen=True, slots=True)
class FunnelRecorded:
    strategy: str
    snapshot: str
    steps: tuple[FunnelStep, ...]
    candidates: int
    nearest_miss: str | None = None
    """The spread that failed the fewest conditions, the condition, and by how much."""


@dataclass(frozen=True, slots=True)
class CandidatesRecorded:
    """The best candidates of one snapshot as plain data (`candidate_row`)."""

    strategy: str
    snapshot: str
    candidates: tuple[dict[str, object], ...]


@dataclass(frozen=True, slots=True)
class EntryDenied:
    """Our own gates said no to an opening; written when it first appears or its reason changes."""

    strategy: str
    snapshot: str
    spread: Spread
    contracts: int
    obstacle: Verdict
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class OrderProposed:
    order_ref: str
    purpose: Purpose
    strategy: str
    digest: str
    """The strategy file this order was born with."""
    snapshot: str
    position: str
    """The position it opens (its own order_ref) or closes."""
    spread: Spread
    quantity: int
    """Spreads."""
    limit: Decimal
    """First price, USD per share, + received."""
    worst: Decimal
    """Frozen: the order is never priced below this, USD per share, + received."""
    max_loss: Decimal
    """USD for the whole order at its worst price, fees included; 0 for a close."""
    fees: Decimal
    """USD for the whole order, estimated, to open and to close; half of it for a close."""
    reason: str
    candidate: dict[str, object] | None = None
    verdicts: tuple[Verdict, ...] = ()
    rolled_from: str | None = None
    """The position whose close made room for this opening."""
    asked_by: str | None = None
    """The person who asked for this close; None where a rule did."""
    urgent: bool = False
    """Whether a close stops a loss, or must not wait: it may follow the market to its worst price."""
    at_natural: bool = False
    """Whether a close begins at what is certain to trade, and not at mid."""


@dataclass(frozen=True, slots=True)
class OrderPreviewed:
    """The broker's what-if, USD for the whole order; unknown where it did not answer in time or answered nonsense."""

    order_ref: str
    outcome: PreviewOutcome
    initial_margin_change: Decimal | None
    maintenance_margin_change: Decimal | None
    equity_with_loan_change: Decimal | None
    commission: Decimal | None
    text: str

    @property
    def needed(self) -> Decimal | None:
        """USD that the order takes of the funds; None where the broker did not tell both numbers.

        Equity with loan value counts cash and no options: a credit raises it, and a debit, which may need no margin, lowers it.
        Source: IBKR glossary, equity with loan value.
        """
        if self.initial_margin_change is None or self.equity_with_loan_change is None:
            return None
        return self.initial_margin_change - self.equity_with_loan_change


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    order_ref: str
    expires_at: datetime
    shown_net: Decimal
    """Net at mid that the trader is shown, USD per share."""
    reason: str
    """Why a person is asked."""


@dataclass(frozen=True, slots=True)
class OrderTightened:
    """A person has made an opening safer: fewer spreads, a better worst price, or both."""

    order_ref: str
    by: str
    reason: str
    quantity: int
    """Spreads from now on, never more than before."""
    worst: Decimal
    """It is never priced below this from now on, USD per share, + received; never less than before."""


@dataclass(frozen=True, slots=True)
class OrderApproved:
    order_ref: str
    by: str
    limit: Decimal
    """First price after re-pricing at the moment of approval, USD per share, + received."""
    spot: Decimal | None = None
    """Price of the underlying at that moment, USD per share: away from it an opening is another trade; None is unknown."""


@dataclass(frozen=True, slots=True)
class OrderDenied:
    order_ref: str
    obstacle: Verdict


@dataclass(frozen=True, slots=True)
class OrderDeclined:
    order_ref: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderExpired:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderSent:
    """On disk before the order leaves the machine."""

    order_ref: str
    limit: Decimal


@dataclass(frozen=True, slots=True)
class OrderAcknowledged:
    """The broker holds the order and it works; also what a search for an unknown order may find."""

    order_ref: str
    perm_id: int
    order_id: int
    status: str


@dataclass(frozen=True, slots=True)
class OrderRepriced:
    """On disk before the change of price leaves the machine."""

    order_ref: str
    limit: Decimal
    step: int


@dataclass(frozen=True, slots=True)
class CancelRequested:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class LegFilled:
    """One execution of one leg. Its id, contract and side make it count once; a correction keeps all of the id but its end."""

    order_ref: str
    exec_id: str
    con_id: int
    action: Action
    quantity: int
    price: Decimal
    """USD per share of this leg, always positive or 0."""
    executed_at: datetime | None
    """None where the broker's time for it cannot be read: then it was no later than this fact was heard."""
    perm_id: int | None = None
    provisional: bool = False
    """Made from the order and the broker's positions, because it tells the execution no more; counts until it does."""


@dataclass(frozen=True, slots=True)
class CommissionReported:
    order_ref: str
    exec_id: str
    amount: Decimal
    """USD, positive is paid."""
    con_id: int | None = None
    """With `action`, which execution it was paid for: those of two legs may share all of the id but its last part."""
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class OrderCanceled:
    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderRejected:
    order_ref: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class OrderUnknown:
    """Silence, an error or a lost link: nothing is sent again before the broker has been asked."""

    order_ref: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderAbsent:
    """The broker was asked for open, completed and executed orders and knows nothing of it."""

    order_ref: str


@dataclass(frozen=True, slots=True)
class ExitTriggered:
    position: str
    rule: str
    """The condition as the trader wrote it."""
    action: Literal[
        "close", "close half", "close part", "close put side", "close call side", "close short", "close put short",
        "close call short", "roll", "alert", "keep",
    ]  # fmt: skip
    """What is done; of a part, `text` says how much."""
    snapshot: str
    values: dict[str, float | None] = field(default_factory=dict[str, float | None])
    """The measures the rule looked at."""
    text: str = ""
    """Why it does something else than its line says."""


@dataclass(frozen=True, slots=True)
class ProfitPeaked:
    """A position has stood better than ever before, on looks that are believed. Written where an exit of its asks for it."""

    position: str
    profit: Decimal
    """USD of all that was open, at mid, before fees."""
    legs: tuple[int, ...]
    """Contracts, by con_id, that were open."""
    held: tuple[int, ...]
    """How many of each."""


@dataclass(frozen=True, slots=True)
class ExitBlocked:
    """An exit is due and cannot act. Written when it begins, when its reason changes and at each new try."""

    position: str
    rule: str
    """The condition as the trader wrote it, or the engine's own rule."""
    obstacle: ExitObstacle
    text: str
    """What is in the way, for people."""
    tries: int
    """Tries that have come to nothing."""
    again_at: datetime
    """When it is tried again at the latest."""


@dataclass(frozen=True, slots=True)
class ExitFreed:
    """What blocked an exit is gone: it acts, its rule no longer holds, or the position is closed."""

    position: str
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class PositionSettled:
    """The legs expired; what is left is cash (or stock, which the reconciliation shows as foreign)."""

    position: str
    value: Decimal
    """Worth at expiry of all that was held, USD per share of one of its spreads, + received; of a position that is not whole any
    more, of one combination of its first part."""
    reason: str
    expired_at: datetime | None = None
    """When the last leg turned into its settlement value, by the exchange's calendar."""
    level: Decimal | None = None
    """Of the underlying, at which the options were settled, USD per share; None is not known."""


@dataclass(frozen=True, slots=True)
class ExpiredLeg:
    """What became of one leg of a position at its expiry."""

    con_id: int
    contracts: int
    """All that were held of it."""
    worth: Decimal
    """What one contract turned into, USD per share, not signed."""


@dataclass(frozen=True, slots=True)
class LegsExpired:
    """Some legs of a position expired and others live on: what was sold near, before what was bought far."""

    position: str
    expired: tuple[ExpiredLeg, ...]
    reason: str
    expired_at: datetime
    """When they turned into their settlement value, by the exchange's calendar."""


@dataclass(frozen=True, slots=True)
class OptionsExercised:
    """Options of a position have become shares: what was owed was assigned, what was owned was exercised."""

    position: str
    con_id: int
    contracts: int
    """Of this option, which are held no more by this; 0 where they were settled before."""
    share: Contract
    """What they became."""
    shares: int
    """Received above zero, delivered below."""
    price: Decimal
    """USD per share, at which they changed hands: the strike, or the level at which the option was settled before."""
    reason: str
    """What it was seen by, for people."""
    exercised_at: datetime
    """When it was seen: the broker tells no time."""


@dataclass(frozen=True, slots=True)
class PositionReleased:
    """A person takes a position out of the engine's hands: what is open of it is theirs, and is never traded here again."""

    position: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LegCost:
    """What one contract of a leg cost or brought that no order of this engine traded."""

    con_id: int
    price: Decimal
    """Average as the broker tells it, its commission included, USD per share, not signed."""


@dataclass(frozen=True, slots=True)
class PositionAdopted:
    """A person gives options that the broker holds, and that no order of this engine opened, to the engine as a position."""

    order_ref: str
    """Name of the position, and of the opening order that this fact stands in for: none was ever sent."""
    strategy: str
    """Whose exits it keeps; empty where no rule looks after it and a person closes it."""
    digest: str
    """SHA-256 of the strategy's file, as of the moment; empty without a strategy."""
    spread: Spread
    quantity: int
    """Spreads."""
    costs: tuple[LegCost, ...]
    """One a leg."""
    net: Decimal
    """What opening one spread brought by these costs, USD per share, + received."""
    max_loss: Decimal
    """USD for all of it, fees included."""
    fees: Decimal
    """USD to close all of it, estimated; those of opening it are in `costs`."""
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class FactRefused:
    """The broker told something that cannot follow what is known; it changed nothing and entries wait for a reconciliation."""

    kind: str
    order_ref: str
    text: str


@dataclass(frozen=True, slots=True)
class RequestHandled:
    """Somebody has asked for something that changes what is done: who, from where, what, and what became of it."""

    by: str
    role: str
    """What they may do: viewer, trader, operator or admin."""
    where: str
    """The address that it came from."""
    what: str
    """Method, path and body, as far as 300 characters go."""
    status: int
    """Of the answer, as HTTP has them: 200 was done, 409 was not."""
    text: str
    """What was answered."""


@dataclass(frozen=True, slots=True)
class ErrorHeard:
    """A broker error that concerns no single order."""

    code: int
    text: str


OrderFact = (
    OrderProposed | OrderPreviewed | ApprovalAsked | OrderTightened | OrderApproved | OrderDenied | OrderDeclined
    | OrderExpired | OrderSent | OrderAcknowledged | OrderRepriced | CancelRequested | LegFilled | CommissionReported
    | OrderCanceled | OrderRejected | OrderUnknown | OrderAbsent
)  # fmt: skip
Explanation = FunnelRecorded | CandidatesRecorded | EntryDenied
"""What was looked at and not done. Nothing that leaves the machine depends on it: it is kept beside the journal, for a while."""
Fact = (
    EngineStarted | EngineStopped | GuardianTookOver | StrategyLoaded | StrategyRefused | StrategyRemoved | StrategyArmed
    | StrategyDisarmed | SharedFileLoaded | LinkChanged | Halted | Resumed | FlattenBegan | FlattenEnded | OpeningsPaused
    | OpeningsResumed | BreakerTripped | BreakerLifted | Reconciled | EquityRecorded | Explanation | OrderFact
    | ExitTriggered | ProfitPeaked | ExitBlocked | ExitFreed | PositionSettled | LegsExpired | OptionsExercised
    | PositionReleased | PositionAdopted | FactRefused | RequestHandled | ErrorHeard
)  # fmt: skip
KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(Fact)}
"""Every kind of fact by the name it has in the journal; derived, so that a new fact is one class and its name above."""
