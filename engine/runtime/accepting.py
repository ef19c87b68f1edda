"""Edits that wait, as the faces see them, and a person's yes to one."""

from engine.domain.facts.files import EditAccepted
from engine.runtime.held_edits import HeldEdits
from engine.runtime.inbox import Inbox
from engine.runtime.plain import Row


class Accepting:
    """The edits that wait for a person."""

    def __init__(self, edits: HeldEdits, inbox: Inbox) -> None:
        self._edits, self._inbox = edits, inbox

    def rows(self) -> list[Row]:
        """Those that wait, by file."""
        return [
            {"file": edit.file, "digest": edit.digest, "changes": list(edit.changes)}
            for _, edit in sorted(self._edits.waiting.items())
        ]

    def accept(self, file: str, digest: str, by: str, reason: str) -> tuple[bool, str]:
        """Let an edit take effect: (whether it will, what becomes of it). `digest` is that of the text that the person saw."""
        edit = self._edits.waiting.get(file)
        if edit is None:
            waiting = ", ".join(sorted(self._edits.waiting)) or "no edit"
            return False, f"no edit of {file!r} waits; {waiting} waits"
        if edit.digest != digest:
            return False, f"{file} was edited again since; look at what waits now, then accept that"
        self._inbox.publish(EditAccepted(edit.file, edit.digest, by, reason))
        self._edits.accept(edit.file, edit.digest)
        return True, f"accepting the edit of {file}: {'; '.join(edit.changes)}"
