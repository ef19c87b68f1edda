"""The daily restart of TWS, from its announcement to its end: each step is a fact, so that a night can be read afterwards.

near   five minutes before: nothing is opened any more, and half a minute before it no order message leaves
over   the link was made anew, the books agree, and the quotes stream again; or its time has passed
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.domain.facts.running import RestartTold
from engine.domain.ledger import Ledger
from engine.domain.maintenance import EARLY, QUIET_BEFORE, Restart, Window, restart_near
from engine.domain.session import NEW_YORK
from engine.ports import Broker

TOLD_WITHIN = timedelta(minutes=1)
"""Lines that were told nothing for so long after a restart have nothing to tell, as one that nobody trades at night."""


def near(now: datetime, restart: Restart, ledger: Ledger) -> Window | None:
    """The restart that is near or under way by what was told of it; None while none is."""
    told = ledger.tws.restart
    return restart_near(now, restart, told[0] if told is not None and told[1].phase == "over" else None)


def restart_facts(now: datetime, restart: Restart, ledger: Ledger, broker: Broker) -> Iterator[RestartTold]:
    """What is to be told of it now; nothing twice."""
    window, told = near(now, restart, ledger), ledger.tws.restart
    is_told = told is not None and told[1].phase == "near"
    if window is None:
        if is_told:
            yield RestartTold(
                "over", "its time has passed" if broker.is_connected else "its time has passed, and TWS is not back"
            )
        return
    if told is None or told[0] < window.start - QUIET_BEFORE:
        at = f"{window.start.astimezone(NEW_YORK):%H:%M} New York"
        yield RestartTold("near", f"TWS restarts at {at}: nothing is opened before it is back, and nothing sent around it")
    elif is_told and (text := _back(now, window, ledger, broker)):
        yield RestartTold("over", text)


def _back(now: datetime, window: Window, ledger: Ledger, broker: Broker) -> str:
    """How all is as it was before; empty while something is missing."""
    link, since = ledger.connection, ledger.connection_at
    is_anew = link is not None and link.passes_orders and since is not None and since >= window.start - EARLY
    if not is_anew or since is None or ledger.reconciled is None or ledger.reconciled.differences:
        return ""
    quoted, lines = broker.quotes_told
    if quoted < lines and now - since < TOLD_WITHIN:
        return ""
    back = f"the link is back since {since.astimezone(NEW_YORK):%H:%M:%S}"
    return f"{back}, the books agree, {quoted} of {lines} lines are quoted again"
