"""The answers of the gates, by family. Unknown is never a pass."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.decide.entry.size import usd
from engine.decide.exit.own_exits import own_exits
from engine.decide.risk import times
from engine.decide.risk.account_age import account_verdict
from engine.decide.risk.asked import Asked, at_most, at_most_amount, at_most_usd
from engine.decide.risk.breakers import ACCOUNT, STOP, breaker_verdict, of_account, of_strategy, trip_verdict
from engine.decide.risk.exposure import directions
from engine.decide.risk.greeks import lines
from engine.decide.risk.held import moves
from engine.domain.clocks import CLOCK_SKEW_MAX_S, skew_words
from engine.domain.cover import signed, uncovered
from engine.domain.gate import Answer, Verdict
from engine.domain.session import NEW_YORK, trading_day
from engine.domain.snapshot import Snapshot
from engine.strategy.spelled import spelled
from engine.strategy.universe import shares_of
from engine.strategy.values.meaning import Amount, Window

QUOTE_AGE_MAX_S = 15.0
ZERO = Decimal(0)
MESSAGES_FREE = 30
"""Fewer order messages than these in a day are nobody's concern, whatever they fill."""

# The engine.


def halt(asked: Asked) -> Iterator[Verdict]:
    stop = asked.snapshot.ledger.halt
    yield Verdict("halt", "fail" if stop else "pass", f"halted by {stop.by}" if stop else "not halted", "not halted", "engine")


def reconciled(asked: Asked) -> Iterator[Verdict]:
    agreed = asked.snapshot.is_connected and asked.snapshot.is_reconciled
    books = "our books agree" if agreed else "our books are not agreed with the broker's"
    yield Verdict("reconciled", "pass" if agreed else "unknown", books, "agreed", "broker")


def restart(asked: Asked) -> Iterator[Verdict]:
    near = asked.snapshot.restart
    if near is not None:
        yield Verdict("restart", "fail", f"{near.what} at {near.start.astimezone(NEW_YORK):%H:%M}", "not near", "tws_restart")


def clock(asked: Asked) -> Iterator[Verdict]:
    ahead_s, bound = asked.snapshot.clock_skew_s, f"within {CLOCK_SKEW_MAX_S:g} s"
    if ahead_s is None:
        yield Verdict("clock", "unknown", "TWS has not told the time yet", bound, "engine")
        return
    answer: Answer = "pass" if abs(ahead_s) <= CLOCK_SKEW_MAX_S else "fail"
    yield Verdict("clock", answer, skew_words(ahead_s), bound, "engine")


def market_data(asked: Asked) -> Iterator[Verdict]:
    data = asked.snapshot.data
    quality: Answer = "pass" if data == "live" else "unknown" if data == "unknown" else "fail"
    yield Verdict("market_data", quality, data, "live", "broker")


def mode(asked: Asked) -> Iterator[Verdict]:
    strategy = asked.strategy
    if asked.snapshot.ledger.mode == "live" and strategy.mode != "live" and not asked.snapshot.is_noting:
        yield Verdict("mode", "fail", strategy.mode, "mode: live for real money", strategy.name)


def paused(asked: Asked) -> Iterator[Verdict]:
    _, pause = asked.snapshot.ledger.pauses.get(asked.strategy.name, (None, None))
    found = "not paused" if pause is None else f"paused by {pause.by}{f': {pause.reason}' if pause.reason else ''}"
    yield Verdict("paused", "pass" if pause is None else "fail", found, "not paused", "engine")


def looked_at(asked: Asked) -> Iterator[Verdict]:
    """Of what trades without asking: whether anybody has looked of late."""
    ledger, days = asked.snapshot.ledger, asked.rulebook.account.unattended.pause_after_days
    bound, looked = f"a look within {days} days", ledger.looks.at
    if not asked.strategy.is_unattended or ledger.mode == "sim":
        yield Verdict("looked_at", "pass", "a person is asked" if ledger.mode != "sim" else "a simulation", bound, ACCOUNT)
    elif looked is None:
        yield Verdict("looked_at", "unknown", "no look is known", bound, ACCOUNT)
    else:
        is_late = asked.snapshot.at >= looked + timedelta(days=days)
        told = f"looked at on {looked.astimezone(NEW_YORK):%d %B %H:%M}"
        yield Verdict("looked_at", "fail" if is_late else "pass", told, bound, ACCOUNT)


# The market.


def hours(asked: Asked) -> Iterator[Verdict]:
    strategy, snapshot = asked.strategy, asked.snapshot
    session = snapshot.session
    if session is None or not session.contains(snapshot.at):
        yield Verdict("hours", "fail", "the market is closed", "in session", "exchange calendar")
        return
    account, at = asked.rulebook.account.session, strategy.entry.at
    if at is not None and not times.is_time(asked):
        clock = snapshot.at.astimezone(ZoneInfo(at.zone))
        yield Verdict("hours", "fail", f"{clock:%H:%M}", spelled(at), strategy.name)
        return
    own = () if at is not None else ((strategy.entry.window, strategy.name),)
    for window, source in (*own, (account.half_day if session.is_half_day else account.open, ACCOUNT)):
        clock, inside = _in_window(window, snapshot)
        if not inside:
            yield Verdict("hours", "fail", clock, f"{window.start:%H:%M}-{window.end:%H:%M} {window.zone}", source)
            return
    clock = snapshot.at.astimezone(ZoneInfo(at.zone if at is not None else strategy.entry.window.zone))
    yield Verdict("hours", "pass", f"{clock:%H:%M}", "window" if at is None else "its times", strategy.name)


def _in_window(window: Window, snapshot: Snapshot) -> tuple[str, bool]:
    local = snapshot.at.astimezone(ZoneInfo(window.zone)).time()
    return f"{local:%H:%M}", window.start <= local < window.end


def quotes(asked: Asked) -> Iterator[Verdict]:
    quote = asked.opening.quote
    if quote.obstacle is not None:
        yield Verdict("quotes", "fail", quote.obstacle, "two-sided, not crossed or locked", "engine", quote.age_s)
    else:
        answer: Answer = "pass" if quote.age_s <= QUOTE_AGE_MAX_S else "fail"
        yield Verdict("quotes", answer, f"{quote.age_s:.1f} s old", f"{QUOTE_AGE_MAX_S:.0f} s", "engine", quote.age_s)


def trading_halt(asked: Asked) -> Iterator[Verdict]:
    underlying = asked.opening.spread.underlying
    market = asked.snapshot.market.get(underlying)
    if market is not None and market.is_halted:
        yield Verdict("trading_halt", "fail", f"{underlying} is halted", "trading", "exchange")


# The strategy's own limits.


def open_positions(asked: Asked) -> Iterator[Verdict]:
    limits, name = asked.strategy.limits, asked.strategy.name
    yield at_most("open", asked.held.count(asked.is_ours) + 1, limits.open, name)
    if limits.open_among is not None:
        # Also of versions that opened something and are gone: what they hold is held all the same.
        known = (*asked.rulebook.strategies, *asked.rulebook.versions.values())
        names = {one.name for one in known if one.limits.open_among == limits.open_among}
        held = asked.held.count(lambda holding: holding.strategy in names)
        yield at_most("open_among", held + 1, limits.open, f"{limits.open_among} of {name}")


def per_day(asked: Asked) -> Iterator[Verdict]:
    today = sum(1 for holding in asked.held.opened_today if asked.is_ours(holding))
    bound = asked.strategy.limits.per_day + times.more_after_stops(asked)
    yield at_most("per_day", today + 1, bound, asked.strategy.name)


def per_expiry(asked: Asked) -> Iterator[Verdict]:
    expiry, strategy = asked.opening.made.expiry, asked.strategy
    same = asked.held.count(lambda h: asked.is_ours(h) and h.spread.expiry == expiry)
    yield at_most("per_expiry", same + 1, strategy.limits.per_expiry, strategy.name)


def open_risk(asked: Asked) -> Iterator[Verdict]:
    strategy, bound = asked.strategy, asked.strategy.limits.open_risk
    if bound is not None:
        risked = asked.held.risk(asked.is_ours) + asked.opening.max_loss
        yield at_most_amount("open_risk", risked, bound, asked.snapshot, strategy.name)


def share(asked: Asked) -> Iterator[Verdict]:
    strategy, underlying = asked.strategy, asked.opening.spread.underlying
    of, together = shares_of(strategy.universe).get(underlying), strategy.limits.open_risk
    if of is None or together is None:
        return
    bound = usd(together, asked.snapshot.account)
    risked = asked.held.risk(lambda h: asked.is_ours(h) and h.spread.underlying == underlying) + asked.opening.max_loss
    source = f"{float(of) * 100:g}% of open_risk of {strategy.name}"
    yield at_most_usd("share", risked, None if bound is None else bound * of, source)


def stop_for_day(asked: Asked) -> Iterator[Verdict]:
    """A trip that stands; else, once there is an opening, the result as it is now."""
    strategy, snapshot = asked.strategy, asked.snapshot
    tripped = trip_verdict(STOP, strategy.name, snapshot)
    if tripped is not None:
        yield tripped
    elif asked.about is not None and strategy.limits.stop_for_day is not None:
        yield breaker_verdict(of_strategy(strategy.name, snapshot, asked.rulebook, asked.rows), snapshot)


# Sums of what can be lost.


def risk_sums(asked: Asked) -> Iterator[Verdict]:
    opening, held, limits = asked.opening, asked.held, asked.rulebook.account.risk
    spread, loss = opening.made, opening.max_loss
    groups = asked.rulebook.account.groups_of(spread.underlying)
    members = {member for group in groups for member in asked.rulebook.account.groups[group]}
    today = sum((h.max_loss for h in held.opened_today), Decimal(0))
    sums: tuple[tuple[str, Decimal, Amount], ...] = (
        ("per_trade", loss, limits.per_trade),
        ("hard_cap", loss, limits.hard_cap),
        ("width", spread.width * spread.multiplier * opening.contracts, limits.width),
        ("per_underlying", held.risk(lambda h: h.spread.underlying == spread.underlying) + loss, limits.per_underlying),
        ("per_expiry_risk", held.risk(lambda h: h.spread.expiry == spread.expiry) + loss, limits.per_expiry),
        ("per_strategy", held.risk(asked.is_ours) + loss, limits.per_strategy),
        ("total", held.risk() + loss, limits.total),
        ("new_per_day", today + loss, limits.new_per_day),
    )
    for name, value, bound in sums:
        yield at_most_amount(name, value, bound, asked.snapshot, ACCOUNT)
    if members:
        together = held.risk(lambda h: h.spread.underlying in members) + loss
        yield at_most_amount("per_group", together, limits.per_group, asked.snapshot, ACCOUNT)


# Counts.


def order_size(asked: Asked) -> Iterator[Verdict]:
    limits, contracts = asked.rulebook.account.counts, asked.opening.contracts
    yield at_most("contracts_per_order", contracts, limits.contracts_per_order, ACCOUNT)
    yield at_most("contracts_per_trade", contracts, limits.contracts_per_trade, ACCOUNT)


def entries_per_day(asked: Asked) -> Iterator[Verdict]:
    limit = asked.rulebook.account.counts.entries_per_day
    yield at_most("entries_per_day", len(asked.held.opened_today) + 1, limit, ACCOUNT)


def orders_at_work(asked: Asked) -> Iterator[Verdict]:
    opening, limits = asked.opening, asked.rulebook.account.counts
    working = asked.snapshot.ledger.working()
    at_broker = sum(1 for order in working if order.is_at_broker and not order.rests and order.ref != opening.order_ref)
    yield at_most("working_orders", at_broker + len(asked.beside) + 1, limits.working_orders, ACCOUNT)
    same = asked.held.count(lambda h: h.spread.key == opening.spread.key)
    yield at_most("orders_per_structure", same + 1, limits.orders_per_structure, ACCOUNT)


def covered(asked: Asked) -> Iterator[Verdict]:
    """Of one spread: its partial fills are whole spreads. Of what joins a position by all that this holds then."""
    after = asked.opening.after
    bare = uncovered(signed(asked.opening.spread.legs, 1) if after is None else after.held)
    told = ", ".join(f"{count} × {contract}" for contract, count in bare.items())
    yield Verdict("covered", "fail" if bare else "pass", told or "every one", "a long contract beside every short one", "engine")


def opposite_legs(asked: Asked) -> Iterator[Verdict]:
    opening = asked.opening
    signs = directions(asked.snapshot.ledger, without=opening.order_ref)
    for leg in (leg for other in asked.beside for leg in other.spread.legs):
        signs.setdefault(leg.contract.con_id, set()).add(leg.sign)
    against = [str(leg.contract) for leg in opening.spread.legs if signs.get(leg.contract.con_id, {leg.sign}) != {leg.sign}]
    answer: Answer = "fail" if against else "pass"
    yield Verdict("opposite_legs", answer, ", ".join(against) or "none", "no contract traded both ways", "broker rule")


def messages(asked: Asked) -> Iterator[Verdict]:
    snapshot, limits = asked.snapshot, asked.rulebook.account.counts
    minute = sum(1 for at in snapshot.ledger.messages.of_openings if snapshot.waited(at) < timedelta(minutes=1))
    yield at_most("messages_per_minute", minute + 1, limits.messages_per_minute, ACCOUNT)
    sent, executions = _traffic(snapshot)
    share = sent // (executions + 1) if sent > MESSAGES_FREE else 0
    yield at_most("messages_per_fill", share, limits.messages_per_fill, ACCOUNT)


def _traffic(snapshot: Snapshot) -> tuple[int, int]:
    """Order messages and leg executions of today's openings: the broker judges the one by the other.

    Closes are left out. They back off by themselves, and one that nobody fills must not stop what could be opened.
    Source: IBKR order efficiency ratio, (submits + revisions + cancels) / (executions + 1).
    """
    today, sent, executions = trading_day(snapshot.at), 0, 0
    for order in snapshot.ledger.sent_on(today):
        if order.purpose == "open":
            sent += 1 + order.reprices + (order.cancel_requested_at is not None)
            executions += len(order.fills)
    return sent, executions


# The account.


def margin(asked: Asked) -> Iterator[Verdict]:
    opening, snapshot = asked.opening, asked.snapshot
    account, limits = snapshot.account, asked.rulebook.account.margin
    worth, free, excess = account.net_liquidation, account.available_funds, account.excess_liquidity
    age = (snapshot.at - account.reported_at).total_seconds() if account.reported_at else None
    # Size is decided by what can be lost; the broker may hold more than that, and less of it is never believed.
    risked = max(ZERO, opening.max_loss - opening.risked_before)
    taken = risked if opening.needed is None else max(risked, opening.needed)
    taken += sum((other.max_loss for other in asked.beside), ZERO)
    if worth is None or free is None:
        yield Verdict("buying_power_used", "unknown", "unknown", f"{limits.buying_power_used:.0%}", ACCOUNT, age)
    else:
        yield at_most_usd("buying_power_used", worth - free + taken, limits.buying_power_used * worth, ACCOUNT, age)
        ahead = account.look_ahead_available_funds
        yield at_most_usd("available_funds", taken, free if ahead is None else min(free, ahead), "broker", age)
    cushion = None if excess is None or not worth else (excess - taken) / worth
    answer: Answer = "unknown" if cushion is None else "pass" if cushion >= limits.cushion_to_open else "fail"
    value = "unknown" if cushion is None else f"{cushion:.0%}"
    yield Verdict("cushion_to_open", answer, value, f"at least {limits.cushion_to_open:.0%}", ACCOUNT, age)


def account_values(asked: Asked) -> Iterator[Verdict]:
    yield account_verdict(asked.snapshot)


def breakers(asked: Asked) -> Iterator[Verdict]:
    limits, ledger = asked.rulebook.account.breakers, asked.snapshot.ledger
    yield from (breaker_verdict(one, asked.snapshot) for one in of_account(asked.snapshot, asked.rulebook))
    yield at_most("failures_in_a_row", ledger.messages.failures_in_a_row, limits.rejects_in_a_row - 1, ACCOUNT)
    unknown = sum(1 for order in ledger.working() if order.state == "unknown")
    yield at_most("unknown_orders", unknown, limits.unknown_orders - 1, ACCOUNT)


def revalued(asked: Asked) -> Iterator[Verdict]:
    """What all positions and this one would lose together where the market moves."""
    opening, snapshot, rulebook = asked.opening, asked.snapshot, asked.rulebook
    worth = snapshot.account.net_liquidation
    legs = lines((*asked.held.holdings, opening.holding(snapshot.at)), asked.rows)
    if legs is None or worth is None:
        for name in ("delta", "vega", "gamma", "stress"):
            yield Verdict(name, "unknown", "unknown", "a volatility of every leg", ACCOUNT)
        return
    for name, _, loss, share in moves(legs, rulebook.account):
        yield at_most_usd(name, loss, share * worth, ACCOUNT)


def own_exits_hold(asked: Asked) -> Iterator[Verdict]:
    opening = asked.opening
    yield own_exits(opening, asked.snapshot, asked.rulebook, asked.rows)
