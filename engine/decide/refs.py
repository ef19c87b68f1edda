"""Order references: unique for ever within a journal, the same for the same facts, and readable."""

from datetime import datetime

from engine.domain.ledger import Ledger
from engine.domain.session import trading_day


def next_ref(ledger: Ledger, now: datetime, also: int = 0) -> str:
    """The reference of the next order; `also` counts those already given at this instant.

    The lease keeps two journals on one account apart, the number grows with every order that was ever proposed.
    """
    return f"{ledger.lease}-{trading_day(now):%y%m%d}-{len(ledger.orders) + also + 1:04d}"
