"""Halt and resume: words that are typed in full, because of what they do."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from engine.api.models.status import Status
from engine.console.dialogs.dialog import Dialog
from engine.console.text import EMPTY, Line, line, row
from engine.store.folder import HALT_FILE


class TypedWord(Dialog[bool]):
    """Does something once a word is typed."""

    DEFAULT_CLASSES = "danger"
    word: ClassVar[str] = ""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = lines

    def on_mount(self) -> None:
        """Show what it is about."""
        self.write(self._lines)

    def controls(self) -> ComposeResult:
        """Where the word is typed."""
        yield Input(placeholder=f"type {self.word} and press Enter")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the whole word counts."""
        event.stop()
        if event.value.strip() == self.word:
            self.dismiss(True)
        else:
            self.say(f"nothing was done: type {self.word}, in capitals   Esc leaves")


class HaltDialog(TypedWord):
    """Stops openings."""

    title_text, word = "HALT", "HALT"


class ResumeDialog(TypedWord):
    """Allows openings again."""

    title_text, word = "Resume", "RESUME"


def halt_lines(status: Status | None, *, is_lost: bool, state: str | None) -> list[Line]:
    """What a halt does, and how to halt where the engine does not answer."""
    if status is not None and status.halt is not None:
        reason = f": {status.halt.reason}" if status.halt.reason else ""
        return [line(f"Halted already, by {status.halt.by}{reason}.", "warn"), line("`:` and resume allows openings again.")]
    lines: list[Line] = [
        line("Working entries are canceled and nothing is opened until a person resumes.", "strong"),
        line("Exits keep working: positions are guarded and closed by their rules."),
    ]
    if is_lost:
        lines += [EMPTY, line("The engine does not answer. If it still does not when you press Enter:", "warn")]
        lines += _otherwise(state)
        lines.append(line("  in TWS: cancel its orders, or switch the API off", "strong"))
    return lines


def only_looks_lines(state: str | None) -> list[Line]:
    """How to halt where this console may only look."""
    return [line("This console only looks. Otherwise:", "warn"), *_otherwise(state)]


def _otherwise(state: str | None) -> list[Line]:
    """How to halt without a console; in a browser nobody has the engine's folder before them."""
    if state is None:
        return [
            row(("  the HALT button above", "strong"), ("      its page does not need this console", "")),
            row(("  spreads halt", "strong"), ("      on the engine's machine", "")),
        ]
    return [
        row((f"  spreads halt --state {state}", "strong"), ("      asks it again", "")),
        row((f"  touch {state}/{HALT_FILE}", "strong"), ("      it looks for this file every few seconds", "")),
    ]


def resume_lines(status: Status) -> list[Line]:
    """What happens when openings are allowed again."""
    waiting = [one for one in status.strategies if one.candidates]
    halt = status.halt
    who = f"Halted by {halt.by}{f': {halt.reason}' if halt.reason else ''}." if halt else "It is not halted."
    lines: list[Line] = [[(who, "warn")], line("After it:", "strong")]
    lines.append(line(f"  {len(status.strategies)} strategies may open again, {len(waiting)} of them see candidates:"))
    lines += [line(f"    {one.name}: {one.candidates:,} candidates") for one in waiting]
    lines += [line(f"  {one.name} has tripped and still stops openings", "down") for one in status.breakers]
    if status.mode == "live":
        lines.append(line("  This engine trades real money.", "down"))
    return lines
