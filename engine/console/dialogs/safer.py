"""An opening made safer by hand: fewer spreads, a better worst price, or both, as somebody types it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from textual.app import ComposeResult
from textual.widgets import Input

from engine.api.models.orders import Order
from engine.console.dialogs.dialog import Dialog
from engine.console.text import EMPTY, Line, line
from engine.domain.errors import UserError
from engine.words import number

TYPED = re.compile(r"(?:(?P<count>\d+)(?:\s+|$))?(?:at\s*(?P<net>[-+−]?\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class Safer:
    """What is changed; None leaves it."""

    quantity: int | None
    worst: Decimal | None


def safer_of(text: str, order: Order, *, may_shrink: bool) -> Safer:
    """What was typed: `1`, `at 8.20`, `1 at 8.20`. Raises UserError for what is none, or would risk more."""
    found = TYPED.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise UserError("type " + ("a smaller number of spreads, or " if may_shrink else "") + "`at` and a better price: at 8.20")
    count = None if found["count"] is None else int(found["count"])
    worst = None if found["net"] is None else Decimal(found["net"].replace("−", "-"))
    if count is not None and not may_shrink:
        raise UserError("the size of an order that works is not changed; cancel it, what has filled stays")
    if count is not None and not 1 <= count < order.quantity:
        raise UserError(f"{count}: fewer than {order.quantity} are wanted, and at least 1")
    if worst is not None and order.worst is not None and float(worst) <= order.worst:
        raise UserError(f"at {worst}: it is {number(order.worst)} already; a safer one is higher (+ received, − paid)")
    return Safer(count, worst)


class SaferDialog(Dialog[Safer]):
    """Tells what would be, while one types."""

    def __init__(self, title: str, lines: Sequence[Line], order: Order, *, may_shrink: bool) -> None:
        super().__init__()
        self.title_text, self._lines, self._order, self._may_shrink = title, lines, order, may_shrink
        self.hint = f"only to the safer side: {'1   ' if may_shrink else ''}at 8.20   Enter changes it   Esc leaves"

    def controls(self) -> ComposeResult:
        """Where it is typed."""
        yield Input(placeholder="1 at 8.20" if self._may_shrink else "at 8.20", max_length=30)

    def on_mount(self) -> None:
        """The order as it is."""
        now = f"never priced below {number(self._order.worst)}, USD per share, + received"
        self.write([*self._lines, EMPTY, line(now, "strong")])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what Enter would do."""
        event.stop()
        if not event.value.strip():
            self.say(self.hint)
            return
        try:
            found = safer_of(event.value, self._order, may_shrink=self._may_shrink)
        except UserError as problem:
            self.say(str(problem))
            return
        size = f"{found.quantity} of {self._order.quantity}" if found.quantity is not None else ""
        price = f"never below {found.worst}" if found.worst is not None else ""
        self.say(f"Enter makes it {', '.join(filter(None, (size, price)))}   Esc leaves")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what is a change, and nothing else."""
        event.stop()
        try:
            self.dismiss(safer_of(event.value, self._order, may_shrink=self._may_shrink))
        except UserError as problem:
            self.say(str(problem))
