"""A number against its limit, as a bar: the middle is zero, the ends are the limit on either side."""

from engine.console.text import Line, Tone

FULL, NEAR = 1.0, 0.8
"""Shares of a limit from which a number is over it, and near it."""
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def limit_bar(value: float | None, bound: float | None, width: int) -> Line:
    """The bar of a number within ± its bound; a bound that is not known leaves only the middle."""
    half = max(1, (width - 1) // 2)
    if value is None or bound is None or bound <= 0:
        return [(" " * half + "│" + " " * half, "stale")]
    share = min(1.0, abs(value) / bound)
    cells = round(share * half)
    bar = "█" * cells if cells or value == 0 else "▌"
    tone = limit_tone(value, bound)
    if value < 0:
        return [(" " * (half - len(bar)), ""), (bar, tone), ("│" + " " * half, "stale")]
    return [(" " * half + "│", "stale"), (bar, tone), (" " * (half - len(bar)), "")]


def limit_tone(value: float, bound: float) -> Tone:
    """Whether a number is within its limit, near it, or beyond."""
    share = abs(value) / bound
    return "down" if share >= FULL else "warn" if share >= NEAR else "info"


def bar(share: float, width: int) -> str:
    """A share of one as a bar, to an eighth of a character."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)
