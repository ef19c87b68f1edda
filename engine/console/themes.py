"""The console's themes. Every colour has a meaning, and widgets ask for the meaning: `up`, `warn`, `live`, never for a colour."""

from collections.abc import Mapping

from rich.style import Style
from textual.theme import Theme

MEANINGS = ("up", "down", "warn", "info", "stale", "fault", "strong")
"""Money up or filled · money down or rejected · needs a look · information · old or switched off · an error of the system."""
MODES = ("live", "paper", "sim", "replay")
TROUGHS = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active", "scrollbar-corner-color")
"""What scrollbars run in: of the screen's own colour, or a black band stands where nothing is to be scrolled."""
DARK, LIGHT, CONTRAST, COLOUR_SAFE = "spreads-dark", "spreads-light", "spreads-high-contrast", "spreads-colour-safe"


def _meanings(up: str, down: str, warn: str, info: str, stale: str, fault: str, strong: str) -> dict[str, str]:
    return {"up": up, "down": down, "warn": warn, "info": info, "stale": stale, "fault": fault, "strong": strong}


def _theme(
    name: str, *, dark: bool, ground: tuple[str, str, str, str], meanings: Mapping[str, str], modes: Mapping[str, str]
) -> Theme:
    background, surface, panel, foreground = ground
    return Theme(
        name=name,
        primary=meanings["info"],
        accent=meanings["fault"],
        warning=meanings["warn"],
        error=meanings["down"],
        success=meanings["up"],
        foreground=foreground,
        background=background,
        surface=surface,
        panel=panel,
        dark=dark,
        variables={
            **meanings,
            **{f"mode-{mode}": colour for mode, colour in modes.items()},
            **dict.fromkeys(TROUGHS, background),
        },
    )


THEMES = (
    _theme(
        DARK,
        dark=True,
        ground=("#14171c", "#1a1e25", "#242a33", "#d4dae3"),
        meanings=_meanings("#5fd38d", "#ff6b6b", "#f2c14e", "#66b3ff", "#7b8494", "#e06ce0", "#ffffff"),
        modes={"live": "#b3202c", "paper": "#1f6b45", "sim": "#24558f", "replay": "#65419e"},
    ),
    _theme(
        LIGHT,
        dark=False,
        ground=("#fbfbf9", "#f3f3f0", "#e6e6e1", "#23272e"),
        meanings=_meanings("#0f7a3d", "#c4262e", "#8f6200", "#1c5fae", "#82878f", "#9a2c9a", "#000000"),
        modes={"live": "#c4262e", "paper": "#23794c", "sim": "#2a63a8", "replay": "#6f47ad"},
    ),
    _theme(
        CONTRAST,
        dark=True,
        ground=("#000000", "#000000", "#1c1c1c", "#ffffff"),
        meanings=_meanings("#00ff66", "#ff5c5c", "#ffe600", "#55c8ff", "#b8b8b8", "#ff7bff", "#ffffff"),
        modes={"live": "#d00000", "paper": "#007a33", "sim": "#0050c8", "replay": "#7a2fd0"},
    ),
    _theme(
        COLOUR_SAFE,
        dark=True,
        ground=("#14171c", "#1a1e25", "#242a33", "#d4dae3"),
        meanings=_meanings("#5aa9ff", "#ff9f40", "#f2e05e", "#9ad0ff", "#7b8494", "#e06ce0", "#ffffff"),
        modes={"live": "#b3202c", "paper": "#1f6b45", "sim": "#24558f", "replay": "#65419e"},
    ),
)


def style(variables: Mapping[str, str], meaning: str, *, on: str = "background") -> Style:
    """The style of a meaning in a theme's variables; nothing is just text."""
    colour = variables.get(meaning or "foreground", variables["foreground"])
    return Style(color=colour[:7], bgcolor=variables[on][:7], bold=meaning == "strong" or None)
