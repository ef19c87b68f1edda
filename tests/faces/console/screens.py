"""What a person sees on the terminal, as plain text."""

from typing import Any

from textual.app import App


def text_of(app: App[Any]) -> str:
    """The lines of the screen, without colours and without blanks at their ends."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip)[:width].rstrip() for strip in strips[:height]]
    return "\n".join(lines)
