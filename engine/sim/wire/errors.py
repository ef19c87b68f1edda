"""What is wrong with a message, and where."""

from __future__ import annotations


class WireError(Exception):
    """A frame or message that does not follow the protocol: message, field position and name (where known), reason.

    `index` counts the fields of the message from 0, its id being field 0.
    """

    asked_by: int | None = None
    """The request's or order's own number, where it was read before the fault: the answer carries it."""

    def __init__(self, reason: str, *, message: str = "", index: int | None = None, field: str = "") -> None:
        self.reason = reason
        self.message = message
        self.index = index
        self.field = field
        super().__init__(reason)

    def __str__(self) -> str:
        place = self.message
        if self.index is not None:
            place += f" field {self.index}"
        if self.field:
            place += f" ({self.field})"
        return f"{place}: {self.reason}" if place else self.reason

    def at(self, message: str, index: int | None, field: str) -> WireError:
        """The same complaint with its place; a place already known is kept."""
        return WireError(
            self.reason,
            message=self.message or message,
            index=index if self.index is None else self.index,
            field=self.field or field,
        )
