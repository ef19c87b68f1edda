"""The widget of both pictures of a spread's risk: curve, and prices by dates."""

from rich.color import Color, blend_rgb
from rich.style import Style
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from engine import words
from engine.console.charts.payoff import PriceByDate, Risk, curve_lines, price_by_date
from engine.console.text import Line, drawn
from engine.console.themes import style

NOTHING = "no picture: a leg cannot be valued"


class PayoffView(Widget):
    """Draws one spread's risk; `p` on its screen changes between the two pictures."""

    DEFAULT_CSS = "PayoffView { height: 12; }"
    risk: reactive[Risk | None] = reactive[Risk | None](None)
    is_table: reactive[bool] = reactive(False)
    is_stale: reactive[bool] = reactive(False)

    def render(self) -> Text:
        """The picture in the room that there is."""
        if self.risk is None:
            return Text("")
        if self.is_table:
            table = price_by_date(self.risk)
            return Text(NOTHING) if table is None else self._table(table)
        lines = curve_lines(self.risk, self.size.width, self.size.height)
        return self._text(lines) if lines else Text(NOTHING)

    def _text(self, lines: list[Line]) -> Text:
        return drawn(lines, self.app.theme_variables, is_stale=self.is_stale)

    def _table(self, table: PriceByDate) -> Text:
        """Losses and gains tinted by their size, each with its sign."""
        variables = self.app.theme_variables
        most = max(abs(value) for row in table.made for value in row) or 1.0
        quiet = style(variables, "stale")
        width = max(7, min(10, (self.size.width - 9) // len(table.dates)))
        title = f"{'':>8} " + "".join(f"{_day(at, width):>{width}}" for at in table.dates)
        lines = [Text(title, quiet, no_wrap=True)]
        spot = self.risk.spot if self.risk else None
        nearest = min(table.prices, key=lambda price: abs(price - spot)) if spot is not None else None
        for price, row in zip(table.prices, table.made, strict=True):
            mark = "▶" if price == nearest else " "
            line = Text(f"{mark}{price:>7,.0f} ", quiet, no_wrap=True)
            for value in row:
                line.append(f"{words.signed(value):>{width}}", self._heat(value / most))
            lines.append(line)
        return Text("\n").join(lines)

    def _heat(self, share: float) -> Style:
        """The background nearer to the colour of gain or loss, the more of it there is."""
        variables = self.app.theme_variables
        ground = Color.parse(variables["background"][:7]).get_truecolor()
        tint = Color.parse(variables["stale" if self.is_stale else "up" if share > 0 else "down"][:7]).get_truecolor()
        return Style(color=variables["foreground"][:7], bgcolor=Color.from_triplet(blend_rgb(ground, tint, 0.55 * abs(share))))


def _day(at: object, width: int) -> str:
    return f"{at:%d %b}" if width >= 7 else f"{at:%d}"
