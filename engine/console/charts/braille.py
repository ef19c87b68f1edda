"""Pictures of dots: a character has two columns of four dots, and one colour."""

from collections.abc import Sequence

from engine.console.text import Line, Tone

_FIRST = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot: four rows of two."""


class Canvas:
    """So many characters wide and high. Dots are counted from the left and from the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._bits = [[0] * width for _ in range(height)]
        self._tones: list[list[Tone]] = [[""] * width for _ in range(height)]
        self._ranks = [[-1] * width for _ in range(height)]

    def dot(self, x: int, y: int, tone: Tone, rank: int = 0) -> None:
        """Set one dot; where several share a character, the colour of the highest rank is taken."""
        column, row = x // 2, y // 4
        if not (0 <= column < self.width and 0 <= row < self.height):
            return
        self._bits[row][column] |= _DOTS[y % 4][x % 2]
        if rank >= self._ranks[row][column]:
            self._ranks[row][column], self._tones[row][column] = rank, tone

    def curve(self, heights: Sequence[float], tone: Tone, rank: int = 0) -> None:
        """A line through one height for each column of dots, in dots from the top; neighbours are joined without a gap."""
        before: int | None = None
        for x, height in enumerate(heights):
            y = round(height)
            start = y if before is None else before + (1 if y > before else -1 if y < before else 0)
            for at in range(min(start, y), max(start, y) + 1):
                self.dot(x, at, tone, rank)
            before = y

    def lines(self) -> list[Line]:
        """What was drawn, neighbours of one colour together."""
        found: list[Line] = []
        for bits, tones in zip(self._bits, self._tones, strict=True):
            line: Line = []
            for mask, tone in zip(bits, tones, strict=True):
                text = chr(_FIRST + mask) if mask else " "
                if line and line[-1][1] == tone:
                    line[-1] = (line[-1][0] + text, tone)
                else:
                    line.append((text, tone))
            found.append(line)
        return found


def spark(values: Sequence[float], width: int) -> str:
    """The values as one line of characters, from the least to the greatest; empty where there are none."""
    if not values:
        return ""
    low, high = min(values), max(values)
    count = width * 2
    taken = [values[min(len(values) - 1, round(at * (len(values) - 1) / max(1, count - 1)))] for at in range(count)]
    canvas = Canvas(width, 1)
    canvas.curve([1.5 if high == low else 3 * (high - value) / (high - low) for value in taken], "")
    return "".join(text for text, _ in canvas.lines()[0])
