"""Candidates as plain data: what the last look of each strategy found, with what it quotes now."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from engine.decide.entry.find import Look
from engine.decide.quotes import Rows, spread_quote
from engine.decide.tied_up import tied_up
from engine.domain.candidate import Candidate, candidate_name, candidate_row
from engine.domain.ledger import Ledger
from engine.domain.session import days_to_expiry
from engine.runtime.plain import Row, number


def live_rows(looks: Iterable[Look], ledger: Ledger, rows: Rows, now: datetime) -> Iterator[Row]:
    """The candidates of these looks in their order, each with its quotes of this instant."""
    held = {position.spread.key for position in ledger.open_positions()}
    held |= {order.spread.key for order in ledger.working() if order.purpose == "open"}
    for look in looks:
        for candidate in look.candidates:
            yield live_row(candidate, look.at, rows, now, is_held=candidate.spread.key in held)


def live_row(candidate: Candidate, found_at: datetime, rows: Rows, now: datetime, *, is_held: bool) -> Row:
    spread = candidate.spread
    quote = spread_quote(spread, rows, "open")
    margin = tied_up(spread, quote.mid if quote else None, rows)
    return {
        "candidate": candidate_name(candidate.strategy, spread.key),
        **candidate_row(candidate),
        "structure": spread.structure,
        "spread": str(spread),
        "con_ids": [leg.contract.con_id for leg in spread.legs],
        "multiplier": spread.multiplier,
        "dte": days_to_expiry(now, spread.expiry),
        "found_at": found_at.isoformat(),
        "net_now": number(quote.mid) if quote else None,
        "natural_now": number(quote.natural) if quote else None,
        "quotes_age_s": quote.age_s if quote else None,
        "quotes_obstacle": quote.obstacle if quote else "a leg has no quote",
        "initial_margin_usd": number(margin.gross) if margin else None,
        "buying_power_change_usd": number(-margin.buying_power) if margin else None,
        "held": is_held,
    }
