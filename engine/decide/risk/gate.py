"""The gates: every limit held against one opening, every answer kept.

    engine    halted, books agreed, live data, what the strategy may trade with
    market    hours, quotes, halted underlyings
    strategy  what the strategy's own file allows
    risk      sums of maximum losses
    counts    contracts, orders, messages, opposite legs
    account   greeks, stress, margin, breakers

Each gate answers pass, fail or unknown with value, bound and source. Unknown is never a pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.decide.entry.size import usd
from engine.decide.exit.own_exits import own_exits
from engine.decide.quotes import Rows
from engine.decide.risk.account_age import account_verdict
from engine.decide.risk.breakers import ACCOUNT, STOP, breaker_verdict, dollars, of_account, of_strategy, trip_verdict
from engine.decide.risk.exposure import Exposure, Holding, directions, exposure
from engine.decide.risk.greeks import lines, loss_of_move, loss_of_volatility, worst_move
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Answer, Verdict, first_obstacle
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Spread
from engine.pricing.mark import Mark
from engine.strategy.model import Strategy
from engine.strategy.values.meaning import Amount, Window

QUOTE_AGE_MAX_S = 15.0
MESSAGES_FREE = 30
"""Fewer order messages than these in a day are nobody's concern, whatever they fill."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening to be held against the limits."""

    strategy: Strategy
    spread: Spread
    contracts: int
    max_loss: Decimal
    """USD for all contracts, fees included."""
    quote: Mark
    order_ref: str | None = None
    """The order itself where it exists already: it must not count against itself."""
    needed: Decimal | None = None
    """USD that the broker's what-if takes of the funds; None before it was asked and where it did not say."""


def gate(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> tuple[Verdict, ...]:
    """The answers of all gates, in the order in which a trader would look at them."""
    return tuple(gates(opening, snapshot, rulebook, rows))


def gates(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Verdict]:
    """The same one by one: whoever only wants to know what stops the opening need not ask those behind it, which cost more."""
    held = exposure(snapshot.ledger, snapshot.at, without=opening.order_ref)
    yield from _engine(opening.strategy, snapshot)
    yield from _market(opening, snapshot, rulebook)
    yield from _strategy(opening, snapshot, rulebook, held, rows)
    yield from _risk(opening, snapshot, rulebook, held)
    yield from _counts(opening, snapshot, rulebook, held)
    yield from _account(opening, snapshot, rulebook, held, rows)
    yield own_exits(opening.strategy, opening.spread, opening.contracts, opening.quote, snapshot, rulebook, rows)


def strategy_obstacle(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook, without: str | None = None) -> Verdict | None:
    """What stops every opening of a strategy whatever the candidate: asked before anything is searched.

    `without` is a position that would make room for the opening, and does not count.
    """
    stopped = first_obstacle(tuple(_engine(strategy, snapshot)))
    if stopped is not None:
        return stopped
    return next(
        (verdict for verdict in _of_any_candidate(strategy, snapshot, rulebook, without) if verdict.answer != "pass"), None
    )


def _of_any_candidate(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook, without: str | None) -> Iterator[Verdict]:
    yield _hours(strategy, snapshot, rulebook)
    tripped = trip_verdict(STOP, strategy.name, snapshot)
    if tripped is not None:
        yield tripped
    held = exposure(snapshot.ledger, snapshot.at, without=without)
    yield _at_most("open", held.count(_of_strategy(strategy)) + 1, strategy.limits.open, strategy.name)
    yield _at_most("per_day", _today(held, strategy) + 1, strategy.limits.per_day, strategy.name)
    yield _at_most("entries_per_day", len(held.opened_today) + 1, rulebook.account.counts.entries_per_day, ACCOUNT)
    yield from _breakers(snapshot, rulebook)


def _engine(strategy: Strategy, snapshot: Snapshot) -> Iterator[Verdict]:
    """What stops everything, or everything of one strategy."""
    halt = snapshot.ledger.halt
    yield Verdict("halt", "fail" if halt else "pass", f"halted by {halt.by}" if halt else "not halted", "not halted", "engine")
    agreed = snapshot.is_connected and snapshot.is_reconciled
    books = "our books agree" if agreed else "our books are not agreed with the broker's"
    yield Verdict("reconciled", "pass" if agreed else "unknown", books, "agreed", "broker")
    data = snapshot.data
    quality: Answer = "pass" if data == "live" else "unknown" if data == "unknown" else "fail"
    yield Verdict("market_data", quality, data, "live", "broker")
    if snapshot.ledger.mode == "live" and strategy.mode != "live":
        yield Verdict("mode", "fail", strategy.mode, "mode: live for real money", strategy.name)


def _market(opening: Opening, snapshot: Snapshot, rulebook: Rulebook) -> Iterator[Verdict]:
    yield _hours(opening.strategy, snapshot, rulebook)
    quote = opening.quote
    if quote.obstacle is not None:
        yield Verdict("quotes", "fail", quote.obstacle, "two-sided, not crossed or locked", "engine", quote.age_s)
    else:
        answer: Answer = "pass" if quote.age_s <= QUOTE_AGE_MAX_S else "fail"
        yield Verdict("quotes", answer, f"{quote.age_s:.1f} s old", f"{QUOTE_AGE_MAX_S:.0f} s", "engine", quote.age_s)
    market = snapshot.market.get(opening.spread.underlying)
    if market is not None and market.is_halted:
        yield Verdict("trading_halt", "fail", f"{opening.spread.underlying} is halted", "trading", "exchange")


def _hours(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook) -> Verdict:
    session = snapshot.session
    if session is None or not session.contains(snapshot.at):
        return Verdict("hours", "fail", "the market is closed", "in session", "exchange calendar")
    account = rulebook.account.session
    for window, source in (
        (strategy.entry.window, strategy.name),
        (account.half_day if session.is_half_day else account.open, ACCOUNT),
    ):
        clock, inside = _in_window(window, snapshot)
        if not inside:
            return Verdict("hours", "fail", clock, f"{window.start:%H:%M}-{window.end:%H:%M} {window.zone}", source)
    return Verdict("hours", "pass", _in_window(strategy.entry.window, snapshot)[0], "window", strategy.name)


def _in_window(window: Window, snapshot: Snapshot) -> tuple[str, bool]:
    local = snapshot.at.astimezone(ZoneInfo(window.zone)).time()
    return f"{local:%H:%M}", window.start <= local < window.end


def _strategy(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, held: Exposure, rows: Rows) -> Iterator[Verdict]:
    strategy, limits = opening.strategy, opening.strategy.limits
    ours = _of_strategy(strategy)
    yield _at_most("open", held.count(ours) + 1, limits.open, strategy.name)
    yield _at_most("per_day", _today(held, strategy) + 1, limits.per_day, strategy.name)
    same_expiry = held.count(lambda h: ours(h) and h.spread.expiry == opening.spread.expiry)
    yield _at_most("per_expiry", same_expiry + 1, limits.per_expiry, strategy.name)
    if limits.open_risk is not None:
        yield _risk_verdict("open_risk", held.risk(ours) + opening.max_loss, limits.open_risk, snapshot, strategy.name)
    tripped = trip_verdict(STOP, strategy.name, snapshot)
    if tripped is not None:
        yield tripped
    elif limits.stop_for_day is not None:
        yield breaker_verdict(of_strategy(strategy.name, snapshot, rulebook, rows), snapshot)


def _risk(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, held: Exposure) -> Iterator[Verdict]:
    limits, spread, loss = rulebook.account.risk, opening.spread, opening.max_loss
    width = spread.width * spread.multiplier * opening.contracts
    groups = rulebook.account.groups_of(spread.underlying)
    members = {member for group in groups for member in rulebook.account.groups[group]}
    today = sum((h.max_loss for h in held.opened_today), Decimal(0))
    sums: tuple[tuple[str, Decimal, Amount], ...] = (
        ("per_trade", loss, limits.per_trade),
        ("hard_cap", loss, limits.hard_cap),
        ("width", width, limits.width),
        ("per_underlying", held.risk(lambda h: h.spread.underlying == spread.underlying) + loss, limits.per_underlying),
        ("per_expiry_risk", held.risk(lambda h: h.spread.expiry == spread.expiry) + loss, limits.per_expiry),
        ("per_strategy", held.risk(_of_strategy(opening.strategy)) + loss, limits.per_strategy),
        ("total", held.risk() + loss, limits.total),
        ("new_per_day", today + loss, limits.new_per_day),
    )
    for name, value, bound in sums:
        yield _risk_verdict(name, value, bound, snapshot, ACCOUNT)
    if members:
        together = held.risk(lambda h: h.spread.underlying in members) + loss
        yield _risk_verdict("per_group", together, limits.per_group, snapshot, ACCOUNT)


def _counts(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, held: Exposure) -> Iterator[Verdict]:
    limits, ledger = rulebook.account.counts, snapshot.ledger
    yield _at_most("contracts_per_order", opening.contracts, limits.contracts_per_order, ACCOUNT)
    yield _at_most("contracts_per_trade", opening.contracts, limits.contracts_per_trade, ACCOUNT)
    yield _at_most("entries_per_day", len(held.opened_today) + 1, limits.entries_per_day, ACCOUNT)
    at_broker = [order for order in ledger.working() if order.is_at_broker and order.ref != opening.order_ref]
    yield _at_most("working_orders", len(at_broker) + 1, limits.working_orders, ACCOUNT)
    same = held.count(lambda h: h.spread.key == opening.spread.key)
    yield _at_most("orders_per_structure", same + 1, limits.orders_per_structure, ACCOUNT)
    signs = directions(ledger, without=opening.order_ref)
    against = [str(leg.contract) for leg in opening.spread.legs if signs.get(leg.contract.con_id, {leg.sign}) != {leg.sign}]
    answer: Answer = "fail" if against else "pass"
    yield Verdict("opposite_legs", answer, ", ".join(against) or "none", "no contract traded both ways", "broker rule")
    minute = sum(1 for at in ledger.messages if snapshot.waited(at) < timedelta(minutes=1))
    yield _at_most("messages_per_minute", minute + 1, limits.messages_per_minute, ACCOUNT)
    messages, executions = _traffic(snapshot)
    share = messages // (executions + 1) if messages > MESSAGES_FREE else 0
    yield _at_most("messages_per_fill", share, limits.messages_per_fill, ACCOUNT)


def _traffic(snapshot: Snapshot) -> tuple[int, int]:
    """Order messages and leg executions of today's openings: the broker judges the one by the other.

    Closes are left out. They back off by themselves, and one that nobody fills must not stop what could be opened.
    Source: IBKR order efficiency ratio, (submits + revisions + cancels) / (executions + 1).
    """
    today, messages, executions = trading_day(snapshot.at), 0, 0
    for order in snapshot.ledger.sent_on(today):
        if order.purpose == "open":
            messages += 1 + order.reprices + (order.cancel_requested_at is not None)
            executions += len(order.fills)
    return messages, executions


def _account(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, held: Exposure, rows: Rows) -> Iterator[Verdict]:
    yield from _margin(opening, snapshot, rulebook)
    yield from _breakers(snapshot, rulebook)
    worth = snapshot.account.net_liquidation
    new = Holding(opening.strategy.name, opening.spread, opening.contracts, opening.max_loss, snapshot.at, is_working=True)
    legs = lines((*held.holdings, new), rows)
    greeks, stress = rulebook.account.greeks, rulebook.account.stress
    rate = float(rulebook.account.pricing.rate)
    if legs is None or worth is None:
        for name in ("delta", "vega", "gamma", "stress"):
            yield Verdict(name, "unknown", "unknown", "a volatility of every leg", ACCOUNT)
        return
    near = [leg for leg in legs if leg.dte <= greeks.gamma_days]
    spots = [float(move) for move in stress.spot]
    volatilities = [float(change) for change in stress.volatility]
    for name, value, share in (
        ("delta", loss_of_move(legs, 0.01, rate), greeks.delta),
        ("vega", loss_of_volatility(legs, 0.10, rate), greeks.vega),
        ("gamma", loss_of_move(near, 0.03, rate), greeks.gamma),
        ("stress", -worst_move(legs, spots, volatilities, rate), stress.worst_loss),
    ):
        yield _at_most_usd(name, Decimal(repr(round(value, 2))), share * worth, ACCOUNT)


def _margin(opening: Opening, snapshot: Snapshot, rulebook: Rulebook) -> Iterator[Verdict]:
    yield account_verdict(snapshot)
    account, limits = snapshot.account, rulebook.account.margin
    worth, free, excess = account.net_liquidation, account.available_funds, account.excess_liquidity
    age = (snapshot.at - account.reported_at).total_seconds() if account.reported_at else None
    # Size is decided by what can be lost; the broker may hold more than that, and less of it is never believed.
    taken = opening.max_loss if opening.needed is None else max(opening.max_loss, opening.needed)
    if worth is None or free is None:
        yield Verdict("buying_power_used", "unknown", "unknown", f"{limits.buying_power_used:.0%}", ACCOUNT, age)
    else:
        yield _at_most_usd("buying_power_used", worth - free + taken, limits.buying_power_used * worth, ACCOUNT, age)
        ahead = account.look_ahead_available_funds
        yield _at_most_usd("available_funds", taken, free if ahead is None else min(free, ahead), "broker", age)
    cushion = None if excess is None or not worth else (excess - taken) / worth
    answer: Answer = "unknown" if cushion is None else "pass" if cushion >= limits.cushion_to_open else "fail"
    value = "unknown" if cushion is None else f"{cushion:.0%}"
    yield Verdict("cushion_to_open", answer, value, f"at least {limits.cushion_to_open:.0%}", ACCOUNT, age)


def _breakers(snapshot: Snapshot, rulebook: Rulebook) -> Iterator[Verdict]:
    limits, ledger = rulebook.account.breakers, snapshot.ledger
    yield from (breaker_verdict(one, snapshot) for one in of_account(snapshot, rulebook))
    yield _at_most("failures_in_a_row", ledger.failures_in_a_row, limits.rejects_in_a_row - 1, ACCOUNT)
    unknown = sum(1 for order in ledger.working() if order.state == "unknown")
    yield _at_most("unknown_orders", unknown, limits.unknown_orders - 1, ACCOUNT)


def _of_strategy(strategy: Strategy) -> Callable[[Holding], bool]:
    return lambda holding: holding.strategy == strategy.name


def _today(held: Exposure, strategy: Strategy) -> int:
    return sum(1 for holding in held.opened_today if holding.strategy == strategy.name)


def _risk_verdict(name: str, value: Decimal, bound: Amount, snapshot: Snapshot, source: str) -> Verdict:
    return _at_most_usd(name, value, usd(bound, snapshot.account), source)


def _at_most(name: str, value: int, bound: int, source: str) -> Verdict:
    return Verdict(name, "pass" if value <= bound else "fail", str(value), f"at most {bound}", source)


def _at_most_usd(name: str, value: Decimal, bound: Decimal | None, source: str, age_s: float | None = None) -> Verdict:
    if bound is None:
        return Verdict(name, "unknown", dollars(value), "account value unknown", source, age_s)
    return Verdict(name, "pass" if value <= bound else "fail", dollars(value), f"at most {dollars(bound)}", source, age_s)
