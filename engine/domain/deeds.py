"""What an exit does to a position, as facts name it and files write it."""

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from engine.domain.parts import Portion

PartClose: TypeAlias = Literal[
    "close half", "close part", "close put side", "close call side", "close short", "close put short", "close call short"
]
"""A close of a portion: half of the spreads, `close 25%` of those opened, one side of a structure that has two, what is owed
only, or only on one side."""
PartRoll: TypeAlias = Literal["roll put side", "roll call side", "roll short", "roll put short", "roll call short"]
"""A roll of one side of a structure that has two, or of what is sold against what is bought and lives longer, all of it or on one
side: the rest stays."""
RollDeed: TypeAlias = Literal["roll", PartRoll]
Deed: TypeAlias = Literal["close", PartClose, RollDeed, "alert"]
Done: TypeAlias = Literal[Deed, "keep"]
"""A deed, or what a roll that cannot be made leaves it to."""

ROLLS: frozenset[RollDeed] = frozenset(get_args(RollDeed))
"""The deeds that close something and open what takes its place."""
PORTIONS: Mapping[str, Portion] = {
    "close half": Portion(half=True),
    "close put side": Portion(side="put"),
    "close call side": Portion(side="call"),
    "close short": Portion(short=True),
    "close put short": Portion(side="put", short=True),
    "close call short": Portion(side="call", short=True),
    "roll put side": Portion(side="put"),
    "roll call side": Portion(side="call"),
    "roll short": Portion(short=True, together=True),
    "roll put short": Portion(side="put", short=True),
    "roll call short": Portion(side="call", short=True),
}
"""What each of these closes, a roll before it opens what takes its place."""
