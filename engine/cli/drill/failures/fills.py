"""Fills, positions and books."""

from engine.cli.drill.failure import ASKS, LINKED, Failure
from engine.domain.facts.positions import OptionsExercised

FILLS: tuple[Failure, ...] = (
    Failure(
        "partial",
        "whatever can be split fills in parts",
        "counts every part once, exits from the first on",
        ("partial_fills",),
        when="asked",
    ),
    Failure(
        "executions-late",
        "executions come 45 s after the status says filled",
        "waits for the executions",
        ("executions_late",),
        when="asked",
    ),
    Failure(
        "status-twice",
        "statuses come twice and before the executions",
        "counts executions only",
        ("duplicate_status", "status_before_exec"),
        when="asked",
    ),
    Failure(
        "positions-late",
        "positions are told 15 s after they are asked for",
        "waits for the whole answer",
        ("positions_latex3", "close"),
    ),
    Failure(
        "references-missing",
        "executions and completed orders are told without their reference",
        "knows them by their permanent id",
        ("no_reference",),
        when="asked",
    ),
    Failure(
        "shared-execution-ids",
        "the legs of a fill share all of the execution id but its end",
        "counts each leg once",
        ("shared_exec_ids=7200",),
        when="asked",
    ),
    Failure(
        "commission-late",
        "commissions are told half a minute late",
        "keeps its estimate until then",
        ("commission_late",),
        when="asked",
    ),
    Failure("commission-never", "commissions are never told", "keeps its estimate", ("commission_never",), when="asked"),
    Failure(
        "corrected",
        "an execution is corrected by a cent",
        "books the correction in the place of the first",
        ("exec_corrected",),
        when="asked",
    ),
    Failure("no-permanent-id", "orders that work have no permanent id for a minute", ASKS, ("no_perm_id",), when="asked"),
    Failure(
        "odd-times", "executions have times that nobody can read", "counts them, their time unknown", ("odd_times",), when="asked"
    ),
    Failure(
        "by-hand",
        "somebody sells a leg of a position in TWS",
        "opens nothing, closes nothing that would open something, and says so",
        ("by_hand",),
        "held",
        needs_person=True,
    ),
    Failure(
        "commission-first",
        "commissions come before their executions",
        "keeps them until the execution is told",
        ("commission_first",),
        when="asked",
    ),
    Failure(
        "status-first",
        "the status of a fill comes before its executions",
        "counts executions only",
        ("status_before_exec",),
        when="asked",
    ),
    Failure(
        "filled-while-away",
        "the connection is closed, the port refuses for half a minute, and an order fills meanwhile",
        "finds the fill by its execution id before it opens anything",
        ("fill_unheard", "close", "refuse=30"),
        shows=LINKED,
    ),
    Failure(
        "partial-then-canceled",
        "an order fills in parts, and the broker cancels the rest",
        "keeps what filled with its exits, and never sends the whole again",
        ("partial_fills", "cancelled"),
    ),
    Failure(
        "busted",
        "the exchange takes a fill back",
        "counts nothing of it, and is over with the order",
        ("exec_busted",),
        when="asked",
    ),
    Failure(
        "completed-unreadable",
        "completed orders are told with a field too many, after the connection was closed",
        "leaves out what it cannot read, and says so",
        ("completed_extra_fieldx3", "close"),
        "held",
    ),
    Failure(
        "foreign-leg",
        "a fill has an execution in a contract that is no leg of its order",
        "opens nothing more, and says what does not belong to it",
        ("foreign_leg",),
        when="asked",
        needs_person=True,
    ),
    Failure(
        "assigned",
        "an option that is sold is assigned early",
        "takes the shares as a part of its position, and trades them away",
        ("assigned",),
        "owed",
        shows=(OptionsExercised,),
        minutes=45,
        at="10:00",
    ),
)
