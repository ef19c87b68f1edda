"""What the faces show, as plain data: a row each for orders, positions, approvals, and a close before it is asked for."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.decide.exit.closing import Why, close
from engine.decide.exit.cuts import Cut, net_of, portion_cuts
from engine.decide.exit.left_over import left_over
from engine.decide.order.by_hand import close_obstacle
from engine.decide.quotes import Rows, spread_quote
from engine.decide.risk.bands import BandHeld, held_bands
from engine.decide.risk.breakers import lift_words
from engine.decide.risk.held import HeldLimit, held_limits
from engine.decide.risk.recheck import recheck
from engine.decide.rulebook import Rulebook
from engine.domain.decision import Propose
from engine.domain.facts.orders import OrderProposed
from engine.domain.facts.searches import FunnelRecorded
from engine.domain.ledger import Ledger
from engine.domain.order import Order
from engine.domain.parts import ALL, Portion
from engine.domain.position import Position
from engine.domain.session import trading_day
from engine.domain.snapshot import Snapshot
from engine.domain.spread import Leg
from engine.runtime.order_rows import order_row
from engine.runtime.plain import Row, age_s, number
from engine.runtime.standing import Traffic
from engine.store.heartbeat import trace_of
from engine.strategy.changes import direction_of

CHANGES_SHOWN = timedelta(days=7)
"""How long people are told of a changed limit: over a long weekend and a day off. The journal has it for ever."""


def approval_row(order: Order, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Row:
    """An opening that waits for a person, at its price of now, with the gates that would not let it pass now."""
    asked, preview, proposed = order.asked, order.preview, order.proposed
    quote = spread_quote(order.spread, rows, "open")
    known = quote is not None and preview is not None and proposed.digest in rulebook.versions
    verdicts = recheck(order, quote, snapshot, rulebook, rows) if known and quote is not None else ()
    market = snapshot.market.get(order.spread.underlying)
    return {
        **order_row(order, rows),
        "expires_at": asked.expires_at.isoformat() if asked else None,
        "expires_in_s": max(0.0, (asked.expires_at - snapshot.at).total_seconds()) if asked else None,
        "shown_net": number(asked.shown_net) if asked else None,
        "quotes_age_s": quote.age_s if quote else None,
        "quotes_obstacle": quote.obstacle if quote else "a leg has no quote",
        "asked_because": asked.reason if asked else "",
        "fees_usd": number(order.fees),
        "fees_by": "the broker's preview" if order.fees > proposed.fees else "estimate",
        "preview": preview.outcome if preview else None,
        "preview_text": preview.text if preview else "",
        "initial_margin_change_usd": number(preview.initial_margin_change) if preview else None,
        "maintenance_margin_change_usd": number(preview.maintenance_margin_change) if preview else None,
        "preview_commission_usd": number(preview.commission) if preview else None,
        "multiplier": order.spread.multiplier,
        "underlying_now": market.price if market else None,
        "candidate": proposed.candidate,
        "gates": [str(verdict) for verdict in proposed.verdicts],
        "gates_asked_now": len(verdicts),
        "gates_not_passed_now": [str(verdict) for verdict in verdicts if verdict.answer != "pass"],
    }


def blocked_rows(ledger: Ledger, strategy: str | None = None) -> list[Row]:
    """Exits that are due and cannot act, each with since when, why, and when it is tried again; of one strategy, or of all."""
    found: list[Row] = []
    for name, (since, blocked) in ledger.blocked_exits.items():
        position = ledger.positions.get(name)
        of = position.strategy if position is not None else ""
        if strategy is None or strategy == of:
            found.append(
                {
                    "position": name,
                    "strategy": of,
                    "spread": str(position.spread) if position is not None else "",
                    "rule": blocked.rule,
                    "obstacle": blocked.obstacle,
                    "text": blocked.text,
                    "tries": blocked.tries,
                    "since": since.isoformat(),
                    "again_at": blocked.again_at.isoformat(),
                }
            )
    return found


def exercised_rows(ledger: Ledger) -> list[Row]:
    """Options that became shares, of positions that are open: what happened, and what is done about it."""
    return [
        {"position": position.id, "strategy": position.strategy, "text": fact.reason, "reduced_because": left_over(position)}
        for position in ledger.open_positions()
        for fact in ledger.ends.exercised.get(position.id, ())
    ]


def guardian_row(state: Path, now: datetime) -> Row | None:
    """What the guardian of a state folder says that it does, and how long ago; None where none ever watched."""
    trace = trace_of(state)
    if trace is None:
        return None
    return {"doing": trace.doing, "text": trace.text, "age_s": age_s(trace.at, now)}


def account_values(snapshot: Snapshot, rulebook: Rulebook) -> Row:
    """What the broker told of the account last, USD, and how long ago; what of its limits is used."""
    rows = Rows(snapshot.chain)
    account, told = snapshot.account, ("net_liquidation", "available_funds", "buying_power", "cushion", "day_pnl")
    return {
        **{name: number(getattr(account, name)) for name in told},
        "account_age_s": age_s(account.reported_at, snapshot.at),
        "limits": [_limit_row(one) for one in held_limits(snapshot, rulebook, rows)],
        "bands": [_band_row(one) for one in held_bands(snapshot, rulebook, rows)],
    }


def _band_row(one: BandHeld) -> Row:
    band = one.band
    ends = {"value": number(one.value), "low": number(band.low), "high": number(band.high)}
    is_within = None if one.value is None else band.low <= one.value <= band.high
    told = {"text": one.told, "bound": str(band), "is_within": is_within, "obstacle": one.obstacle}
    return {"band": one.name, "group": one.group or None, **ends, **told}


def _limit_row(one: HeldLimit) -> Row:
    share = one.loss / one.limit if one.loss is not None and one.limit else None
    loss, limit = number(one.loss), number(one.limit)
    named = {"limit": one.name, "text": one.text, "loss_usd": loss, "limit_usd": limit}
    return {**named, "used": None if share is None else round(float(share), 4), "obstacle": one.obstacle}


def breaker_rows(ledger: Ledger, now: datetime) -> list[Row]:
    """The breakers that stand now, oldest first, each with its moment, its number, and how it is lifted."""
    return [
        {
            "name": trip.name,
            "strategy": trip.strategy,
            "tripped_at": at.isoformat(),
            "value_usd": number(trip.value),
            "bound_usd": number(trip.bound),
            "lifts": trip.lifts,
            "lift": f"spreads lift {lift_words(trip)} --reason TEXT",
        }
        for at, trip in ledger.breakers.trips(trading_day(now))
    ]


def changed_rows(ledger: Ledger, now: datetime, strategy: str | None = None) -> list[Row]:
    """Readings of files that changed a limit lately, newest first: the shared files', and one strategy's or all of them."""
    return [
        {
            "at": reload.at.isoformat(),
            "file": reload.file,
            "strategy": reload.strategy or None,
            "direction": direction_of(reload.changes, loosens=reload.loosens),
            "changes": list(reload.changes),
        }
        for reload in reversed(ledger.files.reloads)
        if now - CHANGES_SHOWN <= reload.at <= now and (strategy is None or reload.strategy in {"", strategy})
    ]


def close_row(position: Position, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, portion: Portion = ALL) -> Row:
    """What closing a portion of a position would do now: its orders, what they realise before fees, and what is in the way.

    Nets of the whole are USD per share of one combination of the first order, everything counted.
    """
    cuts = portion_cuts(position, portion, rows)
    orders = [close_order_row(position, cut, snapshot, rows) for cut in cuts]
    marks = [mark for cut in cuts if (mark := rows.mark(cut.spread, "close")) is not None]
    plans = [order for order in (_plan(position, cut, snapshot, rows) for cut in cuts) if order is not None]
    is_priced, is_planned = (bool(cuts) and len(found) == len(cuts) for found in (marks, plans))
    return {
        "position": position.id,
        "strategy": position.strategy,
        "spread": str(position.spread),
        "opened_at": position.opened_at.isoformat(),
        "opening_net": number(position.opening_net),
        "fees_usd": number(position.fees),
        "orders": orders,
        "legs": [close_leg_row(leg, cut.quantity, rows) for cut in cuts for leg in cut.spread.legs],
        "mid": _together(cuts, [mark.mid for mark in marks]),
        "natural": _together(cuts, [mark.natural for mark in marks]),
        "limit": _together(cuts, [plan.limit for plan in plans]),
        "worst": _together(cuts, [plan.worst for plan in plans]),
        "realises_at_mid_usd": _made(position, cuts, [mark.mid for mark in marks]),
        "realises_at_worst_usd": _made(position, cuts, [plan.worst for plan in plans]),
        "closing_fees_usd": float(sum(plan.fees for plan in plans)) if is_planned else None,
        "quotes_age_s": max(mark.age_s for mark in marks) if is_priced else None,
        "obstacle": close_obstacle(position, cuts, snapshot, rulebook, rows, portion),
    }


def _plan(position: Position, cut: Cut, snapshot: Snapshot, rows: Rows) -> OrderProposed | None:
    proposed = next(close(position, cut, Why(""), snapshot, rows, urgent=False, proposed=0), None)
    return proposed.order if isinstance(proposed, Propose) else None


def close_order_row(position: Position, cut: Cut, snapshot: Snapshot, rows: Rows) -> Row:
    """One order of a close."""
    mark, plan = rows.mark(cut.spread, "close"), _plan(position, cut, snapshot, rows)
    return {
        "spread": str(cut.spread),
        "quantity": cut.quantity,
        "mid": number(mark.mid) if mark else None,
        "natural": number(mark.natural) if mark else None,
        "limit": number(plan.limit) if plan else None,
        "worst": number(plan.worst) if plan else None,
    }


def _together(cuts: Sequence[Cut], nets: Sequence[Decimal]) -> float | None:
    """The nets of all orders as one; None where one of them has none."""
    return number(net_of(zip(cuts, nets, strict=True))) if cuts and len(nets) == len(cuts) else None


def _made(position: Position, cuts: Sequence[Cut], nets: Sequence[Decimal]) -> float | None:
    """USD that closing at these nets would make, before fees; None where one order has none."""
    if not cuts or len(nets) != len(cuts):
        return None
    paid = {lot.leg.contract.con_id: lot.opening_price for lot in position.lots}
    made = Decimal(0)
    for cut, net in zip(cuts, nets, strict=True):
        opening = -sum((leg.sign * leg.ratio * paid[leg.contract.con_id] for leg in cut.spread.legs), Decimal(0))
        made += (opening + net) * cut.quantity * cut.spread.multiplier
    return float(round(made, 4))


def close_leg_row(leg: Leg, combinations: int, rows: Rows) -> Row:
    """One leg as its close trades it."""
    con_id = leg.contract.con_id
    return {
        "action": "buy" if leg.action == "sell" else "sell",
        "quantity": leg.ratio * combinations,
        "contract": str(leg.contract),
        "bid": rows.value(con_id, "bid"),
        "ask": rows.value(con_id, "ask"),
    }


def refused_rows(refused: Mapping[str, str]) -> list[Row]:
    """Files whose present text is refused, each with its first problem and how many there are."""
    return [
        {"file": file, "problem": problems.partition("\n")[0], "problems": problems.count("\n\n") + 1}
        for file, problems in sorted(refused.items())
    ]


def candidate_rows(ledger: Ledger, strategy: str) -> list[Row]:
    """The best candidates of the last recorded look."""
    recorded = ledger.candidates.get(strategy)
    return list(recorded.candidates) if recorded else []


def funnel_rows(funnel: FunnelRecorded | None) -> list[Row]:
    if funnel is None:
        return []
    return [{"condition": step.condition, "passed": step.passed, "unknown": step.unknown} for step in funnel.steps]


def traffic_row(traffic: Traffic | None) -> Row:
    """What is in use of what the broker grants; None where nobody counts it."""
    return {
        "lines_used": traffic.lines_used if traffic else None,
        "lines_turning": traffic.lines_turning if traffic else None,
        "lines_max": traffic.lines_max if traffic else None,
        "queue": traffic.queue if traffic else None,
        "resting": list(traffic.resting) if traffic else [],
        "chain": chain_row(traffic),
    }


def chain_row(traffic: Traffic | None) -> Row | None:
    """How much of the options that can pass is quoted, and in what time each has had a turn; None where nobody counts."""
    if traffic is None or traffic.coverage is None:
        return None
    seen = traffic.coverage
    return {
        "contracts": seen.contracts,
        "fresh": seen.fresh,
        "told": seen.told,
        "oldest_age_s": seen.oldest_s,
        "round_s": traffic.explored_s,
    }


def session_row(snapshot: Snapshot) -> Row | None:
    session = snapshot.session
    if session is None:
        return None
    return {"open": session.open.isoformat(), "close": session.close.isoformat(), "is_open": snapshot.is_open}
