"""What an execution and what was paid for it are known by, through every correction that the broker makes."""

from dataclasses import replace

from engine.domain.facts.orders import CommissionReported, LegFilled
from engine.domain.facts.union import OrderFact
from engine.domain.order import Order
from engine.domain.spread import Action


def execution_key(exec_id: str) -> str:
    """The part of an execution id that stays when the broker corrects the execution: all but the digits after the last dot.

    Source: TWS API documentation of execution ids.
    """
    head, dot, last = exec_id.rpartition(".")
    return head if dot and last.isdecimal() else exec_id


def fill_key(fill: LegFilled) -> str:
    """What one execution is known by: its id, its contract and its side.

    The id alone is not enough: the legs of one fill may share all of it but the part that counts corrections.
    """
    return _key(fill.exec_id, fill.con_id, fill.action)


def commission_key(paid: CommissionReported) -> str:
    """The `fill_key` of the execution that this was paid for; of a journal that does not name its leg, the id's lasting part."""
    if paid.con_id is None or paid.action is None:
        return execution_key(paid.exec_id)
    return _key(paid.exec_id, paid.con_id, paid.action)


def _key(exec_id: str, con_id: int, action: Action) -> str:
    return f"{execution_key(exec_id)}:{con_id}:{action}"


def revision(exec_id: str) -> int:
    """Which correction of an execution this is; a higher one replaces a lower one, in whatever order they come."""
    _, dot, last = exec_id.rpartition(".")
    return int(last) if dot and last.isdecimal() else 0


def is_repeated(order: Order, fact: OrderFact) -> bool:
    """Whether an execution or a commission says nothing new. Told again and otherwise, the last word counts.

    An execution that the books do not hold, or that was taken back, costs nothing, whatever is said of its cost.
    """
    match fact:
        case LegFilled():
            filled = order.fills.get(fill_key(fact))
            if filled is None or revision(filled.exec_id) != revision(fact.exec_id):
                return filled is not None and revision(filled.exec_id) > revision(fact.exec_id)
            return replace(filled, perm_id=None) == replace(fact, perm_id=None)
        case CommissionReported():
            key = commission_key(fact)
            filled = order.fills.get(key)
            if fact.con_id is not None and (filled is None or (fact.amount and not filled.quantity)):
                return True
            paid = order.commissions.get(key)
            if paid is None:  # a journal that does not name the leg may have it already
                return any(known.exec_id == fact.exec_id and known.con_id is None for known in order.commissions.values())
            return revision(paid.exec_id) > revision(fact.exec_id) or paid == fact
        case _:
            return False
