"""Positions as plain data: legs, sides, marks, and each exit rule with how far it is from firing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from engine.compile.conditions import Value
from engine.decide.entry.find import ExitAnswer
from engine.decide.exit.distances import distances
from engine.decide.exit.ending import Ending, ending
from engine.decide.exit.left_over import left_over
from engine.decide.order.hand_rolls import deeds_of
from engine.decide.positions import SIDES, PositionRow, market_columns, measured
from engine.decide.quotes import Rows, closing_marks
from engine.decide.rulebook import Rulebook
from engine.domain.order import Order
from engine.domain.parts import BOTH, Lot
from engine.domain.position import Position
from engine.domain.rolled import rolls_so_far
from engine.domain.session import days_to_expiry
from engine.domain.snapshot import ExitHits, Snapshot
from engine.runtime.plain import Row, number

GREEKS = ("delta", "gamma", "theta", "vega")
Hits = Mapping[tuple[str, str], ExitHits]


def position_row(position: Position, rows: Rows, now: datetime) -> Row:
    """What is known of a position by itself, with its marks of now."""
    marks = closing_marks(position, rows) if position.is_open else None
    mark = marks[0] if marks else None
    worth = mark if mark is not None and mark.obstacle is None else None
    is_known = marks is not None and all(one.obstacle is None for one in marks)
    return {
        "position": position.id,
        "strategy": position.strategy,
        "underlying": position.spread.underlying,
        "structure": position.spread.structure,
        "spread": str(position.spread),
        "opened_at": position.opened_at.isoformat(),
        "closed_at": position.closed_at.isoformat() if position.closed_at else None,
        "dte": _days_left(position, now),
        "quantity": position.quantity,
        "opened": position.opened,
        "opening_net": number(position.opening_net),
        "closing_net": number(position.closing_net),
        "realised_usd": number(position.realised),
        "mark": number(worth.mid) if worth else None,
        "natural": number(worth.natural) if worth else None,
        "mark_age_s": mark.age_s if mark else None,
        "mark_obstacle": mark.obstacle if mark else "a leg has no quote" if position.is_open else None,
        "unrealised_usd": number(position.unrealised(*(one.mid for one in marks))) if marks and is_known else None,
        "parts": [{"spread": str(part.spread), "quantity": part.quantity} for part in position.parts],
        "multiplier": position.spread.multiplier,
        "fees_usd": number(position.fees),
        "max_loss_usd": number(position.max_loss),
        "state": "open" if position.is_open else "closed",
        "close_reason": position.close_reason,
        "rolled_from": position.rolled_from,
    }


def _opening_row(position: Position, order: Order | None) -> Row:
    """What it was when it was opened: calendar days to its first expiry, and the largest delta of what was sold."""
    days = [leg.contract.expiry for leg in position.spread.legs if not leg.contract.is_share]
    legs = (
        cast("list[dict[str, object]]", order.proposed.candidate.get("legs") or []) if order and order.proposed.candidate else []
    )
    deltas = [leg.get("delta") for leg in legs if leg.get("action") == "sell"]
    known = [abs(delta) for delta in deltas if isinstance(delta, float | int)]
    return {
        "opened_dte": days_to_expiry(position.opened_at, min(days)) if days else None,
        "opened_delta": max(known) if known and len(known) == len(deltas) else None,
    }


def _days_left(position: Position, now: datetime) -> int | None:
    days = [leg.contract.expiry for leg in position.legs if not leg.contract.is_share]
    return days_to_expiry(now, min(days)) if days else None


def position_detail(position: Position, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, hits: Hits) -> Row:
    """A position with its legs, sides and exits at this instant."""
    market = snapshot.market.get(position.spread.underlying)
    row: PositionRow = {}
    if position.is_open:
        marks = closing_marks(position, rows)
        is_believed = marks is not None and all(mark.obstacle is None for mark in marks)
        row = measured(position, marks if is_believed else None, rows, market, snapshot.at, snapshot.session)
        row |= market_columns(rulebook.rules_of(position), position.spread.underlying, snapshot)
    return {
        **position_row(position, rows, snapshot.at),
        **_opening_row(position, snapshot.ledger.orders.get(position.id)),
        "legs": [_leg_row(lot, rows) for lot in position.lots],
        "sides": list(_side_rows(position, row)),
        "exits": list(_exit_rows(position, row, rulebook, hits)),
        **{name: _held(position.lots, name, rows) if position.is_open else None for name in GREEKS},
        "underlying_now": market.price if market else None,
        "max_profit_usd": row.get("max_profit"),
        "ending": _ending_row(ending_of(position, snapshot, rulebook)),
        "blocked": _blocked(position, snapshot),
        "exercised": [fact.reason for fact in snapshot.ledger.ends.exercised.get(position.id, ())],
        "reduced_because": left_over(position),
        "rolls": _rolls_row(position, snapshot),
        "can_roll": list(deeds_of(position, snapshot, rulebook)),
        "best_profit_usd": number(position.best_profit) if position.peak is not None else None,
        "closing": [order.ref for order in snapshot.ledger.closings_of(position.id) if not order.is_over and not order.rests],
        "resting": next((_resting(order) for order in snapshot.ledger.closings_of(position.id) if order.rests), None),
    }


def ending_of(position: Position, snapshot: Snapshot, rulebook: Rulebook) -> Ending | None:
    """What becomes of its legs that end within days, and what is done about them."""
    strategy, market = rulebook.rules_of(position), snapshot.market.get(position.spread.underlying)
    left = BOTH if strategy is not None and strategy.lets_expire else ()
    return ending(position, market.price if market else None, snapshot.calendar, snapshot.at, left) if position.is_open else None


def endings(snapshot: Snapshot, rulebook: Rulebook) -> dict[str, Ending]:
    """What becomes of every open position that ends within days, by its name."""
    found = {position.id: ending_of(position, snapshot, rulebook) for position in snapshot.ledger.open_positions()}
    return {name: one for name, one in found.items() if one is not None}


def _ending_row(found: Ending | None) -> Row | None:
    if found is None:
        return None
    return {
        "legs": [str(leg.contract) for leg in found.legs],
        "trades_until": found.trades_until.isoformat(),
        "settles_at": found.settles_at.isoformat(),
        "settles_in": found.settles_in,
        "sessions": found.sessions,
        "nearest": found.nearest,
        "guarded_from": found.guarded_from.isoformat() if found.guarded_from else None,
        "plan": found.plan,
    }


def _rolls_row(position: Position, snapshot: Snapshot) -> Row | None:
    rolls = rolls_so_far(position, snapshot.ledger)
    if rolls is None:
        return None
    return {"count": rolls.count, "net_usd": number(rolls.net_usd), "last_on": rolls.last_on.isoformat()}


def _blocked(position: Position, snapshot: Snapshot) -> str | None:
    """Why an exit of a position is due and cannot act; None where it can."""
    found = snapshot.ledger.blocked_exits.get(position.id)
    return None if found is None else f"{found[1].rule}: {found[1].text}"


def _resting(order: Order) -> Row:
    return {"order_ref": order.ref, "quantity": order.remaining, "limit": number(order.limit), "rule": order.proposed.reason}


def _leg_row(lot: Lot, rows: Rows) -> Row:
    contract = lot.leg.contract
    quoted_at = rows.value(contract.con_id, "quoted_at")
    return {
        "contract": str(contract),
        "con_id": contract.con_id,
        "action": lot.leg.action,
        "ratio": lot.leg.ratio,
        "expiry": None if contract.is_share else contract.expiry.isoformat(),
        "strike": None if contract.is_share else number(contract.strike),
        "put_call": None if contract.is_share else contract.put_call,
        "opened": lot.opened,
        "held": lot.held,
        "opening_price": number(lot.opening_price),
        "closing_price": number(lot.closing_price),
        "age_s": None if quoted_at is None else max(0.0, rows.chain.as_of.timestamp() - quoted_at),
        **{name: rows.value(contract.con_id, name) for name in ("bid", "ask", "iv", *GREEKS)},
    }


def _held(lots: Sequence[Lot], name: str, rows: Rows) -> float | None:
    """A greek of all that is held, in shares of the underlying; None where that of one leg is not known."""
    total = 0.0
    for lot in lots:
        value = rows.value(lot.leg.contract.con_id, name)
        if not lot.held:
            continue
        if value is None:
            return None
        total += lot.leg.sign * lot.held * lot.leg.contract.multiplier * value
    return total


def _side_rows(position: Position, row: PositionRow) -> Iterator[Row]:
    """Both sides of what is open of a structure that has two."""
    if len({lot.leg.contract.put_call for lot in position.lots}) < len(SIDES):
        return
    for side in SIDES:
        right = side[0].upper()
        if any(lot.held and lot.leg.contract.put_call == right for lot in position.lots):
            yield {
                "side": side,
                "profit_usd": row[f"{side}_side_profit"],
                "credit_usd": row[f"{side}_side_credit"],
                "short_delta": row[f"{side}_side_delta"],
                "breached": row[f"{side}_side_breached"],
            }


def _exit_rows(position: Position, row: PositionRow, rulebook: Rulebook, hits: Hits) -> Iterator[Row]:
    strategy = rulebook.rules_of(position)
    if strategy is None or not row or not (position.shorts or position.outlives):
        return
    (answers,) = rulebook.finder.exits(strategy, [row])
    for answer in answers:
        yield _exit_row(answer, row, hits.get((position.id, answer.rule.text)))


def _exit_row(answer: ExitAnswer, row: Mapping[str, Value], hits: ExitHits | None) -> Row:
    return {
        "rule": answer.rule.text,
        "action": answer.rule.deed,
        "answer": "unknown" if answer.holds is None else "yes" if answer.holds else "no",
        "values": dict(answer.values),
        "distances": [
            {
                "measure": one.measure,
                "value": one.value,
                "op": one.op,
                "bound": one.bound,
                "unit": one.unit.value,
                "distance": one.distance,
            }
            for one in distances(answer.rule.condition.expression, row)
        ],
        "looks": hits.count if hits else 0,
    }


def unrealised(positions: Sequence[Position], rows: Rows) -> Decimal | None:
    """USD that closing them all at mid would make, before fees; None where one of them has no mark that is believed."""
    total = Decimal(0)
    for position in positions:
        marks = closing_marks(position, rows)
        if marks is None or any(mark.obstacle is not None for mark in marks):
            return None
        total += position.unrealised(*(mark.mid for mark in marks))
    return total
