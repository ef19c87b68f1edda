"""What somebody new may press next, by what is there to be seen; `.` sends it away."""

from rich.text import Text
from textual.widget import Widget

from engine.console.feed import Feed
from engine.console.themes import style


def advice(feed: Feed, tab: str) -> str:
    """One sentence with the key in it."""
    status = feed.status
    if status is None:
        return "the simulated market opens in a moment"
    if status.halt is not None:
        return "exits go on while it is halted. : and resume, then the word RESUME, allows openings again"
    if feed.approvals:
        if tab != "approvals":
            return "a spread waits for your yes: press 3"
        return "look at what it can make and lose; a prices it anew, Enter sends it, r says no"
    if status.working_orders and tab != "orders":
        return "the order walks from mid toward what is certain to trade: press 5"
    if status.open_positions:
        if tab not in {"positions", "history"}:
            return "press 4: what you hold, and how far each exit is from firing"
        return "C shows what closing it would do; 6 has the funnel of each strategy; F12 and the word HALT stops openings"
    if tab == "candidates":
        return "rows move as the market does: j k move, p turns the picture, w says why; soon one of them waits in 3"
    return "press 2: every spread that the rules let through"


class CoachLine(Widget):
    """The sentence, on a line of its own."""

    DEFAULT_CSS = "CoachLine { height: 1; }"

    def __init__(self, feed: Feed, tab: str) -> None:
        super().__init__()
        self._feed, self._tab = feed, tab

    def render(self) -> Text:
        """The sentence, and how to be rid of it."""
        variables = self.app.theme_variables
        line = Text(" ▸ ", style(variables, "info"), no_wrap=True, overflow="ellipsis", end="")
        line.append(advice(self._feed, self._tab), style(variables, "info"))
        line.append("   . hides this", style(variables, "stale"))
        return line
