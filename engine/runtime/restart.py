"""What a restart makes of orders that the last run left behind. Nothing is sent again: the broker is asked what it holds."""

from collections.abc import Iterator, Sequence

from engine.domain.facts.orders import OrderExpired, OrderUnknown
from engine.domain.facts.union import Fact
from engine.domain.ledger import Ledger

REASON = "the engine was restarted"


def leftovers(ledger: Ledger) -> Iterator[Fact]:
    """The facts of a start: what surely never left expires, what may be at the broker is unknown until it is found."""
    for order in list(ledger.working()):
        if order.is_at_broker:
            if order.state != "unknown":
                yield OrderUnknown(order.ref, REASON)
        else:
            yield OrderExpired(order.ref, REASON)


def cannot_be_folded(problems: Sequence[str]) -> str:
    """Why nothing is opened after a start that found lines which do not follow what was known."""
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return (
        f"the journal holds what cannot be folded: {problems[0]}{more}. The lines are kept and passed over; exits go on. Hold the"
        " positions and orders against TWS, then `spreads resume`"
    )
