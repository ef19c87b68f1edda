"""Numbers that outlive a connection: order ids, permanent ids, execution ids."""

from dataclasses import dataclass

FIRST_PERM_ID = 1_376_327_563
"""Permanent ids are large and never start again."""

_EXEC_PREFIX = 0x0000_E0D5


@dataclass(slots=True)
class Ids:
    """Counters of one TWS; they are part of its state and survive restarts of its clients."""

    next_order_id: int = 1
    next_perm_id: int = FIRST_PERM_ID
    next_fill: int = 0x63F8_F39C

    def use_order_id(self, order_id: int) -> None:
        """From now on the id is taken, whichever client used it."""
        self.next_order_id = max(self.next_order_id, order_id + 1)

    def new_perm_id(self) -> int:
        self.next_perm_id += 1
        return self.next_perm_id - 1

    def new_fill(self) -> str:
        """The two first parts of the execution ids of one fill: its combination row and its legs share them."""
        self.next_fill += 1
        return f"{_EXEC_PREFIX:08x}.{self.next_fill:08x}"


def exec_id(fill: str, row: int, revision: int = 1) -> str:
    """Id of one row of a fill; a correction has the same id but for the digits after the last dot."""
    return f"{fill}.{row:02d}.{revision:02d}"
