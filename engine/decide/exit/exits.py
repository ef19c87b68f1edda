"""Exits: which open positions are to be closed now, by the rules of the version that opened them.

1. Positions whose legs have expired are settled; that needs no quote.
2. Each strategy's rules are asked once for all of its positions, at the mark of each. What a quote that is not believed would
   answer is unknown; dates and times are answered all the same.
3. The first rule of a group that holds wins: at once (a profit, a date, a clock), or once it is believed (a stop, `confirm`).
4. What is due is closed, or it is said why it cannot be (`blocked`). Shares that options became are only reduced: they are
   traded away before anything else of their position. A long whose short was bought back or assigned, which no rule is about any
   more, is sold where somebody bids for it, once no shares are left that it protects.
5. Below the account's last cushion positions are closed whatever their rules say (`reduction`).
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Literal

from engine.decide.apart import apart
from engine.decide.asking import ask_now, ask_quiet, ask_silent, quoted_at
from engine.decide.entry.find import ExitAnswer
from engine.decide.entry.rolls import action_of, reason_of
from engine.decide.exit.blocked import (
    UNJUDGED,
    Due,
    Kind,
    act,
    failed_closes,
    free,
    free_closed,
    stuck,
    unjudged,
    unpriced_because,
    wait,
)
from engine.decide.exit.closing import is_closing_time, is_free, proposals, why_not_sent
from engine.decide.exit.confirm import counted, is_stop, pending
from engine.decide.exit.cuts import is_done
from engine.decide.exit.dividend import assigned_for_dividend, told_of_dividend
from engine.decide.exit.expiry import GUARD, guards, settled
from engine.decide.exit.flatten import flatten_due, shorts_first
from engine.decide.exit.groups import First, act_on, chosen, is_over, left_by
from engine.decide.exit.held import Held, looked_at, told_at
from engine.decide.exit.left_over import left_over, traded_away
from engine.decide.exit.memory import remembered
from engine.decide.exit.reduction import reduction
from engine.decide.exit.resting import rest, watched_here
from engine.decide.exit.rolling import STAYS, rolled, triggered
from engine.decide.quotes import Rows
from engine.decide.rulebook import Rulebook
from engine.domain.clocks import DECIDED_WITHIN
from engine.domain.decision import ConfirmExit, Decision, TriggerExit
from engine.domain.deeds import ROLLS, Done
from engine.domain.parts import ALL, BOTH, Side, beside
from engine.domain.position import Position
from engine.domain.snapshot import Snapshot
from engine.strategy.conditions import LEFT_SIDES
from engine.strategy.exit_groups import SIDES

RAN_ON = "the market runs on: each leg was told anew, and closing costs more than on the first look"

Belief = Literal["no", "yes", "runs"]
"""Whether a rule that holds is due now; it runs where waiting for a better price would be left behind."""


def exits(snapshot: Snapshot, rulebook: Rulebook, rows: Rows) -> list[Decision]:
    """Closings and settlements that are due, what is asked and said of those that cannot act, and the counting of stops."""
    decisions: list[Decision] = list(free_closed(snapshot))
    held: list[Position] = []
    for position in snapshot.ledger.open_positions():
        settled = apart(_place(position), partial(_settling, position, snapshot), snapshot)
        decisions += settled
        if not settled:
            held.append(position)
    for position in held:
        decisions += apart(_place(position), partial(stuck, position, snapshot), snapshot)
    flattening = flatten_due(snapshot)
    if flattening is not None and snapshot.is_open:
        # A person wants everything closed: no rule is asked, and no hours but the exchange's are.
        for position in shorts_first([position for position in held if is_free(position, snapshot)]):
            # The last day waits for no clean quotes, whoever wants it closed.
            is_last = guards(position, rows, snapshot, ())
            due = replace(flattening, kind="guard") if is_last else flattening
            decisions += apart(_place(position), partial(act, due, position, snapshot, rows, proposals(decisions)), snapshot)
    elif is_closing_time(snapshot, rulebook):
        free_hands = [position for position in held if is_free(position, snapshot)]
        try:
            looked = looked_at(free_hands, snapshot, rulebook, rows)
        except Exception:  # noqa: BLE001 - one of them cannot be asked: each is asked apart
            for position in free_hands:
                alone = partial(_alone, position, snapshot, rulebook, rows, proposals(decisions))
                decisions += apart(_place(position), alone, snapshot)
        else:
            for one in looked:
                decisions += apart(
                    _place(one.position), partial(_exit, one, snapshot, rulebook, rows, proposals(decisions)), snapshot
                )
        if not proposals(decisions):
            decisions += apart("exits for margin", partial(reduction, snapshot, rulebook, rows), snapshot)
    if snapshot.is_open:
        decisions += ask_quiet(snapshot, rows, decisions)
    return decisions


def _place(position: Position) -> str:
    return f"exits of {position.id}"


def _settling(position: Position, snapshot: Snapshot) -> Iterator[Decision]:
    settlement = settled(position, snapshot)
    if settlement is not None:
        yield settlement


def _alone(position: Position, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, proposed: int) -> Iterator[Decision]:
    for one in looked_at([position], snapshot, rulebook, rows):
        yield from _exit(one, snapshot, rulebook, rows, proposed)


def _exit(held: Held, snapshot: Snapshot, rulebook: Rulebook, rows: Rows, proposed: int) -> Iterator[Decision]:
    """What is done about one position: the first rule of each group that holds wins, also while it is not believed yet."""
    if held.strategy is not None:
        yield from remembered(held.position, held.strategy, held.row, told_at(held, snapshot, rows), snapshot)
    # Also the rules that are not come to.
    standing = [answer.rule.text for answer in held.answers if answer.holds is not False]
    answers = tuple(watched_here(held, snapshot))
    of_sides, left, unknown = list[Due](), frozenset[Side](), tuple[ExitAnswer, ...]()
    for side in SIDES:
        of_side = [one for one in answers if one[0].rule.side == side]
        first = yield from _first_of(of_side, frozenset(), held, snapshot, rulebook, rows)
        of_sides += [] if first.due is None else [first.due]
        left, unknown = left | first.left, unknown + first.unknown
    of_all = [one for one in answers if one[0].rule.side is None]
    first = yield from _first_of(of_all, left, held, snapshot, rulebook, rows)
    due, left, unknown = first.due, first.left, unknown + first.unknown
    is_hopeless = due is not None and due.kind == "target" and bool(failed_closes(held.position, snapshot))
    if is_hopeless:
        # A profit can wait, what stands below it may not: it is done as hard as it must be.
        due = _date_among(of_all, held, snapshot, left) or due
    stays = BOTH if held.strategy is not None and held.strategy.lets_expire else left
    if (due is None or is_hopeless) and guards(held.position, rows, snapshot, stays):
        # The last day waits neither for a stop to be believed nor for quotes to become clean, nor for a profit to be filled.
        due = Due(GUARD, GUARD, "guard", portion=beside(ALL, stays) or ALL)
    if due is None or due.kind == "target":
        due = assigned_for_dividend(held.position, rows, snapshot) or due
    yield from told_of_dividend(held.position, rows, snapshot)
    if dues := chosen(due, of_sides):
        yield from act_on(dues, held.position, snapshot, rows, proposed)
    else:
        yield from _undisturbed(held, standing, unknown, snapshot, rows, proposed)


def _first_of(
    answers: Sequence[tuple[ExitAnswer, bool]],
    left: frozenset[Side],
    held: Held,
    snapshot: Snapshot,
    rulebook: Rulebook,
    rows: Rows,
) -> Generator[Decision, None, First]:
    """What is due by the first of these rules that holds, beside the sides that are left to expire already."""
    due, unknown = None, list[ExitAnswer]()
    for answer, by_clock in answers:
        text, kind = answer.rule.text, _kind(answer, by_clock=by_clock)
        hits = snapshot.exit_hits.get((held.position.id, text))
        over = answer.holds is None and is_over(answer, held.position, snapshot)
        if answer.holds is None and not over and pending(hits, snapshot) is not None:
            yield from _waits(text, held, snapshot, rows)
        elif answer.holds is None and not over and answer.rule.action not in STAYS:
            unknown.append(answer)
        if answer.holds is False or over:
            yield from _forgotten(held.position, (text, *(reason_of(deed, text) for deed in ROLLS)), snapshot)
        if answer.holds is not True:
            continue
        left |= left_by(answer)
        if left == BOTH:
            break
        if answer.rule.action in LEFT_SIDES:
            if answer.rule.side is not None:
                break
            continue
        assert held.strategy is not None, "rules that answer are those of a strategy"
        action = action_of(answer.rule, held.position, held.strategy, snapshot.ledger)
        portion = beside(answer.rule.portion, left)
        if portion is None or is_done(held.position, portion, text, snapshot):
            continue
        at_once = by_clock or not is_stop(answer)
        belief = yield from _believed(answer, action, held, snapshot, rows, at_once=at_once)
        is_due = belief != "no"
        why = RAN_ON if belief == "runs" else ""
        if is_due and action in ROLLS:
            action, not_rolled = yield from rolled(answer, portion, held, snapshot, rulebook, rows, kind)
            why = not_rolled or why
        if action in STAYS:
            continue
        if is_due and action != "wait":
            due = replace(_due(answer, action, held, snapshot, kind, why, runs=belief == "runs"), portion=portion)
        break
    return First(due, left, tuple(unknown))


def _undisturbed(
    held: Held, standing: Sequence[str], unknown: Sequence[ExitAnswer], snapshot: Snapshot, rows: Rows, proposed: int
) -> Iterator[Decision]:
    """What is done and said about a position of which no line is due."""
    ruleless = left_over(held.position)
    yield from traded_away(held.position, ruleless, snapshot, rows, proposed)
    yield from _freed(held, [*standing, *([] if ruleless is None else [ruleless])], snapshot)
    yield from _judged(held, unknown, snapshot)
    yield from rest(held, snapshot, rows, proposed)


def _date_among(answers: Iterable[tuple[ExitAnswer, bool]], held: Held, snapshot: Snapshot, left: Collection[Side]) -> Due | None:
    """The first of the rules by which a date or a time closes the position; None where there is none."""
    assert held.strategy is not None, "rules that answer are those of a strategy"
    closes = (answer for answer, by_clock in answers if by_clock and answer.rule.action in {"close", "roll"})
    for answer in closes:
        if action_of(answer.rule, held.position, held.strategy, snapshot.ledger) == "close":
            return replace(_due(answer, "close", held, snapshot, "clock", ""), portion=beside(ALL, left) or ALL)
    return None


def _forgotten(position: Position, rules: Sequence[str], snapshot: Snapshot) -> Iterator[Decision]:
    """The counts of what no longer holds begin anew."""
    for rule in rules:
        hits = snapshot.exit_hits.get((position.id, rule))
        if hits is not None and hits.count:
            yield ConfirmExit(position.id, rule, snapshot.at, 0)


def _believed(
    answer: ExitAnswer, action: Done, held: Held, snapshot: Snapshot, rows: Rows, *, at_once: bool
) -> Generator[Decision, None, Belief]:
    """Counts one more look at a rule that holds, and asks for the quotes that it waits for; whether it is due now.

    An alert is given once; a look without a fresh quote counts nothing.
    """
    text, position = answer.rule.text, held.position
    hits = snapshot.exit_hits.get((position.id, text))
    is_alert = action in STAYS
    if at_once and not is_alert:
        return "yes"
    if not snapshot.is_fresh:
        if not is_alert and pending(hits, snapshot) is not None:
            yield from _waits(text, held, snapshot, rows)
        return "no"
    mark = None if is_alert else held.mark  # an alert is in no hurry
    count = counted(hits, snapshot, told_at(held, snapshot, rows), at_once=at_once, forgets=not is_alert, mark=mark)
    counting = ConfirmExit(position.id, text, count.first_at, count.count, count.net)
    if is_alert:
        yield counting
        if count.is_believed and not count.was_believed:
            yield TriggerExit(triggered(answer, action, held, snapshot))
        return "no"
    if count.is_believed:
        if action in ROLLS:  # it may be kept: then it is not forgotten, and not asked for anew
            yield counting
        return "runs" if count.runs else "yes"
    if snapshot.at - count.first_at >= DECIDED_WITHIN:
        yield from _waits(text, held, snapshot, rows, (count.first_at, count.count))
        return "no"
    yield counting
    legs = position.legs
    yield from ask_now(legs, snapshot) if pending(hits, snapshot) is None else ask_silent(legs, snapshot, rows)
    return "no"


def _judged(held: Held, unknown: Sequence[ExitAnswer], snapshot: Snapshot) -> Iterator[Decision]:
    """The word, after some minutes of an open market, that a rule cannot be answered: of a stop rather than of a profit."""
    if not unknown or why_not_sent(snapshot) is not None:
        yield from _forgotten(held.position, (UNJUDGED,), snapshot)
        return
    answer = next((one for one in unknown if is_stop(one)), unknown[0])
    missing = ", ".join(sorted(name for name, value in answer.values.items() if value is None))
    why = unpriced_because(held.mark) or f"{missing or 'what it looks at'} is unknown"
    text = f"whether it is due is not known: {why}"
    yield from unjudged(answer.rule.text, held.position, text, snapshot)


def _waits(
    text: str, held: Held, snapshot: Snapshot, rows: Rows, count: tuple[datetime, int] | None = None
) -> Iterator[Decision]:
    """What is asked and said while a stop has held and no fresh quote confirms or contradicts it."""
    told = [at for leg in held.position.legs if (at := quoted_at(leg.contract, rows)) is not None]
    age = f"told {(snapshot.at - min(told)).total_seconds():.0f} s ago" if told else "never told"
    why = f"it held, and its quotes are not told anew: {age}"
    yield from wait(text, held.position, "no price", why, snapshot, rows, count)


def _kind(answer: ExitAnswer, *, by_clock: bool) -> Kind:
    return "clock" if by_clock else "stop" if is_stop(answer) else "target"


def _due(answer: ExitAnswer, action: Done, held: Held, snapshot: Snapshot, kind: Kind, text: str, *, runs: bool = False) -> Due:
    rule = answer.rule.text
    roll = action if action in ROLLS else None
    reason = reason_of(roll, rule) if roll is not None else rule
    portion = answer.rule.portion
    part = str(portion) if portion.percent is not None else ""
    fact = replace(triggered(answer, action, held, snapshot), text=": ".join(filter(None, (part, text))))
    return Due(rule, reason, kind, fact, portion, runs, roll)


def _freed(held: Held, standing: Sequence[str], snapshot: Snapshot) -> Iterator[Decision]:
    """The word that what was due no longer is; a rule that cannot be answered is still due."""
    _, blocked = snapshot.ledger.blocked_exits.get(held.position.id, (None, None))
    if blocked is not None and blocked.rule not in standing and not blocked.frees_margin:
        yield from free(held.position, "its rule no longer holds", snapshot)
