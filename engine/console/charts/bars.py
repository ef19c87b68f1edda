"""A share as a bar, and what it means for a limit."""

from engine.console.text import Tone

FULL, NEAR = 1.0, 0.8
"""Shares of a limit from which a number is over it, and near it."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def limit_tone(used: float) -> Tone:
    """Whether this share of a limit is within it, near it, or beyond."""
    return "down" if used >= FULL else "warn" if used >= NEAR else "info"


def bar(share: float, width: int) -> str:
    """A share of one as a bar, to an eighth of a character."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)
