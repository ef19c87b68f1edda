"""What is told of strategies that send nothing, and of those that were moved a rung down."""

from engine.cli.money import dollars
from engine.decide.risk.ladder import why_lowered
from engine.domain.facts.ladder import NotedClosed, OpeningNoted, RungLowered


def of_ladder(fact: OpeningNoted | NotedClosed | RungLowered) -> str:
    """One line, with the word that it begins with."""
    match fact:
        case OpeningNoted(net=net):
            supposed = "supposed not to fill" if net is None else f"supposed to fill at {net}"
            tells = "" if fact.rung == "record" else f"; {supposed}"
            return f"noted     {fact.would_open.order_ref} at {fact.would_open.limit}{tells}; nothing is sent"
        case NotedClosed():
            came = "nobody saw its end" if fact.result_usd is None else f"supposed result {dollars(fact.result_usd)}"
            return f"noted     {fact.note} closed, {fact.rule}: {came}"
        case RungLowered():
            return f"LOWERED   {fact.strategy} from {fact.before} to {fact.rung}: {why_lowered(fact)}"
