"""Exits on a result that no position of the strategy can have: what its rules, its width or its risk leave to lose or to earn is
less than that. A stop like this protects nothing, and nobody sees it before the day on which it does not come.
"""

from __future__ import annotations

from engine.strategy.expressions.tree import Arithmetic, Expression, Measure, measures_in
from engine.strategy.model import DEFAULT_WALKS, Declared
from engine.strategy.validation.bounds import Bound, bounds_of
from engine.strategy.validation.validation import Validation
from engine.strategy.values.meaning import Usd, WorstFromMid, WorstShare
from engine.strategy.way_out import write

_BETTER_THAN_MID = 0.1
"""A debit that fills a tenth below its mid is luck on which no file counts."""

_SHARES = 100
"""Of one contract: others are not traded."""


def check_reach(validation: Validation) -> None:
    """Exits on `loss` and `profit` that never hold, since a position loses or earns less than that at most."""
    strategy = validation.strategy
    for rule in strategy.exit_lines:
        for about, bound in bounds_of(rule.condition):
            is_of_all = all(measure.relation == "position" for measure in measures_in(about))
            says = _beyond(strategy, about, bound) if is_of_all else None
            if says is not None:
                message, instead = says
                validation.error(rule.condition, f"{message}, so this never holds", write(instead))


def _beyond(strategy: Declared, about: Expression, bound: Bound) -> tuple[str, str] | None:
    """Why a bound is never reached, and the line that is."""
    match about:
        case Arithmetic(left=Measure(name="loss"), right=Measure(name="credit" | "max_profit")):
            most = most_lost_of_credit(strategy)
            if most is not None and bound.low > most:
                message = f"by its rules a position here loses at most {most:.0%} of its credit"
                return message, "loss >= 50% of max_loss"
        case Arithmetic(left=Measure(name="profit"), right=Measure(name="debit" | "max_loss")):
            most = _most_earned_of_debit(strategy)
            if most is not None and bound.low > most:
                message = f"by its rules a position here earns at most {most:.0%} of its debit"
                return message, "profit >= 50% of max_profit"
        case Measure(name="loss" | "profit" as name):
            risk, worth = strategy.sizing.risk, _most_worth(strategy)
            instead = f"{name} >= 50% of max_{name}"
            if name == "loss" and isinstance(risk, Usd) and bound.low > risk.usd:
                return f"one position risks at most ${risk.usd:,} here", instead
            if worth is not None and bound.low > worth:
                many = strategy.sizing.contracts.high
                spreads = "one spread" if many == 1 else f"{many} spreads"
                return f"a position has at most {spreads} here, never worth more than ${worth:,.0f}", instead
        case _:
            pass
    return None


def most_lost_of_credit(strategy: Declared) -> float | None:
    """What a position can lose at most, as a multiple of the credit that it was filled at; None where its rules leave that open.

    That is the width less the credit. The rules bound the credit at mid: the order may fill as far below as its price is worked.
    """
    least = least_of_width(strategy, "credit")
    # Of a side that was rolled, what was lost before is no part of this position.
    if least is None or any(rule.rolls and rule.action != "roll" for rule in strategy.exits):
        return None
    worst = (strategy.entry.price or DEFAULT_WALKS[strategy.spread.pays]).worst
    if isinstance(worst, WorstShare):
        least = least * float(worst.fraction) if worst.base == "mid" else min(least, float(worst.fraction))
    elif isinstance(worst, WorstFromMid):
        span = strategy.spread.span
        least -= float(worst.usd / span.low) if span is not None else least
    elif (at_natural := least_of_width(strategy, "natural_credit")) is not None:
        least = at_natural
    else:
        return None
    return 1 / least - 1 if 0 < least < 1 else None


def _most_earned_of_debit(strategy: Declared) -> float | None:
    """What a position can earn at most, as a multiple of the debit that it cost; None where its rules leave that open."""
    least = least_of_width(strategy, "debit")
    least = None if least is None else least * (1 - _BETTER_THAN_MID)
    return 1 / least - 1 if least is not None and 0 < least < 1 else None


def _most_worth(strategy: Declared) -> float | None:
    """What all spreads of a position are worth at most, USD; None where strikes do not tell."""
    span = strategy.spread.span
    return None if span is None else float(span.high) * _SHARES * strategy.sizing.contracts.high


def least_of_width(strategy: Declared, paid: str) -> float | None:
    """The least share of its width that a spread of this strategy brings or costs, by its rules; None where they do not say."""
    spread = strategy.spread
    if spread.span is None or spread.pays != paid.removeprefix("natural_"):
        return None
    found: list[float] = []
    for condition in spread.rules:
        for about, bound in bounds_of(condition):
            match about:
                # At natural a credit is never more, and a debit never less, than at mid.
                case Arithmetic(left=Measure(name=name), right=Measure(name="width")) if _tells(name, paid):
                    found.append(bound.low)
                case Measure(name=name) if _tells(name, paid):
                    found.append(bound.low / float(spread.span.high))
                case _:
                    pass
    return max(found, default=None)


def _tells(name: str, paid: str) -> bool:
    return name == paid or (name, paid) == ("natural_credit", "credit")
