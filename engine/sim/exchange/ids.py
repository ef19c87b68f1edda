"""Numbers that outlive a connection: order ids, permanent ids, execution ids."""

from dataclasses import dataclass, field

FIRST_PERM_ID = 1_376_327_563
"""Permanent ids are large and never start again."""

_LARGEST_ORDER_ID = 2**31 - 1
"""Clients keep order ids as 32-bit ints, and could not read a higher one."""

_EXEC_PREFIX = 0x0000_E0D5


@dataclass(slots=True)
class Ids:
    """Counters of one TWS; they are part of its state and survive restarts of its clients."""

    next_order_id: int = 1
    """What a client is told when it connects; above all that any client used."""
    next_perm_id: int = FIRST_PERM_ID
    next_fill: int = 0x63F8_F39C
    highest_of_client: dict[int, int] = field(default_factory=dict[int, int])

    def use_order_id(self, client_id: int, order_id: int) -> None:
        """From now on this client may only use higher ids."""
        self.highest_of_client[client_id] = max(self.highest_of_client.get(client_id, 0), order_id)
        self.next_order_id = max(self.next_order_id, min(order_id + 1, _LARGEST_ORDER_ID))

    def is_used(self, client_id: int, order_id: int) -> bool:
        """Whether the client used this id, or a higher one."""
        return order_id <= self.highest_of_client.get(client_id, 0)

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
