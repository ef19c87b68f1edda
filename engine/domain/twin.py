"""A fold that can be told more without the first one hearing of it: what would be, held against what is."""

from copy import copy
from dataclasses import fields
from typing import TypeVar

from engine.domain.arming import Arms
from engine.domain.ends import Ends
from engine.domain.files import Files
from engine.domain.ladder import Ladder
from engine.domain.ledger import Ledger
from engine.domain.messages import Messages
from engine.domain.tripped import Breakers
from engine.domain.worth import Worth

Fold = TypeVar("Fold", bound=Ledger | Arms | Breakers | Ends | Files | Ladder | Messages | Worth)


def twin(fold: Fold) -> Fold:
    """The same fold, each of whose parts is another; the facts and values in them never change, and are shared."""
    other = copy(fold)
    for field in fields(fold):
        part = getattr(fold, field.name)
        setattr(other, field.name, twin(part) if isinstance(part, _PARTS) else copy(part))
    return other


_PARTS = (Arms, Breakers, Ends, Files, Ladder, Messages, Worth)
