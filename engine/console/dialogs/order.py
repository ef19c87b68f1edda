"""An order before it is sent: priced when the dialog opens, confirmed, and priced anew where the engine says that it moved.

Play money is confirmed with Enter, real money with the word SEND. While an answer is awaited no further key counts, and what was
sent is never sent again by this dialog.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from engine.console.dialogs.dialog import Dialog
from engine.console.text import EMPTY, Line, line
from engine.domain.errors import EngineError, UserError

T = TypeVar("T")
SEND = "SEND"


@dataclass(frozen=True, slots=True)
class Priced:
    """What an order would do now."""

    lines: Sequence[Line]
    net: float | None
    """Net at mid, USD per share, + received: what the person was shown."""
    obstacle: str | None = None
    """Why nothing can be sent; None where it can."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """One order as a dialog knows it."""

    title: str
    choices: Sequence[tuple[str, T]]
    """What may be chosen, each with its name; the first at the beginning."""
    price: Callable[[T], Awaitable[Priced]]
    send: Callable[[T, float | None], Awaitable[str]]
    """Sends it at the net that was shown: what became of it. Raises EngineError where nothing was sent."""
    is_live: bool


class OrderDialog(Dialog[str], Generic[T]):
    """Shows, confirms, sends."""

    BINDINGS: ClassVar = [
        Binding("up", "choose(-1)", "the one before", id="order.before"),
        Binding("down", "choose(1)", "the next", id="order.next"),
        Binding("enter", "confirm", "send", id="order.confirm"),
    ]

    def __init__(self, form: Form[T]) -> None:
        super().__init__()
        self.title_text = form.title
        self._form, self._chosen = form, 0
        self._priced: Priced | None = None
        self._is_busy = False
        self._said = ""

    def controls(self) -> ComposeResult:
        """Real money has a word to type."""
        if self._form.is_live:
            self.add_class("danger")
            yield Input(placeholder=f"real money: type {SEND} and press Enter")

    async def on_mount(self) -> None:
        """Price it."""
        await self._price()

    async def action_choose(self, by: int) -> None:
        """Choose the next, and price it."""
        if not self._is_busy and len(self._form.choices) > 1:
            self._chosen, self._said = (self._chosen + by) % len(self._form.choices), ""
            await self._price()

    async def action_confirm(self) -> None:
        """Enter; real money goes by its word."""
        if not self._form.is_live:
            await self._send()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """The whole word, or nothing."""
        event.stop()
        if event.value.strip() == SEND:
            event.input.clear()
            await self._send()
        else:
            self.say(f"nothing was sent: type {SEND}, in capitals   Esc leaves")

    async def _price(self) -> None:
        try:
            self._priced = await self._form.price(self._form.choices[self._chosen][1])
        except (EngineError, UserError) as error:
            self._priced = Priced([], None, str(error))
        self._show()

    async def _send(self) -> None:
        if self._is_busy or self._priced is None or self._priced.obstacle is not None:
            return
        self._is_busy = True
        self.say("sent to the engine; waiting for what becomes of it …")
        self.run_worker(partial(self._sent, self._priced.net), exclusive=True, exit_on_error=False)

    async def _sent(self, net: float | None) -> None:
        try:
            text = await self._form.send(self._form.choices[self._chosen][1], net)
        except (EngineError, UserError) as error:
            self._said, self._is_busy = str(error), False
            await self._price()
        else:
            self.dismiss(text)

    def _show(self) -> None:
        """The order as it is priced now, and what to press."""
        priced, choices = self._priced, self._form.choices
        assert priced is not None, "shown once it is priced"
        lines: list[Line] = []
        if len(choices) > 1:
            names = (name for name, _ in choices)
            lines.append(
                [(f"▶{name}  ", "strong") if at == self._chosen else (f" {name}  ", "stale") for at, name in enumerate(names)]
            )
            lines.append(EMPTY)
        lines += priced.lines
        if self._said:
            lines += [EMPTY, line(self._said, "warn")]
        if priced.obstacle is not None:
            lines += [EMPTY, line(f"cannot be sent: {priced.obstacle}", "fault")]
        self.write(lines)
        again = "the price above is new: " if self._said else ""
        how = "" if priced.obstacle else f"type {SEND} and Enter sends   " if self._form.is_live else "Enter sends   "
        part = "↑ ↓ choose   " if len(choices) > 1 else ""
        self.say(f"{again}{how}{part}Esc leaves")
