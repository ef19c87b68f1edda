"""What an execution and what was paid for it are known by, through every correction that the broker makes."""

from engine.domain.facts.orders import CommissionReported, LegFilled
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
