"""Gates on when a strategy opens: at its times, so far apart, again after a stop, and not after so many losses.

All of it is counted from the openings and closes in the ledger, so a restart changes nothing: a time that has its opening has it,
and a time that passed is passed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from engine.decide.entry.size import usd
from engine.decide.risk.asked import Asked
from engine.decide.risk.breakers import dollars
from engine.decide.risk.exposure import Holding
from engine.domain.gate import Answer, Verdict
from engine.domain.position import Position
from engine.domain.session import NEW_YORK, trading_day
from engine.domain.snapshot import Snapshot
from engine.strategy.account import Account
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import Times, Window

Slot = tuple[datetime, datetime]
"""From the time on, until it is passed."""


def slots(at: Times, now: datetime) -> list[Slot]:
    """The times of today with their ends, ascending: one ends where the next begins."""
    zone = ZoneInfo(at.zone)
    day = now.astimezone(zone).date()
    starts = [datetime.combine(day, clock, zone) for clock in at.times]
    ends = [start + timedelta(seconds=at.within_s) for start in starts]
    ends[:-1] = [min(end, following) for end, (_, following) in zip(ends[:-1], pairwise(starts), strict=True)]
    return list(zip(starts, ends, strict=True))


def next_entry(strategy: Strategy, account: Account, snapshot: Snapshot) -> datetime | None:
    """When the clock next lets this strategy open, today; None while it does, and where no time is left today.

    By its own window or times, the account's, and the session; every other gate may still stop it then.
    """
    session, now = snapshot.session, snapshot.at
    if session is None:
        return None
    shared, at = account.session.half_day if session.is_half_day else account.session.open, strategy.entry.at
    own = slots(at, now) if at is not None else [_today(strategy.entry.window, now)]
    begin, end = _today(shared, now)
    for start, over in own:
        opens, closes = max(start, begin, session.open), min(over, end, session.close)
        if opens < closes and now < closes:
            return opens if now < opens else None
    return None


def _today(window: Window, now: datetime) -> Slot:
    zone = ZoneInfo(window.zone)
    day = now.astimezone(zone).date()
    return datetime.combine(day, window.start, zone), datetime.combine(day, window.end, zone)


def is_over(at: Times, now: datetime) -> bool:
    """Whether the last time of today has passed."""
    return now >= slots(at, now)[-1][1]


def is_time(asked: Asked) -> bool:
    """Whether it is one of the strategy's times, or so soon after a stop that it opens again."""
    at, now = asked.strategy.entry.at, asked.snapshot.at
    assert at is not None, "asked of a strategy that opens at times"
    return _slot(at, now) is not None or _follows_a_stop(asked, at)


def at_times(asked: Asked) -> Iterator[Verdict]:
    """One opening for each time; one more where a stop calls for it."""
    at, now = asked.strategy.entry.at, asked.snapshot.at
    if at is None:
        return
    slot = _slot(at, now)
    made = slot is None or any(slot[0] <= one.since < slot[1] for one in _openings(asked))
    answer: Answer = "fail" if made and not _follows_a_stop(asked, at) else "pass"
    clock = slot[0] if slot else now.astimezone(ZoneInfo(at.zone))
    value = f"the opening of {clock:%H:%M} is made" if slot and made else f"{clock:%H:%M}"
    yield Verdict("at", answer, value, "one opening for each time", asked.strategy.name)


def again(asked: Asked) -> Iterator[Verdict]:
    """The pause after a stop. What is due at a time of its own does not wait for it."""
    rule, at, now = asked.strategy.entry.again, asked.strategy.entry.at, asked.snapshot.at
    last = max((_closed_at(one) for one in stops(asked)), default=None)
    if rule is None or last is None or (at is not None and _slot(at, now) is not None):
        return
    clear = last + timedelta(seconds=rule.not_before_s)
    answer: Answer = "pass" if now >= clear else "fail"
    yield Verdict("again", answer, f"stopped at {_told(last)}", f"not before {_told(clear)} New York", asked.strategy.name)


def apart(asked: Asked) -> Iterator[Verdict]:
    """The time since the last opening of the day."""
    bound, last = asked.strategy.limits.apart, max((one.since for one in _openings(asked)), default=None)
    if bound is None or last is None:
        return
    clear = last + timedelta(seconds=bound.seconds)
    answer: Answer = "pass" if asked.snapshot.at >= clear else "fail"
    yield Verdict("apart", answer, f"opened at {_told(last)}", f"not before {_told(clear)} New York", asked.strategy.name)


def losses_per_day(asked: Asked) -> Iterator[Verdict]:
    """Positions of today that were closed at a loss."""
    bound = asked.strategy.limits.losses_per_day
    if bound is not None:
        count = len(_losses(asked.strategy.name, asked.snapshot))
        answer: Answer = "pass" if count < bound else "fail"
        yield Verdict("losses_per_day", answer, f"{count} today", f"fewer than {bound}", asked.strategy.name)


def loss_per_week(asked: Asked) -> Iterator[Verdict]:
    """The result of the positions that were closed since Monday, as trading days count."""
    bound, today, name = asked.strategy.limits.loss_per_week, trading_day(asked.snapshot.at), asked.strategy.name
    if bound is None:
        return
    days = (today - timedelta(days=back) for back in range(today.weekday() + 1))
    closed = (one for day in days for one in asked.snapshot.ledger.closed_on(name, day))
    lost, most = -sum((one.realised - one.fees for one in closed), Decimal(0)), usd(bound, asked.snapshot.account)
    if most is None:
        yield Verdict("loss_per_week", "unknown", dollars(lost), "account value unknown", name)
        return
    answer: Answer = "pass" if lost < most else "fail"
    yield Verdict("loss_per_week", answer, f"{dollars(lost)} since Monday", f"less than {dollars(most)}", name)


def strikes_apart(asked: Asked) -> Iterator[Verdict]:
    """The distance of what is sold from what the strategy has sold of the same kind and expiry."""
    bound, spread = asked.strategy.limits.strikes_apart, asked.opening.spread
    if bound is None:
        return
    ours = [one for held in asked.held.holdings if asked.is_ours(held) for one, _ in held.combinations]
    sold = [leg.contract for one in ours for leg in one.legs if leg.sign < 0]
    distances = [
        abs(leg.contract.strike - other.strike)
        for leg in spread.legs
        for other in sold
        if leg.sign < 0
        and (leg.contract.underlying, leg.contract.expiry, leg.contract.put_call)
        == (other.underlying, other.expiry, other.put_call)
    ]
    nearest = min(distances, default=None)
    answer: Answer = "pass" if nearest is None or nearest >= bound.usd else "fail"
    value = "none is near" if nearest is None else f"${nearest:g} from one that is sold"
    yield Verdict("strikes_apart", answer, value, f"at least ${bound.usd:g}", asked.strategy.name)


def stops(asked: Asked) -> list[Position]:
    """Positions of the strategy that were closed at a loss today and not rolled, in the order of their ends."""
    rolled = {one.proposed.rolled_from for one in asked.snapshot.ledger.opened_on(trading_day(asked.snapshot.at))}
    return [one for one in _losses(asked.strategy.name, asked.snapshot) if one.id not in rolled]


def more_after_stops(asked: Asked) -> int:
    """How many openings more than `per_day` the stops of today allow."""
    rule = asked.strategy.entry.again
    return 0 if rule is None else min(rule.times, len(stops(asked)))


def _follows_a_stop(asked: Asked, at: Times) -> bool:
    """Whether the stop that has no opening after it yet was so long ago as `again` wants, and not longer than a time lasts."""
    rule = asked.strategy.entry.again
    if rule is None:
        return False
    timed = [any(start <= one.since < end for one in _openings(asked)) for start, end in slots(at, asked.snapshot.at)]
    extra = len(_openings(asked)) - sum(timed)
    waiting = stops(asked)[: rule.times][extra:]
    due = [_closed_at(one) + timedelta(seconds=rule.not_before_s) for one in waiting]
    return any(one <= asked.snapshot.at < one + timedelta(seconds=at.within_s) for one in due)


def _losses(strategy: str, snapshot: Snapshot) -> list[Position]:
    closed = snapshot.ledger.closed_on(strategy, trading_day(snapshot.at))
    return sorted((one for one in closed if one.realised - one.fees < 0), key=_closed_at)


def _closed_at(position: Position) -> datetime:
    assert position.closed_at is not None, "asked of positions that are over"
    return position.closed_at


def _openings(asked: Asked) -> list[Holding]:
    return [one for one in asked.held.opened_today if asked.is_ours(one)]


def _slot(at: Times, now: datetime) -> Slot | None:
    return next((slot for slot in slots(at, now) if slot[0] <= now < slot[1]), None)


def _told(at: datetime) -> str:
    return f"{at.astimezone(NEW_YORK):%H:%M}"
