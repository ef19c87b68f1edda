"""The breakers: losses at which openings stop and stay stopped, looked at in every beat, whether or not anything would be opened.

    stop_for_day  a strategy's own result of the day; stops its openings until the next session
    breaker_day   the account's result of the day; stops all openings until the next session
    breaker_week  the fall since the week began; stops all openings until a person lifts it
    breaker_peak  the fall from the highest value; the same

A breaker trips when its value has been at or beyond its bound on three looks over some seconds, each on something that was told
anew, and nothing that was told just before the first look still stands: one bad print stops no day. What is unknown neither
trips nor forgets. Once tripped it is a fact: it stands whatever the value does next, also after a restart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.decide.asking import ask_silent
from engine.decide.quotes import Rows, closing_marks
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import CONFIRMED_BY, CONFIRMED_OVER, FORGOTTEN_AFTER, STANDS_FOR, TRIGGERED_WITHIN
from engine.domain.decision import AskQuotes, CountBreaker, Decision, Trip
from engine.domain.facts.halts import BreakerLifted, BreakerTripped, Lifts
from engine.domain.gate import Verdict
from engine.domain.session import NEW_YORK, trading_day
from engine.domain.snapshot import BreakerHits, Snapshot
from engine.pricing.mark import Mark

STOP, DAY, WEEK, PEAK = "stop_for_day", "breaker_day", "breaker_week", "breaker_peak"
"""The names under which they trip and are lifted."""
ACCOUNT = "account.yaml"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one breaker looks at now. Amounts are USD, a loss is negative; None is unknown."""

    name: str
    strategy: str
    """Whose it is; empty for the account's."""
    lifts: Lifts
    whole: Decimal | None
    """A day's result, or the net liquidation: what a lift measures from."""
    value: Decimal | None
    """The result or the fall that is held against the bound."""
    bound: Decimal | None
    reported_at: tuple[datetime, ...] = ()
    """When each part that the value was made from was told."""

    @property
    def key(self) -> tuple[str, str]:
        return self.strategy, self.name

    @property
    def source(self) -> str:
        return self.strategy or ACCOUNT


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a strategy's day, USD, and when the quotes that it was made from were told."""

    value: Decimal
    reported_at: tuple[datetime, ...]


def breakers(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> list[Decision]:
    """Breakers that trip now, and the counting of those that are not believed yet."""
    return [decision for one in measured(snapshot, rulebook, rows) for decision in _looked_at(one, snapshot)]


def quotes_wanted(decisions: Sequence[Decision], snapshot: Snapshot, rows: Rows) -> list[Decision]:
    """The question for the quotes of what a doubted daily stop is made from, but for what is asked for in this beat already."""
    doubted = {one.strategy for one in decisions if isinstance(one, CountBreaker) and one.hits.count and one.strategy}
    already = {contract for one in decisions if isinstance(one, AskQuotes) for contract in one.contracts}
    ours = (position for position in snapshot.ledger.open_positions() if position.strategy in doubted)
    legs = {leg.contract: leg for position in ours for leg in position.legs if leg.contract not in already}
    return list(ask_silent(legs.values(), snapshot, rows))


def is_doubted(hits: BreakerHits, now: datetime) -> bool:
    """Whether a breaker was beyond its bound a moment ago and waits to be believed."""
    return hits.count > 0 and now - hits.last_at <= FORGOTTEN_AFTER


def measured(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Measured]:
    """Every breaker with its value now: the account's, those of the strategies in force, and what tripped for others."""
    yield from of_account(snapshot, rulebook)
    names = {strategy.name for strategy in rulebook.strategies if strategy.limits.stop_for_day is not None}
    tripped = {fact.strategy for _, fact in snapshot.ledger.breakers.trips(trading_day(snapshot.at)) if fact.name == STOP}
    for name in sorted(names | tripped):
        yield of_strategy(name, snapshot, rulebook, rows)


def of_strategy(name: str, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Measured:
    """The daily stop of one strategy; without a bound where its file is gone or names none."""
    limits = next((strategy.limits for strategy in rulebook.strategies if strategy.name == name), None)
    bound = limits.stop_for_day.usd if limits is not None and limits.stop_for_day is not None else None
    result = strategy_result(name, snapshot, rows)
    if result is None:
        return Measured(STOP, name, "next session", None, None, bound)
    value = _since_lift(name, STOP, result.value, snapshot)
    return Measured(STOP, name, "next session", result.value, value, bound, result.reported_at)


def of_account(snapshot: Snapshot, rulebook: Rulebook) -> Iterator[Measured]:
    """The account's breakers: of the day, of the week, from the peak."""
    limits, account, ledger = rulebook.account.breakers, snapshot.account, snapshot.ledger
    worth = account.net_liquidation
    reported_at = () if account.reported_at is None else (account.reported_at,)
    result = day_result(snapshot)
    since = None if result is None else _since_lift("", DAY, result, snapshot)
    bound = None if worth is None else limits.stop_for_day * worth
    pnl_at = account.day_pnl_at if account.day_pnl is not None else None
    yield Measured(DAY, "", "next session", result, since, bound, reported_at if pnl_at is None else (pnl_at,))
    week = ledger.worth.week_start
    began = week[1] if week is not None and week[0] == f"{trading_day(snapshot.at):%G-W%V}" else None
    for name, share, base in ((WEEK, limits.week, began), (PEAK, limits.peak, ledger.worth.peak)):
        fall = None if worth is None or base is None else worth - base
        yield Measured(name, "", "person", worth, fall, None if worth is None else share * worth, reported_at)


def lifted(
    name: str, strategy: str, by: str, reason: str, snapshot: Snapshot, rulebook: Rulebook, rows: Rows
) -> BreakerLifted | str:
    """A person lifts one breaker that stands, by its name; or why there is nothing to lift."""
    if _trip((strategy, name), snapshot) is None:
        standing = [fact for _, fact in snapshot.ledger.breakers.trips(trading_day(snapshot.at))]
        told = "; ".join(f"{called(fact.name, fact.strategy)}: spreads lift {lift_words(fact)}" for fact in standing)
        return f"{called(name, strategy)} has not tripped; " + (f"what has: {told}" if told else "nothing has")
    whole = next((one.whole for one in measured(snapshot, rulebook, rows) if one.key == (strategy, name)), None)
    return BreakerLifted(name, strategy, by, reason, whole)


def called(name: str, strategy: str) -> str:
    """A breaker for people: stop_for_day of puts."""
    return f"{name} of {strategy or 'the account'}"


def lift_words(trip: BreakerTripped) -> str:
    """What `spreads lift` is told for it, the reason apart."""
    return f"{trip.name} --strategy {trip.strategy}" if trip.strategy else trip.name


def strategy_result(strategy: str, snapshot: Snapshot, rows: Rows) -> Result | None:
    """Realised today plus unrealised of a strategy's positions, fees reported so far taken off; None without quotes that stand.

    Results are counted since the opening, because yesterday's marks are not kept: of an older position a loss counts in full
    and a gain not at all, so that an old gain never hides what is lost today.
    """
    today, total, reported_at = trading_day(snapshot.at), Decimal(0), list[datetime]()
    ours = (position for position in snapshot.ledger.open_positions() if position.strategy == strategy)
    for position in (*ours, *snapshot.ledger.closed_on(strategy, today)):
        opened_today = trading_day(position.opened_at) == today
        result = position.realised - position.fees
        if position.is_open:
            marks = closing_marks(position, rows)
            if marks is None or snapshot.data != "live" or not all(_stands(mark) for mark in marks):
                return None
            result += position.unrealised(*(mark.mid for mark in marks))
            reported_at += (snapshot.at - timedelta(seconds=age_s) for mark in marks for age_s in mark.ages_s)
        total += result if opened_today else min(Decimal(0), result)
    return Result(total, tuple(reported_at))


def _stands(mark: Mark) -> bool:
    return mark.obstacle is None and mark.age_s <= STANDS_FOR.total_seconds()


def day_result(snapshot: Snapshot) -> Decimal | None:
    """Result of the account's day in USD: the broker's number, else the change of net liquidation since the day began."""
    account, start = snapshot.account, snapshot.ledger.worth.day_start
    if account.day_pnl is not None:
        return account.day_pnl
    if account.net_liquidation is None or start is None or start[0] != trading_day(snapshot.at).isoformat():
        return None
    return account.net_liquidation - start[1]


def breaker_verdict(one: Measured, snapshot: Snapshot) -> Verdict:
    """What a breaker says to an opening: a trip that stands, else the value as it is now."""
    tripped = trip_verdict(one.name, one.strategy, snapshot)
    if tripped is not None:
        return tripped
    if one.value is None or one.bound is None:
        return Verdict(one.name, "unknown", "unknown", "a known result", one.source)
    answer = "pass" if one.value > one.bound else "fail"
    return Verdict(one.name, answer, dollars(one.value), f"the floor of {dollars(one.bound)}", one.source)


def trip_verdict(name: str, strategy: str, snapshot: Snapshot) -> Verdict | None:
    """The verdict of a breaker that has tripped and stands; None while it does not."""
    trip = _trip((strategy, name), snapshot)
    if trip is None:
        return None
    at, fact = trip
    until = "until a person lifts it" if fact.lifts == "person" else "until the next session, or a person lifts it"
    found = f"tripped {at.astimezone(NEW_YORK):%a %H:%M} New York at {dollars(fact.value)}"
    return Verdict(name, "fail", found, f"{dollars(fact.bound)} {until}", strategy or ACCOUNT)


def dollars(amount: Decimal) -> str:
    """Whole dollars as the trader writes them: -$1,500; what nothing bounds is without a bound."""
    if not amount.is_finite():
        return "without a bound"
    whole = f"{abs(amount):,.0f}"
    return f"-${whole}" if amount < 0 and whole != "0" else f"${whole}"


def _looked_at(one: Measured, snapshot: Snapshot) -> Iterator[Decision]:
    """What one look at a breaker makes of it."""
    hits = snapshot.breaker_hits.get(one.key)
    if one.value is None or one.bound is None or (one.lifts == "next session" and not snapshot.is_open):
        return
    if one.value > one.bound or _trip(one.key, snapshot) is not None:
        if hits is not None and hits.count:
            yield CountBreaker(one.strategy, one.name, BreakerHits(snapshot.at, snapshot.at, snapshot.at, 0))
        return
    counted = _counted(one, hits, snapshot)
    if _is_believed(one, counted, snapshot):
        assert one.value is not None, "a value that is not known was left alone above"
        day = trading_day(snapshot.at)
        yield Trip(BreakerTripped(one.name, one.strategy, one.value, one.bound, one.lifts, day))
        return
    yield CountBreaker(one.strategy, one.name, counted)


def _counted(one: Measured, hits: BreakerHits | None, snapshot: Snapshot) -> BreakerHits:
    """The count with this look: one more where something was told since the last that counted."""
    newest = max(one.reported_at, default=snapshot.at)
    if hits is None or not is_doubted(hits, snapshot.at):
        return BreakerHits(snapshot.at, snapshot.at, newest, 1)
    return BreakerHits(hits.first_at, snapshot.at, max(newest, hits.reported_at), hits.count + (newest > hits.reported_at))


def _is_believed(one: Measured, hits: BreakerHits, snapshot: Snapshot) -> bool:
    if hits.count < CONFIRMED_BY or snapshot.at - hits.first_at < CONFIRMED_OVER:
        return False
    # What was told just before the first look may be what made it, and a bad print: it must have been told again since.
    return not any(hits.first_at - TRIGGERED_WITHIN <= at <= hits.first_at for at in one.reported_at)


def _trip(key: tuple[str, str], snapshot: Snapshot) -> tuple[datetime, BreakerTripped] | None:
    trips = snapshot.ledger.breakers.trips(trading_day(snapshot.at))
    return next((trip for trip in trips if (trip[1].strategy, trip[1].name) == key), None)


def _since_lift(strategy: str, name: str, result: Decimal, snapshot: Snapshot) -> Decimal:
    return result - snapshot.ledger.breakers.lifted_at(strategy, name, trading_day(snapshot.at))
