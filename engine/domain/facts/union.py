"""Facts: what happened, in the past tense. Every state in the product is a fold of these.

A fact is written once and never changed. The journal adds sequence, time, account and hash around it; the field names are
the columns of the history. Money is Decimal; USD per share is signed, + received and - paid; absent is None. Each family
has a module beside this one, which names them all: a new fact is a class there and its name here.
"""

from typing import get_args

from engine.domain.facts.account import EquityRecorded, Reconciled
from engine.domain.facts.files import (
    EditAccepted,
    EditHeld,
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
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered
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

OrderFact = (
    OrderProposed | OrderPreviewed | ApprovalAsked | OrderTightened | OrderApproved | OrderDenied | OrderDeclined
    | OrderExpired | OrderSent | OrderAcknowledged | OrderRepriced | CancelRequested | LegFilled | CommissionReported
    | OrderCanceled | OrderRejected | OrderUnknown | OrderAbsent
)  # fmt: skip
Explanation = FunnelRecorded | CandidatesRecorded | EntryDenied
"""What was looked at and not done. Nothing that leaves the machine depends on it: it is kept beside the journal, for a while."""
Fact = (
    EngineStarted | EngineStopped | GuardianTookOver | StrategyLoaded | StrategyRefused | StrategyRemoved | StrategyArmed
    | StrategyDisarmed | EditHeld | EditAccepted | SharedFileLoaded | LinkChanged | RestartTold | LoginReminded | Halted
    | Resumed | FlattenBegan | FlattenEnded | OpeningsPaused | OpeningsResumed | BreakerTripped | BreakerLifted | Reconciled
    | EquityRecorded | Explanation | OrderFact | ExitTriggered | ProfitPeaked | ExitBlocked | ExitFreed | PositionSettled
    | LegsExpired | OptionsExercised | PositionReleased | PositionMigrated | PositionAdopted | FactRefused | RequestHandled
    | RequestsRested | ErrorHeard | PersonLooked | LookMissed | OpeningNoted | NotedClosed
    | RungLowered
)  # fmt: skip
KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(Fact)}
"""Every kind of fact by the name it has in the journal; derived, so that a new fact is one class and its name above."""
