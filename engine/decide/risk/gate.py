"""The gates: every limit held against one opening, every answer kept.

A gate is a row of the table below: the names under which it answers, its family, what it asks, and the answer. Where a new gate
goes is where a trader would look at it. Each answers pass, fail or unknown with value, bound and source; unknown is never a pass.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.decide.quotes import Rows
from engine.decide.risk import answers, armed, bands, ladder, strategy_groups, times
from engine.decide.risk.asked import Asked, Opening
from engine.decide.risk.exposure import exposure
from engine.decide.rulebook import Rulebook
from engine.domain.gate import Verdict, first_obstacle
from engine.domain.snapshot import Snapshot
from engine.strategy.model import Strategy

Family = Literal["engine", "market", "strategy", "risk", "counts", "account"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One row."""

    names: tuple[str, ...]
    """Of the verdicts that it may give, as the trader writes the limit."""
    family: Family
    asks: str
    """The question, for the docs and for people."""
    answers: Callable[[Asked], Iterator[Verdict]]


GATES: tuple[Gate, ...] = (
    Gate(("halt",), "engine", "is the engine halted?", answers.halt),
    Gate(("paused",), "engine", "has a person paused the openings of this strategy?", answers.paused),
    Gate(
        ("looked_at",),
        "engine",
        "of a strategy that trades without asking: has anybody looked at the engine within `unattended.pause_after_days`?",
        answers.looked_at,
    ),
    Gate(("reconciled",), "engine", "do our books agree with the broker's, and is the link up? Else unknown", answers.reconciled),
    Gate(("restart",), "engine", "does TWS restart within five minutes, or is it not back from its restart?", answers.restart),
    Gate(("clock",), "engine", "does this machine's clock agree with TWS's within 2 s?", answers.clock),
    Gate(("market_data",), "engine", "are quotes live? Delayed and frozen ones fail", answers.market_data),
    Gate(("mode",), "engine", "with real money only: does the file say `mode: live`?", answers.mode),
    Gate(
        ("rung",),
        "engine",
        "does the strategy stand where orders are sent? In `record` and `shadow`, by its file or moved down, nothing is",
        ladder.rung,
    ),
    Gate(
        ("armed",),
        "engine",
        "with real money only: has a person armed the strategy, and has no time, no edit that loosens and no person ended it?",
        armed.armed,
    ),
    Gate(
        ("hours",),
        "market",
        "is the exchange open, and is it within the strategy's `window`, or at one of its times `at`, and within the account's"
        " `open` (or `half_day`)?",
        answers.hours,
    ),
    Gate(
        ("quotes",),
        "market",
        "are all legs two-sided, not crossed or locked, not older than 15 s, with a bid for what is sold?",
        answers.quotes,
    ),
    Gate(("trading_halt",), "market", "is the underlying halted?", answers.trading_halt),
    Gate(
        ("open", "open_among"),
        "strategy",
        "how many positions of the strategy are open, and how many of all those that share its `open_among`?",
        answers.open_positions,
    ),
    Gate(
        ("group_open", "group_per_day"),
        "strategy",
        "where `limits.group` names a group of account.yaml: how many positions have its strategies open, and how many have they"
        " opened today? Unknown where account.yaml has no such group",
        strategy_groups.group_counts,
    ),
    Gate(("per_day",), "strategy", "how often has it opened today?", answers.per_day),
    Gate(("at",), "strategy", "where it opens at times: has this time its opening already?", times.at_times),
    Gate(("apart",), "strategy", "how long ago was its last opening of today?", times.apart),
    Gate(("losses_per_day",), "strategy", "how many of its positions were closed at a loss today?", times.losses_per_day),
    Gate(
        ("loss_per_week",),
        "strategy",
        "what have its positions that were closed since Monday lost together?",
        times.loss_per_week,
    ),
    Gate(("again",), "strategy", "is the pause after a stop over?", times.again),
    Gate(
        ("strikes_apart",),
        "strategy",
        "how far is what is sold from what it has sold of the same kind and expiry?",
        times.strikes_apart,
    ),
    Gate(("per_expiry",), "strategy", "how many of its positions are in this expiry?", answers.per_expiry),
    Gate(("open_risk",), "strategy", "what can its open positions lose together?", answers.open_risk),
    Gate(
        ("share",),
        "strategy",
        "where the universe has weights: what can its open positions in this underlying lose together, against its share of"
        " `open_risk`?",
        answers.share,
    ),
    Gate(("group_open_risk",), "strategy", "what can the open positions of its group lose together?", strategy_groups.group_risk),
    Gate(("stop_for_day",), "strategy", "what is its result of the day?", answers.stop_for_day),
    Gate(
        (
            "per_trade",
            "hard_cap",
            "width",
            "per_underlying",
            "per_expiry_risk",
            "per_strategy",
            "total",
            "new_per_day",
            "per_group",
        ),
        "risk",
        "the sums of `risk`",
        answers.risk_sums,
    ),
    Gate(
        ("armed_risk",),
        "risk",
        "with real money only: what can all that the strategy opens today lose together, against the amount that was typed?",
        armed.armed_risk,
    ),
    Gate(
        ("armed_lots",),
        "counts",
        "with real money only: how many spreads is it, where the strategy is armed for one at a time?",
        armed.armed_lots,
    ),
    Gate(("contracts_per_order", "contracts_per_trade"), "counts", "how many contracts has it?", answers.order_size),
    Gate(("entries_per_day",), "counts", "how many openings were there today?", answers.entries_per_day),
    Gate(
        ("working_orders", "orders_per_structure"),
        "counts",
        "how many orders work, and how many of the same legs?",
        answers.orders_at_work,
    ),
    Gate(("covered",), "counts", "is every contract that is sold covered by a bought one that lives as long?", answers.covered),
    Gate(
        ("opposite_legs",),
        "counts",
        "would a contract be traded that is held, or worked, the other way round?",
        answers.opposite_legs,
    ),
    Gate(
        ("messages_per_minute", "messages_per_fill"),
        "counts",
        "how many order messages were sent, and for what?",
        answers.messages,
    ),
    Gate(
        ("account_values",),
        "account",
        "were the account's values told within the last minute? Else they are asked for anew, and the opening waits for the"
        " answer",
        answers.account_values,
    ),
    Gate(
        ("buying_power_used", "available_funds", "cushion_to_open"),
        "account",
        "the account's margin: what the broker reports, and on top what this order takes: its maximum loss or, once the preview"
        " has answered, what the broker holds for it where that is more",
        answers.margin,
    ),
    Gate(
        ("breaker_day", "breaker_week", "breaker_peak", "failures_in_a_row", "unknown_orders"),
        "account",
        "the `breakers`",
        answers.breakers,
    ),
    Gate(
        ("delta", "vega", "gamma", "stress"),
        "account",
        "all positions and this one together, revalued, against `greeks` and `stress`",
        answers.revalued,
    ),
    Gate(
        ("delta_band", "theta_band", "vega_band"),
        "account",
        "where account.yaml has `bands`: where do all positions and this one together stand, and where do they stand without it?"
        " What comes nearer to its band passes",
        bands.account_bands,
    ),
    Gate(
        ("group_delta_band", "group_theta_band", "group_vega_band"),
        "strategy",
        "where its group has bands: where do the positions of its strategies stand, with this one and without it?",
        bands.group_bands,
    ),
    Gate(("own_exits",), "strategy", "would an exit of its own file close it at once?", answers.own_exits_hold),
)
"""In the order in which a trader would look at them."""

_BY_NAME = {name: one for one in GATES for name in one.names}
_BEFORE_THE_SEARCH = (
    *(
        "hours",
        "at",
        "stop_for_day",
        "losses_per_day",
        "loss_per_week",
        "open",
        "open_among",
        "group_open",
        "per_day",
        "apart",
        "again",
    ),
    *("entries_per_day", "breaker_day"),
)
"""Asked of every strategy before anything is searched, after those of the engine: what stops it whatever the candidate."""

_OF_OTHERS = frozenset(
    {"open", "group_open", "group_open_risk", "per_expiry", "open_risk", "share", "per_trade", "entries_per_day"}
    | {"working_orders", "opposite_legs", "delta", "buying_power_used", "delta_band", "group_delta_band"}
)
"""Gates whose answer depends on what else goes out."""


def gate(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> tuple[Verdict, ...]:
    """The answers of all gates."""
    return tuple(gates(opening, snapshot, rulebook, rows))


def gates(opening: Opening, snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> Iterator[Verdict]:
    """The same one by one: whoever only wants to know what stops the opening need not ask those behind it, which cost more."""
    held = exposure(snapshot.ledger, snapshot.at, without=opening.order_ref)
    asked = Asked(opening.strategy, snapshot, rulebook, held, (opening, rows))
    for one in GATES:
        yield from one.answers(asked)


def together(
    opening: Opening, beside: Sequence[Opening], snapshot: Snapshot, rulebook: Rulebook, rows: Rows
) -> Iterator[Verdict]:
    """The answers of the gates that other openings have a part in, as if these had gone out before it."""
    held = exposure(snapshot.ledger, snapshot.at).beside(other.holding(snapshot.at) for other in beside)
    asked = Asked(opening.strategy, snapshot, rulebook, held, (opening, rows), tuple(beside))
    for one in GATES:
        if not _OF_OTHERS.isdisjoint(one.names):
            yield from one.answers(asked)


def until_one_fails(asked: Iterator[Verdict]) -> Iterator[Verdict]:
    """The answers up to the first that stops the opening."""
    for verdict in asked:
        yield verdict
        if verdict.answer == "fail":
            return


def strategy_obstacle(strategy: Strategy, snapshot: Snapshot, rulebook: Rulebook, without: str | None = None) -> Verdict | None:
    """What stops every opening of a strategy whatever the candidate: asked before anything is searched.

    `without` is a position that would make room for the opening, and does not count.
    """
    asked = Asked(strategy, snapshot, rulebook, exposure(snapshot.ledger, snapshot.at, without=without))
    engine = tuple(verdict for one in GATES if one.family == "engine" for verdict in one.answers(asked))
    stopped = first_obstacle(engine)
    if stopped is not None:
        return stopped
    early = (verdict for name in _BEFORE_THE_SEARCH for verdict in _BY_NAME[name].answers(asked))
    return next((verdict for verdict in early if verdict.answer != "pass"), None)
