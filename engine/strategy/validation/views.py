"""Expected values: without a view they say what trading costs, and nothing of what it may earn."""

from __future__ import annotations

from collections.abc import Sequence

from engine.strategy.expressions.tree import Expression, Measure, NamedView, measures_in, views_in
from engine.strategy.model import Policy
from engine.strategy.validation.bounds import bounds_of
from engine.strategy.validation.validation import Validation
from engine.strategy.way_out import add, joined, move, write

_VIEW = "expected_value at realized_vol(20 days)"
MOST = 3
"""Numbers of the market in the rules and the rank of one strategy, those of its views counted too."""


def check_views(validation: Validation) -> None:
    """An expected value above zero that no market pays, a rank by it, and more views than a scan takes."""
    spread, approval = validation.spread, validation.strategy.entry.approval
    for condition in spread.rules:
        for about, bound in bounds_of(condition):
            if _is_unnamed(about) and bound.low >= 0:
                message = "this can never hold: at the market's own smile every spread is worth about its fees less than it costs"
                named = " ".join(condition.text.split()).replace("expected_value", _VIEW)
                validation.warn(condition, message, write(named))
    for condition in approval.auto_when if isinstance(approval, Policy) else ():
        if any(_is_unnamed(about) and bound.low >= 0 for about, bound in bounds_of(condition)):
            message = "this can never hold, so that everything is asked: the expected value is about minus the fees"
            validation.warn(condition, message, move(f"- {_VIEW} > $0", "spread.rules"))
    where = validation.at("spread", "rank")
    if any(map(_is_unnamed, measures_in(spread.rank))):
        message = "this ranks by fees and rounding: at the market's own smile every spread has about the same expected value"
        validation.warn(where, message, write("return_on_risk * pop", f"{_VIEW} / max_loss"))
    views = views_in(*(rule.expression for rule in spread.rules), spread.rank)
    if validation.strategy.sizing.kelly is not None and not views:
        message = "Kelly asks for a view, and none is named: at the market's own odds nothing is worth a risk"
        validation.error(validation.at("sizing", "kelly"), message, add(f"- {_VIEW} > $0", "spread.rules"))
    lines = (*(rule.expression for rule in spread.rules), spread.rank)
    beside = {measure for one in lines for measure in measures_in(one) if measure.relation == "market"}
    _check_named(validation, [view for view in views if isinstance(view, NamedView)])
    if len({*beside, *(view for view in views if isinstance(view, Measure))}) > MOST:
        validation.error(
            where, f"more than {MOST} numbers of the market stand in rules and rank, or are views there", "take fewer"
        )


def _check_named(validation: Validation, views: Sequence[NamedView]) -> None:
    """Views of a price that say nothing of what the strategy trades, and more of them than a scan takes."""
    spread, universe = validation.spread, list(validation.strategy.universe)
    for view in views:
        of = view.says.underlying
        named = (rule for rule in spread.rules if view in views_in(rule.expression))
        where = next(named, validation.at("spread", "rank"))
        if of and of not in universe:
            message = (
                f"'{view.name}' is a view of {of}, and this trades {joined(universe)}: it is unknown, and unknown opens nothing"
            )
            validation.error(where, message, f"write a view of {universe[0]}, or of none where it is one of each")
        elif of and len(universe) > 1:
            others = [name for name in universe if name != of]
            message = f"'{view.name}' is a view of {of}: of {joined(others)} it is unknown, so nothing is opened there"
            validation.warn(where, message, f"trade {of} alone in this file")
    if len(views) > MOST:
        where = validation.at("spread", "rules")
        validation.error(where, f"more than {MOST} views of a price stand in rules and rank", "take fewer")


def _is_unnamed(expression: Expression) -> bool:
    return isinstance(expression, Measure) and expression.name == "expected_value" and expression.at is None
