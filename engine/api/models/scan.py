"""Searches of a client's own over the newest snapshot, and the presets that they are kept as.

A search changes nothing: no strategy, no data line, no order. Stopping it stops nothing else.
"""

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from engine.api.models.base import Instant, Model, Name
from engine.api.models.candidates import Candidate

LINES_MAX = 40
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
PresetName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[\w .-]+$")]


class ScanFilters(Model):
    """What is looked for: the file of a strategy with some of it replaced or switched off."""

    strategy: Name = Field(examples=["spx_bull_put"])
    """Whose file it begins with, as it is in force."""
    universe: tuple[Annotated[str, StringConstraints(max_length=12)], ...] | None = Field(None, max_length=LINES_MAX)
    """Underlyings instead of the file's; those that the engine does not stream find nothing."""
    filters: tuple[Line, ...] | None = Field(None, max_length=LINES_MAX)
    """Lines that every option must fulfil, instead of the file's."""
    rules: tuple[Line, ...] | None = Field(None, max_length=LINES_MAX, examples=[("credit >= 15% of width", "pop >= 70%")])
    """Lines that every spread must fulfil, instead of the file's."""
    off: tuple[Line, ...] = Field((), max_length=LINES_MAX, examples=[("pop >= 70%",)])
    """Lines among all of these that are not asked: each is switched off and on by itself."""
    spread: dict[str, JsonValue] = Field(
        default_factory=dict[str, JsonValue], max_length=20, examples=[{"width": "$10-$50", "keep": 20}]
    )
    """Keys of `spread` instead of the file's, in the language of the files: type, expiry, short_delta, width, rank, keep."""


class Scan(Model):
    """A search that goes on."""

    scan: str = Field(examples=["4f2a91c0"])
    """Its name."""
    filters: ScanFilters
    """What it looks for."""
    written: ScanFilters
    """The same with the file's own lines and keys where nothing was put in their place: what a form begins with."""
    started_at: Instant
    """When it was begun."""
    looked_at: Instant | None
    """When it looked last; null before the first look."""
    took_ms: float | None
    """Milliseconds of the last look."""
    found: int
    """How many the last look kept."""
    looks: int
    """How often it has looked."""


class ScanResults(Model):
    """What the last look of a search found."""

    scan: str
    """Its name."""
    looked_at: Instant
    """The moment of the snapshot."""
    candidates: tuple[Candidate, ...]
    """Best first, with what each quotes now. Their names are those of the strategy that the search begins with."""


class Preset(Model):
    """Filters that are kept under a name, with what a screen shows of them."""

    name: PresetName
    """Its name."""
    about: Annotated[str, StringConstraints(max_length=200)] = ""
    """What it is for, in a sentence."""
    filters: ScanFilters | None = None
    """What is looked for; null where only the screen's own filter counts."""
    line: Annotated[str, StringConstraints(max_length=500)] = Field("", examples=["sym=SPX credit>5 dte<45"])
    """The filter line of the screen."""
    sort: Annotated[str, StringConstraints(max_length=60)] = ""
    """Column that the screen sorts by; with a - in front the largest first."""
    columns: tuple[Annotated[str, StringConstraints(max_length=40)], ...] = Field((), max_length=60)
    """Columns that the screen shows; empty for its own."""


class PresetsText(Model):
    """Presets as a file that can be shared, YAML."""

    text: Annotated[str, StringConstraints(max_length=200_000)]
    """The whole of it."""
