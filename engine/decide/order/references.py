"""Order references: unique for ever within a journal, the same for the same facts, and readable."""

import re
from datetime import date, datetime

from engine.domain.ledger import Ledger
from engine.domain.session import trading_day

_REF = re.compile(r"sp[0-9a-f]{5}-([0-9]{2})([0-9]{2})([0-9]{2})-[0-9]{4,}")


def next_ref(ledger: Ledger, now: datetime, also: int = 0) -> str:
    """The reference of the next order; `also` counts those already given at this instant.

    The journal id keeps two journals on one account apart, the number grows with every order that was ever proposed.
    """
    return f"{ledger.journal_id}-{trading_day(now):%y%m%d}-{len(ledger.orders) + also + 1:04d}"


def day_of(ref: str) -> date | None:
    """The trading day of a reference that this program gave, in this journal or another; None where it is nobody's of ours."""
    found = _REF.fullmatch(ref)
    if found is None:
        return None
    try:
        return date(2000 + int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
