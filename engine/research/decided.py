"""What of an engine's facts is a decision of its own, in words that tell it apart from any other."""

from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.facts.halts import BreakerTripped, Halted
from engine.domain.facts.orders import CancelRequested, OrderDenied, OrderProposed, OrderRepriced, OrderSent
from engine.domain.facts.positions import ExitTriggered, PositionSettled
from engine.domain.facts.searches import EntryDenied
from engine.domain.facts.union import Fact


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: what was decided about what, in words that tell it apart from any other."""

    at: datetime
    kind: str
    about: str
    """Order, position or strategy."""
    text: str


@dataclass(slots=True)
class Decisions:
    """An observer that keeps decisions."""

    decided: list[Decided] = field(default_factory=list[Decided])

    def saw(self, fact: Fact, at: datetime) -> None:
        one = decision(fact, at)
        if one is not None:
            self.decided.append(one)


def decision(fact: Fact, at: datetime) -> Decided | None:
    """The decision that a fact is; None where it is none."""
    kind = type(fact).__name__
    match fact:
        case OrderProposed(order_ref=ref, purpose=purpose, quantity=quantity, spread=spread, limit=limit, worst=worst):
            return Decided(at, kind, ref, f"{purpose} {quantity} × {spread} at {limit}, never below {worst}")
        case OrderSent(order_ref=ref, limit=limit) | OrderRepriced(order_ref=ref, limit=limit):
            return Decided(at, kind, ref, f"at {limit}")
        case CancelRequested(order_ref=ref, reason=reason):
            return Decided(at, kind, ref, reason)
        case OrderDenied(order_ref=ref, obstacle=obstacle):
            return Decided(at, kind, ref, str(obstacle))
        case EntryDenied(strategy=strategy, spread=spread, obstacle=obstacle):
            return Decided(at, kind, strategy, f"{spread}: {obstacle}")
        case ExitTriggered(position=position, rule=rule, action=action):
            return Decided(at, kind, position, f"{action}: {rule}")
        case PositionSettled(position=position, value=value):
            return Decided(at, kind, position, f"settled at {value}")
        case Halted(reason=reason):
            return Decided(at, kind, "engine", reason)
        case BreakerTripped(name=name, strategy=strategy, value=value):
            return Decided(at, kind, f"{name} {strategy}".strip(), f"tripped at {value}")
        case _:
            return None
